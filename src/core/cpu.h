#pragma once
#include <stdint.h>

/* Milliseconds of processor time that the calling thread has used. For limits on our own work that a busy machine must not
 * trip; not part of struct env, as no test sets it. */
int64_t cpu_thread_ms(void);

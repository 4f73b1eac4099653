#pragma once
/* Named points for the crash suite (tests/crash). Always compiled in, one predictable branch when not armed.
 * Armed by the environment at role start: SIGILLO_FAULT="role:point:n:action" (n-th pass, from 1; n = 0: every pass),
 * action kill (SIGKILL oneself) | stop (SIGSTOP) | error (fault_point returns true, the caller behaves as if the step failed) | delay-MS.
 * Several settings are separated by commas. docs/crash.md lists the points from FAULT_POINTS. */
#include "core/attr.h"

extern bool fault_armed;
void fault_setup(const char *role, const char *setting); /* setting may be NULL */
bool fault_hit(const char *point);
static inline bool fault_point(const char *point) { return UNLIKELY(fault_armed) && fault_hit(point); }

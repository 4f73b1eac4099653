#pragma once
/* The fence of a SQLite cell: a blocking flock on cell.lock, held from before BEGIN to after COMMIT by every writing process. Without it SQLite's
 * own busy handler polls and writers starve each other for seconds. On PostgreSQL the fence is the row of cell_meta and this file is not used.
 * A waiter is interrupted after its patience by fence_watch (flock has no timeout of its own). */
#include "core/err.h"

#include <pthread.h>
#include <stdatomic.h>

struct fence {
    int fd;
    atomic_llong until_ns; /* a waiting thread gives up then; 0: nobody waits */
    pthread_t waiter;
};
void fence_setup(void); /* once a process: the signal that interrupts a wait */
int fence_open(struct fence *f, const char *path, bool create, struct err *e) MUST_USE;
void fence_close(struct fence *f);
/* 0; ERR_BUSY after patience_ms; ERR_SYS. now_ns: env_mono_ns. */
int fence_take(struct fence *f, int64_t now_ns, int patience_ms) MUST_USE;
void fence_give(struct fence *f);
void fence_watch(struct fence *f, int64_t now_ns); /* called by the store's upkeep thread every 100 ms or so */

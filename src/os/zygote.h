#pragma once
/* Forks sealed workers from one process that has loaded everything they need. A worker talks over its own channel
 * (descriptor 3 in it) with the role that asked, serves at most SCAN_WORKER_JOBS messages of one firm, and ends at once
 * after a limit or a bad request. */
#include "core/env.h"
#include "os/sandbox.h"
#include "os/scan_msg.h"
#include <sys/types.h>

#define ZYGOTE_WORKERS_MAX 256

/* Reads one message: appends structure and insight. 0; > 0 or < 0: not readable, SCAN_TOO_LARGE is answered and the
 * worker ends. */
typedef int zygote_work_fn(void *ctx, struct str bytes, struct buf *structure, struct buf *insight);

struct zygote_worker {
    pid_t pid;       /* 0: free place */
    uint32_t number; /* never 0, never reused in one life of the zygote */
    int peer;
};
struct zygote {
    const struct sandbox_spec *seal; /* NULL: workers run unsealed (the comparison test only) */
    zygote_work_fn *work;
    void *ctx;
    unsigned per_peer; /* most workers alive for one peer */
    uint32_t last_number;
    struct zygote_worker workers[ZYGOTE_WORKERS_MAX];
    char *msg; /* receive buffer, shared with the forked workers */
};
int zygote_init(struct zygote *z, const struct sandbox_spec *seal, zygote_work_fn *work, void *ctx,
                unsigned per_peer) MUST_USE;
/* Seals one child as a worker is and adds its layers to the report, as "worker.layer=state". ERR_SYS: workers could not be sealed. */
int zygote_try_seal(struct zygote *z, struct sandbox_report *report) MUST_USE;
/* Forks a worker for that peer; *fd is the peer's end of its channel. ERR_LIMIT when per_peer are alive. */
int zygote_fork(struct zygote *z, int peer, uint32_t *number, int *fd) MUST_USE;
/* One message from a peer's channel. ERR_BUSY none; ERR_GONE or ERR_CORRUPT: close it (its workers were killed). */
int zygote_serve(struct zygote *z, int peer, int channel) MUST_USE;
void zygote_kill(struct zygote *z, int peer, uint32_t number); /* number 0: all of that peer */
void zygote_reap(struct zygote *z);                            /* after SIGCHLD; logs workers that did not end well */

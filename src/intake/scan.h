#pragma once
/* Sealed workers as seen from the road: a pool that keeps each worker to one firm and SCAN_WORKER_JOBS (os/scan_msg.h)
 * messages, hands out jobs, and turns a crash, a bad answer or a late one into one honest failure after
 * INTAKE_SCAN_TRIES. Never "clean" by default. */
#include "intake/intake.h"

struct scan_pool;
struct scan_result {
    const char *failed;            /* NULL: facts are there; else the reason in words */
    struct str structure, insight; /* encodings; views until the callback returns */
};
typedef void scan_done_fn(void *ctx, uint64_t job, const struct scan_result *r);
int scan_pool_create(struct scan_pool **p, const struct intake_conf *conf, scan_done_fn *done, void *ctx) MUST_USE;
void scan_pool_free(struct scan_pool **p);
void scan_pool_channel(struct scan_pool *p,
                       int zygote_fd); /* takes the descriptor; the old one is closed, running jobs are tried again */
/* bytes must live until done or scan_cancel. */
void scan_submit(struct scan_pool *p, uint64_t job, int64_t org, struct str bytes);
void scan_cancel(struct scan_pool *p, uint64_t job);

#pragma once
/* Sealed workers for `sigillo scan`: the same sigillo-scan, the same sandbox and limits as in the server. Answers come in
 * any order; a worker that dies or is late is replaced and its message tried ADMIN_SCAN_TRIES times, then it is failed:
 * never "clean" by default. */
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"

#define ADMIN_SCAN_WORKERS_MAX 16
#define ADMIN_SCAN_LIMIT_MS 10000
#define ADMIN_SCAN_TRIES 2

struct admin_scan_pool;
int admin_scan_pool_open(struct admin_scan_pool **p, const struct env *env, unsigned workers, struct err *e) MUST_USE;
void admin_scan_pool_close(struct admin_scan_pool **p);
/* A worker is free. */
bool admin_scan_pool_free(const struct admin_scan_pool *p);
/* Only when one is free. bytes live until its answer. ERR_GONE: sigillo-scan ended. */
int admin_scan_pool_send(struct admin_scan_pool *p, uint64_t job, struct str bytes) MUST_USE;
/* Waits for the next answer and appends the insight. *failed: NULL, or why the message could not be read. *ns: from
 * handing over to the answer. */
int admin_scan_pool_wait(struct admin_scan_pool *p, uint64_t *job, struct buf *insight, const char **failed,
                         int64_t *ns) MUST_USE;

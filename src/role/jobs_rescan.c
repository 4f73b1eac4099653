/* Messages whose facts an older release made, or that salvage brought back: read again, a few at a time. */
#include "core/log.h"
#include "facts/facts.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/rescan.h"
#include <stdlib.h>

static void on_done(void *ctx, uint64_t session, const struct intake_reply *r)
{
    size_t *left = ctx;
    (void)r;
    (void)session;
    --*left;
}

static void of_cell(struct jobs_role *j, int64_t id)
{
    struct cell *c;
    struct rescan r;
    if (store_cell(j->store, id, &c, NULL) != 0 || cell_state(c, NULL) == CELL_READONLY ||
        rescan_next(c, FACTS_INSIGHT_VERSION, &r) != 1)
        return;
    for (size_t i = 0; i < r.n && !j->stopping; i++) {
        size_t left = 1;
        intake_rescan(j->intake, id, &r.list[i], on_done, &left, 1);
        while (left)
            net_loop_turn(j->loop, true);
    }
    if (j->stopping)
        return; /* the same ones next time */
    if (rescan_keep(c, &r) != 0)
        log_warn("rescan.place", L_I("cell", id));
    if (r.n > 0)
        log_info("rescan.read", L_I("cell", id), L_I("messages", r.n));
}

void jobs_rescan(struct jobs_role *j)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n && !j->stopping; i++)
            of_cell(j, ids[i]);
    free(ids);
}

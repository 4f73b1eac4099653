/* Messages that were held because reading them came too late or failed: a few at a time, one after the other. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/unread.h"
#include <stdlib.h>

struct due {
    struct unread list[UNREAD_BATCH];
    size_t n;
};

static int find(struct txn *t, void *arg)
{
    struct due *d = arg;
    return unread_due(t, d->list, UNREAD_BATCH, &d->n);
}

static void on_done(void *ctx, uint64_t session, const struct intake_reply *r)
{
    bool *done = ctx;
    (void)r;
    (void)session;
    *done = true;
}

static void of_cell(struct jobs_role *j, int64_t id)
{
    struct cell *c;
    struct due d = {.n = 0};
    if (store_cell(j->store, id, &c, NULL) != 0 || cell_read_wait(c, find, &d) != 0)
        return;
    for (size_t i = 0; i < d.n && !j->stopping; i++) {
        bool done = false;
        intake_again(j->intake, id, &d.list[i], on_done, &done, 1);
        while (!done)
            net_loop_turn(j->loop, true);
    }
    if (d.n > 0)
        log_info("unread.read", L_I("cell", id), L_I("messages", d.n));
}

void jobs_unread(struct jobs_role *j)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n && !j->stopping; i++)
            of_cell(j, ids[i]);
    free(ids);
}

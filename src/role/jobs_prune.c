/* Once a day: refusals, greylisting rows, kept judgements and tombstones that are too old go, firm by firm, in small transactions. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/judged.h"
#include "store/refused.h"
#include "store/sync.h"
#include <stdlib.h>

#define PRUNE_EVERY_MS (24 * 3600 * 1000LL)
#define PRUNE_FIRST_MS 60000 /* a start has better things to do */
#define PRUNE_FIRMS 50       /* of one transaction, while there is nothing to do for them */

struct prune {
    const struct firm_row *firms;
    size_t from, upto, next;
    int64_t n; /* removed in this transaction */
};

static int prune_some(struct txn *t, void *arg)
{
    struct prune *p = arg;
    int64_t cell = cell_id(t->cell);
    int64_t judged = 0;
    int r = 0;
    p->n = 0;
    for (p->next = p->from; p->next < p->upto && r == 0 && p->n + judged == 0; p->next++) {
        if (p->firms[p->next].cell != cell)
            continue;
        r = refused_prune(t, p->firms[p->next].org, &p->n);
        if (r == 0)
            r = judged_prune(t, p->firms[p->next].org, &judged);
    }
    if (p->n == REFUSED_PRUNE_MAX || judged == JUDGED_PRUNE_MAX)
        p->next--; /* there is more of this one */
    return r;
}

static void prune_cell(struct jobs_role *j, struct cell *c, const struct firm_row *firms, size_t n)
{
    struct prune p = {.firms = firms};
    int64_t all = 0;
    int code;
    while (p.from < n && !j->stopping) {
        p.upto = p.from + PRUNE_FIRMS < n ? p.from + PRUNE_FIRMS : n;
        if (cell_write_wait(c, prune_some, &p, NULL, 0, &code) != CELL_DURABLE) {
            log_warn("prune.stopped", L_I("cell", cell_id(c)), L_I("code", code));
            return;
        }
        p.from = p.next;
        all += p.n;
    }
    struct sync_place place = {0};
    int r = 1;
    while (r == 1 && !j->stopping)
        r = cell_prune_tombstones(c, &place, &all);
    if (r < 0)
        log_warn("prune.stopped", L_I("cell", cell_id(c)), L_Z("code", err_name(r)));
    if (all)
        log_info("prune.done", L_I("cell", cell_id(c)), L_I("rows", all));
}

void jobs_prune(struct jobs_role *j)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    int64_t now = net_now_ms(j->loop), *cells = NULL;
    struct firm_row *firms, *all;
    size_t n = 0, n_cells = 0;
    if (j->next_prune_ms == 0)
        j->next_prune_ms = now + PRUNE_FIRST_MS;
    if (now < j->next_prune_ms)
        return;
    j->next_prune_ms = now + PRUNE_EVERY_MS;
    if (firm_list(j->store, &a, &firms, &n) != 0 || store_cells(j->store, &cells, &n_cells) != 0)
        return;
    all = arena_array(&a, struct firm_row, n + 1);
    if (n)
        memcpy(all, firms, n * sizeof *all);
    all[n] = (struct firm_row){.org = 0, .cell = REFUSED_CELL}; /* what concerned no firm */
    for (size_t i = 0; i < n_cells && !j->stopping; i++) {
        struct cell *c;
        if (store_cell(j->store, cells[i], &c, NULL) == 0)
            prune_cell(j, c, all, n + 1);
    }
    free(cells);
}

/* Once a day: what is kept for a while only (store/prune.h) and tombstones that are too old go, firm by firm, in small transactions. A turn ends after
 * PRUNE_TURN_MS, for the index waits meanwhile; the next one goes on with what is left. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/prune.h"
#include "store/refused.h"
#include "store/sync.h"
#include <stdlib.h>

#define PRUNE_EVERY_MS (24 * 3600 * 1000LL)
#define PRUNE_FIRST_MS 60000 /* a start has better things to do */
#define PRUNE_TURN_MS 2000

struct prune_turn {
    struct jobs_role *j;
    const struct firm_row *firms;
    size_t n;
    int64_t until_ns;
};

static bool turn_over(const struct prune_turn *p)
{
    return p->j->stopping || env_mono_ns(p->j->ctx->env) > p->until_ns;
}

/* 1: the turn is over and there is more. */
static int prune_firms(const struct prune_turn *p, struct cell *c, struct prune_count *removed)
{
    int r = 0;
    for (size_t i = 0; i < p->n && r == 0; i++)
        while (p->firms[i].cell == cell_id(c) && (r = cell_prune_firm(c, p->firms[i].org, removed)) == 1)
            if (turn_over(p))
                return 1;
    return r;
}

static int prune_tombstones(const struct prune_turn *p, struct cell *c, int64_t *removed)
{
    struct sync_place place = {0};
    int r = 1;
    while (r == 1 && !p->j->stopping)
        r = cell_prune_tombstones(c, &place, removed);
    return r;
}

/* True when the turn ended before all was done. */
static bool prune_cell(const struct prune_turn *p, struct cell *c)
{
    struct prune_count gone = {0};
    int64_t tombstones = 0, all;
    int r = prune_firms(p, c, &gone);
    if (r == 0)
        r = prune_tombstones(p, c, &tombstones);
    if (r < 0)
        log_warn("prune.stopped", L_I("cell", cell_id(c)), L_Z("code", err_name(r)));
    all = tombstones;
    for (int i = 0; i < PRUNE_KINDS; i++)
        all += gone.rows[i];
    if (all)
        log_info("prune.done", L_I("cell", cell_id(c)), L_I("rows", all), L_I("refused", gone.rows[PRUNE_REFUSED]),
                 L_I("greylist", gone.rows[PRUNE_GREYLIST]), L_I("judged", gone.rows[PRUNE_JUDGED]),
                 L_I("accepted", gone.rows[PRUNE_ACCEPTED]), L_I("tombstones", tombstones));
    return r == 1;
}

void jobs_prune(struct jobs_role *j)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    int64_t now = net_now_ms(j->loop), *cells = NULL;
    struct firm_row *firms, *all;
    size_t n = 0, n_cells = 0;
    bool more = false;
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
    struct prune_turn p = {j, all, n + 1, env_mono_ns(j->ctx->env) + PRUNE_TURN_MS * 1000000LL};
    for (size_t i = 0; i < n_cells && !j->stopping && !more; i++) {
        struct cell *c;
        if (store_cell(j->store, cells[i], &c, NULL) == 0)
            more = prune_cell(&p, c);
    }
    if (more)
        j->next_prune_ms = now; /* with the next turn of the loop's slow works */
    free(cells);
}

/* search.db of every cell follows what was delivered. A wake-up names a firm; every JOBS_LOOK_MS all firms are looked at, because a wake-up may get lost. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include <stdlib.h>

static struct search *of_cell(struct jobs_role *j, int64_t id)
{
    struct jobs_cell *c = imap_get(&j->cells, (uint64_t)id);
    struct cell *cell;
    struct err e = {0};
    if (c && c->search)
        return c->search;
    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c)
            abort();
        imap_put(&j->cells, (uint64_t)id, c);
    }
    if (store_cell(j->store, id, &cell, &e) != 0 || search_open(&c->search, cell, true, &e) != 0) {
        log_warn("index.closed", L_I("cell", id), L_Z("why", e.text));
        return NULL;
    }
    return c->search;
}

void jobs_index_wake(struct jobs_role *j, int64_t cell, int64_t org)
{
    struct search *s = of_cell(j, cell);
    if (s)
        search_note(s, org);
    j->look = true;
}

/* One turn of a cell: true when more is left. */
static bool turn(struct search *s, bool all)
{
    size_t done = 0;
    int r = search_turn(s, all, &done);
    if (r < 0)
        log_warn("index.turn", L_Z("error", err_name(r)));
    else if (done > 0)
        log_debug("index.turn", L_I("messages", done));
    return r == 1;
}

bool jobs_index(struct jobs_role *j, bool all)
{
    bool more = false;
    int64_t *ids = NULL;
    size_t n = 0;
    if (all && store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n; i++)
            (void)of_cell(j, ids[i]);
    free(ids);
    size_t it = 0;
    uint64_t key;
    void *value;
    while (imap_next(&j->cells, &it, &key, &value)) {
        struct jobs_cell *c = value;
        if (c->search)
            more |= turn(c->search, all);
    }
    return more;
}

void jobs_index_close(struct jobs_role *j)
{
    size_t it = 0;
    uint64_t key;
    void *value;
    while (imap_next(&j->cells, &it, &key, &value)) {
        struct jobs_cell *c = value;
        search_close(&c->search);
        free(c);
    }
    imap_free(&j->cells);
}

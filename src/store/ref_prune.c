#include "store/ref_prune.h"
#include "store/mail_priv.h"

struct dead {
    int64_t org, account, ref, thread;
};
struct turn {
    struct ref_place at;
    struct dead dead[REF_PRUNE_BATCH];
    size_t n;
    bool end;
};

static int look(struct txn *t, void *arg)
{
    struct turn *w = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t rows = 0, least = INT64_MIN;
    struct ref_place *p = &w->at;
    w->n = 0;
    int r = db_query(t->db, &c, SQL_THREAD_REF_PAGE,
                     DB_ARGS(db_int(p->begun ? p->org : least), db_int(p->begun ? p->account : least),
                             db_int(p->begun ? p->ref : least), db_int(REF_PRUNE_ROWS)));
    while (r == 0 && w->n < REF_PRUNE_BATCH && (r = db_next(&c)) == 1) {
        rows++;
        *p = (struct ref_place){db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2), true, p->done_ms};
        if (db_col_int(&c, 4))
            w->dead[w->n++] = (struct dead){p->org, p->account, p->ref, db_col_int(&c, 3)};
        r = 0;
    }
    w->end = w->n < REF_PRUNE_BATCH && rows < REF_PRUNE_ROWS;
    return r < 0 ? r : 0;
}

static int clear(struct txn *t, void *arg)
{
    struct turn *w = arg;
    int r = 0;
    for (size_t i = 0; i < w->n && r == 0; i++)
        r = db_run(t->db, SQL_THREAD_REF_DELETE,
                   DB_ARGS(db_int(w->dead[i].org), db_int(w->dead[i].account), db_int(w->dead[i].ref),
                           db_int(w->dead[i].thread)),
                   NULL);
    return no_constraint(r);
}

int cell_prune_refs(struct cell *c, struct ref_place *p, int64_t *removed)
{
    struct turn w = {.at = *p};
    int64_t now = env_wall_ms(c->store->env);
    int code = 0;
    if (!p->begun && p->done_ms && now >= p->done_ms && now - p->done_ms < REF_PRUNE_EVERY_MS)
        return 0;
    int r = cell_read_wait(c, look, &w);
    if (r == 0 && w.n && cell_write_wait(c, clear, &w, NULL, 0, &code) != CELL_DURABLE)
        r = code < 0 ? code : ERR_BUSY;
    if (r)
        return r;
    *removed += (int64_t)w.n;
    *p = w.end ? (struct ref_place){.done_ms = now} : w.at;
    return !w.end;
}

/* The walk over what the guard remembers of single messages. There is no index by time: every delivery would pay for it, and the walk is a page in
 * five seconds, once a week. */
#include "store/known.h"
#include "store/mail_priv.h"
#include "store/prune.h"
#include "store/store_priv.h"

#define LEAST INT64_MIN

_Static_assert(sizeof((struct known_place){0}.value) > KNOWN_TEXT_MAX, "a place holds a whole value");

struct turn {
    struct known_place at;
    int64_t before_ms;
    struct known_place old[KNOWN_PRUNE_BATCH];
    size_t n;
    bool end;
};

static void place_set(struct known_place *p, struct db_cursor *c)
{
    struct str value = str_upto(db_col_str(c, 2), KNOWN_TEXT_MAX);
    p->org = db_col_int(c, 0);
    p->key = db_col_int(c, 1);
    p->value_n = value.n;
    if (value.n)
        memcpy(p->value, value.p, value.n);
    p->begun = true;
}

static int look(struct txn *t, void *arg)
{
    struct turn *w = arg;
    struct known_place *p = &w->at;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t rows = 0;
    w->n = 0;
    int r = db_query(t->db, &c, SQL_KNOWN_PAGE,
                     DB_ARGS(db_int(p->begun ? p->org : LEAST), db_int(p->begun ? p->key : LEAST),
                             db_text(str_n(p->value, p->value_n)), db_int(KNOWN_PRUNE_ROWS)));
    while (r == 0 && w->n < KNOWN_PRUNE_BATCH && (r = db_next(&c)) == 1) {
        int64_t kind = db_col_int(&c, 3);
        rows++;
        place_set(p, &c);
        if ((kind == KNOWN_KIND_MESSAGE || kind == KNOWN_KIND_SAID) && db_col_int(&c, 4) < w->before_ms)
            w->old[w->n++] = *p;
        r = 0;
    }
    w->end = w->n < KNOWN_PRUNE_BATCH && rows < KNOWN_PRUNE_ROWS;
    return r < 0 ? r : 0;
}

/* One that was seen again meanwhile stays. */
static int clear(struct txn *t, void *arg)
{
    struct turn *w = arg;
    int r = 0;
    for (size_t i = 0; i < w->n && r == 0; i++) {
        const struct known_place *p = &w->old[i];
        r = db_run(t->db, SQL_KNOWN_DELETE,
                   DB_ARGS(db_int(p->org), db_int(p->key), db_text(str_n(p->value, p->value_n)), db_int(w->before_ms)),
                   NULL);
    }
    return no_constraint(r);
}

int cell_prune_known(struct cell *c, struct known_place *p, int64_t *removed)
{
    struct turn *w;
    AUTO(arena) struct arena a;
    int64_t now = env_wall_ms(c->store->env);
    int code = 0;
    arena_init(&a, ARENA_NO_LIMIT);
    if (!p->begun && p->done_ms && now >= p->done_ms && now - p->done_ms < KNOWN_PRUNE_EVERY_MS)
        return 0;
    w = arena_new(&a, struct turn);
    *w = (struct turn){.at = *p, .before_ms = now - KNOWN_KEEP_MS};
    int r = cell_read_wait(c, look, w);
    if (r == 0 && w->n && cell_write_wait(c, clear, w, NULL, 0, &code) != CELL_DURABLE)
        r = code < 0 ? code : ERR_BUSY;
    if (r)
        return r;
    *removed += (int64_t)w->n;
    *p = w->end ? (struct known_place){.done_ms = now} : w->at;
    return !w->end;
}

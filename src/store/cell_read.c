/* Reads: one snapshot on a connection of the cell's pool. */
#include "core/log.h"
#include "store/store_priv.h"

#include <stdlib.h>

static int run_once(struct cell *c, cell_fn *fn, void *arg, struct db *db, bool *began);

int reader_take(struct cell *c, struct reader **out, struct err *e)
{
    struct store *s = c->store;
    struct reader *r = NULL;
    atomic_store(&c->used_ns, env_mono_ns(s->env));
    pthread_mutex_lock(&s->lock);
    if (!list_empty(&c->readers)) {
        r = LIST_ITEM(c->readers.prev, struct reader, node); /* the warmest */
        list_del(&r->node);
        c->n_readers--;
        s->idle_readers--;
    }
    pthread_mutex_unlock(&s->lock);
    if (r) {
        *out = r;
        return 0;
    }
    struct err own = {0};
    r = calloc(1, sizeof *r);
    int code = r ? cell_db_open(c, &r->db, 0, &own) : ERR_NOMEM;
    if (code) {
        free(r);
        cell_set_down(c, true, own.text);
        return err_set(e, code, "%s", own.text);
    }
    list_init(&r->node);
    *out = r;
    return 0;
}

void reader_give(struct cell *c, struct reader *r, bool broken)
{
    struct store *s = c->store;
    pthread_mutex_lock(&s->lock);
    bool keep = !broken && c->n_readers < STORE_CELL_READERS && s->idle_readers < STORE_IDLE_MAX;
    if (keep) {
        list_add(&c->readers, &r->node);
        c->n_readers++;
        s->idle_readers++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!keep) {
        db_close(&r->db);
        free(r);
    }
}

void readers_close(struct cell *c)
{
    for (;;) {
        struct reader *r = NULL;
        pthread_mutex_lock(&c->store->lock);
        if (!list_empty(&c->readers)) {
            r = LIST_ITEM(c->readers.next, struct reader, node);
            list_del(&r->node);
            c->n_readers--;
            c->store->idle_readers--;
        }
        pthread_mutex_unlock(&c->store->lock);
        if (!r)
            return;
        db_close(&r->db);
        free(r);
    }
}

/* In the snapshot that is open. */
static int run_fn(struct cell *c, cell_fn *fn, void *arg, struct db *db)
{
    AUTO(arena) struct arena arena;
    arena_init(&arena, ARENA_NO_LIMIT);
    struct txn t = {.db = db,
                    .cell = c,
                    .store = c->store,
                    .arena = &arena,
                    .env = c->store->env,
                    .now_ms = env_wall_ms(c->store->env)};
    int64_t from = env_mono_ms(t.env);
    int r = fn(&t, arg);
    int64_t took = env_mono_ms(t.env) - from;
    if (took > CELL_READ_LIMIT_MS)
        log_warn("cell.slow_read", L_I("cell", c->id), L_I("ms", took));
    return r;
}

static int run_once(struct cell *c, cell_fn *fn, void *arg, struct db *db, bool *began)
{
    db_read_limit(db, CELL_READ_LIMIT_MS);
    int r = db_begin_read(db);
    *began = r == 0;
    if (r == 0) {
        r = run_fn(c, fn, arg, db);
        db_rollback(db);
    }
    return r;
}

static bool connection_broken(int r) { return r == ERR_GONE || r == ERR_UNKNOWN || r == ERR_IO || r == ERR_CORRUPT; }

int cell_read_wait(struct cell *c, cell_fn *fn, void *arg)
{
    /* A connection that died while idle says so at BEGIN: one new one is tried then, fn has not run yet. */
    int r = 0;
    for (int tries = 0; tries < 2; tries++) {
        struct reader *rd;
        r = reader_take(c, &rd, NULL);
        if (r)
            return r;
        bool began;
        r = run_once(c, fn, arg, rd->db, &began);
        if (r == ERR_IO || r == ERR_CORRUPT || r == ERR_TIMEOUT)
            log_error("cell.read", L_I("cell", c->id), L_Z("code", err_name(r)), L_Z("error", db_error(rd->db)));
        reader_give(c, rd, connection_broken(r));
        if (began || r != ERR_GONE)
            return r;
    }
    return r;
}

static void set_code(struct job *j, int code)
{
    j->code = code;
    j->outcome = code == 0 ? CELL_DURABLE : CELL_REFUSED;
}

void cell_read_run(struct job *j) { set_code(j, cell_read_wait(j->cell, j->fn, j->arg)); }

/* One after another; where the connection fails, the rest each with its own. */
void cell_read_batch(struct cell *c, struct job **jobs, size_t n)
{
    struct reader *rd = NULL;
    size_t i = 0;
    int r = n > 1 ? reader_take(c, &rd, NULL) : ERR_GONE;
    if (r == 0) {
        db_read_limit(rd->db, CELL_READ_LIMIT_MS);
        r = db_begin_read(rd->db);
    }
    while (r == 0 && i < n) {
        db_read_limit(rd->db, CELL_READ_LIMIT_MS);
        struct job *j = jobs[i++];
        int code = run_fn(c, j->fn, j->arg, rd->db);
        if (code < 0)
            log_error("cell.read", L_I("cell", c->id), L_Z("code", err_name(code)), L_Z("error", db_error(rd->db)));
        set_code(j, code);
        if (code < 0)
            r = code; /* whatever it was, the others begin anew */
    }
    if (rd) {
        db_rollback(rd->db);
        reader_give(c, rd, connection_broken(r));
    }
    while (i < n)
        cell_read_run(jobs[i++]);
}

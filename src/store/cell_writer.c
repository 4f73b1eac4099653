/* The writer half of a cell: its one writing connection, the pack file this process appends to, waits between attempts to reach a database that is down.
 * Touched only by the writer thread that serves the cell. */
#include "core/log.h"
#include "store/store_priv.h"

#include <stdio.h>

static int take_pack_id(struct cell *c, int64_t *id);

void cell_writer_close(struct cell *c)
{
    db_close(&c->w);
    pack_writer_close(&c->packs_out);
}

void writer_back_off(struct cell *c, const char *why)
{
    c->backoff_ms = c->backoff_ms ? c->backoff_ms * 2 : CELL_BACKOFF_MS;
    if (c->backoff_ms > CELL_BACKOFF_MAX_MS)
        c->backoff_ms = CELL_BACKOFF_MAX_MS;
    c->retry_ns = env_mono_ns(c->store->env) + c->backoff_ms * 1000000LL;
    cell_set_down(c, true, why);
}

int writer_open(struct cell *c)
{
    struct err e = {0};
    int r = cell_db_open(c, &c->w, CELL_WRITER_CACHE_KIB, &e);
    if (r)
        writer_back_off(c, e.text);
    return r;
}

int writer_ready(struct cell *c)
{
    if (cell_is_readonly(c))
        return ERR_READONLY;
    if (LIKELY(c->w != NULL))
        return 0;
    if (c->retry_ns && env_mono_ns(c->store->env) < c->retry_ns)
        return ERR_GONE;
    return writer_open(c);
}

/* A new pack file: its id comes from the meta row, in a transaction of its own. An id whose file exists was rolled back
 * once: the next is taken. */
static int take_pack_id(struct cell *c, int64_t *id)
{
    struct cell_meta m;
    int r = cell_fence_take(c);
    if (r)
        return r;
    r = db_begin_write(c->w);
    if (r == 0)
        r = cell_meta_load(c->w, c->sql->fence, &m);
    if (r == 0) {
        *id = m.next_pack > *id ? m.next_pack : *id + 1;
        r = db_run(c->w, SQL_PACK_INSERT,
                   DB_ARGS(db_int(*id), db_text(str_c(c->store->conf.node)), db_int(env_wall_ms(c->store->env))), NULL);
    }
    if (r == 0)
        r = db_run(c->w, SQL_CELL_META_PACK, DB_ARGS(db_int(*id + 1)), NULL);
    if (r == 0)
        r = db_commit(c->w);
    else
        db_rollback(c->w);
    cell_fence_give(c);
    return r > 0 ? ERR_INVALID : r;
}

int writer_pack(struct cell *c)
{
    if (c->packs_out && !pack_writer_failed(c->packs_out) && pack_writer_size(c->packs_out) < PACK_FILE_MAX)
        return 0;
    pack_writer_close(&c->packs_out);
    char dir[4200];
    if ((size_t)snprintf(dir, sizeof dir, "%s/packs", c->dir) >= sizeof dir)
        return ERR_LIMIT;
    int64_t id = 0;
    struct err e = {0};
    int r;
    do {
        r = take_pack_id(c, &id);
        if (r == 0)
            r = pack_writer_open(&c->packs_out, dir, &c->uuid, id, &e);
    } while (r == ERR_EXIST);
    if (r && e.code)
        log_error("cell.pack", L_I("cell", c->id), L_Z("error", e.text));
    return r;
}

void cell_probe(struct cell *c)
{
    if (atomic_exchange(&c->cold, false)) {
        db_close(&c->w); /* not the pack file: it goes on when mail comes again */
        return;
    }
    if (writer_ready(c) != 0)
        return;
    struct cell_meta m;
    int r = cell_fence_take(c);
    if (r)
        return;
    r = db_begin_write(c->w);
    if (r == 0)
        r = cell_meta_load(c->w, c->sql->meta_read, &m);
    db_rollback(c->w);
    cell_fence_give(c);
    if (r == 0) {
        c->backoff_ms = 0;
        c->retry_ns = 0;
        cell_row_readonly(c, m.readonly);
        cell_set_down(c, false, "");
    } else if (r == ERR_GONE || r == ERR_UNKNOWN) {
        cell_writer_close(c);
        writer_back_off(c, "the database server is gone");
    }
}

void cell_stats(struct cell *c, struct cell_stats *out)
{
    *out = (struct cell_stats){atomic_load(&c->groups), atomic_load(&c->jobs_done), atomic_load(&c->reruns),
                               atomic_load(&c->unknown), atomic_load(&c->refused)};
}

/* What verify --fix changes: one small transaction each, under the fence, and only while the cell is what was looked at. */
#include "store/verify_priv.h"

/* True while nothing was committed since the snapshot: else what was counted may be past, and the next verify tells. */
static bool unchanged(const struct verify *v, struct db *db)
{
    struct cell_meta m;

    return cell_meta_load(db, v->cell->sql->fence, &m) == 0 &&
           memcmp(&m.last_group, &v->meta.last_group, sizeof m.last_group) == 0 &&
           m.last_wall_ms == v->meta.last_wall_ms;
}

bool verify_mend(struct verify *v, int (*fn)(struct db *db, void *arg), void *arg)
{
    AUTO(db) struct db *db = NULL;

    if (!v->conf->fix || cell_fence_take(v->cell) != 0)
        return false;
    v->store->conf.readonly = false;
    bool ok = cell_db_open(v->cell, &db, 0, NULL) == 0 && db_begin_write(db) == 0 && unchanged(v, db) &&
              fn(db, arg) == 0 && db_commit(db) == 0;
    v->store->conf.readonly = true;
    if (!ok && db)
        db_rollback(db);
    cell_fence_give(v->cell);
    return ok;
}

struct verify_at verify_mended(bool fixed)
{
    struct verify_at at = VERIFY_ROW;

    at.fixed = fixed;
    return at;
}

static int fix_numbers(struct db *db, void *arg)
{
    const int64_t *k = arg;

    return db_run(db, SQL_VERIFY_FIX_NUMBERS, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[2])), NULL);
}

bool verify_mend_numbers(struct verify *v, int64_t org, int64_t seq, int64_t next_id)
{
    return verify_mend(v, fix_numbers, (int64_t[]){org, seq, next_id});
}

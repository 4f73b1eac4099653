/* A new epoch: after a restore, a salvage or a fail-over with loss, numbers may have been given to clients that these
 * rows do not know of. All numbers jump past them, and every state a client holds is too old, so that it reads again
 * instead of missing changes. */
#include "store/store_priv.h"

static int jump(struct cell *c, struct db *db, const struct cell_meta *m);

static int jump(struct cell *c, struct db *db, const struct cell_meta *m)
{
    int rc;

    if (c->directory) {
        rc = db_run(db, SQL_DIR_EPOCH, DB_ARGS(db_int(m->epoch + 1)), NULL);
        return rc ? rc : db_run(db, SQL_DIR_EPOCH_COUNTER, DB_ARGS(db_int(CELL_EPOCH_JUMP)), NULL);
    }
    rc = db_run(db, SQL_EPOCH_JUMP_ORGS, DB_ARGS(db_int(CELL_EPOCH_JUMP)), NULL);
    if (rc == 0)
        rc = db_run(db, SQL_EPOCH_JUMP_MAILBOXES, DB_ARGS(db_int(CELL_EPOCH_JUMP)), NULL);
    if (rc == 0)
        rc = db_run(db, SQL_EPOCH_JUMP_STATES, NULL, 0, NULL);
    return rc ? rc : db_run(db, SQL_CELL_META_EPOCH, DB_ARGS(db_int(m->epoch + 1)), NULL);
}

int cell_new_epoch(struct cell *c, struct err *e)
{
    AUTO(db) struct db *db = NULL;
    struct cell_meta m;
    int rc = cell_fence_take(c);

    if (rc != 0)
        return err_set(e, rc, "The lock %s cannot be had: end the server that uses this state first.", c->lock_path);
    rc = cell_db_open(c, &db, false, e);
    if (rc != 0) {
        cell_fence_give(c);
        return rc;
    }
    rc = db_begin_write(db);
    if (rc == 0)
        rc = cell_meta_load(db, c->sql->fence, &m);
    if (rc == 0)
        rc = jump(c, db, &m);
    if (rc == 0)
        rc = db_commit(db);
    if (rc != 0) {
        (void)err_set(e, rc > 0 ? ERR_INVALID : rc, "The new epoch of %s could not be begun: %s", c->path,
                      db_error(db));
        db_rollback(db);
    }
    cell_fence_give(c);
    return rc > 0 ? ERR_INVALID : rc;
}

/* SQLite driver. One connection = one thread at a time (SQLITE_OPEN_NOMUTEX). WAL with synchronous=FULL: a commit is an
 * fdatasync of the WAL; checkpoints only by db_checkpoint.
 *
 * Traps this file answers: SQLITE_FULL and SQLITE_IOERR may end the whole transaction, released savepoints included, or
 * only the statement, depending on where they strike: here they always end it. Memory-mapped reads turn a bad disk into
 * SIGBUS: mmap_size is 0. An I/O error with errno ENOSPC (growing the WAL index) is a full disk, not a broken one. */
#include "core/env.h"
#include "core/log.h"
#include "db/sqlite_priv.h"

#include <stdlib.h>

#define WATCH_STEPS 1000 /* of SQLite's machine between two looks: some 20 microseconds */

static const char *const ctl_text[CTL_COUNT] = {
    [CTL_BEGIN_WRITE] = "BEGIN IMMEDIATE", [CTL_BEGIN_READ] = "BEGIN",      [CTL_COMMIT] = "COMMIT",
    [CTL_ROLLBACK] = "ROLLBACK",           [CTL_SAVEPOINT] = "SAVEPOINT s", [CTL_RELEASE] = "RELEASE s",
    [CTL_UNDO] = "ROLLBACK TO s",
};
static int step_once(struct db_sqlite *q, sqlite3_stmt *st);
static int stmt_of(struct db_sqlite *q, enum sql_id id, sqlite3_stmt **out);
static int bind_args(struct db_sqlite *q, sqlite3_stmt *st, const struct db_val *args, int n,
                     sqlite3_destructor_type keep);

static void sq_close(struct db *db)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(q->stmts[i]);
    for (size_t i = 0; i < CTL_COUNT; i++)
        sqlite3_finalize(q->ctl[i]);
    if (q->h && sqlite3_close(q->h) != SQLITE_OK)
        log_bug("db.close", L_Z("error", sqlite3_errmsg(q->h)));
    free(q);
}

/* ---- transactions ---- */

int sqlite_ctl(struct db_sqlite *q, enum sqlite_ctl what)
{
    if (!q->ctl[what]) {
        int rc = sqlite3_prepare_v3(q->h, ctl_text[what], -1, SQLITE_PREPARE_PERSISTENT, &q->ctl[what], NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    sqlite3_step(q->ctl[what]);
    return sqlite3_reset(q->ctl[what]);
}

static int ctl(struct db *db, enum sqlite_ctl what)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    int rc = sqlite_ctl(q, what);
    return LIKELY(rc == SQLITE_OK) ? 0 : sqlite_fail(q, rc);
}

static bool sq_in_txn(struct db *db) { return !sqlite3_get_autocommit(((struct db_sqlite *)db)->h); }
static int sq_begin(struct db *db, enum db_txn kind)
{
    return ctl(db, kind == DB_TXN_WRITE ? CTL_BEGIN_WRITE : CTL_BEGIN_READ);
}

static void sq_rollback(struct db *db)
{
    if (sq_in_txn(db) && sqlite_ctl((struct db_sqlite *)db, CTL_ROLLBACK) != SQLITE_OK)
        log_error("db.rollback", L_Z("error", sqlite3_errmsg(((struct db_sqlite *)db)->h)));
}

static int sq_commit(struct db *db)
{
    int r = ctl(db, CTL_COMMIT);
    if (r) /* deferred constraint or busy: SQLite leaves it open */
        sq_rollback(db);
    return r;
}

static int sq_savepoint(struct db *db, enum db_sp what)
{
    static const enum sqlite_ctl ctls[] = {
        [DB_SP_SET] = CTL_SAVEPOINT, [DB_SP_RELEASE] = CTL_RELEASE, [DB_SP_UNDO] = CTL_UNDO};
    int r = ctl(db, ctls[what]);
    return r == 0 && what == DB_SP_UNDO ? ctl(db, CTL_RELEASE) : r;
}

/* ---- statements ---- */

static int compile(struct db_sqlite *q, enum sql_id id, unsigned flags, sqlite3_stmt **out)
{
    int rc = sqlite3_prepare_v3(q->h, sql_statements[id].text[DB_SQLITE], -1, flags, out, NULL);
    if (rc == SQLITE_OK)
        return 0;
    int r = sqlite_fail(q, rc);
    if (r == ERR_INVALID)
        log_bug("db.prepare", L_Z("statement", sql_statements[id].name), L_Z("error", q->base.error));
    return r;
}

static int stmt_of(struct db_sqlite *q, enum sql_id id, sqlite3_stmt **out)
{
    if (UNLIKELY(!q->stmts[id])) {
        int r = compile(q, id, SQLITE_PREPARE_PERSISTENT, &q->stmts[id]);
        if (r)
            return r;
    }
    /* SQLite would quietly make a writer of a reading transaction; PostgreSQL refuses. */
    if (UNLIKELY(q->base.txn == DB_TXN_READ && !sqlite3_stmt_readonly(q->stmts[id]))) {
        db_set_error(&q->base, "%s writes inside a reading transaction", sql_statements[id].name);
        return ERR_READONLY;
    }
    *out = q->stmts[id];
    return 0;
}

static int bind_args(struct db_sqlite *q, sqlite3_stmt *st, const struct db_val *args, int n,
                     sqlite3_destructor_type keep)
{
    int rc = SQLITE_OK, most = sqlite3_bind_parameter_count(st);
    for (int i = 0; i < n && i < most && rc == SQLITE_OK; i++) {
        const struct db_val *v = &args[i];
        const char *p = v->s.p ? v->s.p : ""; /* a NULL pointer would bind NULL, not empty */
        switch (v->type) {
        case DB_NULL: rc = sqlite3_bind_null(st, i + 1); break;
        case DB_INT: rc = sqlite3_bind_int64(st, i + 1, v->i); break;
        case DB_REAL: rc = sqlite3_bind_double(st, i + 1, v->r); break;
        case DB_TEXT: rc = sqlite3_bind_text64(st, i + 1, p, v->s.n, keep, SQLITE_UTF8); break;
        case DB_BLOB: rc = sqlite3_bind_blob64(st, i + 1, p, v->s.n, keep); break;
        }
    }
    return rc == SQLITE_OK ? 0 : sqlite_fail(q, rc);
}

static int step_once(struct db_sqlite *q, sqlite3_stmt *st)
{
    int rc;
    do
        rc = sqlite3_step(st);
    while (rc == SQLITE_ROW); /* RETURNING */
    if (LIKELY(rc == SQLITE_DONE))
        return SQLITE_OK;
    return q->h ? sqlite3_extended_errcode(q->h) : rc;
}

static int sq_run(struct db *db, enum sql_id id, const struct db_val *args, int64_t *changed)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    sqlite3_stmt *st;
    int r = stmt_of(q, id, &st);
    if (r)
        return r;
    if (UNLIKELY(sqlite3_stmt_busy(st))) {
        db_set_error(db, "%s is open as a cursor", sql_statements[id].name);
        return ERR_INVALID;
    }
    r = bind_args(q, st, args, sql_statements[id].n_args, SQLITE_STATIC);
    if (r == 0) {
        int rc = step_once(q, st);
        if (UNLIKELY(rc != SQLITE_OK))
            r = sqlite_fail(q, rc);
        else if (changed)
            *changed = sqlite3_stmt_readonly(st) ? 0 : sqlite3_changes64(q->h);
    }
    sqlite3_reset(st);
    return r;
}

/* ---- the limit of a read ---- */

static int on_steps(void *arg)
{
    struct db_sqlite *q = arg;
    if (q->base.txn != DB_TXN_READ)
        return 0;
    if (q->read_steps == 0)
        q->read_from_ms = env_mono_ms(env_system());
    q->read_steps += WATCH_STEPS;
    return (q->base.read_by_clock || q->read_steps >= DB_READ_STEPS) &&
           env_mono_ms(env_system()) - q->read_from_ms > q->base.read_limit_ms;
}

static void sq_read_limit(struct db *db)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    sqlite3_progress_handler(q->h, db->read_limit_ms ? WATCH_STEPS : 0, on_steps, q);
}

static int step_fail(struct db_sqlite *q, enum sql_id id)
{
    int r = sqlite_fail(q, sqlite3_extended_errcode(q->h));
    if (r == ERR_TIMEOUT)
        db_set_error(&q->base, "%s read for more than %d ms: it must ask for less at a time", sql_statements[id].name,
                     q->base.read_limit_ms);
    return r;
}

static void sq_end(struct db *db, struct db_slot *slot);

static int sq_query(struct db *db, struct db_slot *slot, enum sql_id id, const struct db_val *args)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    sqlite3_stmt *st;
    int r = stmt_of(q, id, &st);
    if (r == 0 && q->taken[id]) {
        r = compile(q, id, 0, &st);
        slot->own = true;
    }
    if (r)
        return r;
    /* The caller's bytes live until this call returns, the statement reads them at every step. */
    r = bind_args(q, st, args, sql_statements[id].n_args, SQLITE_TRANSIENT);
    if (r) {
        if (slot->own)
            sqlite3_finalize(st);
        return r;
    }
    if (!slot->own)
        q->taken[id] = true;
    slot->rows = st;
    q->read_steps = 0;
    /* INSERT ... RETURNING does all its work in the first step: its error belongs here, as on PostgreSQL. */
    if (!sqlite3_stmt_readonly(st) && (slot->first = sqlite3_step(st)) != SQLITE_ROW && slot->first != SQLITE_DONE) {
        r = sqlite_fail(q, sqlite3_extended_errcode(q->h));
        sq_end(db, slot);
    }
    return r;
}

static int sq_next(struct db *db, struct db_slot *slot)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    if (slot->done)
        return 0; /* SQLite would start again */
    int rc = slot->first ? slot->first : sqlite3_step(slot->rows);
    slot->first = 0;
    if (rc == SQLITE_ROW)
        return 1;
    slot->done = true;
    if (rc == SQLITE_DONE)
        return 0;
    int r = step_fail(q, slot->id);
    return r > 0 ? ERR_SYS : r;
}

static void sq_end(struct db *db, struct db_slot *slot)
{
    if (slot->own) {
        sqlite3_finalize(slot->rows);
        return;
    }
    sqlite3_reset(slot->rows);
    sqlite3_clear_bindings(slot->rows);
    ((struct db_sqlite *)db)->taken[slot->id] = false;
}

static int64_t sq_col_int(const struct db_slot *slot, int col) { return sqlite3_column_int64(slot->rows, col); }
static double sq_col_real(const struct db_slot *slot, int col) { return sqlite3_column_double(slot->rows, col); }
static bool sq_col_null(const struct db_slot *slot, int col)
{
    return sqlite3_column_type(slot->rows, col) == SQLITE_NULL;
}

static struct str sq_col_str(const struct db_slot *slot, int col)
{
    if (sq_col_null(slot, col))
        return STR_NULL;
    const void *p = sqlite3_column_blob(slot->rows, col);
    return p ? str_n(p, (size_t)sqlite3_column_bytes(slot->rows, col)) : STR("");
}

static int sq_prepare(struct db *db, enum sql_id id)
{
    sqlite3_stmt *st;
    return stmt_of((struct db_sqlite *)db, id, &st);
}

static int sq_script(struct db *db, const char *sql)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    int rc = sqlite3_exec(q->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_fail(q, rc);
}

const struct db_ops sqlite_ops = {
    .close = sq_close,
    .begin = sq_begin,
    .commit = sq_commit,
    .rollback = sq_rollback,
    .savepoint = sq_savepoint,
    .in_txn = sq_in_txn,
    .run = sq_run,
    .query = sq_query,
    .next = sq_next,
    .col_int = sq_col_int,
    .col_real = sq_col_real,
    .col_str = sq_col_str,
    .col_null = sq_col_null,
    .end = sq_end,
    .prepare = sq_prepare,
    .script = sq_script,
    .checkpoint = sqlite_checkpoint,
    .integrity = sqlite_integrity,
    .snapshot = sqlite_snapshot,
    .read_limit = sq_read_limit,
};

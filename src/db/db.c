/* The front of both drivers: order of calls, argument checks, the sticky error of a transaction. */
#include "db/db.h"
#include "core/log.h"
#include "db/driver.h"

#include <stdarg.h>
#include <stdio.h>

static int set_index(const char *name);
static int misuse(struct db *db, const char *what);
static int check_call(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args);
static void txn_over(struct db *db);
static struct db_slot *slot_of(const struct db_cursor *c);

int db_open(struct db **dbp, const struct db_conf *conf, struct err *e)
{
    *dbp = NULL;
    int set = conf->set ? set_index(conf->set) : -1;
    if (set <= SQL_SET_ANY)
        return err_set(e, ERR_INVALID, "no statement set '%s' in this release", conf->set ? conf->set : "");
    struct db_conf c = *conf;
    if (c.patience_ms <= 0)
        c.patience_ms = DB_PATIENCE_MS;
    struct db *db = NULL;
    int r = c.engine == DB_SQLITE ? db_sqlite_open(&db, &c, e) : db_postgresql_open(&db, &c, e);
    if (r)
        return r;
    db->engine = c.engine;
    db->set = set;
    db->readonly = c.readonly;
    db->patience_ms = c.patience_ms;
    *dbp = db;
    return 0;
}

void db_close(struct db **dbp)
{
    struct db *db = *dbp;
    *dbp = NULL;
    if (!db)
        return;
    db_rollback(db);
    db_end_cursors(db);
    db->ops->close(db);
}

enum db_engine db_engine(const struct db *db) { return db->engine; }
const char *db_error(const struct db *db) { return db->error; }

void db_set_error(struct db *db, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(db->error, sizeof db->error, fmt, ap);
    va_end(ap);
}

static int set_index(const char *name)
{
    for (size_t i = 0; i < sql_set_count; i++)
        if (strcmp(sql_sets[i], name) == 0)
            return (int)i;
    return -1;
}

static int misuse(struct db *db, const char *what)
{
    db_set_error(db, "%s", what);
    log_bug("db.misuse", L_Z("what", what));
    return ERR_INVALID;
}

/* ---- transactions ---- */

static int begin(struct db *db, enum db_txn kind)
{
    if (db->dead)
        return ERR_GONE;
    if (db->txn != DB_TXN_NONE && !db->lost)
        return misuse(db, "begin inside a transaction");
    txn_over(db);
    if (kind == DB_TXN_WRITE && db->readonly) {
        db_set_error(db, "the database was opened for reading");
        return ERR_READONLY;
    }
    int code = db_fault_at(db, DB_AT_BEGIN);
    int r = code ? code : db->ops->begin(db, kind);
    if (r == ERR_GONE)
        db->dead = true;
    if (r == 0)
        db->txn = kind;
    return r;
}

int db_begin_write(struct db *db) { return begin(db, DB_TXN_WRITE); }
int db_begin_read(struct db *db) { return begin(db, DB_TXN_READ); }
bool db_in_txn(const struct db *db) { return db->txn != DB_TXN_NONE && !db->lost && !db->dead; }

int db_commit(struct db *db)
{
    if (db->txn == DB_TXN_NONE)
        return misuse(db, "commit without a transaction");
    int code = db->failed ? db->failed : db->dead ? ERR_GONE : 0;
    bool read = db->txn == DB_TXN_READ;
    if (!code && !read && (code = db_fault_at(db, DB_AT_COMMIT)) != 0 && (code == ERR_GONE || code == ERR_UNKNOWN)) {
        db->ops->rollback(db);
        db->dead = true;
    }
    if (code) {
        db_rollback(db);
        return code;
    }
    db_end_cursors(db);
    int r = db->ops->commit(db);
    txn_over(db);
    if (r == 0 && !read && (r = db_fault_at(db, DB_AT_COMMIT_AFTER)) != 0)
        db->dead = r == ERR_GONE || r == ERR_UNKNOWN;
    if (r == ERR_GONE || r == ERR_UNKNOWN)
        db->dead = true;
    return r;
}

void db_rollback(struct db *db)
{
    if (db->txn == DB_TXN_NONE)
        return;
    db_end_cursors(db);
    if (!db->dead)
        db->ops->rollback(db);
    txn_over(db);
}

static void txn_over(struct db *db)
{
    db->txn = DB_TXN_NONE;
    db->savepoint = db->lost = false;
    db->failed = 0;
}

int db_savepoint(struct db *db)
{
    if (db->failed || db->dead)
        return db->failed ? db->failed : ERR_GONE;
    if (db->txn != DB_TXN_WRITE || db->savepoint)
        return misuse(db, "savepoint outside a write transaction or inside another");
    int r = db->ops->savepoint(db, DB_SP_SET);
    if (r)
        return db_failed(db, r);
    db->savepoint = true;
    return 0;
}

int db_savepoint_release(struct db *db)
{
    if (db->failed || db->dead)
        return db->failed ? db->failed : ERR_GONE;
    if (!db->savepoint)
        return misuse(db, "release without a savepoint");
    int r = db->ops->savepoint(db, DB_SP_RELEASE);
    if (r)
        return db_failed(db, r);
    db->savepoint = false;
    return 0;
}

int db_savepoint_rollback(struct db *db)
{
    if (db->dead)
        return ERR_GONE;
    if (db->txn != DB_TXN_WRITE)
        return misuse(db, "rollback to a savepoint outside a write transaction");
    if (db->lost || !db->savepoint) {
        /* The error came before the savepoint stood: nothing to go back to. */
        db->lost = true;
        return db->failed ? db->failed : ERR_INVALID;
    }
    db_end_cursors(db);
    int r = db->ops->savepoint(db, DB_SP_UNDO);
    if (r) {
        db_failed(db, r);
        db->lost = true;
        return r < 0 ? r : ERR_SYS;
    }
    db->savepoint = false;
    db->failed = 0;
    return 0;
}

int db_failed(struct db *db, int code)
{
    if (code == ERR_GONE || code == ERR_UNKNOWN)
        db->dead = true;
    if (db->txn == DB_TXN_NONE)
        return code;
    if (!db->failed)
        db->failed = code;
    if (db->dead || !db->ops->in_txn(db))
        db->lost = true;
    return code;
}

/* ---- statements ---- */

static int check_args(struct db *db, const struct sql_statement *st, const struct db_val *args)
{
    for (int i = 0; i < st->n_args; i++) {
        const struct db_val *v = &args[i];
        if (v->type == DB_NULL)
            continue;
        if (v->type != (enum db_type)st->types[i]) {
            db_set_error(db, "%s: argument %s has the wrong type", st->name, st->args[i]);
            log_bug("db.argument", L_Z("statement", st->name), L_Z("argument", st->args[i]), L_I("type", v->type));
            return ERR_INVALID;
        }
        /* PostgreSQL has neither; SQLite would take them, and the firm could never move. */
        if (v->type == DB_TEXT && v->s.n && (memchr(v->s.p, 0, v->s.n) || str_utf8_valid(v->s) != v->s.n)) {
            db_set_error(db, "%s: argument %s is not UTF-8 text without NUL", st->name, st->args[i]);
            log_error("db.text", L_Z("statement", st->name), L_Z("argument", st->args[i]));
            return ERR_INVALID;
        }
    }
    return 0;
}

static int check_call(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args)
{
    if (UNLIKELY(db->dead))
        return ERR_GONE;
    if (UNLIKELY(db->txn != DB_TXN_NONE && db->failed))
        return db->failed;
    if (UNLIKELY((unsigned)id >= SQL_COUNT))
        return misuse(db, "no such statement");
    const struct sql_statement *st = &sql_statements[id];
    if (UNLIKELY(st->set != db->set && st->set != SQL_SET_ANY)) {
        db_set_error(db, "%s is of set %s, not %s", st->name, sql_sets[st->set], sql_sets[db->set]);
        log_bug("db.set", L_Z("statement", st->name), L_Z("set", sql_sets[db->set]));
        return db_failed(db, ERR_INVALID);
    }
    if (UNLIKELY((size_t)st->n_args != n_args)) {
        db_set_error(db, "%s takes %d arguments", st->name, st->n_args);
        log_bug("db.arguments", L_Z("statement", st->name), L_I("given", n_args));
        return db_failed(db, ERR_INVALID);
    }
    int r = check_args(db, st, args);
    return r ? db_failed(db, r) : 0;
}

void db_read_limit(struct db *db, int limit_ms)
{
    db->read_by_clock = false;
    if (db->read_limit_ms == limit_ms)
        return;
    db->read_limit_ms = limit_ms;
    if (db->ops->read_limit)
        db->ops->read_limit(db);
}

void db_read_deadline(struct db *db, int limit_ms)
{
    db_read_limit(db, limit_ms);
    db->read_by_clock = true;
}

uint64_t db_writes(const struct db *db) { return db->writes; }
int db_txn_error(const struct db *db) { return db->txn == DB_TXN_NONE ? 0 : db->dead ? ERR_GONE : db->failed; }

int db_run(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *changed)
{
    int r = check_call(db, id, args, n_args);
    if (r == 0 && UNLIKELY(db->n_faults != 0))
        r = db_fault_run(db);
    if (r)
        return r;
    db->writes++;
    r = db->ops->run(db, id, args, changed);
    return UNLIKELY(r) ? db_failed(db, r) : 0;
}

int db_query(struct db *db, struct db_cursor *c, enum sql_id id, const struct db_val *args, size_t n_args)
{
    *c = (struct db_cursor){.db = db};
    int r = check_call(db, id, args, n_args);
    if (r == 0 && UNLIKELY(db->n_faults != 0))
        r = db_fault_run(db);
    if (r)
        return r;
    struct db_slot *slot = NULL;
    for (size_t i = 0; i < DB_CURSORS_MAX && !slot; i++)
        if (!db->slots[i].used)
            slot = &db->slots[i];
    if (!slot)
        return db_failed(db, misuse(db, "too many open cursors"));
    *slot = (struct db_slot){.used = true, .id = id, .row = -1};
    db->writes += strncmp(sql_statements[id].text[db->engine], "SELECT", 6) != 0; /* RETURNING, WITH */
    r = db->ops->query(db, slot, id, args);
    if (r) {
        slot->used = false;
        return db_failed(db, r);
    }
    c->state = slot;
    return 0;
}

static struct db_slot *slot_of(const struct db_cursor *c)
{
    struct db_slot *slot = c->state;
    return slot && slot->used ? slot : NULL;
}

int db_next(struct db_cursor *c)
{
    struct db_slot *slot = slot_of(c);
    if (!slot)
        return c->db->failed ? c->db->failed : misuse(c->db, "next on a closed cursor");
    int r = c->db->ops->next(c->db, slot);
    if (r == 1)
        c->row++;
    return r < 0 ? db_failed(c->db, r) : r;
}

int64_t db_col_int(const struct db_cursor *c, int col) { return c->db->ops->col_int(c->state, col); }
double db_col_real(const struct db_cursor *c, int col) { return c->db->ops->col_real(c->state, col); }
struct str db_col_str(const struct db_cursor *c, int col) { return c->db->ops->col_str(c->state, col); }
bool db_col_null(const struct db_cursor *c, int col) { return c->db->ops->col_null(c->state, col); }

void db_end(struct db_cursor *c)
{
    struct db_slot *slot = slot_of(c);
    if (slot) {
        c->db->ops->end(c->db, slot);
        slot->used = false;
    }
    c->state = NULL;
}

/* A cursor left open would hold its snapshot after the transaction and keep the WAL from starting again. */
void db_end_cursors(struct db *db)
{
    for (size_t i = 0; i < DB_CURSORS_MAX; i++)
        if (db->slots[i].used) {
            db->ops->end(db, &db->slots[i]);
            db->slots[i].used = false;
        }
}

int db_get_int(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *out)
{
    struct db_cursor c;
    int r = db_query(db, &c, id, args, n_args);
    if (r == 0 && (r = db_next(&c)) == 1)
        *out = db_col_int(&c, 0);
    db_end(&c);
    return r;
}

int db_prepare(struct db *db, enum sql_id id)
{
    const struct sql_statement *st = &sql_statements[id];
    if (st->set != db->set && st->set != SQL_SET_ANY)
        return ERR_INVALID;
    return db->ops->prepare(db, id);
}

int db_script(struct db *db, const char *sql)
{
    if (db->dead || db->failed || db->txn != DB_TXN_WRITE)
        return db->failed ? db->failed : misuse(db, "script outside a write transaction");
    int r = db->ops->script(db, sql);
    return r ? db_failed(db, r) : 0;
}

/* ---- upkeep and wake-ups ---- */

int db_checkpoint(struct db *db, int64_t *wal_pages_left)
{
    *wal_pages_left = 0;
    return db->txn != DB_TXN_NONE ? misuse(db, "checkpoint inside a transaction")
                                  : db->ops->checkpoint(db, wal_pages_left);
}

int db_integrity(struct db *db, struct arena *a, struct str *report)
{
    *report = STR("");
    return db->dead ? ERR_GONE : db->ops->integrity(db, a, report);
}

int db_snapshot(struct db *db, const char *path, struct err *e)
{
    if (db->txn == DB_TXN_WRITE)
        return err_set(e, misuse(db, "snapshot inside a write transaction"), "snapshot inside a write transaction");
    return db->ops->snapshot(db, path, e);
}

static bool channel_ok(const char *channel)
{
    size_t n = strspn(channel, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n < 64 && channel[n] == 0;
}

int db_notify(struct db *db, const char *channel, struct str payload)
{
    if (db->dead || (db->txn != DB_TXN_NONE && db->failed))
        return db->dead ? ERR_GONE : db->failed;
    if (!channel_ok(channel) || payload.n > DB_NOTIFY_MAX || str_utf8_valid(payload) != payload.n)
        return misuse(db, "channel or payload not acceptable");
    int r = db->ops->notify ? db->ops->notify(db, channel, payload) : 0;
    return r ? db_failed(db, r) : 0;
}

int db_listen(struct db *db, const char *channel)
{
    if (db->dead)
        return ERR_GONE;
    if (!channel_ok(channel) || db->txn != DB_TXN_NONE)
        return misuse(db, "channel not acceptable, or listen inside a transaction");
    int r = db->ops->listen ? db->ops->listen(db, channel) : 0;
    return r ? db_failed(db, r) : 0;
}

int db_notify_fd(const struct db *db) { return db->ops->fd && !db->dead ? db->ops->fd(db) : -1; }

int db_notify_next(struct db *db, struct arena *a, struct str *channel, struct str *payload)
{
    if (db->dead)
        return ERR_GONE;
    int r = db->ops->notify_next ? db->ops->notify_next(db, a, channel, payload) : 0;
    return r < 0 ? db_failed(db, r) : r;
}

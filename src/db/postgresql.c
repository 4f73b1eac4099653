/* PostgreSQL driver. Inside a transaction db_run without `changed` is only queued; its error comes out of the next call
 * that waits: query, run with `changed`, savepoint after a run, release, commit. A savepoint's release waits, so an
 * error always belongs to the savepoint it happened in.
 *
 * Traps this file answers: COMMIT of a failed transaction succeeds with the tag ROLLBACK; statement_timeout during
 * COMMIT ends the wait for a synchronous standby and still reports success, so it is off for COMMIT; a connection that
 * ends after COMMIT was sent leaves the outcome open. */
#include "core/log.h"
#include "db/postgresql_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define OID_BOOL 16
#define OID_INT8 20
#define OID_INT2 21
#define OID_INT4 23
#define OID_FLOAT4 700
#define OID_FLOAT8 701
#define OID_NUMERIC 1700

static const char *const ctl_text[PG_CTL_COUNT] = {
    [PG_BEGIN_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    [PG_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [PG_NO_TIMEOUT] = "SET LOCAL statement_timeout = 0",
    [PG_COMMIT] = "COMMIT",
    [PG_ROLLBACK] = "ROLLBACK",
    [PG_SAVEPOINT] = "SAVEPOINT s",
    [PG_RELEASE] = "RELEASE SAVEPOINT s",
    [PG_UNDO] = "ROLLBACK TO SAVEPOINT s",
    [PG_NOTIFY] = "SELECT pg_notify($1::text, $2::text)",
    /* Until the end of the transaction, or of the pipeline outside of one; undone with a savepoint. */
    [PG_READ_LIMIT] = "SELECT set_config('statement_timeout', $1::int8::text, true)",
    [PG_FIRM] = "SELECT set_config('sigillo.org', $1::int8::text, true)",
};

const char *pg_stmt_text(int stmt)
{
    return stmt < SQL_COUNT ? sql_statements[stmt].text[DB_POSTGRESQL] : ctl_text[stmt - SQL_COUNT];
}

static void pg_close(struct db *db)
{
    struct db_pg *p = (struct db_pg *)db;
    PQfinish(p->c);
    free(p);
}

/* ---- transactions ---- */

static int pg_begin(struct db *db, enum db_txn kind)
{
    struct db_pg *p = (struct db_pg *)db;
    /* A connection that died while idle is found here and not at COMMIT, where the outcome would be unknown. */
    if (!pg_alive(p))
        return pg_gone(p);
    p->wrote = false;
    p->firm = 0;
    int r = pg_send(p, PG_CTL(kind == DB_TXN_WRITE ? PG_BEGIN_WRITE : PG_BEGIN_READ), NULL, 0);
    if (r || kind == DB_TXN_WRITE || !db->read_limit_ms)
        return r;
    const struct db_val ms = db_int((int64_t)db->read_limit_ms * (db->read_by_clock ? 1 : DB_READ_PATIENCE));
    return pg_send(p, PG_CTL(PG_READ_LIMIT), &ms, 1);
}

static bool pg_in_txn(struct db *db)
{
    PGTransactionStatusType s = PQtransactionStatus(((struct db_pg *)db)->c);
    return s == PQTRANS_INTRANS || s == PQTRANS_INERROR || s == PQTRANS_ACTIVE;
}

static void pg_rollback(struct db *db)
{
    struct db_pg *p = (struct db_pg *)db;
    p->firm = 0;
    /* The server skips all up to the next Sync after an error, a ROLLBACK too: first hear out what is queued. */
    int r = p->n_queue ? pg_wait(p, NULL) : 0;
    if (r != ERR_GONE && PQstatus(p->c) == CONNECTION_OK && pg_in_txn(db)) {
        r = pg_send(p, PG_CTL(PG_ROLLBACK), NULL, 0);
        r = r ? r : pg_wait(p, NULL);
    }
    if (r == ERR_GONE)
        db->dead = true;
}

static int commit_write(struct db_pg *p)
{
    if (!pg_alive(p))
        return pg_gone(p);
    int r = pg_send(p, PG_CTL(PG_NO_TIMEOUT), NULL, 0);
    if (r == 0)
        r = pg_send(p, PG_CTL(PG_COMMIT), NULL, 0);
    if (r) {
        pg_rollback(&p->base);
        return r;
    }
    PGresult *res = NULL;
    r = pg_wait(p, &res);
    if (r == 0 && (!res || strcmp(PQcmdStatus(res), "COMMIT") != 0)) {
        db_set_error(&p->base, "COMMIT was answered with %s", res ? PQcmdStatus(res) : "nothing");
        r = ERR_SYS;
    }
    PQclear(res);
    if (r == ERR_GONE)
        return ERR_UNKNOWN;
    if (r)
        pg_rollback(&p->base);
    return r;
}

static int pg_commit(struct db *db)
{
    struct db_pg *p = (struct db_pg *)db;
    p->firm = 0;
    if (db->txn == DB_TXN_WRITE)
        return commit_write(p);
    /* Nothing hangs on the end of a reading transaction: send it, read the answer with the next call. */
    int r = pg_send(p, PG_CTL(PG_COMMIT), NULL, 0);
    return r ? r : pg_sync(p);
}

static int pg_savepoint(struct db *db, enum db_sp what)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = 0;
    if (what == DB_SP_SET) {
        /* An error of a run before the savepoint must not look like one inside it. */
        if (p->wrote)
            r = pg_wait(p, NULL);
        p->wrote = false;
        return r ? r : pg_send(p, PG_CTL(PG_SAVEPOINT), NULL, 0);
    }
    if (what == DB_SP_UNDO) {
        if (p->n_queue && pg_wait(p, NULL) == ERR_GONE)
            return ERR_GONE;
        r = pg_send(p, PG_CTL(PG_UNDO), NULL, 0);
        p->firm = 0;
    }
    if (r == 0)
        r = pg_send(p, PG_CTL(PG_RELEASE), NULL, 0);
    p->wrote = false;
    return r ? r : pg_wait(p, NULL);
}

/* ---- statements ---- */

/* Row-level security sees the firm that the statement binds: said again only when it changes, in the same pipeline. */
static int send_named(struct db_pg *p, enum sql_id id, const struct db_val *args)
{
    const struct sql_statement *st = &sql_statements[id];
    int64_t firm = st->scope == SQL_SCOPE_ALL ? SQL_ALL_ORGS : st->org_arg >= 0 ? args[st->org_arg].i : 0;
    int r = 0;
    if (st->scope != SQL_SCOPE_NONE && firm != p->firm) {
        if (st->scope == SQL_SCOPE_ORG && firm < 0) /* no firm has such a number: never every firm by accident */
            firm = 0;
        const struct db_val v = db_int(firm);
        r = pg_send(p, PG_CTL(PG_FIRM), &v, 1);
        p->firm = firm;
    }
    return r ? r : pg_send(p, (int)id, args, st->n_args);
}

static int pg_run(struct db *db, enum sql_id id, const struct db_val *args, int64_t *changed)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = send_named(p, id, args);
    p->wrote = true;
    if (r || (db->txn != DB_TXN_NONE && !changed))
        return r;
    PGresult *res = NULL;
    r = pg_wait(p, &res);
    p->wrote = false;
    if (r == 0 && changed) {
        int64_t n = 0;
        (void)!str_i64(str_c(PQcmdTuples(res)), &n); /* empty for statements that count nothing */
        *changed = n;
    }
    PQclear(res);
    return r;
}

static int pg_query(struct db *db, struct db_slot *slot, enum sql_id id, const struct db_val *args)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = send_named(p, id, args);
    if (r)
        return r;
    PGresult *res = NULL;
    r = pg_wait(p, &res);
    p->wrote = false;
    if (r)
        return r;
    slot->rows = res;
    slot->n_rows = PQntuples(res);
    return 0;
}

static int pg_next(struct db *db, struct db_slot *slot)
{
    (void)db;
    return slot->row + 1 < slot->n_rows ? (slot->row++, 1) : 0;
}

static void pg_end(struct db *db, struct db_slot *slot)
{
    (void)db;
    PQclear(slot->rows);
}

static int pg_prepare(struct db *db, enum sql_id id)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = p->prepared[id] ? 0 : pg_send_prepare(p, (int)id);
    return r ? r : pg_wait(p, NULL);
}

/* The simple protocol takes several statements at once; the pipeline does not speak it. */
static int pg_script(struct db *db, const char *sql)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = pg_send(p, PG_CTL(PG_NO_TIMEOUT), NULL, 0); /* building an index may take its time */
    if (r == 0)
        r = pg_wait(p, NULL);
    if (r)
        return r;
    if (!PQexitPipelineMode(p->c))
        return pg_gone(p);
    PGresult *res = PQexec(p->c, sql);
    ExecStatusType status = PQresultStatus(res);
    r = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ? 0 : pg_fail(p, res);
    PQclear(res);
    if (!PQenterPipelineMode(p->c))
        return pg_gone(p);
    return r;
}

/* ---- columns (binary) ---- */

static uint64_t get_be(const char *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

/* numeric: count of digits, weight of the first, sign, scale, then digits of base 10000; what is left of the point. */
static int64_t numeric_int(const char *p, int len)
{
    if (len < 8)
        return 0;
    int digits = (int)get_be(p, 2), weight = (int16_t)get_be(p + 2, 2);
    bool negative = get_be(p + 4, 2) == 0x4000;
    int64_t v = 0;
    for (int i = 0; i <= weight; i++) {
        int64_t digit = i < digits && 10 + 2 * i <= len ? (int64_t)get_be(p + 8 + 2 * i, 2) : 0;
        if (__builtin_mul_overflow(v, 10000, &v) || __builtin_add_overflow(v, digit, &v))
            return negative ? INT64_MIN : INT64_MAX;
    }
    return negative ? -v : v;
}

static double pg_col_real(const struct db_slot *slot, int col);

static int64_t pg_col_int(const struct db_slot *slot, int col)
{
    const PGresult *res = slot->rows;
    if (PQgetisnull(res, slot->row, col))
        return 0;
    const char *p = PQgetvalue(res, slot->row, col);
    switch (PQftype(res, col)) {
    case OID_INT8: return (int64_t)get_be(p, 8);
    case OID_INT4: return (int32_t)get_be(p, 4);
    case OID_INT2: return (int16_t)get_be(p, 2);
    case OID_BOOL: return *p != 0;
    case OID_NUMERIC: return numeric_int(p, PQgetlength(res, slot->row, col));
    case OID_FLOAT8:
    case OID_FLOAT4: return (int64_t)pg_col_real(slot, col);
    default: return 0;
    }
}

static double pg_col_real(const struct db_slot *slot, int col)
{
    const PGresult *res = slot->rows;
    if (PQgetisnull(res, slot->row, col))
        return 0;
    const char *p = PQgetvalue(res, slot->row, col);
    double d;
    float f;
    switch (PQftype(res, col)) {
    case OID_FLOAT8: return memcpy(&d, (uint64_t[]){get_be(p, 8)}, sizeof d), d;
    case OID_FLOAT4: return memcpy(&f, (uint32_t[]){(uint32_t)get_be(p, 4)}, sizeof f), (double)f;
    default: return (double)pg_col_int(slot, col);
    }
}

static bool pg_col_null(const struct db_slot *slot, int col) { return PQgetisnull(slot->rows, slot->row, col); }

static struct str pg_col_str(const struct db_slot *slot, int col)
{
    if (pg_col_null(slot, col))
        return STR_NULL;
    return str_n(PQgetvalue(slot->rows, slot->row, col), (size_t)PQgetlength(slot->rows, slot->row, col));
}

/* ---- wake-ups; upkeep is the server's ---- */

static int pg_notify(struct db *db, const char *channel, struct str payload)
{
    struct db_pg *p = (struct db_pg *)db;
    int r = pg_send(p, PG_CTL(PG_NOTIFY), (const struct db_val[]){db_text(str_c(channel)), db_text(payload)}, 2);
    p->wrote = true;
    return r || db->txn != DB_TXN_NONE ? r : pg_wait(p, NULL);
}

/* Such a connection commits nothing but notifications, which need not outlive the server: a NOTIFY takes a transaction number, and its commit would wait
 * for the disk under a lock that all notifying commits share. */
static int pg_listen(struct db *db, const char *channel)
{
    struct db_pg *p = (struct db_pg *)db;
    char text[96];
    snprintf(text, sizeof text, "LISTEN %s", channel); /* letters, digits and _ only: db.c looked */
    int r = pg_send_text(p, "SET synchronous_commit = off");
    if (r == 0)
        r = pg_wait(p, NULL);
    if (r == 0)
        r = pg_send_text(p, text);
    return r ? r : pg_wait(p, NULL);
}

static int pg_notify_next(struct db *db, struct arena *a, struct str *channel, struct str *payload)
{
    struct db_pg *p = (struct db_pg *)db;
    if (!pg_alive(p))
        return pg_gone(p);
    PGnotify *n;
    while ((n = PQnotifies(p->c)) && n->be_pid == PQbackendPID(p->c))
        PQfreemem(n);
    if (!n)
        return 0;
    *channel = arena_str(a, str_c(n->relname));
    *payload = arena_str(a, str_c(n->extra));
    PQfreemem(n);
    return 1;
}

static int pg_fd(const struct db *db) { return PQsocket(((const struct db_pg *)db)->c); }

static int pg_no_checkpoint(struct db *db, int64_t *left)
{
    (void)db;
    *left = 0;
    return 0;
}
static int pg_no_integrity(struct db *db, struct arena *a, struct str *report)
{
    (void)db, (void)a, (void)report;
    return 0;
}
static int pg_no_snapshot(struct db *db, const char *path, struct err *e)
{
    (void)db, (void)path, (void)e;
    return 0;
}

const struct db_ops pg_ops = {
    .close = pg_close,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .savepoint = pg_savepoint,
    .in_txn = pg_in_txn,
    .run = pg_run,
    .query = pg_query,
    .next = pg_next,
    .col_int = pg_col_int,
    .col_real = pg_col_real,
    .col_str = pg_col_str,
    .col_null = pg_col_null,
    .end = pg_end,
    .prepare = pg_prepare,
    .script = pg_script,
    .checkpoint = pg_no_checkpoint,
    .integrity = pg_no_integrity,
    .snapshot = pg_no_snapshot,
    .listen = pg_listen,
    .notify = pg_notify,
    .notify_next = pg_notify_next,
    .fd = pg_fd,
};

/* PostgreSQL: the queue of statements in flight, waiting for it, and errors. */
#include "core/env.h"
#include "core/log.h"
#include "db/postgresql_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define OID_INT8 20
#define OID_TEXT 25
#define OID_BYTEA 17
#define OID_FLOAT8 701

static const struct {
    const char *state; /* SQLSTATE or its class of two characters; the first that fits */
    int code;
} states[] = {
    {"23", DB_CONSTRAINT}, /* integrity constraint violation */
    {"40", ERR_BUSY},      /* deadlock, serialization: the same again may succeed */
    {"55P03", ERR_BUSY},   /* lock_timeout */
    {"57014", ERR_BUSY},   /* statement_timeout */
    {"57P", ERR_GONE},     /* shutdown, crash of another backend, starting up, database dropped */
    {"25P03", ERR_GONE},   /* idle in transaction too long: the server closes */
    {"25006", ERR_READONLY}, {"08", ERR_GONE},       {"53100", ERR_FULL}, {"53200", ERR_NOMEM},
    {"53", ERR_GONE}, /* too many connections and other shortages: try again with a new connection */
    {"58030", ERR_IO},       {"58P01", ERR_IO}, /* a file of the database is missing */
    {"XX001", ERR_CORRUPT},  {"XX002", ERR_CORRUPT}, {"28", ERR_PERM},    {"42501", ERR_PERM},
    {"3D000", ERR_NOENT},    {"3F000", ERR_NOENT},   {"22", ERR_INVALID}, {"42", ERR_INVALID},
    {"26", ERR_INVALID},     {"54", ERR_LIMIT},
};

int pg_fail(struct db_pg *p, const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    if (!state)
        return pg_gone(p);
    /* Not the detail: it quotes rows, and this text goes to the log. */
    db_set_error(&p->base, "%s (SQLSTATE %s)", text ? text : "no text", state);
    int code = ERR_SYS;
    for (size_t i = 0; i < N_ELEMENTS(states); i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0) {
            code = states[i].code;
            break;
        }
    if (code == ERR_BUSY && strcmp(state, "57014") == 0 && p->base.txn == DB_TXN_READ && p->base.read_limit_ms) {
        db_set_error(&p->base, "the statement read for more than %d ms: it must ask for less at a time",
                     p->base.read_limit_ms * (p->base.read_by_clock ? 1 : DB_READ_PATIENCE));
        return ERR_TIMEOUT;
    }
    /* Refused as read-only where we asked to write: a standby after a fail-over. The caller opens again and finds the
     * leader. */
    return code == ERR_READONLY && !p->base.readonly && p->base.txn != DB_TXN_READ ? ERR_GONE : code;
}

int pg_gone(struct db_pg *p)
{
    const char *text = PQerrorMessage(p->c);
    size_t n = strcspn(text, "\n");
    db_set_error(&p->base, "%.*s", n ? (int)n : 20, n ? text : "connection lost");
    return PQstatus(p->c) == CONNECTION_OK ? ERR_SYS : ERR_GONE;
}

/* ---- sending ---- */

static int push(struct db_pg *p, enum pg_kind kind, int stmt)
{
    p->queue[p->n_queue++] = (struct pg_pending){kind, stmt};
    return 0;
}

int pg_send_prepare(struct db_pg *p, int stmt)
{
    static const Oid oids[] = {
        [DB_INT] = OID_INT8, [DB_TEXT] = OID_TEXT, [DB_BLOB] = OID_BYTEA, [DB_REAL] = OID_FLOAT8};
    Oid types[SQL_ARGS_MAX] = {0};
    int n = 0;
    if (stmt < SQL_COUNT) {
        n = sql_statements[stmt].n_args;
        for (int i = 0; i < n; i++)
            types[i] = oids[sql_statements[stmt].types[i]];
    }
    char name[16];
    snprintf(name, sizeof name, "s%d", stmt);
    if (!PQsendPrepare(p->c, name, pg_stmt_text(stmt), n, types))
        return pg_gone(p);
    p->prepared[stmt] = true;
    return push(p, PG_K_PREPARE, stmt);
}

static void put_be64(char *to, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        to[i] = (char)v;
}

int pg_send(struct db_pg *p, int stmt, const struct db_val *args, int n_args)
{
    int r = p->n_queue + 2 > PG_PENDING_MAX || p->queued_bytes > PG_PENDING_BYTES ? pg_wait(p, NULL) : 0;
    if (r == 0 && !p->prepared[stmt])
        r = pg_send_prepare(p, stmt);
    if (r)
        return r;
    const char *values[SQL_ARGS_MAX];
    int lengths[SQL_ARGS_MAX], formats[SQL_ARGS_MAX];
    char numbers[SQL_ARGS_MAX][8];
    for (int i = 0; i < n_args; i++) {
        const struct db_val *v = &args[i];
        formats[i] = 1;
        lengths[i] = 8;
        values[i] = numbers[i];
        if (v->type == DB_NULL) {
            values[i] = NULL;
        } else if (v->type == DB_INT) {
            put_be64(numbers[i], (uint64_t)v->i);
        } else if (v->type == DB_REAL) {
            uint64_t bits;
            memcpy(&bits, &v->r, sizeof bits);
            put_be64(numbers[i], bits);
        } else {
            if (v->s.n > INT32_MAX / 2) {
                db_set_error(&p->base, "an argument of %zu bytes", v->s.n);
                return ERR_LIMIT;
            }
            values[i] = v->s.p ? v->s.p : "";
            lengths[i] = (int)v->s.n;
            p->queued_bytes += v->s.n;
        }
    }
    char name[16];
    snprintf(name, sizeof name, "s%d", stmt);
    if (!PQsendQueryPrepared(p->c, name, n_args, values, lengths, formats, 1))
        return pg_gone(p);
    return push(p, PG_K_EXEC, stmt);
}

int pg_send_text(struct db_pg *p, const char *sql)
{
    if (!PQsendQueryParams(p->c, sql, 0, NULL, NULL, NULL, NULL, 1))
        return pg_gone(p);
    return push(p, PG_K_EXEC, PG_UNNAMED);
}

/* ---- waiting ---- */

/* Blocks until the socket is ready or the deadline has passed; a server that says nothing at all counts as lost. */
static int wait_socket(struct db_pg *p, short events, int64_t deadline)
{
    int64_t left = deadline - env_mono_ms(env_system());
    struct pollfd fd = {.fd = PQsocket(p->c), .events = events};
    int n = left > 0 ? poll(&fd, 1, (int)left) : 0;
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0) {
        db_set_error(&p->base, "no answer from PostgreSQL in %d ms", p->answer_ms);
        return ERR_GONE;
    }
    if ((fd.revents & (POLLIN | POLLHUP | POLLERR)) && !PQconsumeInput(p->c))
        return pg_gone(p);
    return 0;
}

static int flush(struct db_pg *p, int64_t deadline)
{
    int n;
    while ((n = PQflush(p->c)) == 1) {
        int r = wait_socket(p, POLLIN | POLLOUT, deadline);
        if (r)
            return r;
    }
    return n < 0 ? pg_gone(p) : 0;
}

static int64_t deadline_of(const struct db_pg *p) { return env_mono_ms(env_system()) + p->answer_ms; }

int pg_sync(struct db_pg *p)
{
    if (!PQpipelineSync(p->c))
        return pg_gone(p);
    push(p, PG_K_SYNC, 0);
    p->queued_bytes = 0;
    if (p->base.txn ==
        DB_TXN_NONE) /* the implicit transaction of the pipeline ends here, and with it whose rows it saw */
        p->firm = 0;
    return flush(p, deadline_of(p));
}

/* Result of one queued command; NULL in *out is its end. */
static int next_result(struct db_pg *p, int64_t deadline, PGresult **out)
{
    while (PQisBusy(p->c)) {
        int r = wait_socket(p, POLLIN, deadline);
        if (r)
            return r;
    }
    *out = PQgetResult(p->c);
    return !*out && PQstatus(p->c) != CONNECTION_OK ? pg_gone(p) : 0;
}

static int read_command(struct db_pg *p, const struct pg_pending *e, int64_t deadline, PGresult **keep)
{
    int code = 0;
    for (;;) {
        PGresult *res = NULL;
        int r = next_result(p, deadline, &res);
        if (r || !res)
            return r ? r : code;
        ExecStatusType status = PQresultStatus(res);
        bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
        if (!good && e->kind == PG_K_PREPARE)
            p->prepared[e->stmt] = false;
        if (!good && status != PGRES_PIPELINE_ABORTED) {
            code = pg_fail(p, res);
            if (code == ERR_INVALID && e->stmt < SQL_COUNT)
                log_bug("db.statement", L_Z("statement", sql_statements[e->stmt].name), L_Z("error", p->base.error));
        }
        if (good && keep && e->kind == PG_K_EXEC) {
            PQclear(*keep);
            *keep = STEAL(res);
        }
        PQclear(res);
        if (status == PGRES_PIPELINE_SYNC)
            return 0;
        if (code == ERR_GONE)
            return code;
    }
}

int pg_wait(struct db_pg *p, PGresult **keep)
{
    int first = pg_sync(p);
    int64_t deadline = deadline_of(p);
    for (size_t i = 0; i < p->n_queue && first != ERR_GONE; i++) {
        int r = read_command(p, &p->queue[i], deadline, keep);
        if (first == 0 || r == ERR_GONE)
            first = r;
    }
    p->n_queue = 0;
    if (first && keep) {
        PQclear(*keep);
        *keep = NULL;
    }
    return first;
}

/* The first read takes the server's farewell, the second meets the end behind it. */
bool pg_alive(struct db_pg *p)
{
    return PQconsumeInput(p->c) && PQconsumeInput(p->c) && PQstatus(p->c) == CONNECTION_OK;
}

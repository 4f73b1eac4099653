/* PostgreSQL: connecting and the settings of the session. */
#include "core/log.h"
#include "db/postgresql_priv.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define PG_VERSION_LEAST 150000

static int connect_server(struct db_pg *p, const struct db_conf *conf, struct err *e);
static int check_server(struct db_pg *p, struct err *e);
static int enter_schema(struct db_pg *p, const struct db_conf *conf, struct err *e);
static int set_up(struct db_pg *p, const struct db_conf *conf, struct err *e);

int db_postgresql_open(struct db **dbp, const struct db_conf *conf, struct err *e)
{
    struct db_pg *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_NOMEM, "out of memory");
    p->base.ops = &pg_ops;
    p->base.readonly = conf->readonly;
    p->answer_ms = conf->patience_ms * (PG_STATEMENT_TIMES + 1) + PG_ANSWER_EXTRA_MS;
    int r = connect_server(p, conf, e);
    if (r == 0)
        r = check_server(p, e);
    if (r == 0)
        r = set_up(p, conf, e);
    if (r == 0 && conf->schema)
        r = enter_schema(p, conf, e);
    if (r == 0 && (!PQenterPipelineMode(p->c) || PQsetnonblocking(p->c, 1)))
        r = err_set(e, ERR_SYS, "PostgreSQL: pipeline mode refused");
    if (r) {
        pg_ops.close(&p->base);
        return r;
    }
    *dbp = &p->base;
    return 0;
}

static void on_notice(void *arg, const PGresult *res)
{
    (void)arg;
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    log_warn("db.server", L_Z("text", text ? text : ""), L_Z("state", PQresultErrorField(res, PG_DIAG_SQLSTATE)));
}

static int connect_server(struct db_pg *p, const struct db_conf *conf, struct err *e)
{
    char connect_s[16], dead_ms[16];
    snprintf(connect_s, sizeof connect_s, "%d", conf->patience_ms < 2000 ? 2 : conf->patience_ms / 1000);
    snprintf(dead_ms, sizeof dead_ms, "%d", conf->patience_ms);
    /* Before dbname, so that the connection string may say otherwise. */
    const char *keys[] = {"connect_timeout",     "tcp_user_timeout", "keepalives_idle",
                          "keepalives_interval", "keepalives_count", "fallback_application_name",
                          "client_encoding",     "dbname",           NULL};
    const char *values[] = {connect_s, dead_ms, "10", "5", "3", "sigillo", "UTF8", conf->url ? conf->url : "", NULL};
    p->c = PQconnectdbParams(keys, values, 1);
    if (!p->c)
        return err_set(e, ERR_NOMEM, "out of memory");
    PQsetNoticeReceiver(p->c, on_notice, p);
    if (PQstatus(p->c) == CONNECTION_OK)
        return 0;
    const char *text = PQerrorMessage(p->c);
    /* libpq keeps no SQLSTATE of a refused connection; whatever it was, nothing was done and a later attempt may
     * succeed. */
    return err_set(e, ERR_GONE, "PostgreSQL cannot be reached: %.*s", (int)strcspn(text, "\n"), text);
}

static int run_text(struct db_pg *p, const char *sql, int n, const char *const *values, struct str *out, char *space,
                    size_t size)
{
    PGresult *res = PQexecParams(p->c, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(res);
    int r = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? 0 : pg_fail(p, res);
    if (out) {
        *out = STR_NULL;
        if (r == 0 && PQntuples(res) > 0 && !PQgetisnull(res, 0, 0)) {
            snprintf(space, size, "%s", PQgetvalue(res, 0, 0));
            *out = str_c(space);
        }
    }
    PQclear(res);
    return r;
}

static int check_server(struct db_pg *p, struct err *e)
{
    int version = PQserverVersion(p->c);
    if (version < PG_VERSION_LEAST)
        return err_set(e, ERR_VERSION, "PostgreSQL %d.%d is too old: 15 or later is needed", version / 10000,
                       version % 10000);
    const char *encoding = PQparameterStatus(p->c, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return err_set(e, ERR_INVALID,
                       "the PostgreSQL database has the encoding %s: create it with ENCODING 'UTF8' TEMPLATE template0",
                       encoding ? encoding : "unknown");
    char space[64];
    struct str value;
    int r = run_text(p, "SELECT current_setting('fsync') || current_setting('full_page_writes')", 0, NULL, &value,
                     space, sizeof space);
    if (r)
        return err_set(e, r, "PostgreSQL: %s", p->base.error);
    bool durable = str_eq(value, STR("onon"));
    r = run_text(p, "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)", 0, NULL,
                 &value, space, sizeof space);
    if (r)
        return err_set(e, r, "PostgreSQL: %s", p->base.error);
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (value.p && !atomic_flag_test_and_set(&said))
        log_warn(
            "db.role_sees_all", L_S("role", value),
            L_Z("cure", "row-level security does not bind this role: connect as one with NOSUPERUSER NOBYPASSRLS"));
    if (!durable)
        log_warn("db.server_not_durable",
                 L_Z("text", "fsync or full_page_writes is off on the PostgreSQL server: accepted mail can be lost"));
    return 0;
}

static int set_up(struct db_pg *p, const struct db_conf *conf, struct err *e)
{
    char patience[16], statement[16];
    snprintf(patience, sizeof patience, "%d", conf->patience_ms);
    snprintf(statement, sizeof statement, "%d", conf->patience_ms * PG_STATEMENT_TIMES);
    const char *values[] = {patience, statement, conf->readonly ? "on" : "off"};
    /* A node that hangs inside a transaction holds the cell's fence: the server lets go of it. synchronous_commit is
     * never lowered here: only the values that do not wait for this server's own disk are raised. */
    int r = run_text(
        p,
        "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false), "
        "set_config('idle_in_transaction_session_timeout', $2, false), "
        "set_config('default_transaction_read_only', $3, false), set_config('client_min_messages', 'warning', false), "
        "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
        "current_setting('synchronous_commit') END, false)",
        3, values, NULL, NULL, 0);
    return r ? err_set(e, r, "PostgreSQL refused a setting of the session: %s", p->base.error) : 0;
}

static int enter_schema(struct db_pg *p, const struct db_conf *conf, struct err *e)
{
    char space[64], text[256];
    struct str found;
    int r = run_text(p, "SELECT 1 FROM pg_namespace WHERE nspname = $1", 1, &conf->schema, &found, space, sizeof space);
    char *quoted = PQescapeIdentifier(p->c, conf->schema, strlen(conf->schema));
    if (!quoted)
        return err_set(e, ERR_INVALID, "'%s' is not a name of a schema", conf->schema);
    if (r == 0 && !found.p && !conf->create) {
        err_set(e, ERR_NOENT, "the PostgreSQL schema %s does not exist", quoted);
        PQfreemem(quoted);
        return ERR_NOENT;
    }
    if (r == 0 && !found.p) {
        snprintf(text, sizeof text, "CREATE SCHEMA IF NOT EXISTS %s", quoted);
        r = run_text(p, text, 0, NULL, NULL, NULL, 0);
        if (r == DB_CONSTRAINT) /* two at once: the other one made it (23505: IF NOT EXISTS does not wait) */
            r = 0;
    }
    if (r == 0)
        r = run_text(p, "SELECT set_config('search_path', $1, false)", 1, (const char *const[]){quoted}, NULL, NULL, 0);
    if (r)
        err_set(e, r, "the PostgreSQL schema %s cannot be used: %s", quoted, p->base.error);
    PQfreemem(quoted);
    return r;
}

/* ---- for the server's own programs ---- */

static void add_option(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "%s%s='", out->n ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *value);
    }
    buf_addc(out, '\'');
}

int db_url_of_all(const char *url, struct buf *out, struct err *e)
{
    char *text = NULL;
    PQconninfoOption *list = PQconninfoParse(url ? url : "", &text);
    if (!list) {
        int r =
            err_set(e, ERR_INVALID, "the PostgreSQL connection string cannot be read: %s", text ? text : "no memory");
        PQfreemem(text);
        return r;
    }
    const char *options = getenv("PGOPTIONS");
    for (const PQconninfoOption *o = list; o->keyword; o++)
        if (o->val && strcmp(o->keyword, "options") == 0)
            options = o->val;
        else if (o->val)
            add_option(out, o->keyword, o->val);
    AUTO(buf) struct buf all;
    buf_init(&all, 4096);
    buf_printf(&all, "%s -c sigillo.org=%d", options ? options : "", SQL_ALL_ORGS);
    buf_addc(&all, 0);
    if (!all.err)
        add_option(out, "options", all.p);
    PQconninfoFree(list);
    buf_addc(out, 0);
    return all.err || out->err ? err_set(e, ERR_LIMIT, "the PostgreSQL connection string is too long") : 0;
}

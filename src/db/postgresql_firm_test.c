/* Row-level security: a statement that forgets its :org sees and touches nothing of another firm, in and out of transactions, after savepoints that
 * were undone; only statements that say why they look over all firms do. */
#include "core/buf.h"
#include "db/db_testing.h"
#include "db/postgresql_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define ROWS 3

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db;
    struct err e;
};

static int insert(struct db *db, int64_t org, int64_t id)
{
    return db_run(db, SQL_PROBE_INSERT, DB_ARGS(db_int(org), db_int(id), db_text(STR("s")), db_null(), db_null()),
                  NULL);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->conf = testing_conf(&f->place, DB_POSTGRESQL, "probe");
    *state = f;
    int r = db_open(&f->db, &f->conf, &f->e);
    r = r ? r : db_migrate(f->db, &f->e);
    for (int64_t i = 0; r == 0 && i < ROWS; i++) {
        r = insert(f->db, 1, i);
        r = r ? r : insert(f->db, 2, i);
    }
    return r;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    free(f);
    return 0;
}

static int64_t number(struct db *db, enum sql_id id, int64_t org)
{
    int64_t n = -1;
    assert_int_equal(db_get_int(db, id, DB_ARGS(db_int(org)), &n), 1);
    return n;
}
static int64_t careless(struct db *db, int64_t org) { return number(db, SQL_PROBE_CARELESS_COUNT, org); }
static int64_t total(struct db *db)
{
    int64_t n = -1;
    assert_int_equal(db_get_int(db, SQL_PROBE_TOTAL, NULL, 0, &n), 1);
    return n;
}

static char *ask(const struct fixture *f, const char *url, const char *sql)
{
    static char out[4096];
    PGconn *c = PQconnectdb(url);
    char path[160];
    snprintf(path, sizeof path, "SET search_path = \"%s\"", f->conf.schema);
    PQclear(PQexec(c, path));
    PGresult *res = PQexec(c, sql);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    snprintf(out, sizeof out, "%s", PQntuples(res) && !PQgetisnull(res, 0, 0) ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
    PQfinish(c);
    return out;
}

static void the_role_is_bound(void **state)
{
    assert_string_equal(
        ask(*state, testing_pg_url(), "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"),
        "f");
}

static void a_session_sees_nobody(void **state)
{
    AUTO(buf) struct buf all;
    struct err e = {0};
    buf_init(&all, 4096);
    assert_string_equal(ask(*state, testing_pg_url(), "SELECT count(*) FROM probe"), "0");
    assert_int_equal(db_url_of_all(testing_pg_url(), &all, &e), 0);
    assert_string_equal(ask(*state, all.p, "SELECT count(*) FROM probe"), "6");
    assert_int_equal(db_url_of_all("=", &all, &e), ERR_INVALID);
}

static void alone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(careless(f->db, 1), ROWS);
    assert_int_equal(careless(f->db, 2), ROWS);
    assert_int_equal(careless(f->db, 3), 0);
    assert_int_equal(careless(f->db, SQL_ALL_ORGS), 0);
    assert_int_equal(total(f->db), 2 * ROWS);
    assert_int_equal(careless(f->db, 1), ROWS);
}

static void in_transactions(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_begin_read(f->db), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(careless(f->db, 1), ROWS);
        assert_int_equal(total(f->db), 2 * ROWS);
        assert_int_equal(careless(f->db, 3), 0);
    }
    assert_int_equal(db_commit(f->db), 0);
    assert_int_equal(careless(f->db, 1), ROWS); /* what the transaction saw last is over */
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(careless(f->db, 2), ROWS);
    assert_int_equal(db_savepoint(f->db), 0);
    assert_int_equal(insert(f->db, 1, 77), 0);
    assert_int_equal(db_savepoint_rollback(f->db), 0); /* takes the setting back to firm 2 */
    assert_int_equal(insert(f->db, 1, 78), 0);
    assert_int_equal(careless(f->db, 1), ROWS + 1);
    db_rollback(f->db);
    assert_int_equal(careless(f->db, 1), ROWS);
}

static void writes(void **state)
{
    struct fixture *f = *state;
    int64_t changed = -1;
    assert_int_equal(db_run(f->db, SQL_PROBE_CARELESS_UPDATE, DB_ARGS(db_int(1), db_text(STR("mine"))), &changed), 0);
    assert_int_equal(changed, ROWS);
    assert_int_equal(db_run(f->db, SQL_PROBE_CARELESS_INSERT, DB_ARGS(db_int(1), db_int(2), db_int(99)), &changed),
                     ERR_PERM);
    assert_int_equal(total(f->db), 2 * ROWS);
    assert_int_equal(db_run(f->db, SQL_PROBE_CARELESS_INSERT, DB_ARGS(db_int(2), db_int(2), db_int(99)), &changed), 0);
    assert_int_equal(total(f->db), 2 * ROWS + 1);
}

/* Every table whose key begins with org has its policy, in every set, whoever wrote its migration. */
static void every_table(void **state)
{
    struct fixture *f = *state;
    static const char *const sets[] = {"cell", "directory", "search", "probe"};
    for (size_t i = 0; i < N_ELEMENTS(sets); i++) {
        struct testing_place place;
        struct fixture g = {.conf = testing_conf(&place, DB_POSTGRESQL, sets[i])};
        assert_int_equal(db_open(&g.db, &g.conf, &f->e), 0);
        assert_int_equal(db_migrate(g.db, &f->e), 0);
        db_close(&g.db);
        assert_string_equal(
            ask(&g, testing_pg_url(),
                "SELECT string_agg(c.relname::text, ' ') FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid AND "
                "x.indisprimary JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0] "
                "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'org' "
                "AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS "
                "(SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))"),
            strcmp(sets[i], "search") == 0 ? "search_text" : "");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(the_role_is_bound), T(a_session_sees_nobody), T(alone), T(in_transactions), T(writes), T(every_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

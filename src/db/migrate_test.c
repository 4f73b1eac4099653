/* Migrations on both engines: whole or not at all, in order, never over a newer database. */
#include "db/db_testing.h"
#include "db/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db;
    struct err e;
};
static enum db_engine engine_under_test;
static int probe_set;

/* The first migration of every set, and a list of our own after it. */
#define LIST_MAX 8
struct list {
    struct sql_migration m[LIST_MAX];
    size_t n;
};
#define MIGRATION(v, sum, sql)                                                                                \
    {                                                                                                         \
        .set = probe_set, .version = (v), .name = "test", .checksum = {(sum), (sum)}, .text = {(sql), (sql) } \
    }

static struct list list_of(const struct sql_migration *more, size_t n)
{
    struct list l = {.n = 0};
    for (size_t i = 0; i < sql_migration_count; i++)
        if (sql_migrations[i].set == SQL_SET_ANY)
            l.m[l.n++] = sql_migrations[i];
    for (size_t i = 0; i < n; i++)
        l.m[l.n++] = more[i];
    return l;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    for (size_t i = 0; i < sql_set_count; i++)
        if (strcmp(sql_sets[i], "probe") == 0)
            probe_set = (int)i;
    f->conf = testing_conf(&f->place, engine_under_test, "probe");
    *state = f;
    return db_open(&f->db, &f->conf, &f->e);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    testing_remove(&f->place);
    free(f);
    return 0;
}

static int64_t version(struct db *db)
{
    int64_t have = -1, want;
    assert_int_equal(db_schema_version(db, &have, &want), 0);
    return have;
}

static void test_apply_twice(void **state)
{
    struct fixture *f = *state;
    int64_t have, want;
    assert_int_equal(db_schema_version(f->db, &have, &want), 0);
    assert_int_equal(have, 0);
    assert_int_equal(want, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_migrate(f->db, &f->e), 0);
        assert_int_equal(version(f->db), 2);
    }
    int64_t n;
    assert_int_equal(db_get_int(f->db, SQL_PROBE_TOTAL, NULL, 0, &n), 1);
    assert_int_equal(n, 0);
}

static void test_newer(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_migrate(f->db, &f->e), 0);
    assert_int_equal(db_run(f->db, SQL_PROBE_UPSERT, DB_ARGS(db_int(1), db_int(1), db_text(STR("kept"))), NULL), 0);
    assert_int_equal(db_run(f->db, SQL_SCHEMA_VERSION_INSERT,
                            DB_ARGS(db_text(STR("probe")), db_int(3), db_text(STR("future")), db_int(1)), NULL),
                     0);
    assert_int_equal(db_migrate(f->db, &f->e), ERR_VERSION);
    assert_non_null(strstr(f->e.text, "newer release"));
    int64_t n = 0;
    assert_int_equal(db_get_int(f->db, SQL_PROBE_TOTAL, NULL, 0, &n), 1);
    assert_int_equal(n, 1);
}

static void test_broken_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const struct sql_migration broken[] = {
        MIGRATION(1, 11, "CREATE TABLE one (org bigint NOT NULL PRIMARY KEY); INSERT INTO one (org) VALUES (1)"),
        MIGRATION(2, 12,
                  "CREATE TABLE two (org bigint NOT NULL PRIMARY KEY); INSERT INTO one (org) VALUES (2); "
                  "INSERT INTO one (org) VALUES (1)"),
    };
    const struct sql_migration mended[] = {
        broken[0],
        MIGRATION(2, 13, "CREATE TABLE two (org bigint NOT NULL PRIMARY KEY); INSERT INTO one (org) VALUES (2)"),
        MIGRATION(3, 14, "CREATE TABLE three (org bigint NOT NULL PRIMARY KEY); not SQL at all"),
    };
    struct list l = list_of(broken, 2);
    assert_int_equal(db_migrate_list(f->db, l.m, l.n, &f->e), ERR_SYS);
    assert_non_null(strstr(f->e.text, "probe/2"));
    assert_false(db_in_txn(f->db));
    assert_int_equal(version(f->db), 1);
    /* what was half done is gone: the mended text finds neither its table nor its row there */
    l = list_of(mended, 2);
    assert_int_equal(db_migrate_list(f->db, l.m, l.n, &f->e), 0);
    assert_int_equal(version(f->db), 2);
    l = list_of(mended, 3);
    assert_int_equal(db_migrate_list(f->db, l.m, l.n, &f->e), ERR_INVALID);
    assert_int_equal(version(f->db), 2);
    db_close(&f->db);
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(version(f->db), 2);
}

static void test_other_text(void **state)
{
    struct fixture *f = *state;
    const struct sql_migration first[] = {MIGRATION(1, 11, "CREATE TABLE one (org bigint NOT NULL PRIMARY KEY)")};
    const struct sql_migration other[] = {MIGRATION(1, 12, "CREATE TABLE uno (org bigint NOT NULL PRIMARY KEY)")};
    struct list l = list_of(first, 1);
    assert_int_equal(db_migrate_list(f->db, l.m, l.n, &f->e), 0);
    l = list_of(other, 1);
    assert_int_equal(db_migrate_list(f->db, l.m, l.n, &f->e), ERR_VERSION);
}

static void test_injected(void **state)
{
    struct fixture *f = *state;
    const struct db_fault faults[] = {{DB_AT_COMMIT, 2, ERR_FULL}};
    db_inject(f->db, faults, 1);
    assert_int_equal(db_migrate(f->db, &f->e), ERR_FULL);
    db_inject(f->db, NULL, 0);
    assert_int_equal(version(f->db), 0);
    assert_int_equal(db_migrate(f->db, &f->e), 0);
    assert_int_equal(version(f->db), 2);
}

#define STAGGER_NS 300000L
/* several processes at once: each ends well and each migration runs once */
static void test_at_once(void **state)
{
    struct fixture *f = *state;
    pid_t pids[8];
    int gate[2]; /* nobody ever writes: its end lets all of them go at the same moment */
    db_close(&f->db);
    assert_int_equal(pipe(gate), 0);
    for (size_t i = 0; i < N_ELEMENTS(pids); i++)
        if ((pids[i] = fork()) == 0) {
            struct db *db = NULL;
            struct err e = {0};
            char byte;
            int r = db_open(&db, &f->conf, &e);
            close(gate[1]);
            if (read(gate[0], &byte, 1) != 0)
                _exit(2);
            /* one after another, closer than one migration takes: each meets another moment of the one before */
            nanosleep(&(struct timespec){.tv_nsec = (long)i * STAGGER_NS}, NULL);
            r = r ? r : db_migrate(db, &e);
            if (r)
                fprintf(stderr, "at once: %s\n", e.text);
            db_close(&db);
            _exit(r ? 1 : 0);
        }
    close(gate[0]);
    close(gate[1]);
    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        int status = -1;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(version(f->db), 2);
}

static void test_other_set(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *other = NULL;
    struct db_conf conf = f->conf;
    assert_int_equal(db_migrate(f->db, &f->e), 0);
    conf.set = "cell";
    assert_int_equal(db_open(&other, &conf, &f->e), 0);
    /* one PostgreSQL schema may hold several sets, a SQLite file may not */
    assert_int_equal(db_migrate(other, &f->e), engine_under_test == DB_SQLITE ? ERR_INVALID : 0);
    assert_int_equal(version(f->db), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_apply_twice), T(test_newer),    T(test_broken_leaves_nothing),
                                       T(test_other_text),  T(test_injected), T(test_at_once),
                                       T(test_other_set)};
    engine_under_test = DB_SQLITE;
    int bad = cmocka_run_group_tests_name("migrations on SQLite", tests, NULL, NULL);
    engine_under_test = DB_POSTGRESQL;
    return bad + cmocka_run_group_tests_name("migrations on PostgreSQL", tests, NULL, NULL);
}

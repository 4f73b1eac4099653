/* What db.h promises, on both engines: the same tests run over SQLite and PostgreSQL. */
#include "core/env.h"
#include "db/db_testing.h"
#include "db/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define ORG 7
#define BLOB (3u * 1024 * 1024)

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db;
    struct err e;
};

static enum db_engine engine_under_test;

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->conf = testing_conf(&f->place, engine_under_test, "probe");
    int r = db_open(&f->db, &f->conf, &f->e);
    r = r ? r : db_migrate(f->db, &f->e);
    if (r)
        fprintf(stderr, "setup: %s\n", f->e.text);
    *state = f;
    return r;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    testing_remove(&f->place);
    free(f);
    return 0;
}

static int insert(struct db *db, int64_t id, const char *subject)
{
    return db_run(db, SQL_PROBE_INSERT, DB_ARGS(db_int(ORG), db_int(id), db_text(str_c(subject)), db_null(), db_null()),
                  NULL);
}

static int64_t count(struct db *db)
{
    int64_t n = -1;
    assert_int_equal(db_get_int(db, SQL_PROBE_COUNT, DB_ARGS(db_int(ORG)), &n), 1);
    return n;
}

static void assert_str(struct str got, const char *want)
{
    assert_non_null(got.p);
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

/* ---- values ---- */

static void test_values(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    static const char raw[] = "\0\xff\x80 bytes \0";
    const struct {
        int64_t id;
        struct db_val subject, data, score;
    } rows[] = {
        {1, db_text(STR("plain")), db_blob(str_n(raw, sizeof raw)), db_real(-0.125)},
        {INT64_MAX, db_text(STR("")), db_blob(STR("")), db_real(1e300)},
        {-5, db_text(STR("\xe2\x82\xac caff\xc3\xa8 ' \" \\ :org ?1 $1")), db_null(), db_null()},
        {INT64_MIN, db_null(), db_blob((struct str){NULL, 0}), db_real(0)},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        assert_int_equal(db_run(db, SQL_PROBE_INSERT,
                                DB_ARGS(db_int(ORG), db_int(rows[i].id), rows[i].subject, rows[i].data, rows[i].score),
                                NULL),
                         0);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        struct db_cursor c;
        assert_int_equal(db_query(db, &c, SQL_PROBE_GET, DB_ARGS(db_int(ORG), db_int(rows[i].id))), 0);
        assert_int_equal(db_next(&c), 1);
        assert_int_equal(db_col_int(&c, 0), rows[i].id);
        const struct db_val *text[] = {&rows[i].subject, &rows[i].data};
        for (int col = 0; col < 2; col++) {
            struct str got = db_col_str(&c, col + 1);
            assert_int_equal(db_col_null(&c, col + 1), text[col]->type == DB_NULL);
            assert_int_equal(got.p == NULL, text[col]->type == DB_NULL);
            assert_true(str_eq(got, text[col]->s));
        }
        assert_int_equal(db_col_null(&c, 3), rows[i].score.type == DB_NULL);
        assert_true(db_col_real(&c, 3) == rows[i].score.r);
        assert_str(db_col_str(&c, 4), "none; yet");
        assert_int_equal(db_next(&c), 0);
        assert_int_equal(db_next(&c), 0);
        db_end(&c);
        db_end(&c);
    }
}

static void test_big_blobs(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    char *big = malloc(BLOB);
    for (size_t i = 0; i < BLOB; i++)
        big[i] = (char)(i * 2654435761u >> 13);
    assert_int_equal(db_begin_write(db), 0);
    for (int id = 1; id <= 4; id++)
        assert_int_equal(db_run(db, SQL_PROBE_INSERT,
                                DB_ARGS(db_int(ORG), db_int(id), db_null(), db_blob(str_n(big, BLOB)), db_null()),
                                NULL),
                         0);
    assert_int_equal(db_commit(db), 0);
    struct db_cursor c;
    assert_int_equal(db_query(db, &c, SQL_PROBE_GET, DB_ARGS(db_int(ORG), db_int(4))), 0);
    assert_int_equal(db_next(&c), 1);
    assert_true(str_eq(db_col_str(&c, 2), str_n(big, BLOB)));
    db_end(&c);
    free(big);
}

static void test_numbers(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    const int64_t ids[] = {123456789012, -7, 10000, 20000};
    int64_t n = 5, want = 0;
    assert_int_equal(db_get_int(db, SQL_PROBE_SUM, DB_ARGS(db_int(ORG)), &n), 1); /* NULL */
    assert_int_equal(n, 0);
    for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
        want += ids[i];
        assert_int_equal(insert(db, ids[i], "x"), 0);
        assert_int_equal(db_get_int(db, SQL_PROBE_SUM, DB_ARGS(db_int(ORG)), &n), 1);
        assert_int_equal(n, want);
    }
    assert_int_equal(db_run(db, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("y")), db_int(ORG), db_int(10000)), &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(db_run(db, SQL_PROBE_DELETE, DB_ARGS(db_int(ORG), db_int(1)), &n), 0);
    assert_int_equal(n, 0);
    struct db_cursor c;
    assert_int_equal(db_query(db, &c, SQL_PROBE_LIST, DB_ARGS(db_int(99), db_int(0), db_int(1))), 0);
    assert_int_equal(db_next(&c), 0);
    db_end(&c);
    assert_int_equal(db_get_int(db, SQL_PROBE_GET, DB_ARGS(db_int(99), db_int(0)), &n), 0);
}

/* text sorts by bytes on both engines, whatever the server's locale */
static void test_text_order(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    static const char *const sorted[] = {"A", "B", "Z", "a", "b", "\xc3\xa0", "\xe2\x82\xac"};
    static const size_t order[] = {3, 0, 6, 2, 5, 1, 4};
    for (size_t i = 0; i < N_ELEMENTS(sorted); i++)
        assert_int_equal(insert(db, (int64_t)i, sorted[order[i]]), 0);
    struct db_cursor c;
    assert_int_equal(db_query(db, &c, SQL_PROBE_BY_SUBJECT, DB_ARGS(db_int(ORG))), 0);
    for (size_t i = 0; i < N_ELEMENTS(sorted); i++) {
        assert_int_equal(db_next(&c), 1);
        assert_str(db_col_str(&c, 0), sorted[i]);
    }
    db_end(&c);
}

static void test_returning(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    int64_t n = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_get_int(db, SQL_PROBE_UPSERT, DB_ARGS(db_int(ORG), db_int(42), db_text(STR("s"))), &n), 1);
        assert_int_equal(n, 42);
    }
    assert_int_equal(db_run(db, SQL_PROBE_UPSERT, DB_ARGS(db_int(ORG), db_int(42), db_text(STR("t"))), NULL), 0);
    assert_int_equal(count(db), 1);
}

static void test_cursors(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    struct db_cursor c[5];
    for (int id = 1; id <= 10; id++)
        assert_int_equal(insert(db, id, "s"), 0);
    assert_int_equal(db_begin_read(db), 0);
    /* the same statement four times at once, each with its own arguments that do not outlive the call */
    for (int i = 0; i < 4; i++) {
        char org[1] = {ORG};
        assert_int_equal(db_query(db, &c[i], SQL_PROBE_LIST, DB_ARGS(db_int(org[0]), db_int(i), db_int(100))), 0);
        org[0] = 0;
    }
    for (int row = 1; row <= 6; row++)
        for (int i = 0; i < 4; i++) {
            assert_int_equal(db_next(&c[i]), 1);
            assert_int_equal(db_col_int(&c[i], 0), i + row);
        }
    db_end(&c[2]);
    assert_int_equal(count(db), 10);
    assert_int_equal(db_query(db, &c[2], SQL_PROBE_LIST, DB_ARGS(db_int(ORG), db_int(9), db_int(1))), 0);
    assert_int_equal(db_next(&c[2]), 1);
    assert_int_equal(db_col_int(&c[2], 0), 10);
    assert_int_equal(db_commit(db), 0); /* ends the cursors */
    for (int i = 0; i < 4; i++)
        db_end(&c[i]);
    assert_int_equal(count(db), 10);
}

/* ---- transactions ---- */

static void test_commit_rollback(void **state)
{
    struct fixture *f = *state;
    struct db *db = f->db;
    assert_false(db_in_txn(db));
    assert_int_equal(db_begin_write(db), 0);
    assert_true(db_in_txn(db));
    assert_int_equal(insert(db, 1, "a"), 0);
    assert_int_equal(count(db), 1);
    db_rollback(db);
    db_rollback(db);
    assert_false(db_in_txn(db));
    assert_int_equal(count(db), 0);
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(insert(db, 1, "a"), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(insert(db, 2, "never committed"), 0);
    db_close(&f->db);
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(count(f->db), 1);
}

static void test_savepoints(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    assert_int_equal(db_begin_write(db), 0);
    for (int job = 0; job < 20; job++) {
        assert_int_equal(db_savepoint(db), 0);
        assert_int_equal(insert(db, 2 * job, "first"), 0);
        int r =
            insert(db, job % 3 == 1 ? 2 * job : 2 * job + 1, "second"); /* the same key: refused, now or at release */
        if (r == 0)
            r = db_savepoint_release(db);
        assert_int_equal(r, job % 3 == 1 ? DB_CONSTRAINT : 0);
        if (r) {
            int64_t n;
            assert_int_equal(insert(db, 1000, "refused until rollback"), DB_CONSTRAINT);
            assert_int_equal(db_get_int(db, SQL_PROBE_TOTAL, NULL, 0, &n), DB_CONSTRAINT);
            assert_int_equal(db_savepoint_release(db), DB_CONSTRAINT);
            assert_true(db_in_txn(db));
            assert_int_equal(db_savepoint_rollback(db), 0);
        }
    }
    assert_int_equal(db_savepoint(db), 0);
    assert_int_equal(insert(db, 500, "undone without an error"), 0);
    assert_int_equal(db_savepoint_rollback(db), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(count(db), 26);
}

/* an error before the savepoint belongs to the outer transaction */
static void test_error_before_savepoint(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    assert_int_equal(insert(db, 1, "a"), 0);
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(insert(db, 2, "b"), 0);
    int r = insert(db, 1, "twice");
    if (r == 0)
        r = db_savepoint(db);
    assert_int_equal(r, DB_CONSTRAINT);
    assert_int_not_equal(db_savepoint_rollback(db), 0);
    assert_false(db_in_txn(db));
    db_rollback(db);
    assert_int_equal(count(db), 1);
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(insert(db, 2, "b"), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(count(db), 2);
}

/* a queued error that nobody waited for ends at commit, and nothing of the transaction stands */
static void test_error_at_commit(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(insert(db, 1, "a"), 0);
    int r = insert(db, 1, "twice");
    assert_true(r == 0 || r == DB_CONSTRAINT);
    (void)!insert(db, 2, "after");
    assert_int_equal(db_commit(db), DB_CONSTRAINT);
    assert_false(db_in_txn(db));
    assert_int_equal(count(db), 0);
}

static void test_constraints(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    int64_t n;
    assert_int_equal(insert(db, 1, "a"), 0);
    assert_int_equal(insert(db, 1, "a"), DB_CONSTRAINT);
    assert_int_equal(db_run(db, SQL_PROBE_CHILD_INSERT, DB_ARGS(db_int(ORG), db_int(1), db_int(99)), &n),
                     DB_CONSTRAINT);
    assert_int_equal(db_run(db, SQL_PROBE_CHILD_INSERT, DB_ARGS(db_int(ORG), db_int(1), db_int(1)), &n), 0);
    assert_int_equal(db_run(db, SQL_PROBE_DELETE, DB_ARGS(db_int(ORG), db_int(1)), &n), DB_CONSTRAINT);
    assert_int_equal(db_run(db, SQL_PROBE_CHILD_INSERT, DB_ARGS(db_int(ORG), db_null(), db_int(1)), NULL),
                     DB_CONSTRAINT);
    assert_true(db_error(db)[0] != 0);
    assert_int_equal(count(db), 1);
}

static void test_many_queued(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    assert_int_equal(db_begin_write(db), 0);
    for (int id = 0; id < 3000; id++)
        assert_int_equal(insert(db, id, "many statements without one that waits"), 0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(count(db), 3000);
}

static void test_read_snapshot(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *reader = NULL;
    assert_int_equal(db_open(&reader, &f->conf, &f->e), 0);
    assert_int_equal(insert(f->db, 1, "a"), 0);
    assert_int_equal(db_begin_read(reader), 0);
    assert_int_equal(count(reader), 1);
    assert_int_equal(insert(f->db, 2, "b"), 0);
    assert_int_equal(count(reader), 1);
    int64_t n;
    assert_int_equal(db_run(reader, SQL_PROBE_DELETE, DB_ARGS(db_int(ORG), db_int(1)), &n), ERR_READONLY);
    db_rollback(reader);
    assert_int_equal(count(reader), 2);
}

static int slow(struct db *db, int64_t most, int64_t *n)
{
    return db_get_int(db, SQL_PROBE_SLOW, DB_ARGS(db_int(ORG), db_int(most)), n);
}

/* Only a reading transaction is limited, and the connection is good for the next one. */
static void test_read_limit(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0;
    db_read_limit(f->db, 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(db_begin_read(f->db), 0);
        assert_int_equal(slow(f->db, 1000, &n), 1);
        assert_int_equal(n, 1000);
        assert_int_equal(slow(f->db, INT64_C(1) << 40, &n), ERR_TIMEOUT);
        assert_non_null(strstr(db_error(f->db), "less at a time"));
        assert_int_equal(slow(f->db, 1, &n), ERR_TIMEOUT); /* until the rollback */
        db_rollback(f->db);
    }
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(slow(f->db, 300000, &n), 1);
    db_rollback(f->db);
    db_read_limit(f->db, 0);
    assert_int_equal(db_begin_read(f->db), 0);
    assert_int_equal(slow(f->db, 300000, &n), 1);
    db_rollback(f->db);
}

/* By the clock alone: however little was done. */
static void test_read_deadline(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0, from = env_mono_ms(env_system());
    db_read_deadline(f->db, 30);
    assert_int_equal(db_begin_read(f->db), 0);
    assert_int_equal(slow(f->db, 1000, &n), 1);
    assert_int_equal(slow(f->db, INT64_C(1) << 40, &n), ERR_TIMEOUT);
    db_rollback(f->db);
    assert_true(env_mono_ms(env_system()) - from < 30 * DB_READ_PATIENCE);
    db_read_limit(f->db, 30); /* the other kind again */
    assert_int_equal(db_begin_read(f->db), 0);
    assert_int_equal(slow(f->db, 1000, &n), 1);
    db_rollback(f->db);
    db_read_limit(f->db, 0);
}

static void test_writes(void **state)
{
    struct fixture *f = *state;
    uint64_t before = db_writes(f->db);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(count(f->db), 0);
    assert_int_equal(db_writes(f->db), before);
    assert_int_equal(db_txn_error(f->db), 0);
    assert_int_equal(insert(f->db, 1, "a"), 0);
    assert_true(db_writes(f->db) > before);
    int64_t changed;
    assert_int_equal(
        db_run(f->db, SQL_PROBE_INSERT, DB_ARGS(db_int(ORG), db_int(1), db_null(), db_null(), db_null()), &changed),
        DB_CONSTRAINT);
    assert_int_equal(db_txn_error(f->db), DB_CONSTRAINT);
    db_rollback(f->db);
    assert_int_equal(db_txn_error(f->db), 0);
}

static void test_readonly(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *db = NULL;
    struct db_conf conf = f->conf;
    conf.readonly = true;
    assert_int_equal(insert(f->db, 1, "a"), 0);
    assert_int_equal(db_open(&db, &conf, &f->e), 0);
    assert_int_equal(count(db), 1);
    assert_int_equal(db_begin_write(db), ERR_READONLY);
    assert_int_equal(insert(db, 2, "b"), ERR_READONLY);
    assert_int_equal(db_begin_read(db), 0);
    assert_int_equal(count(db), 1);
    assert_int_equal(db_commit(db), 0);
}

static void test_open_absent(void **state)
{
    struct fixture *f = *state;
    struct db_conf conf = f->conf;
    struct db *db = NULL;
    struct testing_place place;
    struct db_conf other = testing_conf(&place, engine_under_test, "probe");
    other.create = false;
    assert_int_equal(db_open(&db, &other, &f->e), ERR_NOENT);
    assert_null(db);
    assert_true(strlen(f->e.text) > 10);
    testing_remove(&place);
    conf.set = "no such set";
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_INVALID);
    db_close(&db);
}

/* ---- what the caller must not do ---- */

static void test_text_refused(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    static const struct str bad[] = {{"a\0b", 3}, {"\xff", 1}, {"\xed\xa0\x80", 3}, {"\xc3", 1}};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_int_equal(
            db_run(db, SQL_PROBE_INSERT, DB_ARGS(db_int(ORG), db_int(1), db_text(bad[i]), db_null(), db_null()), NULL),
            ERR_INVALID);
    assert_int_equal(count(db), 0);
}

#ifndef SIGILLO_DEBUG /* there these are logged as bugs and end the process */
static void test_misuse(void **state)
{
    struct db *db = ((struct fixture *)*state)->db;
    struct db_cursor c[5];
    assert_int_equal(db_run(db, SQL_PROBE_COUNT, NULL, 0, NULL), ERR_INVALID);
    assert_int_equal(db_run(db, SQL_PROBE_COUNT, DB_ARGS(db_text(STR("7"))), NULL), ERR_INVALID);
    assert_int_equal(db_run(db, SQL_COUNT, NULL, 0, NULL), ERR_INVALID);
    assert_int_equal(db_commit(db), ERR_INVALID);
    assert_int_equal(db_savepoint(db), ERR_INVALID);
    assert_int_equal(db_begin_write(db), 0);
    assert_int_equal(db_begin_write(db), ERR_INVALID);
    assert_int_equal(db_savepoint_release(db), ERR_INVALID);
    db_rollback(db);
    for (int i = 0; i < 5; i++)
        assert_int_equal(db_query(db, &c[i], SQL_PROBE_TOTAL, NULL, 0), i < 4 ? 0 : ERR_INVALID);
    for (int i = 0; i < 5; i++)
        db_end(&c[i]);
    assert_int_equal(db_next(&c[0]), ERR_INVALID);
}
#endif

/* ---- injected faults ---- */

static void test_inject(void **state)
{
    struct fixture *f = *state;
    struct db *db = f->db;
    const struct {
        struct db_fault fault;
        int at_begin, at_run, at_commit;
        bool undo_works_sqlite, undo_works_postgresql, dead;
        int64_t rows;
    } rows[] = {
        {{DB_AT_BEGIN, 1, ERR_BUSY}, ERR_BUSY, 0, 0, false, false, false, 0},
        {{DB_AT_RUN, 2, ERR_FULL}, 0, ERR_FULL, 0, false, true, false, 0},
        {{DB_AT_RUN, 2, ERR_IO}, 0, ERR_IO, 0, false, true, false, 0},
        {{DB_AT_RUN, 2, DB_CONSTRAINT}, 0, DB_CONSTRAINT, 0, true, true, false, 1},
        {{DB_AT_RUN, 2, ERR_GONE}, 0, ERR_GONE, 0, false, false, true, 0},
        {{DB_AT_COMMIT, 1, ERR_FULL}, 0, 0, ERR_FULL, false, false, false, 0},
        {{DB_AT_COMMIT, 1, ERR_UNKNOWN}, 0, 0, ERR_UNKNOWN, false, false, true, 0},
        {{DB_AT_COMMIT_AFTER, 1, ERR_UNKNOWN}, 0, 0, ERR_UNKNOWN, false, false, true, 2},
        {{DB_AT_COMMIT, 2, ERR_FULL}, 0, 0, 0, false, false, false, 2},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        bool undo = engine_under_test == DB_SQLITE ? rows[i].undo_works_sqlite : rows[i].undo_works_postgresql;
        int64_t before = count(db), base = 10 * (int64_t)i;
        db_inject(db, &rows[i].fault, 1);
        int r = db_begin_write(db);
        assert_int_equal(r, rows[i].at_begin);
        bool begun = r == 0;
        if (begun) {
            assert_int_equal(insert(db, base, "outer"), 0);
            assert_int_equal(db_savepoint(db), 0);
            assert_int_equal(r = insert(db, base + 1, "inner"), rows[i].at_run);
        }
        if (begun && r) {
            assert_int_equal(db_savepoint_rollback(db) == 0, undo);
            assert_int_equal(db_in_txn(db), undo);
        } else if (begun) {
            assert_int_equal(db_savepoint_release(db), 0);
        }
        int64_t want = rows[i].rows;
        if (begun && db_in_txn(db)) {
            assert_int_equal(db_commit(db), rows[i].at_commit);
            want = undo ? 1 : want;
        }
        db_rollback(db);
        assert_false(db_in_txn(db));
        if (rows[i].dead) {
            assert_int_equal(db_begin_write(db), ERR_GONE);
            assert_int_equal(insert(db, 1, "dead"), ERR_GONE);
            db_close(&f->db);
            assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
            db = f->db;
        }
        db_inject(db, NULL, 0);
        assert_int_equal(count(db) - before, want);
    }
}

/* ---- sql/ ---- */

static void test_every_statement(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t set = SQL_SET_ANY + 1; set < sql_set_count; set++) {
        struct testing_place place;
        struct db_conf conf = testing_conf(&place, engine_under_test, sql_sets[set]);
        AUTO(db) struct db *db = NULL;
        struct err e = {0};
        int r = db_open(&db, &conf, &e);
        r = r ? r : db_migrate(db, &e);
        if (r)
            fail_msg("set %s: %s", sql_sets[set], e.text);
        for (int id = 0; id < SQL_COUNT; id++) {
            const struct sql_statement *st = &sql_statements[id];
            if (st->set != SQL_SET_ANY && st->set != (int)set)
                continue;
            if (db_prepare(db, (enum sql_id)id)) {
                print_error("%s (set %s): %s\n", st->name, sql_sets[set], db_error(db));
                bad++;
            }
        }
        testing_remove(&place);
    }
    assert_int_equal(bad, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_values),          T(test_big_blobs),       T(test_numbers),
        T(test_text_order),      T(test_returning),       T(test_cursors),
        T(test_commit_rollback), T(test_savepoints),      T(test_error_before_savepoint),
        T(test_error_at_commit), T(test_constraints),     T(test_many_queued),
        T(test_read_snapshot),   T(test_readonly),        T(test_open_absent),
        T(test_text_refused),    T(test_read_limit),      T(test_read_deadline),
        T(test_writes),
#ifndef SIGILLO_DEBUG
        T(test_misuse),
#endif
        T(test_inject),          T(test_every_statement),
    };
    engine_under_test = DB_SQLITE;
    int bad = cmocka_run_group_tests_name("db on SQLite", tests, NULL, NULL);
    engine_under_test = DB_POSTGRESQL;
    return bad + cmocka_run_group_tests_name("db on PostgreSQL", tests, NULL, NULL);
}

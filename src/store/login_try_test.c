#include "store/login_try.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct login_try mark_of(uint8_t x, int64_t most)
{
    struct login_try v = {.most = most};
    memset(v.mark, x, sizeof v.mark);
    return v;
}

static int64_t wait_of(struct fixture *f, struct login_try *v, size_t n)
{
    int64_t ms = -1;
    assert_int_equal(login_tries_wait(f->store, v, n, &ms), 0);
    return ms;
}

static void counted(struct fixture *f)
{
    struct login_try v[2] = {mark_of(1, 3), mark_of(2, 100)}, other = mark_of(3, 1);
    assert_int_equal(wait_of(f, v, 2), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_of(f, v, 2), 0);
        assert_int_equal(login_tries_note(f->store, v, 2), 0);
        f->clock_skew_ms += 1000;
    }
    int64_t ms = wait_of(f, v, 2);
    assert_true(ms > LOGIN_TRY_WINDOW_MS - 60000 && ms <= LOGIN_TRY_WINDOW_MS);
    assert_true(v[0].n == 3 && v[1].n == 3);
    assert_int_equal(wait_of(f, &v[1], 1), 0); /* the other has more left */
    assert_int_equal(wait_of(f, &other, 1), 0);
    fixture_reopen(f);
    assert_true(wait_of(f, v, 2) > 0);       /* a restart forgets nothing */
    f->clock_skew_ms -= LOGIN_TRY_WINDOW_MS; /* nor does a clock set back lock out for longer */
    assert_true(wait_of(f, v, 2) <= LOGIN_TRY_WINDOW_MS);
    f->clock_skew_ms += LOGIN_TRY_WINDOW_MS;
    assert_int_equal(login_tries_clear(f->store, &v[0]), 0);
    assert_int_equal(wait_of(f, v, 2), 0);
    assert_true(v[0].n == 0 && v[1].n == 3);
    /* The window begins with the first and ends for all of them. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(login_tries_note(f->store, v, 1), 0);
    f->clock_skew_ms += LOGIN_TRY_WINDOW_MS + 1000;
    assert_int_equal(wait_of(f, v, 2), 0);
    assert_int_equal(login_tries_note(f->store, v, 1), 0);
    assert_int_equal(wait_of(f, v, 1), 0);
    assert_int_equal(v[0].n, 1);
}

static int fn_count(struct txn *t, void *arg)
{
    struct db_cursor c;
    int r = db_query(t->db, &c, SQL_DIR_TRY_COUNT, NULL, 0);
    if (r == 0 && (r = db_next(&c)) == 1)
        *(int64_t *)arg = db_col_int(&c, 0);
    db_end(&c);
    return r < 0 ? r : 0;
}

/* What is over goes with what comes. */
static void bounded(struct fixture *f)
{
    int64_t rows = 0;
    for (uint8_t i = 0; i < 60; i++) {
        struct login_try v = mark_of(i, 1);
        assert_int_equal(login_tries_note(f->store, &v, 1), 0);
    }
    f->clock_skew_ms += LOGIN_TRY_WINDOW_MS + 1000;
    struct login_try last = mark_of(200, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(login_tries_note(f->store, &last, 1), 0);
    assert_int_equal(cell_read_wait(store_directory(f->store), fn_count, &rows), 0);
    assert_int_equal(rows, 1);
}

static void each_engine(void (*test)(struct fixture *f))
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct fixture f;
        fixture_open(&f, (enum db_engine)engine);
        test(&f);
        fixture_close(&f);
    }
}

static void test_counted(void **state UNUSED) { each_engine(counted); }
static void test_bounded(void **state UNUSED) { each_engine(bounded); }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counted), cmocka_unit_test(test_bounded)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}

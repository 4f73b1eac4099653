/* Short reads: each runs once and is answered once, with its own result; what one of them breaks is not the others'; one that hands itself on is not
 * answered; closing the store runs what waits. Both engines. */
#include "store/group.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>

#define MANY 300

static struct fixture F;
static enum db_engine engine;

struct asked {
    int index, ran, answered, code, result;
    enum cell_outcome outcome;
    int64_t seq;
};
static struct asked jobs[MANY];
static atomic_int done_count, handed, written;

static int read_seq(struct txn *t, int64_t *seq)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(F.org)));
    if (r == 0 && (r = db_next(&c)) == 1)
        *seq = db_col_int(&c, 0);
    return r == 1 ? 0 : r == 0 ? ERR_NOENT : r;
}
static int fn(struct txn *t, void *arg)
{
    struct asked *j = arg;
    j->ran++;
    int r = read_seq(t, &j->seq);
    return r ? r : j->result;
}
static void done(void *arg, enum cell_outcome outcome, int code)
{
    struct asked *j = arg;
    j->answered++;
    j->outcome = outcome;
    j->code = code;
    atomic_fetch_add(&done_count, 1);
}
static int write_fn(struct txn *t UNUSED, void *arg UNUSED) { return 0; }
static void written_done(void *arg UNUSED, enum cell_outcome outcome, int code UNUSED)
{
    atomic_fetch_add(&written, outcome == CELL_DURABLE);
}
static int hand_fn(struct txn *t, void *arg)
{
    struct asked *j = arg;
    j->ran++;
    if (cell_write(t->cell, write_fn, j, NULL, 0, written_done) != 0)
        return ERR_NOMEM;
    atomic_fetch_add(&handed, 1);
    return CELL_HANDED_ON;
}

static int fn_zero(struct txn *t, void *arg UNUSED)
{
    int64_t seq;
    return read_seq(t, &seq);
}

static void start(void)
{
    fixture_open(&F, engine);
    memset(jobs, 0, sizeof jobs);
    atomic_store(&done_count, 0);
    atomic_store(&handed, 0);
    atomic_store(&written, 0);
}
static void wait_for(atomic_int *n, int want)
{
    for (int i = 0; atomic_load(n) < want && i < 20000; i++)
        usleep(1000);
    assert_int_equal(atomic_load(n), want);
}

static void each_once(void **state UNUSED)
{
    start();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(cell_read_short(F.cell, fn, &jobs[i], done), 0);
    wait_for(&done_count, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(jobs[i].ran, 1);
        assert_int_equal(jobs[i].answered, 1);
        assert_int_equal(jobs[i].outcome, CELL_DURABLE);
        assert_true(jobs[i].seq > 0);
    }
    fixture_close(&F);
}

static void own_result(void **state UNUSED)
{
    start();
    for (int i = 0; i < MANY; i++) {
        jobs[i].result = i % 7 == 3 ? 5 : i % 7 == 5 ? ERR_CORRUPT : 0;
        assert_int_equal(cell_read_short(F.cell, fn, &jobs[i], done), 0);
    }
    wait_for(&done_count, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(jobs[i].ran, 1);
        assert_int_equal(jobs[i].code, jobs[i].result);
        assert_int_equal(jobs[i].outcome, jobs[i].result == 0 ? CELL_DURABLE : CELL_REFUSED);
    }
    fixture_close(&F);
}

static int bump_fn(struct txn *t, void *arg UNUSED)
{
    int64_t seq;
    return txn_seq(t, F.org, &seq);
}
/* A read that begins after a commit was answered sees it. */
static void sees_commits(void **state UNUSED)
{
    start();
    for (int i = 0; i < 50; i++) {
        int code;
        int64_t before = jobs[0].seq;
        assert_int_equal(cell_write_wait(F.cell, bump_fn, NULL, NULL, 0, &code), CELL_DURABLE);
        assert_int_equal(cell_read_short(F.cell, fn, &jobs[0], done), 0);
        wait_for(&done_count, i + 1);
        assert_true(jobs[0].seq > before);
    }
    fixture_close(&F);
}

static void handed_on(void **state UNUSED)
{
    start();
    for (int i = 0; i < MANY; i++)
        assert_int_equal(cell_read_short(F.cell, hand_fn, &jobs[i], done), 0);
    store_close(&F.store); /* runs what waits, and what that handed in */
    assert_int_equal(atomic_load(&handed), MANY);
    assert_int_equal(atomic_load(&written), MANY);
    assert_int_equal(atomic_load(&done_count), 0);
    fixture_close(&F);
}

/* Without a loop done runs on the store's threads, and may ask again while the store is being closed: of the lane, of the readers, of the writer. */
#define CHAIN 40
static atomic_int links;
static void chain_done(void *arg, enum cell_outcome outcome, int code UNUSED)
{
    struct asked *j = arg;
    int left = --j->result;
    atomic_fetch_add(&links, outcome == CELL_DURABLE);
    j->answered++;
    if (left <= 0)
        return;
    int r = left % 3 == 0   ? cell_read_short(F.cell, fn_zero, j, chain_done)
            : left % 3 == 1 ? cell_write(F.cell, write_fn, j, NULL, 0, chain_done)
                            : cell_read(F.cell, fn_zero, j, chain_done);
    assert_int_equal(r, 0);
}
static void asks_again(void **state UNUSED)
{
    start();
    atomic_store(&links, 0);
    for (int i = 0; i < 12; i++) {
        jobs[i].result = CHAIN;
        assert_int_equal(cell_read_short(F.cell, fn_zero, &jobs[i], chain_done), 0);
    }
    store_close(&F.store);
    assert_int_equal(atomic_load(&links), 12 * CHAIN);
    for (int i = 0; i < 12; i++)
        assert_int_equal(jobs[i].answered, CHAIN);
    fixture_close(&F);
}

static int on_sqlite(void **state UNUSED) { return engine = DB_SQLITE, 0; }
static int on_postgresql(void **state UNUSED) { return engine = DB_POSTGRESQL, 0; }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_once), cmocka_unit_test(own_result),
                                       cmocka_unit_test(sees_commits), cmocka_unit_test(handed_on),
                                       cmocka_unit_test(asks_again)};
    int failed = cmocka_run_group_tests_name("sqlite", tests, on_sqlite, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", tests, on_postgresql, NULL);
}

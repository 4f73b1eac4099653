/* Wake-ups: this process is told of its own commits; over PostgreSQL the others of those that are not theirs, in spite of lost connections. */
#include "store/store_fixture.h"
#include "store/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <time.h>

#define TOLD_MAX 64
#define PATIENCE_MS 20000

struct told {
    pthread_mutex_t lock;
    struct store_wake own[TOLD_MAX], other[TOLD_MAX];
    size_t n_own, n_other;
};

static void on_wake(void *ctx, const struct store_wake *list, size_t n, bool elsewhere)
{
    struct told *t = ctx;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < n; i++)
        if (elsewhere && t->n_other < TOLD_MAX)
            t->other[t->n_other++] = list[i];
        else if (!elsewhere && t->n_own < TOLD_MAX)
            t->own[t->n_own++] = list[i];
    pthread_mutex_unlock(&t->lock);
}

static size_t told(struct told *t, bool elsewhere, const struct place_of *who)
{
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < (elsewhere ? t->n_other : t->n_own); i++) {
        const struct store_wake *w = elsewhere ? &t->other[i] : &t->own[i];
        n += w->cell == who->cell && w->org == who->org && w->account == who->account;
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}

static bool wait_told(struct told *t, bool elsewhere, const struct place_of *who, size_t least)
{
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (told(t, elsewhere, who) >= least)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

static int touch(struct txn *t, void *arg)
{
    const struct place_of *who = arg;
    int64_t seq;
    int r = txn_seq(t, who->org, &seq);
    if (r == 0)
        txn_changed(t, who->org, who->account, CHANGED_EMAIL, seq);
    return r;
}

static int nothing(struct txn *t, void *arg)
{
    (void)t, (void)arg;
    return 1;
}

static void commit(struct cell *c, cell_fn *fn, void *arg)
{
    int code, outcome = cell_write_wait(c, fn, arg, NULL, 0, &code);
    assert_int_equal(outcome, fn == nothing ? CELL_REFUSED : CELL_DURABLE);
}

static void one_process(enum db_engine engine)
{
    struct fixture f;
    struct told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
    fixture_open(&f, engine);
    f.conf.wake = on_wake;
    f.conf.wake_ctx = &t;
    fixture_reopen(&f);
    commit(f.cell, touch, &f.user[1]);
    assert_int_equal(told(&t, false, &f.user[1]), 1); /* before done */
    assert_true(t.own[0].seq > 0);
    commit(f.cell, nothing, NULL);
    assert_int_equal(t.n_own, 1);
    fixture_close(&f);
    assert_int_equal(t.n_other, 0); /* nobody hears himself */
}

static void sqlite_own(void **state)
{
    (void)state;
    one_process(DB_SQLITE);
}
static void postgresql_own(void **state)
{
    (void)state;
    one_process(DB_POSTGRESQL);
}

static void listeners_end(struct fixture *f)
{
    struct db *db;
    char schema[64];
    struct err e = {0};
    snprintf(schema, sizeof schema, "%s_directory", f->prefix);
    assert_int_equal(
        db_open(&db,
                &(struct db_conf){.engine = DB_POSTGRESQL, .url = f->conf.url, .schema = schema, .set = "directory"},
                &e),
        0);
    assert_int_equal(db->ops->script(db, "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                         "pid <> pg_backend_pid() AND query ~ "
                                         "'^(LISTEN|SELECT pg_notify)'; END $$"),
                     0);
    db_close(&db);
}

static void two_processes(void **state)
{
    (void)state;
    struct fixture f;
    struct told a = {.lock = PTHREAD_MUTEX_INITIALIZER}, b = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct err e = {0};
    struct store *other, *silent;
    struct cell *c;
    fixture_open(&f, DB_POSTGRESQL);
    f.conf.wake = on_wake;
    f.conf.wake_ctx = &a;
    fixture_reopen(&f);
    struct store_conf conf = f.conf;
    conf.wake_ctx = &b;
    assert_int_equal(store_open(&other, &conf, &f.env, &e), 0);
    /* LISTEN has no answer here: commits until the first is heard. */
    for (int i = 0; i < 200 && told(&b, true, &f.user[0]) == 0; i++) {
        commit(f.cell, touch, &f.user[0]);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_true(wait_told(&b, true, &f.user[0], 1));
    assert_int_equal(store_cell(other, f.cell_id, &c, &e), 0);
    commit(c, touch, &f.user[2]);
    assert_true(wait_told(&a, true, &f.user[2], 1));
    store_wake_others(other, &(struct store_wake){0, f.org, 77, 0});
    assert_true(wait_told(&a, true, &(struct place_of){.cell = 0, .org = f.org, .account = 77}, 1));
    /* One that does not listen and is closed at once, as a verb of the command line. */
    conf.wake = NULL;
    assert_int_equal(store_open(&silent, &conf, &f.env, &e), 0);
    assert_int_equal(store_cell(silent, f.cell_id, &c, &e), 0);
    commit(c, touch, &f.user[3]);
    store_close(&silent);
    assert_true(wait_told(&a, true, &f.user[3], 1) && wait_told(&b, true, &f.user[3], 1));
    /* Every connection is lost: they come again and hear again. */
    listeners_end(&f);
    for (int i = 0; i < 400 && told(&b, true, &f.user[1]) == 0; i++) {
        commit(f.cell, touch, &f.user[1]);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    assert_true(told(&b, true, &f.user[1]) > 0);
    store_close(&other);
    fixture_close(&f);
}

static void lines(void **state)
{
    (void)state;
    struct store_wake w[4];
    assert_int_equal(wake_parse(STR("1 2 3 4\n5 6 7 0\n"), w, 4), 2);
    assert_true(w[0].cell == 1 && w[0].org == 2 && w[0].account == 3 && w[0].seq == 4 && w[1].seq == 0);
    assert_int_equal(wake_parse(STR("1 2 3\n1 2 3 4 5\n-1 2 3 4\nx\n\n9223372036854775808 1 1 1\n1 2 3 9"), w, 4), 1);
    assert_int_equal(w[0].seq, 9);
    assert_int_equal(wake_parse(STR("1 1 1 1\n2 2 2 2\n"), w, 1), 1);
    assert_int_equal(wake_parse(STR(""), w, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(sqlite_own),
                                       cmocka_unit_test(postgresql_own), cmocka_unit_test(two_processes)};
    return cmocka_run_group_tests_name("wake-ups", tests, NULL, NULL);
}

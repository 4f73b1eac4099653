/* Old facts are found once, made anew, and the walk then rests until the version rises or a week has passed. */
#include "store/rescan.h"
#include "store/read.h"
#include "store/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fixture F;
static enum db_engine engine;
static struct arena A;

static int setup(void **state UNUSED)
{
    arena_init(&A, ARENA_NO_LIMIT);
    fixture_open(&F, engine);
    return 0;
}
static int teardown(void **state UNUSED)
{
    fixture_close(&F);
    arena_free(&A);
    return 0;
}

struct add {
    struct mail_draft d;
    struct blob_draft blob, *drafts[1];
    int64_t message;
};
static int add_fn(struct txn *t, void *arg)
{
    struct add *a = arg;
    int64_t thread, inbox, uid;
    int r = mail_role_mailbox(t, F.org, F.user[0].account, ROLE_INBOX, &inbox);
    if (r == 0)
        r = mail_add(t, F.org, F.user[0].account, &a->d, &a->message, &thread);
    return r ? r : mail_place(t, F.org, F.user[0].account, inbox, a->message, &a->blob, 1, 0, &uid);
}
static int64_t add(uint32_t version)
{
    static int n;
    struct add *a = arena_new(&A, struct add);
    int code;
    assert_int_equal(blob_prepare(&A, F.org, arena_printf(&A, "Subject: %d\r\n\r\nx\r\n", n++), &a->blob), 0);
    a->drafts[0] = &a->blob;
    a->d = (struct mail_draft){.blob = &a->blob,
                               .structure = STR("first"),
                               .insight = STR("old"),
                               .insight_version = version,
                               .preview = STR("before")};
    assert_int_equal(cell_write_wait(F.cell, add_fn, a, a->drafts, 1, &code), CELL_DURABLE);
    return a->message;
}

struct look {
    int64_t message;
    struct read_facts facts;
};
static int look_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    int r = read_facts(t, &A, F.org, F.user[0].account, l->message, &l->facts);
    return r == 1 ? 0 : ERR_NOENT;
}
static struct read_facts facts(int64_t message)
{
    struct look l = {.message = message};
    assert_int_equal(cell_read_wait(F.cell, look_fn, &l), 0);
    return l.facts;
}

static struct unread now;
static int again_fn(struct txn *t, void *arg UNUSED)
{
    struct mail_draft d = {.structure = STR("second"),
                           .insight = STR("new"),
                           .insight_version = 5,
                           .preview = STR("after"),
                           .has_attachment = true};
    return mail_rescanned(t, &now, &d);
}
static int again(const struct unread *u)
{
    int code;
    now = *u;
    (void)!cell_write_wait(F.cell, again_fn, NULL, NULL, 0, &code);
    return code;
}

static void old_ones_are_found_once(void **state UNUSED)
{
    struct rescan r;
    int64_t m[] = {add(5), add(4), add(0), add(5)};
    assert_int_equal(rescan_next(F.cell, 5, &r), 1);
    assert_int_equal(r.n, 2);
    assert_true(r.list[0].message == m[1] && r.list[1].message == m[2]);
    for (size_t i = 0; i < r.n; i++)
        assert_int_equal(again(&r.list[i]), 0);
    assert_true(str_eq(facts(m[1]).insight, STR("new")) && str_eq(facts(m[1]).structure, STR("first")));
    assert_true(str_eq(facts(m[2]).insight, STR("new")) && str_eq(facts(m[2]).structure, STR("second")));
    assert_true(str_eq(facts(m[0]).insight, STR("old")));
    assert_int_equal(rescan_keep(F.cell, &r), 0);
    assert_int_equal(rescan_next(F.cell, 5, &r), 0);
    assert_int_equal(rescan_next(F.cell, 6, &r), 1); /* a newer release */
    assert_int_equal(r.n, 4);
    F.clock_skew_ms = RESCAN_EVERY_MS + 1000;
    assert_int_equal(rescan_next(F.cell, 5, &r), 1);
    assert_int_equal(r.n, 0);
    now = (struct unread){F.org, F.user[1].account, m[0]}; /* somebody else's */
    assert_int_equal(again(&now), MAIL_NO_MESSAGE);
}

static void more_than_a_batch(void **state UNUSED)
{
    struct rescan r;
    size_t seen = 0;
    for (size_t i = 0; i < RESCAN_BATCH + 10; i++)
        (void)add(1);
    for (int turn = 0; turn < 3 && rescan_next(F.cell, 2, &r) == 1; turn++) {
        seen += r.n;
        assert_int_equal(rescan_keep(F.cell, &r), 0);
    }
    assert_int_equal(seen, RESCAN_BATCH + 10);
    assert_int_equal(rescan_next(F.cell, 2, &r), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {T(old_ones_are_found_once), T(more_than_a_batch)};
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("rescan, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("rescan, PostgreSQL", tests, NULL, NULL);
}

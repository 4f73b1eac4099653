/* Refusals: what is kept, how much, how long, how it is listed; quotas and role addresses; greylisting rows. */
#include "store/refused.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fixture F;

struct add_job {
    const struct refused *rows;
    size_t n;
};
static int add_fn(struct txn *t, void *arg)
{
    const struct add_job *j = arg;
    return refused_add(t, j->rows, j->n);
}
static void add(const struct refused *rows, size_t n)
{
    struct add_job j = {rows, n};
    int code;
    assert_int_equal(cell_write_wait(F.cell, add_fn, &j, NULL, 0, &code), CELL_DURABLE);
}

struct list_job {
    struct arena *a;
    int64_t org, before;
    struct str before_id, text;
    size_t limit;
    struct refused *out;
    size_t n;
};
static int list_fn(struct txn *t, void *arg)
{
    struct list_job *j = arg;
    return refused_list(t, j->a ? j->a : t->arena, j->org, j->before, j->before_id, j->limit, j->text, &j->out, &j->n);
}

static struct refused row(int64_t org, const char *id, int64_t at)
{
    return (struct refused){.id = str_c(id),
                            .org = org,
                            .at_ms = at,
                            .client = STR("192.0.2.1"),
                            .helo = STR("mx.cliente.example"),
                            .reverse_path = STR("uno@cliente.example"),
                            .recipient = STR("nessuno@azienda.example"),
                            .code = 550,
                            .enhanced = STR("5.1.1"),
                            .reply = STR("No such mailbox here")};
}

static void listing(void)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    int64_t now = env_wall_ms(&F.env), down;
    struct refused rows[5];
    for (int i = 0; i < 4; i++) {
        static const char *const ids[] = {"r.0", "r.1", "r.2", "r.3"};
        rows[i] = row(F.org, ids[i], now - 4 + i / 2 * 2); /* two share a millisecond */
    }
    rows[3].recipient = STR("\xff\x00"
                            "bad\r\n");
    rows[4] = row(0, "s.0", now);
    add(rows, 5);
    add(rows, 5); /* the same id again changes nothing */

    struct list_job j = {&a, F.org, INT64_MAX, STR(""), STR(""), 3, NULL, 0};
    assert_int_equal(cell_read_wait(F.cell, list_fn, &j), 0);
    assert_int_equal(j.n, 3);
    assert_true(str_eq(j.out[0].id, STR("r.3")));
    assert_true(str_eq(j.out[0].recipient, STR("??bad??")));
    assert_true(str_eq(j.out[2].id, STR("r.1")));
    j = (struct list_job){&a, F.org, j.out[2].at_ms, j.out[2].id, STR(""), 3, NULL, 0};
    assert_int_equal(cell_read_wait(F.cell, list_fn, &j), 0);
    assert_int_equal(j.n, 1);
    assert_true(str_eq(j.out[0].id, STR("r.0")));
    j = (struct list_job){&a, F.org, INT64_MAX, STR("\xff"), STR("NESSUNO"), 500, NULL, 0};
    assert_int_equal(cell_read_wait(F.cell, list_fn, &j), 0);
    assert_int_equal(j.n, 3);
    j = (struct list_job){NULL, F.org, INT64_MAX, STR(""), STR("no such thing"), 500, NULL, 0};
    assert_int_equal(cell_read_wait(F.cell, list_fn, &j), 0);
    assert_int_equal(j.n, 0);

    struct refused one;
    assert_int_equal(store_refused(F.store, &a, STR("r.2"), &one, &down), 1);
    assert_int_equal(one.code, 550);
    assert_int_equal(one.org, F.org);
    assert_int_equal(store_refused(F.store, &a, STR("s.0"), &one, &down), 1);
    assert_int_equal(one.org, 0);
    assert_int_equal(store_refused(F.store, &a, STR("none"), &one, &down), 0);
    assert_int_equal(store_refused(F.store, &a, STR("\xff"), &one, &down), 0);
    assert_int_equal(down, 0);
}

static int64_t pruned;
static int prune_fn(struct txn *t, void *arg UNUSED) { return refused_prune(t, F.org, &pruned); }

static void measure_of_a_day(void)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct refused *rows = arena_array(&a, struct refused, REFUSED_BATCH_MAX);
    for (int k = 0; k < REFUSED_A_DAY / (int)REFUSED_BATCH_MAX + 2; k++) {
        for (size_t i = 0; i < REFUSED_BATCH_MAX; i++)
            rows[i] = row(F.org, arena_printf(&a, "x%d.%zu", k, i).p, env_wall_ms(&F.env) + 1000);
        add(rows, REFUSED_BATCH_MAX);
    }
    struct list_job j = {&a, F.org, INT64_MAX, STR(""), STR("x50.199"), 9, NULL, 0};
    assert_int_equal(cell_read_wait(F.cell, list_fn, &j), 0);
    assert_int_equal(j.n, 0); /* the day was full */
    struct refused one;
    int64_t down;
    assert_int_equal(store_refused(F.store, &a, STR("x49.0"), &one, &down), 1);
    F.clock_skew_ms = REFUSED_KEEP_MS + 3600 * 1000;
    struct refused late = row(F.org, "late", env_wall_ms(&F.env));
    add(&late, 1);
    int rounds = 0;
    for (pruned = REFUSED_PRUNE_MAX; pruned == REFUSED_PRUNE_MAX; rounds++) {
        int code;
        assert_int_equal(cell_write_wait(F.cell, prune_fn, NULL, NULL, 0, &code), CELL_DURABLE);
    }
    assert_true(rounds >= REFUSED_A_DAY / REFUSED_PRUNE_MAX);
    assert_int_equal(store_refused(F.store, &a, STR("late"), &one, &down), 1);
    assert_int_equal(store_refused(F.store, &a, STR("x49.0"), &one, &down), 0); /* old ones went */
}

static int grey_fn(struct txn *t, void *arg) { return greylist_put(t, arg, 3); }
static int grey_list_fn(struct txn *t, void *arg)
{
    struct greylist_row *out = arg;
    size_t n;
    int r = greylist_list(t, F.org, INT64_MIN, out, 2, &n);
    if (r == 0 && n == 2)
        r = greylist_list(t, F.org, out[1].key, out + 2, 2, &n);
    return r == 0 && n == 1 ? 0 : ERR_INVALID;
}

static void greylist(void)
{
    int64_t now = env_wall_ms(&F.env);
    struct greylist_row rows[3] = {{F.org, -5, now, now, 0}, {F.org, 7, now, now, 1}, {F.org, 9, now, now, 3}}, got[4];
    int code;
    assert_int_equal(cell_write_wait(F.cell, grey_fn, rows, NULL, 0, &code), CELL_DURABLE);
    rows[1].passed = 2;
    assert_int_equal(cell_write_wait(F.cell, grey_fn, rows, NULL, 0, &code), CELL_DURABLE);
    assert_int_equal(cell_read_wait(F.cell, grey_list_fn, got), 0);
    assert_int_equal(got[0].key, -5);
    assert_int_equal(got[1].passed, 2);
    assert_int_equal(got[2].key, 9);
}

static void quotas(void)
{
    struct err e = {0};
    struct account_quota q;
    struct place_of at;
    assert_int_equal(account_quota(F.store, &F.user[1], &q), 0);
    assert_int_equal(q.quota, 0);
    assert_int_equal(q.used, 0);
    assert_int_equal(account_quota_set(F.store, &F.user[1], 5000, &e), 0);
    assert_int_equal(account_quota(F.store, &F.user[1], &q), 0);
    assert_int_equal(q.quota, 5000);
    struct place_of none = F.user[1];
    none.account = 999999;
    assert_int_equal(account_quota(F.store, &none, &q), DIR_UNKNOWN);
    assert_true(account_quota_set(F.store, &none, 1, &e) < 0);
    struct place_of firm = {.cell = F.cell_id, .org = F.org};
    assert_int_equal(account_first_admin(F.store, &firm, &at), 0);
    assert_int_equal(at.account, F.user[0].account);
    firm.org = 77;
    assert_int_equal(account_first_admin(F.store, &firm, &at), DIR_UNKNOWN);
}

static void both_engines(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        fixture_open(&F, (enum db_engine)engine);
        listing();
        quotas();
        greylist();
        measure_of_a_day();
        fixture_close(&F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_engines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

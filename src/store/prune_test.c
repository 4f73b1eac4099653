/* What goes after a while, on both engines: transactions, judgements, refusals, what the guard remembers of single messages; and what stays. */
#include "store/prune.h"
#include "store/judged.h"
#include "store/known.h"
#include "store/mail.h"
#include "store/refused.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define BATCH 100
#define OLD_ROWS (2 * ACCEPTED_PRUNE_MAX + 30)

static struct fixture F;

struct fill {
    int64_t at_ms;
    int from, n;
};

static void write_all(cell_fn *fn, int n, int64_t at_ms)
{
    for (int i = 0; i < n; i += BATCH) {
        struct fill x = {at_ms, i, n - i < BATCH ? n - i : BATCH};
        int code;
        assert_int_equal(cell_write_wait(F.cell, fn, &x, NULL, 0, &code), CELL_DURABLE);
    }
}

static struct str id_of(struct txn *t, const struct fill *x, int i)
{
    return arena_printf(t->arena, "%d.%lld", x->from + i, (long long)x->at_ms);
}

static void key_of(const struct fill *x, int i, uint8_t key[SHA256_LEN])
{
    int64_t v[2] = {x->at_ms, x->from + i};
    memset(key, 7, SHA256_LEN);
    memcpy(key, v, sizeof v);
}

static int accept_fn(struct txn *t, void *arg)
{
    const struct fill *x = arg;
    int r = 0;
    for (int i = 0; i < x->n && r == 0; i++) {
        uint8_t key[SHA256_LEN];
        key_of(x, i, key);
        struct mail_accepted m = {.id = id_of(t, x, i),
                                  .client = STR("192.0.2.1"),
                                  .helo = STR("mx.cliente.example"),
                                  .reverse_path = STR("uno@cliente.example"),
                                  .recipients = STR("u0@azienda.example"),
                                  .size = 100,
                                  .at_ms = x->at_ms};
        memcpy(m.key, key, sizeof key);
        r = mail_accepted_add(t, F.org, &m);
    }
    return r;
}

static int judge_fn(struct txn *t, void *arg)
{
    const struct fill *x = arg;
    int r = 0;
    for (int i = 0; i < x->n && r == 0; i++)
        r = judged_put(t, F.org, &(struct judged){id_of(t, x, i), x->at_ms, 3, 1, 10, STR("record")});
    return r;
}

static int refuse_fn(struct txn *t, void *arg)
{
    const struct fill *x = arg;
    int r = 0;
    for (int i = 0; i < x->n && r == 0; i++) {
        struct refused row = {.id = id_of(t, x, i), .org = F.org, .at_ms = x->at_ms, .code = 550};
        struct greylist_row grey = {F.org, x->from + i, x->at_ms, x->at_ms, 0};
        r = refused_add(t, &row, 1);
        if (r == 0)
            r = greylist_put(t, &grey, 1);
    }
    return r;
}

static int resend_fn(struct txn *t, void *arg)
{
    uint8_t key[SHA256_LEN];
    struct str found;
    key_of(arg, 0, key);
    return mail_resend_find(t, F.org, key, &found) == 1 ? 0 : ERR_NOENT;
}

static void kept_for_a_while(void)
{
    int64_t now = env_wall_ms(&F.env);
    struct prune_count gone = {0};
    assert_int_equal(cell_prune_firm(F.cell, F.org, &gone), 0);
    for (int i = 0; i < PRUNE_KINDS; i++)
        assert_int_equal(gone.rows[i], 0);

    write_all(accept_fn, OLD_ROWS, now - ACCEPTED_KEEP_MS - 60000);
    write_all(accept_fn, 5, now - ACCEPTED_KEEP_MS + 60000);
    write_all(accept_fn, 1, now - MAIL_RESEND_MS + 60000);
    write_all(judge_fn, JUDGED_PRUNE_MAX + 3, now - JUDGED_KEEP_MS - 60000);
    write_all(judge_fn, 4, now);
    write_all(refuse_fn, 7, now - REFUSED_KEEP_MS - GREYLIST_KEEP_MS);
    int turns = 1, r;
    while ((r = cell_prune_firm(F.cell, F.org, &gone)) == 1)
        turns++;
    assert_int_equal(r, 0);
    assert_int_equal(turns, OLD_ROWS / ACCEPTED_PRUNE_MAX + 1);
    assert_int_equal(gone.rows[PRUNE_ACCEPTED], OLD_ROWS);
    assert_int_equal(gone.rows[PRUNE_JUDGED], JUDGED_PRUNE_MAX + 3);
    assert_int_equal(gone.rows[PRUNE_REFUSED], 7);
    assert_int_equal(gone.rows[PRUNE_GREYLIST], 7);
    assert_int_equal(cell_read_wait(F.cell, resend_fn, &(struct fill){now - MAIL_RESEND_MS + 60000, 0, 1}), 0);

    F.clock_skew_ms = ACCEPTED_KEEP_MS + 3600 * 1000;
    gone = (struct prune_count){0};
    assert_int_equal(cell_prune_firm(F.cell, F.org, &gone), 0);
    assert_int_equal(gone.rows[PRUNE_ACCEPTED], 6); /* exactly those that were left */
    assert_int_equal(gone.rows[PRUNE_JUDGED], 4);
    F.clock_skew_ms = 0;
}

static int learn_fn(struct txn *t, void *arg)
{
    static const int kinds[] = {KNOWN_KIND_ADDRESS, KNOWN_KIND_DOMAIN, 3, 4, 5, KNOWN_KIND_MESSAGE, 7, KNOWN_KIND_SAID};
    const struct fill *x = arg;
    int r = 0;
    for (int i = 0; i < x->n && r == 0; i++) {
        struct known_key k = {kinds[(x->from + i) % 8], id_of(t, x, i)};
        r = known_add(t, F.org, &k, arena_printf(t->arena, "v\xc3\xa0%d", i), x->at_ms, 0, 0);
    }
    return r;
}

static int long_fn(struct txn *t, void *arg)
{
    char value[KNOWN_TEXT_MAX];
    memset(value, 'x', sizeof value);
    return known_add(t, F.org, &(struct known_key){KNOWN_KIND_MESSAGE, STR("long@x")}, str_n(value, sizeof value),
                     *(int64_t *)arg, 0, 0);
}

static int64_t walk(void)
{
    struct known_place at = {0};
    int64_t removed = 0;
    int r;
    while ((r = cell_prune_known(F.cell, &at, &removed)) == 1)
        ;
    assert_int_equal(r, 0);
    assert_int_equal(cell_prune_known(F.cell, &at, &removed), 0); /* rests */
    return removed;
}

static void memory_of_messages(void)
{
    int64_t now = env_wall_ms(&F.env), old = now - KNOWN_KEEP_MS - 60000;
    int code;
    write_all(learn_fn, 4000, old); /* a quarter is of messages: more than a batch, more rows than a page */
    write_all(learn_fn, 800, now - KNOWN_KEEP_MS + 3600 * 1000);
    assert_int_equal(cell_write_wait(F.cell, long_fn, &old, NULL, 0, &code), CELL_DURABLE);
    assert_int_equal(walk(), 1001);
    assert_int_equal(walk(), 0);
    F.clock_skew_ms = 2 * 3600 * 1000;
    assert_int_equal(walk(), 200);
    F.clock_skew_ms = 0;
}

static void both_engines(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        fixture_open(&F, (enum db_engine)engine);
        kept_for_a_while();
        memory_of_messages();
        fixture_close(&F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_engines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

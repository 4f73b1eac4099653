#include "guard/record.h"
#include "core/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void sample(struct guard_input *in, struct guard_history *h, struct facts_insight *facts, size_t text)
{
    static struct facts_payment pay = {.kind = COORD_IBAN, .where = WHERE_TEXT, .value = {"LT121000011101001000", 20}};
    static struct guard_party to = {{"Anna", 4}, {"anna@azienda.example", 20}, {"azienda.example", 15}};
    static struct guard_detail old = {
        {"rossi.example", 13}, {"IT60X0542811101000000123456", 27}, DETAIL_LEARNED, 1000, 90000000, 9};
    static struct guard_known row = {KNOWN_ADDRESS, {"marco@rossi.example", 19}, {"", 0}, 1000, 90000000, 9, 2};
    static char words[100000];
    memset(words, 'a', sizeof words);
    *facts =
        (struct facts_insight){.text = str_n(words, text), .payments = &pay, .n_payments = 1, .language = STR("it")};
    *in = (struct guard_input){.from_name = STR("Marco \xff Rossi"),
                               .from_addr = STR("marco@rossi.example"),
                               .from_domain = STR("rossi.example"),
                               .to = &to,
                               .n_to = 1,
                               .subject = STR("Fattura 12"),
                               .message_id = STR("1@rossi.example"),
                               .has_date = true,
                               .date_ms = -5,
                               .date_zone = -120,
                               .insight = facts,
                               .auth = {.spf = AUTH_PASS, .policy = STR("reject")},
                               .now_ms = 1780000000000};
    *h = (struct guard_history){.rows = &row, .n_rows = 1, .details = &old, .n_details = 1};
}

/* What was kept is judged as it was then. */
static void test_replay(void **state)
{
    (void)state;
    for (size_t text = 0; text <= 90000; text += 30000) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct guard_input in;
        struct guard_history h;
        struct facts_insight facts;
        struct guard_record r;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, GUARD_RECORD_MAX * 2);
        sample(&in, &h, &facts, text);
        struct guard_verdict *v = arena_new(&a, struct guard_verdict), *again = arena_new(&a, struct guard_verdict);
        guard_judge(&in, &h, &a, v);
        guard_record_put(&b, &in, &h, v);
        assert_int_equal(b.err, 0);
        assert_true(b.n <= GUARD_RECORD_MAX);
        assert_int_equal(guard_record_get(&a, buf_str(&b), &r), 0);
        assert_int_equal(r.action, v->action);
        assert_int_equal(r.score, v->score);
        assert_int_equal(r.n_codes, v->n_findings);
        assert_true(str_eq(r.input->subject, in.subject));
        assert_int_equal(r.input->date_zone, -120);
        assert_int_equal(r.history->details[0].count, 9);
        guard_judge(r.input, r.history, &a, again);
        assert_int_equal(again->action, v->action);
        assert_int_equal(v->action, GUARD_HOLD);
    }
}

/* Every truncation is refused; every changed byte is refused or gives something that can be judged. */
static void test_hostile(void **state)
{
    (void)state;
    AUTO(buf) struct buf b;
    struct guard_input in;
    struct guard_history h;
    struct facts_insight facts;
    buf_init(&b, GUARD_RECORD_MAX);
    sample(&in, &h, &facts, 50);
    {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct guard_verdict *v = arena_new(&a, struct guard_verdict);
        guard_judge(&in, &h, &a, v);
        guard_record_put(&b, &in, &h, v);
    }
    for (size_t n = 0; n < b.n * 2; n++) {
        AUTO(arena) struct arena a;
        struct guard_record r;
        arena_init(&a, ARENA_NO_LIMIT);
        size_t len = n < b.n ? n : b.n;
        char *copy = malloc(len + 1);
        memcpy(copy, b.p, len);
        if (n >= b.n)
            copy[n - b.n] = (char)(copy[n - b.n] ^ 0x91);
        int got = guard_record_get(&a, str_n(copy, len), &r);
        free(copy);
        if (n < b.n)
            assert_int_not_equal(got, 0);
        if (got == 0)
            guard_judge(r.input, r.history, &a, arena_new(&a, struct guard_verdict));
    }
}

static void test_wanted(void **state)
{
    (void)state;
    struct guard_verdict v = {.action = GUARD_ACCEPT};
    size_t kept = 0;
    for (uint64_t i = 0; i < 1000; i++)
        kept += guard_record_wanted(&v, i);
    assert_int_equal(kept, 10);
    v.action = GUARD_ACT_CAUTION;
    assert_true(guard_record_wanted(&v, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replay), cmocka_unit_test(test_hostile),
                                       cmocka_unit_test(test_wanted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "guard/guard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define IBAN_A "IT60X0542811101000000123456"
#define IBAN_B "LT121000011101001000"
#define DAY 86400000LL

struct scene {
    const char *name, *iban; /* in the message; NULL none */
    bool quoted;
    const char *known; /* on file; NULL none */
    enum guard_detail_state state;
    bool own; /* `known` is our own */
    int64_t sender_count;
    bool ambiguous, scan_failed;
    enum guard_action want;
    const char *code; /* first finding expected; NULL none */
};

static const struct scene scenes[] = {
    {"known sender, no iban", NULL, false, NULL, 0, false, 4, false, false, GUARD_ACCEPT, NULL},
    {"first mail", NULL, false, NULL, 0, false, 0, false, false, GUARD_ACCEPT, "person.first"},
    {"same iban", IBAN_A, false, IBAN_A, DETAIL_VERIFIED, false, 4, false, false, GUARD_ACCEPT, NULL},
    {"changed, verified", IBAN_B, false, IBAN_A, DETAIL_VERIFIED, false, 4, false, false, GUARD_HOLD,
     "payment.changed"},
    {"changed, learned", IBAN_B, false, IBAN_A, DETAIL_LEARNED, false, 4, false, false, GUARD_HOLD, "payment.changed"},
    {"changed, only seen", IBAN_B, false, IBAN_A, DETAIL_SEEN, false, 4, false, false, GUARD_ACT_CAUTION,
     "payment.different"},
    {"first iban", IBAN_A, false, NULL, 0, false, 4, false, false, GUARD_ACCEPT, "payment.first"},
    {"quoted, and nobody ever gave it", IBAN_B, true, IBAN_A, DETAIL_VERIFIED, false, 4, false, false,
     GUARD_ACT_CAUTION, "payment.different"},
    {"quoted, only seen", IBAN_B, true, IBAN_A, DETAIL_SEEN, false, 4, false, false, GUARD_ACCEPT, NULL},
    {"our own iban", IBAN_A, false, IBAN_A, DETAIL_VERIFIED, true, 4, false, false, GUARD_ACCEPT, NULL},
    {"revoked iban used again", IBAN_A, false, IBAN_A, DETAIL_REVOKED, false, 4, false, false, GUARD_HOLD,
     "payment.changed"},
    {"two senders", NULL, false, NULL, 0, false, 4, true, false, GUARD_HOLD, "sender.ambiguous"},
    {"unread", NULL, false, NULL, 0, false, 4, false, true, GUARD_HOLD, "message.unreadable"},
};

static void judge(const struct scene *s, struct arena *a, struct guard_verdict *v)
{
    struct facts_payment pay = {.kind = COORD_IBAN, .where = WHERE_TEXT, .value = str_c(s->iban), .quoted = s->quoted};
    struct facts_insight insight = {.payments = &pay, .n_payments = s->iban ? 1 : 0};
    struct guard_detail d = {.domain = STR("rossimarmi.example"),
                             .iban = str_c(s->known),
                             .state = s->state,
                             .first_ms = 19800 * DAY,
                             .last_ms = 20400 * DAY,
                             .count = 9};
    struct guard_known rows[] = {
        {KNOWN_ADDRESS, STR("anna@rossimarmi.example"), STR(""), 19800 * DAY, 20400 * DAY, s->sender_count, 0},
        {KNOWN_DOMAIN, STR("rossimarmi.example"), STR(""), 19800 * DAY, 20400 * DAY, s->sender_count, 0}};
    struct guard_history h = {.rows = rows, .n_rows = s->sender_count > 0 ? 2 : 0};
    if (s->known && s->own)
        h.own = &d, h.n_own = 1;
    else if (s->known)
        h.details = &d, h.n_details = 1;
    static const struct guard_party us = {{"", 0}, {"info@azienda.example", 20}, {"azienda.example", 15}};
    struct guard_input in = {.from_addr = STR("anna@rossimarmi.example"),
                             .to = &us,
                             .n_to = 1,
                             .has_date = true,
                             .message_id = STR("1@rossimarmi.example"),
                             .from_domain = STR("rossimarmi.example"),
                             .from_ambiguous = s->ambiguous,
                             .scan_failed = s->scan_failed,
                             .scan_reason = "time limit",
                             .insight = s->scan_failed ? NULL : &insight,
                             .now_ms = 20500 * DAY};
    guard_judge(&in, &h, a, v);
}

static void test_scenes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(scenes); i++) {
        struct arena a;
        struct guard_verdict v;
        arena_init(&a, ARENA_NO_LIMIT);
        judge(&scenes[i], &a, &v);
        const char *got = v.n_findings ? guard_table[v.findings[0].code].code : NULL;
        if (v.action != scenes[i].want ||
            (got != scenes[i].code && (!got || !scenes[i].code || strcmp(got, scenes[i].code) != 0)))
            fail_msg("%s: got %s, %s", scenes[i].name, guard_action_name(v.action), got ? got : "nothing");
        arena_free(&a);
    }
}

static void test_words(void **state)
{
    (void)state;
    struct arena a;
    struct guard_verdict v;
    AUTO(buf) struct buf b;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, 65536);
    judge(&scenes[3], &a, &v);
    guard_findings_json(&b, &v);
    assert_true(str_find(buf_str(&b), STR("\"old\":\"" IBAN_A "\""), 0) >= 0);
    assert_true(str_find(buf_str(&b), STR("\"since\":\"2024-03-18\""), 0) >= 0);
    for (int lang = 0; lang < 2; lang++) {
        buf_clear(&b);
        guard_text(&b, STR("payment.changed"), lang, false, v.findings[0].facts, v.findings[0].n_facts);
        assert_true(str_find(buf_str(&b), STR(IBAN_B), 0) >= 0);
        assert_int_equal(str_chr(buf_str(&b), '{', 0), -1);
        assert_int_equal(str_chr(buf_str(&b), '?', 0), -1);
    }
    arena_free(&a);
}

/* Every row has both languages, a code of its own and only places that its detector fills. */
static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < GUARD_CODES; i++) {
        for (int lang = 0; lang < 2; lang++)
            assert_true(strlen(guard_table[i].title[lang]) > 0 && strlen(guard_table[i].text[lang]) > 0);
        for (size_t k = i + 1; k < GUARD_CODES; k++)
            assert_string_not_equal(guard_table[i].code, guard_table[k].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scenes), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

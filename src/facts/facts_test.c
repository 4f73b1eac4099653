#include "facts/facts.h"
#include "core/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define RAW_SIZE 10000u

static struct facts_part parts[3] = {
    {.type = {"multipart", 9},
     .subtype = {"mixed", 5},
     .header_len = 100,
     .body_off = 100,
     .body_len = 9900,
     .lines = 40},
    {.parent = 0,
     .depth = 1,
     .type = {"text", 4},
     .subtype = {"plain", 5},
     .charset = {"utf-8", 5},
     .header_off = 120,
     .header_len = 60,
     .body_off = 180,
     .body_len = 500,
     .lines = 9,
     .size = 480},
    {.parent = 0,
     .depth = 1,
     .type = {"application", 11},
     .subtype = {"pdf", 3},
     .name = {"Fattura \xC3\xA8.pdf", 14},
     .disposition = {"attachment", 10},
     .header_off = 700,
     .header_len = 90,
     .body_off = 790,
     .body_len = 4000,
     .lines = 60,
     .size = 2900},
};

static void encode(struct buf *s, struct buf *in)
{
    static struct facts_link links[] = {
        {.url = {"https://azienda.example/x", 25}, .text = {"qui", 3}, .part = 1, .kind = LINK_HREF}};
    static struct facts_payment pays[] = {
        {.kind = COORD_IBAN, .where = WHERE_TEXT, .value = {"IT60X0542811101000000123456", 27}, .part = 1}};
    static struct facts_attachment files[] = {{.part = 2,
                                               .flags = ATT_INVOICE | ATT_PDF_CHANGED,
                                               .name = {"fattura.pdf", 11},
                                               .kind = {"pdf", 3},
                                               .made_ms = -5,
                                               .changed_ms = 1780000000000,
                                               .pages = 2}};
    static struct facts_mention mentions[] = {{MENTION_FROM, {"Anna", 4}, {"anna@azienda.example", 20}}};
    struct facts_insight insight = {.flags = FACTS_HIDDEN_TEXT,
                                    .html = HTML_SEEN | HTML_FORM,
                                    .language = STR("it"),
                                    .attached = STR("Totale 10,00"),
                                    .attachments = files,
                                    .n_attachments = 1,
                                    .mentions = mentions,
                                    .n_mentions = 1,
                                    .text = STR("Buongiorno, allego la fattura."),
                                    .preview = STR("Buongiorno"),
                                    .links = links,
                                    .n_links = 1,
                                    .payments = pays,
                                    .n_payments = 1,
                                    .has_attachment = true};
    buf_init(s, FACTS_ENCODED_MAX);
    buf_init(in, FACTS_ENCODED_MAX);
    facts_structure_put(s, &(struct facts_structure){parts, 3});
    facts_insight_put(in, &insight);
    assert_int_equal(s->err | in->err, 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct buf s, in;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    encode(&s, &in);
    struct facts_structure so;
    struct facts_insight io;
    assert_int_equal(facts_structure_get(&a, buf_str(&s), RAW_SIZE, &so), 0);
    assert_int_equal(facts_insight_get(&a, buf_str(&in), &io), 0);
    assert_int_equal(so.n_parts, 3);
    assert_true(str_eq(so.parts[2].name, parts[2].name));
    assert_int_equal(so.parts[1].body_off, 180);
    assert_int_equal(io.n_payments, 1);
    assert_int_equal(io.n_attachments, 1);
    assert_int_equal(io.attachments[0].made_ms, -5);
    assert_int_equal(io.attachments[0].changed_ms, 1780000000000);
    assert_int_equal(io.attachments[0].flags, ATT_INVOICE | ATT_PDF_CHANGED);
    assert_true(str_eq(io.mentions[0].addr, STR("anna@azienda.example")));
    assert_true(str_eq(io.language, STR("it")));
    assert_true(str_eq(io.links[0].url, STR("https://azienda.example/x")));
    /* An offset beyond the message is refused. */
    assert_int_equal(facts_structure_get(&a, buf_str(&s), 4000, &so), ERR_CORRUPT);
    buf_free(&s);
    buf_free(&in);
    arena_free(&a);
}

/* Every truncation is refused, every single changed byte is refused or yields something within the limits. */
static void test_hostile(void **state)
{
    (void)state;
    struct buf b[2];
    encode(&b[0], &b[1]);
    for (int k = 0; k < 2; k++)
        for (size_t n = 0; n < b[k].n * 2; n++) {
            struct arena a;
            arena_init(&a, ARENA_NO_LIMIT);
            size_t len = n < b[k].n ? n : b[k].n;
            char *copy = malloc(len + 1);
            memcpy(copy, b[k].p, len);
            if (n >= b[k].n)
                copy[n - b[k].n] = (char)(copy[n - b[k].n] ^ 0x81);
            struct facts_structure so;
            struct facts_insight io;
            int r = k == 0 ? facts_structure_get(&a, str_n(copy, len), RAW_SIZE, &so)
                           : facts_insight_get(&a, str_n(copy, len), &io);
            if (n < b[k].n)
                assert_int_not_equal(r, 0);
            free(copy);
            arena_free(&a);
        }
    buf_free(&b[0]);
    buf_free(&b[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

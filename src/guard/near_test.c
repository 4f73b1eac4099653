#include "guard/near.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    const char *domain, *known;
    enum guard_likeness like;
} pairs[] = {
    {"officinebianchi.it", "officinebianchi.it", LIKE_NONE},
    {"officinebianch.it", "officinebianchi.it", LIKE_LETTER},    /* omission */
    {"officinebiannchi.it", "officinebianchi.it", LIKE_LETTER},  /* repetition */
    {"officinebinachi.it", "officinebianchi.it", LIKE_LETTER},   /* transposition */
    {"offecinebiancha.it", "officinebianchi.it", LIKE_LETTERS},  /* two vowels */
    {"offecinebiancha.com", "officinebianchi.it", LIKE_LETTERS}, /* and the suffix: long labels only */
    {"officinebianchl.it", "officinebianchi.it", LIKE_GLYPH},
    {"0fficinebianchi.it", "officinebianchi.it", LIKE_GLYPH},
    {"officine-bianchi.it", "officinebianchi.it", LIKE_HYPHEN},
    {"officinebianchi.com", "officinebianchi.it", LIKE_SUFFIX},
    {"officinebianchi.co.uk", "officinebianchi.it", LIKE_SUFFIX},
    {"xn--fficinebianchi-uzl.it", "officinebianchi.it", LIKE_FOREIGN}, /* Cyrillic o */
    {"xn--mllerwerkzeuge-gsb.de", "mullerwerkzeuge.de", LIKE_LETTER},  /* u with its dots */
    {"muellerwerkzeuge.de", "mullerwerkzeuge.de", LIKE_LETTER},
    {"brightvvell.co.uk", "brightwell.co.uk", LIKE_GLYPH},
    {"hofrnann-antriebe.de", "hofmann-antriebe.de", LIKE_GLYPH},
    {"clelta-systems.eu", "delta-systems.eu", LIKE_GLYPH},
    {"officinebianchi-billing.com", "officinebianchi.it", LIKE_PAY_WORD},
    {"officinebianchipayments.com", "officinebianchi.it", LIKE_PAY_WORD},
    {"pagamenti-officinebianchi.com", "officinebianchi.it", LIKE_PAY_WORD},
    {"officinebianchi-group.com", "officinebianchi.it", LIKE_WORD},
    {"gruppo-officine-bianchi.com", "officinebianchi.it", LIKE_WORD},
    {"officinebianchi.it", "officinebianchi-group.com", LIKE_WORD}, /* the known one is the longer */
    {"hofmann-antriebe-austria.at", "hofmann-antriebe.de", LIKE_WORD},
    /* honest neighbours */
    {"bianchi.it", "officinebianchi.it", LIKE_NONE},
    {"studiorossi.it", "studiobianchi.it", LIKE_NONE},
    {"logistica-rossi.it", "logistica-bianchi.it", LIKE_NONE},
    {"maschinenbau-huber.de", "maschinenbau.de", LIKE_NONE},
    {"rossi.it", "bossi.it", LIKE_NONE},
    {"brt.it", "bpt.it", LIKE_NONE},
    {"info.com", "info.it", LIKE_NONE},
    {"post.it", "poste.it", LIKE_NONE},
    {"tecnoplast.it", "tecnogomma.it", LIKE_NONE},
    {"alfatex.it", "betatex.it", LIKE_NONE},
    {"", "officinebianchi.it", LIKE_NONE},
    {"it", "it.it", LIKE_NONE},
};

static void test_pairs(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        enum guard_likeness got = guard_near_compare(str_c(pairs[i].domain), str_c(pairs[i].known));
        if (got != pairs[i].like) {
            print_error("%s beside %s: %s, not %s\n", pairs[i].domain, pairs[i].known, guard_likeness_name(got),
                        guard_likeness_name(pairs[i].like));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* What the search finds: the new domain asks for a key that the known one left. */
static bool found(struct arena *a, struct str domain, struct str known)
{
    struct str taught[GUARD_NEAR_TEACH_MAX];
    struct guard_keys keys = {.n = 0};
    size_t n = guard_near_teach(a, known, taught);
    guard_near_ask(a, domain, &keys);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < keys.n; k++)
            if (str_eq(taught[i], keys.v[k].key))
                return true;
    return false;
}

static void test_pairs_are_found(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
        if (pairs[i].like != LIKE_NONE && !found(&a, str_c(pairs[i].domain), str_c(pairs[i].known)))
            fail_msg("%s does not find %s", pairs[i].domain, pairs[i].known);
}

/* One edit of one letter; kinds: substitution, omission, insertion, transposition. */
static struct str edited(struct arena *a, struct str label, unsigned kind, size_t at, char with)
{
    struct str head = str_upto(label, at), tail = str_from(label, at + 1);
    switch (kind) {
    case 0: return arena_printf(a, "%.*s%c%.*s", STRF(head), with, STRF(tail));
    case 1: return arena_printf(a, "%.*s%.*s", STRF(head), STRF(tail));
    case 2: return arena_printf(a, "%.*s%c%.*s", STRF(head), with, STRF(str_from(label, at)));
    default:
        return at + 1 < label.n ? arena_printf(a, "%.*s%c%c%.*s", STRF(head), label.p[at + 1], label.p[at],
                                               STRF(str_from(label, at + 2)))
                                : label;
    }
}

/* No one-edit neighbour and no two of substitution, omission and insertion escape the search, whatever the length. */
static void test_every_edit_is_found(void **state)
{
    (void)state;
    static const char *const labels[] = {
        "kesten", "ferrari", "costruzx", "ferrament", "verrerieduval", "aceros-delnorte", "hofmannantriebesysteme"};
    for (size_t l = 0; l < N_ELEMENTS(labels); l++) {
        struct str label = str_c(labels[l]);
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str known = arena_printf(&a, "%.*s.it", STRF(label));
        for (unsigned kind = 0; kind < 4; kind++)
            for (size_t at = 0; at < label.n; at++) {
                struct str one = edited(&a, label, kind, at, 'q');
                if (!str_eq(one, label) && !found(&a, arena_printf(&a, "%.*s.it", STRF(one)), known))
                    fail_msg("%.*s does not find %.*s", STRF(one), STRF(label));
                for (size_t second = 0; label.n >= 9 && kind < 3 && second < one.n; second++) {
                    struct str two = edited(&a, one, (kind + (unsigned)second) % 3, second, 'z');
                    if (!found(&a, arena_printf(&a, "%.*s.it", STRF(two)), known))
                        fail_msg("%.*s does not find %.*s", STRF(two), STRF(label));
                }
            }
    }
}

static void test_edits(void **state)
{
    (void)state;
    assert_int_equal(guard_edits(STR("abc"), STR("abc"), 2), 0);
    assert_int_equal(guard_edits(STR("abc"), STR("acb"), 2), 1);
    assert_int_equal(guard_edits(STR("abc"), STR("abcd"), 2), 1);
    assert_int_equal(guard_edits(STR("abc"), STR("xyz"), 2), 3);
    assert_int_equal(guard_edits(STR(""), STR("ab"), 2), 2);
    assert_int_equal(guard_edits(STR("ca"), STR("abc"), 3), 3); /* restricted: no edit inside a swapped pair */
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key;
    } names[] = {
        {"Paolo Bruni", "bruni paolo"},
        {"BRUNI, Paolo", "bruni paolo"},
        {"Dott. Ing. Paolo Bruni", "bruni paolo"},
        {"J\xc3\xbcrgen Hofmann", "hofmann jurgen"},
        {"Officine Bianchi S.r.l.", "bianchi officine"},
        {"Officine Bianchi SRL", "bianchi officine"},
        {"P\xd0\xb0olo Bruni", "bruni paolo"}, /* a Cyrillic a */
        {"Paolo\xe2\x80\x8b Bruni", "bruni paolo"},
        {"Info", ""},
        {"A B", ""},
        {"", ""},
        {"\xff\xfe", ""},
    };
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        struct str key = guard_name_key(&a, str_c(names[i].name));
        if (!str_eq(key, str_c(names[i].key)))
            fail_msg("%s: \"%.*s\"", names[i].name, STRF(key));
    }
    struct str parts[GUARD_NAME_PARTS];
    assert_int_equal(guard_name_keys(&a, STR("Paolo Bruni - Ferramenta Bruni S.r.l."), parts), 3);
    assert_true(str_eq(parts[1], STR("bruni paolo")));
    assert_true(str_eq(parts[2], STR("bruni ferramenta")));
    assert_int_equal(guard_name_keys(&a, STR("Elena Conti via Documenti"), parts), 2);
    assert_true(str_eq(parts[1], STR("conti elena")));
}

static void test_punycode(void **state)
{
    (void)state;
    uint32_t cp[GUARD_LABEL_MAX];
    assert_int_equal(guard_punycode(STR("mnchen-3ya"), cp, GUARD_LABEL_MAX), 7);
    assert_int_equal(cp[1], 0xfc);
    assert_int_equal(guard_punycode(STR("ihqwcrb4cv8a8dqg056pqjye"), cp, GUARD_LABEL_MAX), 9); /* RFC 3492 7.1 (B) */
    assert_int_equal(cp[0], 0x4ed6);
    assert_int_equal(guard_punycode(STR("99999999"), cp, GUARD_LABEL_MAX), 0); /* overflow */
    assert_int_equal(guard_punycode(STR("a-\x80"), cp, GUARD_LABEL_MAX), 0);
    assert_int_equal(guard_punycode(STR(""), cp, GUARD_LABEL_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs),
                                       cmocka_unit_test(test_pairs_are_found),
                                       cmocka_unit_test(test_every_edit_is_found),
                                       cmocka_unit_test(test_edits),
                                       cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_punycode)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "guard/lists.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct guard_lists *lists;

static int open_lists(void **state)
{
    (void)state;
    struct err e = {0};
    return guard_lists_open(&lists, &e);
}

static int close_lists(void **state)
{
    (void)state;
    guard_lists_close(&lists);
    return 0;
}

static void test_registrable(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"mail.rossi.co.uk", "rossi.co.uk"}, {"rossi.it", "rossi.it"},
        {"a.b.rossi.it", "rossi.it"},        {"co.uk", "co.uk"},
        {"localhost", "localhost"},          {"[192.0.2.1]", "[192.0.2.1]"},
        {"x.web.app", "x.web.app"},          {"xn--rssi-goa.it", "xn--rssi-goa.it"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_true(str_eq(guard_registrable(lists, str_c(cases[i][0])), str_c(cases[i][1])));
    assert_true(str_eq(guard_registrable(NULL, STR("a.b.example")), STR("b.example")));
    assert_true(str_eq(guard_label(STR("rossi.co.uk")), STR("rossi")));
    assert_true(str_eq(guard_tld(STR("rossi.co.uk")), STR("uk")));
    assert_int_equal(guard_registrable(lists, STR_NULL).n, 0);
}

/* A name out of order could not be found: every entry must find itself. */
static void test_order(void **state)
{
    (void)state;
    static const struct {
        bool (*has)(struct str);
        struct str v[600];
    } all[] = {
#define LIST(z) {z, sizeof(z) - 1},
        {guard_is_freemail,
         {
#include "guard/list_freemail.def"
         }},
        {guard_is_shortener,
         {
#include "guard/list_shortener.def"
         }},
        {guard_is_free_hosting,
         {
#include "guard/list_free_hosting.def"
         }},
        {guard_is_mailer,
         {
#include "guard/list_mailer.def"
         }},
        {guard_is_cheap_tld,
         {
#include "guard/list_cheap_tld.def"
         }},
#undef LIST
    };
    for (size_t k = 0; k < N_ELEMENTS(all); k++)
        for (size_t i = 0; all[k].v[i].n; i++)
            assert_true(all[k].has(all[k].v[i]));
    assert_false(guard_is_freemail(STR("rossi.it")));
    assert_true(guard_is_free_hosting(STR("bank.web.app")));
    assert_false(guard_is_free_hosting(STR("notweb.app")));
    assert_false(guard_is_shortener(STR_NULL));
}

static void test_worn(void **state)
{
    (void)state;
    static const char *const worn[] = {"deliver-fedex.com",      "paypa1.com",   "paypall.com", "netflix-konto.de",
                                       "securemicrosoft365.top", "mircosoft.com"};
    static const char *const honest[] = {
        "fedex.com",    "paypal.com", "paypal.it", "apple-farm.com", "rossimarmi.it", "orange.example",
        "start-ups.it", "it",         ""};
    for (size_t i = 0; i < N_ELEMENTS(worn); i++)
        assert_non_null(guard_brand_worn(str_c(worn[i])));
    for (size_t i = 0; i < N_ELEMENTS(honest); i++)
        assert_null(guard_brand_worn(str_c(honest[i])));
}

static void test_brands(void **state)
{
    (void)state;
    const struct guard_brand *b = guard_brand_in(STR("il tuo pacco dhl express e in arrivo"));
    assert_non_null(b);
    assert_string_equal(b->name, "DHL");
    assert_true(guard_brand_owns(b, STR("dhl.com")));
    assert_false(guard_brand_owns(b, STR("notdhl.com")));
    assert_null(guard_brand_in(STR("upstairs and downstairs")));
    assert_ptr_equal(guard_brand_of(STR("paypal.com")), guard_brand_in(STR("paypal")));
    assert_null(guard_brand_in(STR_NULL));
    for (b = guard_brands; b->name; b++)
        assert_true(str_c(b->words).n > 0 && str_chr(str_c(b->domains), '.', 0) > 0);
}

/* The index answers what asking each brand in turn would. */
static const struct guard_brand *one_by_one(struct str registrable)
{
    for (const struct guard_brand *b = guard_brands; b->name; b++)
        if (guard_brand_owns(b, registrable))
            return b;
    return NULL;
}

static void test_brand_index(void **state)
{
    static const char *const endings[] = {"", ".it", ".com", ".com.pl", ".top", "x.it"};
    char name[300];
    (void)state;
    for (const struct guard_brand *b = guard_brands; b->name; b++)
        for (int words = 0; words < 2; words++) {
            struct str rest = words ? str_n(b->words, b->n_words) : str_n(b->domains, b->n_domains), one;
            while (str_token(&rest, words ? '|' : ' ', &one))
                for (size_t k = 0; k < N_ELEMENTS(endings); k++)
                    for (int below = 0; below < 2; below++) {
                        snprintf(name, sizeof name, "%s%.*s%s", below ? "a." : "", STRF(one), endings[k]);
                        assert_ptr_equal(guard_brand_of(str_c(name)), one_by_one(str_c(name)));
                    }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_registrable), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_brands), cmocka_unit_test(test_worn),
                                       cmocka_unit_test(test_brand_index)};
    return cmocka_run_group_tests(tests, open_lists, close_lists);
}

#include "mime/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(lit)               \
    {                        \
        lit, sizeof(lit) - 1 \
    }

static struct mime_charsets *charsets;

#define L64 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"
#define D63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
    struct str text;
    unsigned allow;
    enum mime_path_result result;
    const char *key, *rest;
} cases[] = {
    {S("<a@b.example>"), 0, MIME_PATH_OK, "a@b.example", ""},
    {S("<A.B@B.Example> SIZE=10"), 0, MIME_PATH_OK, "a.b@b.example", " SIZE=10"},
    {S("<\"a b\"@c.example>"), 0, MIME_PATH_OK, "a b@c.example", ""},
    {S("<\"a\\\"\\>b\"@c.example> X"), 0, MIME_PATH_OK, "a\">b@c.example", " X"},
    {S("<\"a>b\"@c.example>"), 0, MIME_PATH_OK, "a>b@c.example", ""},
    {S("<a@[192.0.2.1]>"), 0, MIME_PATH_OK, "a@[192.0.2.1]", ""},
    {S("<a@[IPv6:2001:db8::1]>"), 0, MIME_PATH_OK, "a@[ipv6:2001:db8::1]", ""},
    {S("<a@[300.0.2.1]>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@[x:y]>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<>"), MIME_PATH_NULL, MIME_PATH_OK, "", ""},
    {S("<>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<Postmaster>"), MIME_PATH_POSTMASTER, MIME_PATH_OK, "postmaster", ""},
    {S("<Postmaster>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<hostmaster>"), MIME_PATH_POSTMASTER, MIME_PATH_SYNTAX, "", ""},
    {S("<@a.example:b@c.example>"), 0, MIME_PATH_ROUTE, "", ""},
    {S("<a@m\xc3\xbcller.example>"), MIME_PATH_UTF8, MIME_PATH_OK, "a@xn--mller-kva.example", ""},
    {S("<a@m\xc3\xbcller.example>"), 0, MIME_PATH_8BIT, "", ""},
    {S("<\xfc@a.example>"), MIME_PATH_UTF8, MIME_PATH_8BIT, "", ""},
    {S("<\xc3\x9c@a.example>"), MIME_PATH_UTF8, MIME_PATH_OK, "ü@a.example", ""},
    {S("a@b.example"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@b.example"), 0, MIME_PATH_SYNTAX, "", ""},
    {S(" <a@b.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@b.example >"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a b@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a..b@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<.a@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a.@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<@>"), 0, MIME_PATH_ROUTE, "", ""},
    {S("<a>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@b@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@b.example.>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a@b..example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a\r\n@b.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<a\0@b.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<\"a\nb\"@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<\"\"@c.example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S("<" L64 "@b.example>"), 0, MIME_PATH_OK, L64 "@b.example", ""},
    {S("<x" L64 "@b.example>"), 0, MIME_PATH_LONG, "", ""},
    {S("<a@" D63 "." D63 "." D63 "." D63 ">"), 0, MIME_PATH_LONG, "", ""},
    {S("<a@x" D63 ".example>"), 0, MIME_PATH_SYNTAX, "", ""},
    {S(""), MIME_PATH_NULL, MIME_PATH_SYNTAX, "", ""},
};

static void reads(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        struct mime_path p = {0};
        struct str rest = STR_NULL;
        arena_init(&a, ARENA_NO_LIMIT);
        enum mime_path_result r = mime_path_parse(&a, charsets, cases[i].text, cases[i].allow, &p, &rest);
        struct str key = r || p.null ? STR_NULL : mime_addr_key(&a, &p.addr);
        if (r != cases[i].result || !str_eq(key, str_c(cases[i].key)) || !str_eq(rest, str_c(cases[i].rest)))
            fail_msg("%.*s: %d [%.*s] [%.*s]", STRF(cases[i].text), (int)r, STRF(key), STRF(rest));
        if (r == 0 && rest.n) /* without rest nothing may follow */
            assert_int_equal(mime_path_parse(&a, charsets, cases[i].text, cases[i].allow, &p, NULL), MIME_PATH_SYNTAX);
    }
}

static void cut_anywhere(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (size_t n = 0; n < cases[i].text.n; n++) {
            AUTO(arena) struct arena a;
            AUTO(heap) char *copy = malloc(n + 1);
            struct mime_path p;
            arena_init(&a, ARENA_NO_LIMIT);
            memcpy(copy, cases[i].text.p, n);
            enum mime_path_result r = mime_path_parse(&a, charsets, str_n(copy, n), cases[i].allow, &p, NULL);
            if (r == MIME_PATH_OK)
                assert_int_equal(copy[n - 1], '>');
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(cut_anywhere)};
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}

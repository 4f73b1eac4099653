#include "core/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void compares(void **state UNUSED)
{
    assert_true(str_eq(STR("abc"), STR("abc")));
    assert_false(str_eq(STR("abc"), STR("abd")));
    assert_true(str_eq(STR_NULL, STR("")));
    assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_ieq(STR("a["), STR("a{"))); /* no letters, 32 apart */
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR_NULL, STR_NULL), 0);
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_true(str_istarts(STR("MAIL FROM:"), STR("mail from:")));
    assert_true(str_ends(STR("x.eml"), STR(".eml")));
    assert_true(str_eq_ct(STR("secret"), STR("secret")));
    assert_false(str_eq_ct(STR("secret"), STR("secreT")));
    assert_false(str_eq_ct(STR("secret"), STR("secre")));
}

static void finds(void **state UNUSED)
{
    struct str s = STR("one, two, one");
    assert_int_equal(str_chr(s, ',', 0), 3);
    assert_int_equal(str_chr(s, ',', 4), 8);
    assert_int_equal(str_chr(s, ',', 99), -1);
    assert_int_equal(str_rchr(s, ','), 8);
    assert_int_equal(str_find(s, STR("one"), 1), 10);
    assert_int_equal(str_find(s, STR(""), s.n), (ptrdiff_t)s.n);
    assert_int_equal(str_find(s, STR("one"), s.n), -1);
    assert_int_equal(str_ifind(s, STR("TWO"), 0), 5);
    assert_int_equal(str_ifind(s, STR("three"), 0), -1);
    assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
    assert_int_equal(str_trim(STR(" \r\n")).n, 0);
}

static void splits(void **state UNUSED)
{
    struct str l, r, rest = STR("a,,b,"), t;
    assert_true(str_cut(STR("k=v=w"), '=', &l, &r));
    assert_true(str_eq(l, STR("k")) && str_eq(r, STR("v=w")));
    assert_false(str_cut(STR("kv"), '=', &l, &r));
    assert_true(str_eq(l, STR("kv")) && r.n == 0);
    static const char *const want[] = {"a", "", "b", ""};
    for (size_t i = 0; i < N_ELEMENTS(want); i++) {
        assert_true(str_token(&rest, ',', &t));
        assert_true(str_eq(t, str_c(want[i])));
    }
    assert_false(str_token(&rest, ',', &t));
}

static void numbers(void **state UNUSED)
{
    uint64_t u;
    int64_t i;
    assert_true(str_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(str_u64(STR("18446744073709551616"), &u));
    assert_false(str_u64(STR(""), &u));
    assert_false(str_u64(STR("+1"), &u));
    assert_false(str_u64(STR("1 "), &u));
    assert_true(str_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(str_i64(STR("9223372036854775808"), &i));
    assert_false(str_i64(STR("-"), &i));
    assert_false(str_i64(STR("--1"), &i));
}

static void utf8(void **state UNUSED)
{
    static const struct {
        struct str s;
        size_t good;
    } rows[] = {
        {STR("plain ascii, longer than a word"), 31},
        {STR("citt\xC3\xA0"), 6},
        {STR("\xE2\x82\xAC\xF0\x9F\x94\x92"), 7},
        {STR("a\xC0\x80"), 1},         /* overlong NUL */
        {STR("a\xE0\x80\xAF"), 1},     /* overlong slash */
        {STR("a\xED\xA0\x80"), 1},     /* surrogate */
        {STR("a\xF4\x90\x80\x80"), 1}, /* above U+10FFFF */
        {STR("a\xF0\x80\x80\x80"), 1},
        {STR("a\xE2\x82"), 1}, /* cut short */
        {STR("12345678\xFF"), 8},
        {STR("\x80"), 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        assert_int_equal(str_utf8_valid(rows[i].s), rows[i].good);
    struct str euro = STR("ab\xE2\x82\xAC!");
    assert_int_equal(str_utf8_cut(euro, 6).n, 6);
    assert_int_equal(str_utf8_cut(euro, 5).n, 5);
    assert_int_equal(str_utf8_cut(euro, 4).n, 2);
    assert_int_equal(str_utf8_cut(euro, 3).n, 2);
    assert_int_equal(str_utf8_cut(euro, 0).n, 0);
    assert_int_equal(str_utf8_cut(STR("\x80\x80\x80\x80\x80\x80\x80"), 6).n, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares), cmocka_unit_test(finds), cmocka_unit_test(splits),
        cmocka_unit_test(numbers),  cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

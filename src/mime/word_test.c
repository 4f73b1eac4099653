#include "mime/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(lit)               \
    {                        \
        lit, sizeof(lit) - 1 \
    }

static struct mime_charsets *charsets;

static const struct {
    struct str raw;
    const char *text;
    unsigned flags;
} cases[] = {
    {S(" plain text \r\n"), "plain text", 0},
    {S("=?utf-8?Q?citt=C3=A0?="), "città", 0},
    {S("=?UTF-8?b?Y2l0dMOg?= bella"), "città bella", 0},
    {S("=?iso-8859-1?Q?a?=\r\n =?iso-8859-1?Q?_b?= c"), "a b c", 0},
    {S("x =?utf-8?Q?a?= y =?utf-8?Q?b?= z"), "x a y b z", 0},
    {S("=?utf-8?B?4oI=?= =?utf-8?B?rA==?="), "€", 0}, /* one character in two words */
    {S("=?utf-8?B?4oI=?= =?iso-8859-1?Q?=E8?="), "\xEF\xBF\xBDè", MIME_CS_REPLACED},
    {S("=?iso-8859-1*it?Q?=E8?="), "è", 0}, /* RFC 2231 5 */
    {S("(=?utf-8?Q?a?=)"), "(a)", 0},
    {S("a=?utf-8?Q?b?=c"), "abc", 0},
    {S("=?utf-8?Q?a b?="), "a b", 0}, /* spaces inside: wrong, common */
    {S("=?utf-8?Q?=3D=ZZ=4?="), "==ZZ=4", 0},
    {S("=?utf-8?B?YQ==Yg==?="), "ab", 0},
    {S("=?utf-8?Q?a=0D=0ABcc:_x?="), "a Bcc: x", 0}, /* no new line comes out */
    {S("=?utf-8?Q?a=00b?="),
     "a\xEF\xBF\xBD"
     "b",
     MIME_CS_REPLACED},
    {S("=?x-none?Q?=E8?="), "è", MIME_CS_UNKNOWN | MIME_CS_GUESSED},
    {S("=?us-ascii?Q?=C3=A8?="), "è", MIME_CS_GUESSED},
    {S("=?utf-8?X?a?="), "=?utf-8?X?a?=", 0},
    {S("=?utf-8?Q?open"), "=?utf-8?Q?open", 0},
    {S("=?\?Q?a?= =? ="), "=?\?Q?a?= =? =", 0},
    {S("perch\xe9"), "perché", MIME_CS_GUESSED},
    {S("perch\xc3\xa9"), "perché", 0},
    {S("perch\xe9 =?utf-8?Q?no?="), "perché no", MIME_CS_GUESSED},
    {S("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="), "日本", 0},
    {S("=?shift_jis?B?k/qWew==?="), "日本", 0},
    {S("=?gb2312?B?xOO6ww==?="), "你好", 0},
    {S("=?koi8-r?B?8NLJ18XU?="), "Привет", 0},
    {S("=?utf-7?Q?+Jjo-?="), "☺", 0},
    {S("=?a =?a =?utf-8?q?x?= =?b ?= =?utf-8?q?y?="), "=?a =?a x =?b ?= y", 0},
    {S("=?a =?b ?= =?c"), "=?a =?b ?= =?c", 0},
    {S(""), "", 0},
};

static void decodes(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        unsigned flags = 0;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str s = mime_words_decode(&a, charsets, cases[i].raw, &flags);
        if (!str_eq(s, str_c(cases[i].text)) || flags != cases[i].flags)
            fail_msg("%.*s: [%.*s] %x, wanted [%s] %x", STRF(cases[i].raw), STRF(s), flags, cases[i].text,
                     cases[i].flags);
    }
}

static void cut_anywhere(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (size_t n = 0; n <= cases[i].raw.n; n++) {
            AUTO(arena) struct arena a;
            AUTO(heap) char *copy = malloc(n + 1);
            memcpy(copy, cases[i].raw.p, n);
            arena_init(&a, ARENA_NO_LIMIT);
            struct str s = mime_words_decode(&a, charsets, str_n(copy, n), NULL);
            assert_int_equal(str_utf8_valid(s), s.n);
        }
}

static void scans(void **state UNUSED)
{
    struct mime_word w;
    assert_int_equal(mime_word_scan(STR("=?utf-8?q?a?= b"), false, &w), 13);
    assert_int_equal(w.encoding, 'Q');
    assert_true(str_eq(w.charset, STR("utf-8")));
    assert_true(str_eq(w.text, STR("a")));
    assert_int_equal(mime_word_scan(STR("=?utf-8?q?a b?="), false, &w), 0);
    assert_int_equal(mime_word_scan(STR("=?utf-8?q?a b?="), true, &w), 15);
    assert_int_equal(mime_word_scan(STR("=?utf-8?q?\?="), false, &w), 12);
}

static void hostile_sizes(void **state UNUSED)
{
    static const char *const units[] = {
        "=?", "=?a?q?", "=?a?q?b", "?=", "=?a?b?YQ?= ", "=?utf-16?q?a?=", "\xe8", "\x01"};
    for (size_t i = 0; i < N_ELEMENTS(units); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        arena_init(&a, 4 * 1024 * 1024);
        buf_init(&b, 1 << 20);
        while (b.n < 65536)
            buf_addz(&b, units[i]);
        (void)(mime_words_decode(&a, charsets, buf_str(&b), NULL));
    }
}

static void cleans(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str s = STR("plain");
    assert_ptr_equal(mime_text_clean(&a, s, NULL).p, s.p);
    assert_true(str_eq(mime_text_clean(&a, STR(" a\r\n b\tc\x7f"), NULL), STR("a b c\xEF\xBF\xBD")));
    assert_true(str_eq(mime_text_clean(&a, STR("=?utf-8?Q?a?="), NULL), STR("=?utf-8?Q?a?=")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),       cmocka_unit_test(cut_anywhere), cmocka_unit_test(scans),
        cmocka_unit_test(hostile_sizes), cmocka_unit_test(cleans),
    };
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}

#include "mime/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(lit)               \
    {                        \
        lit, sizeof(lit) - 1 \
    }

static struct mime_charsets *charsets;

static void names(void **state UNUSED)
{
    static const char *const known[][2] = {
        {"UTF-8", "utf-8"},
        {"utf8", "utf-8"},
        {"latin1", "windows-1252"},
        {"ISO_8859-1:1987", "windows-1252"},
        {"ISO-8859-15", "iso-8859-15"},
        {"csISOLatin1", ""},
        {"gb2312", "gb18030"},
        {"ks_c_5601-1987", "windows-949"},
        {"\"utf-8\"", "utf-8"},
        {"cp1251", "windows-1251"},
        {"csShiftJIS", "windows-31j"},
        {"x-none", ""},
        {"", "us-ascii"},
        {"iso-8859-16", "iso-8859-16"},
        {"cs", ""},
        {"cscscscs", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        if (!str_eq(mime_charset_name(str_c(known[i][0])), str_c(known[i][1])))
            fail_msg("%s", known[i][0]);
    assert_null(mime_charset_name(STR("utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8utf-8")).p);
}

static void converts(void **state UNUSED)
{
    static const struct {
        const char *label;
        struct str in;
        const char *out;
        unsigned flags;
    } cases[] = {
        {"utf-8", S("citt\xc3\xa0"), "città", 0},
        {"utf-8", S("\xc3\xa0 \xe2\x82 x"), "à \xEF\xBF\xBD x", MIME_CS_REPLACED},
        {"utf-8", S("\xc3\xa0 \xed\xa0\x80"), "à \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", MIME_CS_REPLACED},
        {"utf-8", S("perch\xe9 \xe8 cos\xec"), "perché è così", MIME_CS_GUESSED}, /* latin text under a wrong label */
        {"us-ascii", S("abc"), "abc", 0},
        {"us-ascii", S("\xc3\xa0"), "à", MIME_CS_GUESSED},
        {"us-ascii", S("\xe0"), "à", MIME_CS_GUESSED},
        {"iso-8859-1", S("\x80 \xe0"), "€ à", 0},
        {"windows-1252", S("\x81"), "\xEF\xBF\xBD", MIME_CS_REPLACED},
        {"iso-8859-2", S("\xb3"), "ł", 0},
        {"iso-8859-15", S("\xa4"), "€", 0},
        {"iso-8859-16", S("\xba\xfe"), "șț", 0},
        {"windows-1251", S("\xcf"), "П", 0},
        {"koi8-u", S("\xa4"), "є", 0},
        {"gbk", S("\xc4\xe3"), "你", 0},
        {"big5", S("\xa7\x41"), "你", 0},
        {"euc-jp", S("\xc6\xfc"), "日", 0},
        {"shift_jis", S("\x93\xfa\x87\x40"), "日①", 0},
        {"iso-2022-jp", S("\x1b$BF|\x1b(B"), "日", 0},
        {"euc-kr", S("\xc7\xd1"), "한", 0},
        {"utf-16", S("\xff\xfe\x3d\xd8\x00\xde"), "😀", 0},
        {"utf-16le", S("a\0\x3d\xd8"), "a\xEF\xBF\xBD", MIME_CS_REPLACED},
        {"utf-7", S("+AOA-"), "à", 0},
        {"macintosh", S("\x88"), "à", 0},
        {"ibm850", S("\x85"), "à", 0},
        {"x-none", S("\xe0"), "à", MIME_CS_UNKNOWN | MIME_CS_GUESSED},
        {"x-none", S("abc"), "abc", MIME_CS_UNKNOWN},
        {"euc-kr", S("\xc7"), "\xEF\xBF\xBD", MIME_CS_REPLACED},
        {"big5", S(""), "", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        unsigned flags = 0;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str s = mime_charset_text(&a, charsets, str_c(cases[i].label), cases[i].in, 1000, &flags);
        if (!str_eq(s, str_c(cases[i].out)) || flags != cases[i].flags)
            fail_msg("%s %zu: [%.*s] %x, wanted [%s] %x", cases[i].label, i, STRF(s), flags, cases[i].out,
                     cases[i].flags);
    }
}

static void without_icu(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    unsigned flags = 0;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_true(str_eq(mime_charset_text(&a, NULL, STR("koi8-r"), STR("\xe0"), 10, &flags), STR("à")));
    assert_int_equal(flags, MIME_CS_UNKNOWN | MIME_CS_GUESSED);
    assert_int_equal(mime_charsets_count(NULL), 0);
    assert_int_equal(mime_charsets_count(charsets), 42);
}

static void is_bounded(void **state UNUSED)
{
    static const char *const labels[] = {"utf-8", "iso-8859-1", "utf-16le", "us-ascii"};
    char in[4000];
    memset(in, 0, sizeof in);
    for (size_t i = 0; i < sizeof in; i += 2)
        memcpy(in + i, "\xc3\xa0", 2);
    for (size_t i = 0; i < N_ELEMENTS(labels); i++)
        for (size_t max = 0; max < 40; max++) {
            AUTO(buf) struct buf b;
            buf_init(&b, max);
            unsigned flags = mime_charset_utf8(charsets, str_c(labels[i]), str_n(in, sizeof in), &b);
            assert_true(flags & MIME_CS_CUT);
            assert_true(b.n <= max && !b.err);
            assert_int_equal(str_utf8_valid(buf_str(&b)), b.n);
        }
}

/* What does not fit ends the text, even when something shorter follows that would. */
static void ends_at_cut(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 4);
    struct str in = STR("\0a\xd8\x3d\xde\0\xd8\x3d"); /* "a", a character of four bytes, half of one */
    assert_int_equal(mime_charset_utf8(charsets, STR("utf-16be"), in, &b), MIME_CS_CUT | MIME_CS_REPLACED);
    assert_true(str_eq(buf_str(&b), STR("a")));
}

/* Every byte through every label: valid text, nothing lost silently. */
static void every_byte(void **state UNUSED)
{
    static const char *const labels[] = {
        "utf-8",       "us-ascii",    "iso-8859-1", "iso-8859-2",  "iso-8859-5",   "iso-8859-7", "iso-8859-8",
        "iso-8859-13", "windows-874", "koi8-r",     "gb18030",     "hz-gb-2312",   "big5",       "shift_jis",
        "iso-2022-jp", "euc-jp",      "euc-kr",     "iso-2022-kr", "iso-2022-cn",  "utf-7",      "utf-16",
        "utf-16be",    "utf-32",      "macintosh",  "ibm866",      "windows-1258",
    };
    char in[256];
    for (size_t i = 0; i < 256; i++)
        in[i] = (char)(255 - i);
    for (size_t i = 0; i < N_ELEMENTS(labels); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str s = mime_charset_text(&a, charsets, str_c(labels[i]), str_n(in, sizeof in), 4096, NULL);
        assert_true(s.n > 0);
        assert_int_equal(str_utf8_valid(s), s.n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),      cmocka_unit_test(converts),   cmocka_unit_test(without_icu),
        cmocka_unit_test(is_bounded), cmocka_unit_test(every_byte), cmocka_unit_test(ends_at_cut),
    };
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}

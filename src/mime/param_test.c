#include "mime/param.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct mime_charsets *charsets;

static const struct {
    const char *raw, *value, *shown; /* shown: name=value|name=value */
    unsigned flags;
} cases[] = {
    {"text/plain", "text/plain", "", 0},
    {" Text / HTML ; Charset=\"UTF-8\" (c) ; format=flowed", "text/html", "charset=UTF-8|format=flowed", 0},
    {"text/plain (c); charset=us-ascii (c)", "text/plain", "charset=us-ascii", 0},
    {"text/plain;", "text/plain", "", 0},
    {"", "", "", 0},
    {"; name=x", "", "name=x", 0},
    {"a/b; name=\"a \\\"b\\\" c\"", "a/b", "name=a \"b\" c", 0},
    {"a/b; name=\"C:\\dir\\file.txt\"", "a/b", "name=C:\\dir\\file.txt", 0},
    {"a/b; name=la mia fattura.pdf; x=y", "a/b", "name=la mia fattura.pdf|x=y", 0},
    {"a/b; charset=utf-8 format=flowed", "a/b", "charset=utf-8|format=flowed", 0},
    {"a/b; name=[1].pdf", "a/b", "name=[1].pdf", 0},
    {"a/b; name=", "a/b", "name=", 0},
    {"a/b; name=;x=y", "a/b", "name=|x=y", 0},
    {"a/b; boundary==_x_=", "a/b", "boundary==_x_=", 0},
    {"a/b; boundary=\"----=_Part;1\"", "a/b", "boundary=----=_Part;1", 0},
    {"a/b; junk; x=y", "a/b", "x=y", MIME_PARAMS_JUNK},
    {"a/b; =y", "a/b", "", MIME_PARAMS_JUNK},
    {"a/b; x=y; X=z", "a/b", "x=y", MIME_PARAMS_DUPLICATE},
    {"a; filename*=utf-8''citt%C3%A0.pdf", "a", "filename=città.pdf", 0},
    {"a; filename*=iso-8859-1'it'citt%E0.pdf", "a", "filename=città.pdf", 0},
    {"a; filename=\"x.pdf\"; filename*=utf-8''%C3%A0.pdf", "a", "filename=à.pdf", 0},
    {"a; filename*=utf-8''%C3%A0.pdf; filename=\"x.pdf\"", "a", "filename=à.pdf", 0},
    {"a; filename*0=\"uno \"; filename*1=\"due\"", "a", "filename=uno due", 0},
    {"a; filename*1=\"due\"; filename*0=\"uno \"", "a", "filename=uno due", 0},
    {"a; f*0*=utf-8''%E2%82; f*1*=%AC%20; f*2=\"%20x\"", "a", "f=€ %20x", 0},
    {"a; f*0=a; f*2=c", "a", "f=a", MIME_PARAMS_JUNK},
    {"a; f*1=b", "a", "f=b", MIME_PARAMS_JUNK},
    {"a; f*=abc", "a", "f=abc", 0},
    {"a; f*=x-none''%E8", "a", "f=è", MIME_PARAMS_CHARSET},
    {"a; f*x=y; f*123=z", "a", "f*x=y|f*123=z", 0},
    {"a; name=\"=?utf-8?B?Y2l0dMOgLnBkZg==?=\"", "a", "name=città.pdf", 0},
    {"a; name==?utf-8?Q?citt=C3=A0.pdf?=", "a", "name=città.pdf", 0},
    {"a; name=\"citt\xe0.pdf\"", "a", "name=città.pdf", MIME_PARAMS_CHARSET},
    {"a; name=\"a\r\n b\"", "a", "name=a b", 0},
    {"a; name=\"open; x=y", "a", "name=\"open|x=y", 0},
};

static void reads(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct mime_params p;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, 10000);
        mime_params_parse(&a, charsets, str_c(cases[i].raw), &p);
        for (size_t k = 0; k < p.n; k++)
            buf_printf(&b, "%s%.*s=%.*s", k ? "|" : "", STRF(p.v[k].name), STRF(p.v[k].value));
        if (!str_eq(p.value, str_c(cases[i].value)) || !str_eq(buf_str(&b), str_c(cases[i].shown)) ||
            p.flags != cases[i].flags)
            fail_msg("%s: [%.*s] [%.*s] %x", cases[i].raw, STRF(p.value), STRF(buf_str(&b)), p.flags);
    }
}

static void cut_anywhere(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (size_t n = 0; n <= strlen(cases[i].raw); n++) {
            AUTO(arena) struct arena a;
            AUTO(heap) char *copy = malloc(n + 1);
            struct mime_params p;
            arena_init(&a, ARENA_NO_LIMIT);
            memcpy(copy, cases[i].raw, n);
            mime_params_parse(&a, charsets, str_n(copy, n), &p);
            assert_true(p.n <= 3);
        }
}

static void types_and_names(void **state UNUSED)
{
    static const struct {
        const char *type, *disposition, *t, *s, *name;
    } rows[] = {
        {"Text/HTML; name=a", "inline", "text", "html", "a"},
        {"text; name=\"/etc/passwd\"", "attachment", "text", "plain", "passwd"},
        {"image/png; name=a", "attachment; filename=\"..\\\\b.exe\"", "image", "png", "b.exe"},
        {"/png", "attachment; filename=\"x/\"", "text", "plain", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        AUTO(arena) struct arena a;
        struct mime_params p, d;
        struct mime_type t;
        arena_init(&a, ARENA_NO_LIMIT);
        mime_params_parse(&a, charsets, str_c(rows[i].type), &p);
        mime_params_parse(&a, charsets, str_c(rows[i].disposition), &d);
        mime_type_of(&p, &t);
        assert_true(str_eq(t.type, str_c(rows[i].t)));
        assert_true(str_eq(t.subtype, str_c(rows[i].s)));
        assert_true(str_eq(mime_filename(&d, &p), str_c(rows[i].name)));
    }
}

static void limits(void **state UNUSED)
{
    static const char *const units[] = {"; x", "; x=",   ";a*9*=%", "; a=b c", "\"",
                                        "(",   "; x=\"", "=",       "; n*0*=", "; f=a (b)"};
    for (size_t i = 0; i < N_ELEMENTS(units); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct mime_params p;
        arena_init(&a, 16 * 1024 * 1024);
        buf_init(&b, 1 << 20);
        while (b.n < 65536)
            buf_addz(&b, units[i]);
        mime_params_parse(&a, charsets, buf_str(&b), &p);
    }
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct mime_params p;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 100; i++)
        buf_printf(&b, "; x%d=y", i);
    mime_params_parse(&a, charsets, buf_str(&b), &p);
    assert_int_equal(p.n, MIME_PARAMS_MAX);
    assert_int_equal(p.flags, MIME_PARAMS_MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(types_and_names),
        cmocka_unit_test(limits),
    };
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}

#include "mime/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define assert_str(s, z) assert_true(str_eq((s), str_c(z)))

static void end_whole_and_byte_by_byte(void **state UNUSED)
{
    static const struct {
        const char *text;
        size_t end;
    } cases[] = {
        {"A: b\r\n\r\nbody", 8},
        {"A: b\n\nbody", 6},
        {"A: b\r\n\nbody", 7},
        {"A: b\n\r\nbody", 7},
        {"A: b\r\r\n\r\r\nbody", 10},
        {"\r\nbody", 2},
        {"\nbody", 1},
        {"A: b\r\n", MIME_NO_END},
        {"A: b\r\n \r\n\r\n", 11},
        {"A: b\r\rbody", MIME_NO_END},
        {"", MIME_NO_END},
        {"\r\r\r\n\r\n", 6},
        {"A: b\n\r\r\r\nx", MIME_NO_END},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct str s = str_c(cases[i].text);
        assert_int_equal(mime_header_end(s, 0), cases[i].end);
        for (size_t step = 1; step < 4; step++) {
            size_t end = MIME_NO_END;
            for (size_t seen = 0; seen < s.n && end == MIME_NO_END; seen += step) {
                /* In a buffer of exactly that size, so that reading beyond is seen. */
                size_t have = seen + step < s.n ? seen + step : s.n;
                AUTO(heap) char *copy = malloc(have);
                memcpy(copy, s.p, have);
                end = mime_header_end(str_n(copy, have), seen);
            }
            assert_int_equal(end, cases[i].end);
        }
    }
}

static void fields(void **state UNUSED)
{
    struct str s = STR("From: a@b.example\r\nSubject : folded\r\n\tline\r\nto:x\r\n\r\nbody");
    struct mime_header h;
    struct mime_field f;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    mime_header_init(&h, s);
    assert_int_equal(h.body, s.n - 4);
    assert_true(mime_header_next(&h, &f));
    assert_str(f.name, "From");
    assert_str(f.value, " a@b.example");
    assert_int_equal(f.offset, 0);
    assert_int_equal(f.length, 19);
    assert_int_equal(f.line, 1);
    assert_true(mime_header_next(&h, &f));
    assert_str(f.name, "Subject");
    assert_str(mime_unfold(&a, f.value), "folded\tline");
    assert_int_equal(f.offset, 19);
    assert_int_equal(f.line, 2);
    assert_true(mime_header_next(&h, &f));
    assert_str(f.name, "to");
    assert_str(f.value, "x");
    assert_int_equal(f.line, 4);
    assert_false(mime_header_next(&h, &f));
    assert_int_equal(h.flags, MIME_H_SPACE_COLON);
    assert_true(mime_header_find(&h, STR("SUBJECT"), &f));
    assert_false(mime_header_find(&h, STR("cc"), &f));
}

static unsigned flags_of(struct str s)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, s);
    while (mime_header_next(&h, &f))
        continue;
    return h.flags;
}

static void oddities(void **state UNUSED)
{
    assert_int_equal(flags_of(STR("A: b\r\n\r\n")), 0);
    assert_int_equal(flags_of(STR("A: b\n\n")), MIME_H_BARE_LF);
    assert_int_equal(flags_of(STR("A: b\r\n")), MIME_H_NO_END);
    assert_int_equal(flags_of(STR("A: b\rc\r\n\r\n")), MIME_H_BARE_CR);
    assert_int_equal(flags_of(STR("A: b\0\r\n\r\n")), MIME_H_NUL);
    assert_int_equal(flags_of(STR("A: \xe8\r\n\r\n")), MIME_H_8BIT);
    assert_int_equal(flags_of(STR("A: b\r\nno field\r\n\r\n")), MIME_H_JUNK);
    assert_int_equal(flags_of(STR(" A: b\r\n\r\n")), MIME_H_JUNK);
    assert_int_equal(flags_of(STR("From a@b Sat Nov 21\r\nA: b\r\n\r\n")), MIME_H_MBOX);
    assert_int_equal(flags_of(STR("From : a@b\r\n\r\n")), MIME_H_SPACE_COLON);
    assert_int_equal(flags_of(STR("A: b\rB: c\r\rbody")), MIME_H_CR_LINES | MIME_H_BARE_CR);
    assert_int_equal(flags_of(STR("\r\nbody")), 0);
    assert_int_equal(flags_of(STR("")), MIME_H_NO_END);
}

static void cr_lines(void **state UNUSED)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, STR("A: b\r c\rB: d\r\rbody"));
    assert_int_equal(h.body, 14);
    assert_true(mime_header_next(&h, &f));
    assert_str(f.name, "A");
    assert_true(mime_header_next(&h, &f));
    assert_str(f.name, "B");
    assert_str(f.value, " d");
    assert_false(mime_header_next(&h, &f));
}

static void limits(void **state UNUSED)
{
    size_t n = MIME_HEADER_BYTES_MAX + 100;
    AUTO(heap) char *big = malloc(n);
    struct mime_header h;
    struct mime_field f;

    memset(big, 'x', n);
    memcpy(big, "A: ", 3);
    mime_header_init(&h, str_n(big, n));
    assert_true(mime_header_next(&h, &f));
    assert_int_equal(f.value.n, MIME_FIELD_BYTES_MAX);
    assert_int_equal(f.length, MIME_HEADER_BYTES_MAX);
    assert_false(mime_header_next(&h, &f));
    assert_int_equal(h.flags, MIME_H_TRUNCATED | MIME_H_LONG_FIELD | MIME_H_LONG_LINE);
    assert_int_equal(h.body, n);

    for (size_t i = 0; i + 4 <= n; i += 4)
        memcpy(big + i, "A:b\n", 4);
    mime_header_init(&h, str_n(big, n));
    size_t count = 0;
    while (mime_header_next(&h, &f))
        count++;
    assert_int_equal(count, MIME_HEADER_FIELDS_MAX);
    assert_true(h.flags & MIME_H_MANY);
}

static void unfolds(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_str(mime_unfold(&a, STR("  a b ")), "a b");
    assert_str(mime_unfold(&a, STR(" a\r\n b\n\tc")), "a b\tc");
    assert_str(mime_unfold(&a, STR("a\rb\nc")), "a b c");
    assert_str(mime_unfold(&a, STR("a\0b")), "a b");
    assert_str(mime_unfold(&a, STR("a\r\n\r\n b")), "a b");
    assert_str(mime_unfold(&a, STR("")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(end_whole_and_byte_by_byte),
        cmocka_unit_test(fields),
        cmocka_unit_test(oddities),
        cmocka_unit_test(cr_lines),
        cmocka_unit_test(limits),
        cmocka_unit_test(unfolds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The dot-unstuffer fed whole, byte by byte and in every split into two; every end sequence another server may fall
 * for. */
#include "smtp/dot.h"
#include "core/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct want {
    struct str in, out;
    unsigned seen;
    bool end;
    size_t rest; /* bytes behind the end */
};
static const struct want table[] = {
    {STR("a\r\n.\r\n"), STR("a\r\n"), 0, true, 0},
    {STR(".\r\n"), STR(""), 0, true, 0},
    {STR("a\r\n.\r\nMAIL"), STR("a\r\n"), 0, true, 4},
    {STR("a\r\n..b\r\n.\r\n"), STR("a\r\n.b\r\n"), 0, true, 0},
    {STR("..\r\n.\r\n"), STR(".\r\n"), 0, true, 0},
    {STR(".x\r\n.\r\n"), STR("x\r\n"), 0, true, 0},
    {STR("a.\r\n.\r\n"), STR("a.\r\n"), 0, true, 0},
    {STR("\r\n\r\n.\r\n"), STR("\r\n\r\n"), 0, true, 0},
    {STR("a\0b\xff\r\n.\r\n"), STR("a\0b\xff\r\n"), 0, true, 0},
    {STR("a\nb\r\n.\r\n"), STR("a\r\nb\r\n"), SMTP_DOT_BARE_LF, true, 0},
    {STR("a\n.b\r\n.\r\n"), STR("a\r\n.b\r\n"), SMTP_DOT_BARE_LF, true, 0},
    {STR("a\n..\r\n.\r\n"), STR("a\r\n..\r\n"), SMTP_DOT_BARE_LF, true, 0},
    {STR("a\n\n\n.\n"), STR("a\r\n\r\n\r\n."), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE, false, 0},
    {STR("a\n.\nMAIL\r\n.\r\n"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE, true, 0},
    {STR("a\n.\r\nMAIL\r\n.\r\n"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE, true, 0},
    {STR("a\r\n.\nMAIL\r\n.\r\n"), STR(""), SMTP_DOT_SMUGGLE, true, 0},
    {STR("a\r\n.\rMAIL\r\n.\r\n"), STR(""), SMTP_DOT_BARE_CR, true, 0},
    {STR("a\r.\rMAIL\r\n.\r\n"), STR(""), SMTP_DOT_BARE_CR, true, 0},
    {STR("a\r.\r\nMAIL\r\n.\r\n"), STR(""), SMTP_DOT_BARE_CR, true, 0},
    {STR("a\r\r\n.\r\n"), STR(""), SMTP_DOT_BARE_CR, true, 0},
    {STR("a\r\n.\r\r\n.\r\n"), STR(""), SMTP_DOT_BARE_CR, true, 0},
    {STR("a\n.\r.\r\n.\r\n"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_BARE_CR, true, 0},
    {STR("a\r\0\n.\r\n"), STR(""), SMTP_DOT_BARE_CR | SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE, false, 0},
    {STR("no end"), STR("no end"), 0, false, 0},
    {STR("a\r\n."), STR("a\r\n"), 0, false, 0},
};

static void emit(void *ctx, struct str s) { buf_adds(ctx, s); }

static void check(const struct want *w, size_t first, size_t chunk)
{
    struct smtp_dot d;
    struct buf out;
    buf_init(&out, 1 << 16);
    smtp_dot_init(&d);
    size_t at = 0, used = 0;
    enum parse r = PARSE_MORE;
    for (size_t n = first; at < w->in.n && r == PARSE_MORE; n = chunk) {
        struct str part = str_upto(str_from(w->in, at), n);
        r = smtp_dot_feed(&d, part, &used, emit, &out);
        at += used;
    }
    assert_int_equal(r == PARSE_OK, w->end);
    assert_int_equal(d.seen, w->seen);
    assert_int_equal(w->in.n - at, w->rest);
    if (!(w->seen & SMTP_DOT_REFUSED))
        assert_true(str_eq(buf_str(&out), w->out));
    buf_free(&out);
}

static void every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(table); i++) {
        check(&table[i], (size_t)-1, (size_t)-1);
        check(&table[i], 1, 1);
        for (size_t k = 1; k < table[i].in.n; k++)
            check(&table[i], k, (size_t)-1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

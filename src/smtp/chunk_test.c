/* Octets of BDAT fed whole, byte by byte, in every split and as every pair of chunks; the rules for line ends agree with those of DATA. */
#include "smtp/chunk.h"
#include "core/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct want {
    struct str in, out;
    unsigned seen;
};
static const struct want table[] = {
    {STR("a\r\n"), STR("a\r\n"), 0},
    {STR(""), STR(""), 0},
    {STR("no end"), STR("no end\r\n"), 0},
    {STR("a\r\n.\r\nb\r\n"), STR("a\r\n.\r\nb\r\n"), 0}, /* a dot between true line ends is content here */
    {STR(".\r\n"), STR(".\r\n"), 0},
    {STR("..x\r\n"), STR("..x\r\n"), 0}, /* no dot-stuffing in BDAT */
    {STR("."), STR(".\r\n"), 0},
    {STR("a\0b\xff\r\n"), STR("a\0b\xff\r\n"), 0},
    {STR("a\nb\r\n"), STR("a\r\nb\r\n"), SMTP_DOT_BARE_LF},
    {STR("a\n.b\r\n"), STR("a\r\n.b\r\n"), SMTP_DOT_BARE_LF},
    {STR("\n\n"), STR("\r\n\r\n"), SMTP_DOT_BARE_LF},
    {STR("a\n.\nb\r\n"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE},
    {STR("a\n.\r\nb"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE},
    {STR("a\r\n.\nb"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE},
    {STR("a\n."), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE},
    {STR(".\n"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_SMUGGLE},
    {STR("a\rb\r\n"), STR(""), SMTP_DOT_BARE_CR},
    {STR("a\r"), STR(""), SMTP_DOT_BARE_CR},
    {STR("a\r\r\n"), STR(""), SMTP_DOT_BARE_CR},
    {STR("\r\n.\r.\r\n"), STR(""), SMTP_DOT_BARE_CR},
    {STR("a\n.\rx"), STR(""), SMTP_DOT_BARE_LF | SMTP_DOT_BARE_CR},
};

static void emit(void *ctx, struct str s) { buf_adds(ctx, s); }

static void check(const struct want *w, size_t first, size_t piece)
{
    struct smtp_chunk c;
    AUTO(buf) struct buf out;
    buf_init(&out, 1 << 16);
    smtp_chunk_init(&c);
    size_t at = 0;
    for (size_t n = first; at < w->in.n; n = piece) {
        struct str part = str_upto(str_from(w->in, at), n);
        smtp_chunk_feed(&c, part, emit, &out);
        at += part.n;
    }
    smtp_chunk_end(&c, emit, &out);
    assert_int_equal(c.seen, w->seen);
    if (!(w->seen & SMTP_DOT_REFUSED))
        assert_true(str_eq(buf_str(&out), w->out));
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

static void arguments(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool good, last;
        uint64_t size;
    } rows[] = {
        {STR("0"), true, false, 0},
        {STR("0 LAST"), true, true, 0},
        {STR("86 last"), true, true, 86},
        {STR("86  LAST"), true, true, 86},
        {STR("18446744073709551615"), true, false, UINT64_MAX},
        {STR("18446744073709551616"), false, false, 0},
        {STR(""), false, false, 0},
        {STR("LAST"), false, false, 0},
        {STR("-1"), false, false, 0},
        {STR("+1"), false, false, 0},
        {STR("0x10"), false, false, 0},
        {STR("1 LASTING"), false, false, 0},
        {STR("1 LAST x"), false, false, 0},
        {STR("1,5"), false, false, 0},
        {STR("1\tLAST"), false, false, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        uint64_t size = 0;
        bool last;
        assert_int_equal(smtp_chunk_args(rows[i].text, &size, &last), rows[i].good);
        if (rows[i].good) {
            assert_int_equal(size, rows[i].size);
            assert_int_equal(last, rows[i].last);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_split), cmocka_unit_test(arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

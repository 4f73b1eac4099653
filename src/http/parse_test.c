/* The HTTP parser fed whole and byte by byte: what is read, and every form of smuggling that is refused. */
#include "http/parse.h"
#include "core/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct bad {
    const char *text;
    int status;
};
#define H "Host: a\r\n"
static const struct bad bads[] = {
    {"\r\n", 400},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\n", 400},
    {"GET /\r\n" H "\r\n", 400},
    {"GET  / HTTP/1.1\r\n" H "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" H "\r\n", 400},
    {"GET http://a/ HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /a b HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400},
    {"GET /\x80 HTTP/1.1\r\n" H "\r\n", 400},
    {"GET / HTTP/2.0\r\n" H "\r\n", 505},
    {"GET / http/1.1\r\n" H "\r\n", 400},
    {"PATCH / HTTP/1.1\r\n" H "\r\n", 501},
    {"get / HTTP/1.1\r\n" H "\r\n", 501},
    {"G(T / HTTP/1.1\r\n" H "\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H H "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X : 1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H ": 1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: 1\r\n 2\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 501},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n", 417},
};

static enum parse whole_and_bytes(struct str in, struct http_head *h, size_t *used, int *status)
{
    enum parse whole = http_head_parse(in, h, used, status);
    for (size_t n = 0; n < in.n; n++) {
        struct http_head part;
        size_t u = 0;
        int st = 0;
        enum parse r = http_head_parse(str_upto(in, n), &part, &u, &st);
        if (r == PARSE_BAD) { /* may be known early, never differently */
            assert_int_equal(whole, PARSE_BAD);
            assert_int_equal(st, *status);
            break;
        }
        if (r == PARSE_OK) {
            assert_int_equal(whole, PARSE_OK);
            assert_int_equal(u, *used);
            break;
        }
    }
    return whole;
}

static void bad_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bads); i++) {
        struct http_head h;
        size_t used = 0;
        int status = 0;
        enum parse r = whole_and_bytes(str_c(bads[i].text), &h, &used, &status);
        if (r != PARSE_BAD || status != bads[i].status)
            fail_msg("%s\nparse %d status %d, wanted %d", bads[i].text, (int)r, status, bads[i].status);
    }
}

static void nul_bytes(void **state)
{
    (void)state;
    struct http_head h;
    size_t used = 0;
    int status = 0;
    assert_int_equal(http_head_parse(STR("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"), &h, &used, &status),
                     PARSE_BAD);
    assert_int_equal(http_head_parse(STR("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), &h, &used, &status), PARSE_BAD);
    assert_int_equal(http_head_parse(STR("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"), &h, &used, &status), PARSE_BAD);
}

static void good_head(void **state)
{
    (void)state;
    struct http_head h;
    size_t used = 0;
    int status = 0;
    struct str in = STR("POST /jmap/api?x=1&y=%20z HTTP/1.1\r\nHost: mail.azienda.example:8080\r\nContent-Length: "
                        "12\r\nX-Y:\t v \r\nConnection: Keep-Alive, "
                        "close\r\nExpect: 100-continue\r\n\r\nbody");
    assert_int_equal(whole_and_bytes(in, &h, &used, &status), PARSE_OK);
    assert_int_equal(used, in.n - 4);
    assert_int_equal(h.method, HTTP_POST);
    assert_true(str_eq(h.path, STR("/jmap/api")));
    assert_true(str_eq(h.query, STR("x=1&y=%20z")));
    assert_true(str_eq(http_field(&h, STR("x-y")), STR("v")));
    assert_int_equal(h.length, 12);
    assert_true(h.expect_continue);
    assert_false(h.keep_alive);
    AUTO(arena) struct arena a;
    arena_init(&a, 1 << 16);
    assert_true(str_eq(http_query(&a, h.query, STR("y")), STR(" z")));
    assert_null(http_query(&a, h.query, STR("q")).p);
    assert_int_equal(http_head_parse(STR("GET / HTTP/1.0\r\n\r\n"), &h, &used, &status), PARSE_OK);
    assert_false(h.keep_alive);
    assert_int_equal(http_head_parse(STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &h, &used, &status), PARSE_OK);
    assert_true(h.keep_alive);
    assert_null(h.query.p);
}

static void limits(void **state)
{
    (void)state;
    static char big[HTTP_HEAD_MAX + 100];
    struct http_head h;
    size_t used = 0;
    int status = 0;
    memset(big, 'a', sizeof big);
    assert_int_equal(http_head_parse(str_n(big, sizeof big), &h, &used, &status), PARSE_BAD);
    assert_int_equal(status, 414);
    memcpy(big, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(http_head_parse(str_n(big, sizeof big), &h, &used, &status), PARSE_BAD);
    assert_int_equal(status, 431);
    assert_int_equal(http_head_parse(str_n(big, HTTP_HEAD_MAX - 1), &h, &used, &status), PARSE_MORE);
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_addz(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (unsigned i = 0; i < HTTP_HEADERS_MAX; i++)
        buf_addz(&b, "X: 1\r\n");
    buf_addz(&b, "\r\n");
    assert_int_equal(http_head_parse(buf_str(&b), &h, &used, &status), PARSE_BAD);
    assert_int_equal(status, 431);
    buf_free(&b);
}

struct chunk_row {
    struct str in, out;
    enum parse want;
    size_t rest;
};
static const struct chunk_row chunk_rows[] = {
    {STR("3\r\nabc\r\n0\r\n\r\n"), STR("abc"), PARSE_OK, 0},
    {STR("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET"), STR("abcde"), PARSE_OK, 3},
    {STR("0\r\n\r\n"), STR(""), PARSE_OK, 0},
    {STR("A\r\n0123456789\r\n00\r\n\r\n"), STR("0123456789"), PARSE_OK, 0},
    {STR("3\r\nab"), STR("ab"), PARSE_MORE, 0},
    {STR("3\nabc\r\n0\r\n\r\n"), STR(""), PARSE_BAD, 0},
    {STR("3;x=y\r\nabc\r\n0\r\n\r\n"), STR(""), PARSE_BAD, 0},
    {STR(" 3\r\nabc\r\n0\r\n\r\n"), STR(""), PARSE_BAD, 0},
    {STR("0x3\r\nabc\r\n0\r\n\r\n"), STR(""), PARSE_BAD, 0},
    {STR("\r\nabc"), STR(""), PARSE_BAD, 0},
    {STR("3\r\nabcd\r\n0\r\n\r\n"), STR("abc"), PARSE_BAD, 0},
    {STR("3\r\nabc\n0\r\n\r\n"), STR("abc"), PARSE_BAD, 0},
    {STR("123456789\r\n"), STR(""), PARSE_BAD, 0},
    {STR("0\r\nX: y\r\n\r\n"), STR(""), PARSE_BAD, 0},
    {STR("-1\r\n"), STR(""), PARSE_BAD, 0},
};

static void emit(void *ctx, struct str s) { buf_adds(ctx, s); }

static void chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(chunk_rows); i++)
        for (size_t piece = 1; piece <= 64; piece += 63) {
            struct buf out;
            buf_init(&out, 1024);
            struct http_chunked c = {0};
            size_t at = 0, used = 0;
            enum parse r = PARSE_MORE;
            while (at < chunk_rows[i].in.n && r == PARSE_MORE) {
                r = http_chunked_feed(&c, str_upto(str_from(chunk_rows[i].in, at), piece), &used, emit, &out);
                at += used;
            }
            assert_int_equal(r, chunk_rows[i].want);
            assert_true(str_eq(buf_str(&out), chunk_rows[i].out));
            if (r == PARSE_OK)
                assert_int_equal(chunk_rows[i].in.n - at, chunk_rows[i].rest);
            buf_free(&out);
        }
}

static void lists_and_cookies(void **state)
{
    (void)state;
    assert_true(http_list_has(STR("br, gzip;q=0.5"), STR("gzip")));
    assert_false(http_list_has(STR("br, gzip;q=0"), STR("gzip")));
    assert_false(http_list_has(STR("xgzip"), STR("gzip")));
    assert_true(str_eq(http_cookie(STR("a=1; sigillo=xyz; b=2"), STR("sigillo")), STR("xyz")));
    assert_null(http_cookie(STR("sigillo=1; sigillo=2"), STR("sigillo")).p);
    assert_null(http_cookie(STR("xsigillo=1"), STR("sigillo")).p);
    AUTO(arena) struct arena a;
    arena_init(&a, 1 << 16);
    struct str s;
    assert_true(http_decode(&a, STR("a%2Fb%c3%A8"), &s));
    assert_true(str_eq(s, STR("a/b\xc3\xa8")));
    assert_false(http_decode(&a, STR("a%2"), &s));
    assert_false(http_decode(&a, STR("a%"), &s));
    assert_false(http_decode(&a, STR("a%zz"), &s));
    assert_false(http_decode(&a, STR("a%00"), &s));
    assert_true(http_decode(&a, STR("%41"), &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_heads), cmocka_unit_test(nul_bytes), cmocka_unit_test(good_head),
        cmocka_unit_test(limits),    cmocka_unit_test(chunks),    cmocka_unit_test(lists_and_cookies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

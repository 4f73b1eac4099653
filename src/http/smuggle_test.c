/* Requests that two servers could read differently, as bytes of a connection, whole and byte by byte: how many requests are seen, and what each got. Where
 * one is doubtful nothing after it may be read as a request. */
#include "http/http_fixture.h"

static int seen;

static void h_any(struct http_req *r, void *ctx)
{
    (void)ctx;
    seen++;
    http_reply(r->server, r->id, &(struct http_answer){.status = 200, .type = "text/plain", .view = STR("ok")});
}
static const struct http_route routes[] = {
    {HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_DELETE, {"/x", 2}, HTTP_PREFIX | HTTP_OPEN | HTTP_RAW, 1 << 16, h_any},
};

#define P "POST /x HTTP/1.1\r\n" HOST
#define G "GET /x HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
static const struct {
    const char *name;
    struct str bytes;
    int handled;         /* requests that reached the handler */
    const char *answers; /* their statuses in order */
} rows[] = {
    {"two in a row", STR(G "\r\n" G "\r\n"), 2, "200 200"},
    {"a body and a request behind it", STR(P "Content-Length: 3\r\n\r\nabc" G "\r\n"), 2, "200 200"},
    {"chunks and a request behind them", STR(P CHUNKED "3\r\nabc\r\n0\r\n\r\n" G "\r\n"), 2, "200 200"},
    {"a request in a body is a body", STR(P "Content-Length: 41\r\n\r\n" G "\r\n"), 1, "200"},
    {"CL and TE", STR(P "Content-Length: 3\r\n" CHUNKED "0\r\n\r\n" G "\r\n"), 0, "400"},
    {"TE and CL", STR(P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"two CL, equal", STR(P "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"two CL, different", STR(P "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"a list of CL", STR(P "Content-Length: 3, 3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"CL with a sign", STR(P "Content-Length: +3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"CL negative", STR(P "Content-Length: -3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"CL in hex", STR(P "Content-Length: 0x3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"CL huge", STR(P "Content-Length: 18446744073709551616\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"CL with a space before the colon", STR(P "Content-Length : 3\r\n\r\nabc" G "\r\n"), 0, "400"},
    {"TE with a space before the colon", STR(P "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"TE folded", STR(P "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"TE twice", STR(P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"), 0, "400"},
    {"TE of another coding", STR(P "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" G "\r\n"), 0, "501"},
    {"TE with a quote", STR(P "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" G "\r\n"), 0, "501"},
    {"TE with a vertical tab",
     STR(P "Transfer-Encoding: \x0b"
           "chunked\r\n\r\n0\r\n\r\n" G "\r\n"),
     0, "400"},
    {"TE in HTTP/1.0", STR("POST /x HTTP/1.0\r\n" HOST CHUNKED "0\r\n\r\n" G "\r\n"), 0, "400"},
    {"CR alone in a field", STR(P "X: a\rTransfer-Encoding: chunked\r\n\r\n" G "\r\n"), 0, "400"},
    {"LF alone between fields", STR("POST /x HTTP/1.1\nHost: localhost:8080\nContent-Length: 0\n\n" G "\r\n"), 0,
     "400"},
    {"LF alone before the body", STR(P "Content-Length: 3\r\n\nabc" G "\r\n"), 0, "400"},
    {"NUL in a name", STR(P "X\0Y: 1\r\n\r\n" G "\r\n"), 0, "400"},
    {"NUL in a value", STR(P "X: \0\r\n\r\n" G "\r\n"), 0, "400"},
    {"NUL in the target", STR("GET /x\0y HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"a field before the first name", STR("GET /x HTTP/1.1\r\n X: 1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"absolute form", STR("GET http://evil.example/x HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"authority form", STR("CONNECT evil.example:25 HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"asterisk form", STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"two spaces", STR("GET  /x HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"a tab", STR("GET\t/x HTTP/1.1\r\n" HOST "\r\n" G "\r\n"), 0, "400"},
    {"HTTP/0.9", STR("GET /x\r\n" G "\r\n"), 0, "400"},
    {"HTTP/1.2", STR("GET /x HTTP/1.2\r\n" HOST "\r\n" G "\r\n"), 0, "505"},
    {"the preface of HTTP/2", STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0, "400"},
    {"two hosts", STR("GET /x HTTP/1.1\r\n" HOST HOST "\r\n" G "\r\n"), 0, "400"},
    {"a host with user info", STR("GET /x HTTP/1.1\r\nHost: a@localhost:8080\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk extension", STR(P CHUNKED "3;a=b\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size of nothing", STR(P CHUNKED "\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size with 0x", STR(P CHUNKED "0x3\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size with a space", STR(P CHUNKED "3 \r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size with a sign", STR(P CHUNKED "-1\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size of nine digits", STR(P CHUNKED "000000003\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk size that overflows", STR(P CHUNKED "ffffffffffffffff3\r\nabc" G "\r\n"), 0, "400"},
    {"a chunk beyond the limit", STR(P CHUNKED "ffffffff\r\nabc"), 0, ""},
    {"a chunk that is longer than said", STR(P CHUNKED "2\r\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a chunk ended by LF", STR(P CHUNKED "3\nabc\r\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"chunk data ended by LF", STR(P CHUNKED "3\r\nabc\n0\r\n\r\n" G "\r\n"), 0, "400"},
    {"a trailer", STR(P CHUNKED "0\r\nContent-Length: 9\r\n\r\n" G "\r\n"), 0, "400"},
    {"a body that a GET may not have is not read",
     STR("GET /api/status HTTP/1.1\r\n" HOST "Content-Length: 41\r\n\r\n" G "\r\n"), 0, "413"},
    {"a body on a route that is not there",
     STR("POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 41\r\n\r\n" G "\r\n"), 0, "405"},
    {"a refused host ends it", STR("GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n" G "\r\n"), 0, "421"},
    {"close ends it", STR("GET /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" G "\r\n"), 1, "200"},
    {"HTTP/1.0 ends it", STR("GET /x HTTP/1.0\r\n" HOST "\r\n" G "\r\n"), 1, "200"},
    {"an unmet expectation", STR(P "Content-Length: 3\r\nExpect: 200-ok\r\n\r\nabc" G "\r\n"), 0, "417"},
};

static void statuses(struct str out, char *to, size_t cap)
{
    size_t n = 0;
    to[0] = 0;
    for (ptrdiff_t at = 0; (at = str_find(out, STR("HTTP/1.1 "), (size_t)at)) >= 0; at += 9)
        n += (size_t)snprintf(to + n, cap - n, "%s%.3s", n ? " " : "", out.p + at + 9);
}

static void run(size_t i, size_t piece)
{
    struct fixture f;
    char got[64];
    fixture_open(&f, NULL);
    http_server_routes(f.s, routes, N_ELEMENTS(routes), NULL);
    seen = 0;
    for (struct str in = rows[i].bytes; in.n > 0 && !conn_closing(f.c); in = str_from(in, piece)) {
        conn_feed(f.c, str_upto(in, piece));
        net_loop_turn(f.loop, false);
    }
    fixture_turn(&f);
    statuses(fixture_out(&f), got, sizeof got);
    if (seen != rows[i].handled || strcmp(got, rows[i].answers) != 0)
        fail_msg("%s (pieces of %zu): %d handled, answers \"%s\"; wanted %d, \"%s\"", rows[i].name, piece, seen, got,
                 rows[i].handled, rows[i].answers);
    if (rows[i].answers[0] && strcmp(rows[i].answers, "200 200") != 0 && rows[i].handled == 0)
        assert_true(conn_closing(f.c));
    fixture_close(&f);
}

static void whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        run(i, (size_t)-1 / 2);
}
static void byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        run(i, 1);
}
static void pieces_of_seven(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        run(i, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(pieces_of_seven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

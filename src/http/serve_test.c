/* Whole connections in memory: routes, who asks, forged requests, limits, log-in, answers later and never. */
#include "http/http.h"
#include "core/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct fix {
    struct net_loop *loop;
    struct http_server *s;
    struct conn *c;
    struct net_peer peer;
    uint64_t later_id, verify_id;
    int verified;
    bool hold_verify;
    struct buf body;
    enum http_verdict verdict;
};

static void h_echo(struct http_req *r, void *ctx)
{
    struct fix *f = ctx;
    struct str body;
    assert_int_equal(http_body(r, &body), 0);
    buf_clear(&f->body);
    buf_adds(&f->body, body);
    struct http_answer a = {
        .status = 200, .type = "text/plain", .view = r->person ? r->person->address : STR("nobody")};
    http_reply(r->server, r->id, &a);
}
static void h_later(struct http_req *r, void *ctx) { ((struct fix *)ctx)->later_id = r->id; }
static void h_big(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_answer a = {.status = 200, .type = "text/plain"};
    buf_init(&a.body, 16 << 20);
    for (int i = 0; i < 1 << 17; i++)
        buf_addz(&a.body, "0123456789abcde\n");
    http_reply(r->server, r->id, &a);
}

static const struct http_route routes[] = {
    {HTTP_GET | HTTP_POST, STR("/open"), HTTP_OPEN | HTTP_JSON, 1 << 20, h_echo},
    {HTTP_GET | HTTP_POST, STR("/mine"), HTTP_JSON, 1 << 20, h_echo},
    {HTTP_POST, STR("/upload/"), HTTP_PREFIX | HTTP_RAW, 1 << 20, h_echo},
    {HTTP_GET, STR("/later"), HTTP_OPEN, 0, h_later},
    {HTTP_GET, STR("/big"), HTTP_OPEN, 0, h_big},
};

static const struct http_person anna = {.cell = 1,
                                        .org = 1,
                                        .account = 7,
                                        .address = STR("anna@azienda.example"),
                                        .name = STR("Anna"),
                                        .firm = STR("Azienda")};

static void verify(void *ctx, uint64_t id, struct str address, struct str password, const struct http_try *tries UNUSED)
{
    struct fix *f = ctx;
    f->verified++;
    f->verify_id = id;
    f->verdict = str_eq(address, anna.address) && str_eq(password, STR("giusta")) ? HTTP_VERIFY_OK : HTTP_VERIFY_NO;
    if (!f->hold_verify)
        http_verified(f->s, id, f->verdict, &anna);
}

static void open_at(struct fix *f, const char *origin, uint8_t first)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(net_loop_new(&f->loop, env_system(), NULL), 0);
    struct http_conf conf = {
        .origin = str_c(origin), .max_body = 1 << 20, .tmp_dir = "/tmp", .verify = verify, .verify_ctx = f};
    f->s = http_server_new(f->loop, &conf);
    http_server_routes(f->s, routes, N_ELEMENTS(routes), f);
    f->peer = (struct net_peer){.addr = {first, 0, 0, 1}, .family = AF_INET};
    f->c = http_conn_new(f->s, -1, &f->peer);
    buf_init(&f->body, 1 << 21);
}

static void begin(struct fix *f) { open_at(f, "", 127); }

static void end(struct fix *f)
{
    http_server_free(&f->s);
    net_loop_free(&f->loop);
    buf_free(&f->body);
}

/* Status of the answer to one request; the answer stays in conn_out. A closed connection is replaced first. */
static int ask(struct fix *f, const char *z, size_t n)
{
    if (conn_closing(f->c))
        f->c = http_conn_new(f->s, -1, &f->peer);
    buf_clear(conn_out(f->c));
    conn_feed(f->c, str_n(z, n));
    for (int i = 0; i < 3; i++)
        net_loop_turn(f->loop, false);
    struct str out = buf_str(conn_out(f->c));
    if (out.n < 12)
        return 0;
    assert_memory_equal(out.p, "HTTP/1.1 ", 9);
    uint64_t status = 0;
    assert_true(str_u64(str_n(out.p + 9, 3), &status));
    return (int)status;
}
static int askz(struct fix *f, const char *z) { return ask(f, z, strlen(z)); }
static bool has(struct fix *f, const char *z) { return str_find(buf_str(conn_out(f->c)), str_c(z), 0) >= 0; }

#define HOST "Host: localhost:8080\r\n"
#define BASIC "Authorization: Basic YW5uYUBhemllbmRhLmV4YW1wbGU6Z2l1c3Rh\r\n"     /* giusta */
#define WRONG "Authorization: Basic YW5uYUBhemllbmRhLmV4YW1wbGU6c2JhZ2xpYXRh\r\n" /* sbagliata */
#define JSON2 "Content-Type: application/json\r\nContent-Length: 2\r\n"

static void routing(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /open HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(has(&f, "nobody"));
    assert_true(has(&f, "X-Content-Type-Options: nosniff\r\n"));
    assert_true(has(&f, "Content-Security-Policy: default-src 'none'"));
    assert_true(has(&f, "Cache-Control: no-store\r\n"));
    assert_int_equal(askz(&f, "HEAD /open HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(has(&f, "Content-Length: 6\r\n"));
    assert_false(has(&f, "nobody"));
    assert_int_equal(askz(&f, "GET /open/x.y HTTP/1.1\r\n" HOST "\r\n"), 404);
    assert_int_equal(askz(&f, "DELETE /open HTTP/1.1\r\n" HOST "\r\n"), 405);
    assert_int_equal(askz(&f, "GET /api/nothing HTTP/1.1\r\n" HOST "\r\n"), 404);
    assert_int_equal(askz(&f, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
    assert_int_equal(askz(&f, "GET /open HTTP/1.1\r\n\r\n"), 400);
    assert_true(conn_closing(f.c));
    assert_int_equal(askz(&f, "GET /open HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), 200);
    assert_true(conn_closing(f.c));
    end(&f);
}

static void bodies(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST JSON2 "\r\n{}"), 200);
    assert_true(str_eq(buf_str(&f.body), STR("{}")));
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
                     415);
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n\r\n"), 411);
    assert_int_equal(
        askz(&f, "POST /open HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: 16385\r\n\r\n"),
        413);
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST
                              "Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: "
                              "chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
                     200);
    assert_true(str_eq(buf_str(&f.body), STR("{}")));
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST
                              "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n"),
                     400);
    assert_int_equal(askz(&f, "GET /later HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), 413);
    assert_int_equal(askz(&f, "POST /open HTTP/1.1\r\n" HOST JSON2 "Expect: 100-continue\r\n\r\n"), 100);
    assert_int_equal(askz(&f, "{}"), 200);
    /* Beyond HTTP_BODY_MEMORY, for one who is logged in: a file. */
    static char big[200000];
    memset(big, 'b', sizeof big);
    int n =
        snprintf(big, sizeof big,
                 "POST /upload/x HTTP/1.1\r\n" HOST BASIC "Content-Type: image/png\r\nContent-Length: 150000\r\n\r\n");
    big[n] = 'b';
    assert_int_equal(ask(&f, big, (size_t)n + 150000), 200);
    assert_int_equal(f.body.n, 150000);
    assert_int_equal(
        askz(&f, "POST /upload/x HTTP/1.1\r\n" HOST BASIC "Content-Type: image/png\r\nContent-Length: 1048577\r\n\r\n"),
        413);
    end(&f);
}

static void pipelined_and_byte_by_byte(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /open HTTP/1.1\r\n" HOST "\r\nPOST /open HTTP/1.1\r\n" HOST JSON2
                              "\r\n{}GET /open HTTP/1.1\r\n" HOST "\r\n"),
                     200);
    int n = 0;
    for (ptrdiff_t at = 0; (at = str_find(buf_str(conn_out(f.c)), STR("HTTP/1.1 200"), (size_t)at)) >= 0; at++)
        n++;
    assert_int_equal(n, 3);
    static const char one[] = "POST /open HTTP/1.1\r\n" HOST JSON2 "\r\n{}";
    buf_clear(conn_out(f.c));
    for (size_t i = 0; i < sizeof one - 1; i++)
        conn_feed(f.c, str_n(one + i, 1));
    assert_true(has(&f, "HTTP/1.1 200"));
    end(&f);
}

static void basic(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST "\r\n"), 401);
    assert_true(has(&f, "WWW-Authenticate: Basic"));
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST "X-Sigillo: 1\r\n\r\n"), 401);
    assert_false(has(&f, "WWW-Authenticate"));
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "\r\n"), 200);
    assert_true(has(&f, "anna@azienda.example"));
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "\r\n"), 200);
    assert_int_equal(f.verified, 1); /* the second time from the cache */
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST WRONG "\r\n"), 401);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "X-Forwarded-For: 192.0.2.1\r\n\r\n"),
                     401); /* not loopback any more */
    assert_int_equal(askz(&f, "POST /mine HTTP/1.1\r\n" HOST BASIC JSON2 "Origin: http://evil.example\r\n\r\n{}"), 403);
    assert_int_equal(askz(&f, "POST /mine HTTP/1.1\r\n" HOST BASIC JSON2 "\r\n{}"), 200);
    for (int i = 0; i < 9; i++)
        assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST WRONG "\r\n"), 401);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST WRONG "\r\n"), 429);
    assert_true(has(&f, "Retry-After: "));
    end(&f);
}

static void login(void **state)
{
    (void)state;
    static const char good[] = "{\"address\":\" Anna@azienda.example\",\"password\":\"giusta\"}";
    struct fix f;
    begin(&f);
    char req[2000];
    snprintf(req, sizeof req,
             "POST /api/login HTTP/1.1\r\n" HOST "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             sizeof good - 1, good);
    assert_int_equal(askz(&f, req), 200);
    assert_true(has(&f, "\"firm\":\"Azienda\""));
    assert_true(has(&f, "; HttpOnly; SameSite=Strict;"));
    ptrdiff_t at = str_find(buf_str(conn_out(f.c)), STR("Set-Cookie: sigillo="), 0);
    assert_true(at > 0);
    char id[89] = {0};
    memcpy(id, conn_out(f.c)->p + at + 20, 88);
    snprintf(req, sizeof req, "GET /api/me HTTP/1.1\r\n" HOST "Cookie: sigillo=%s\r\n\r\n", id);
    assert_int_equal(askz(&f, req), 200);
    assert_true(has(&f, "anna@azienda.example"));
    /* Forged from another page: the cookie alone is not enough. */
    snprintf(req, sizeof req, "POST /mine HTTP/1.1\r\n" HOST JSON2 "Cookie: sigillo=%s\r\n\r\n{}", id);
    assert_int_equal(askz(&f, req), 403);
    snprintf(req, sizeof req,
             "POST /mine HTTP/1.1\r\n" HOST JSON2
             "Cookie: sigillo=%s\r\nX-Sigillo: 1\r\nOrigin: http://evil.example\r\n\r\n{}",
             id);
    assert_int_equal(askz(&f, req), 403);
    snprintf(req, sizeof req,
             "POST /mine HTTP/1.1\r\n" HOST JSON2
             "Cookie: sigillo=%s\r\nX-Sigillo: 1\r\nOrigin: http://localhost:8080\r\n\r\n{}",
             id);
    assert_int_equal(askz(&f, req), 200);
    snprintf(req, sizeof req,
             "POST /api/logout HTTP/1.1\r\n" HOST JSON2
             "Cookie: sigillo=%s\r\nX-Sigillo: 1\r\nOrigin: http://localhost:8080\r\n\r\n{}",
             id);
    assert_int_equal(askz(&f, req), 200);
    snprintf(req, sizeof req, "GET /api/me HTTP/1.1\r\n" HOST "Cookie: sigillo=%s\r\n\r\n", id);
    assert_int_equal(askz(&f, req), 401);
    assert_int_equal(
        askz(&f, "GET /api/me HTTP/1.1\r\n" HOST "Cookie: sigillo=00000000000000000000000000000000\r\n\r\n"), 401);
    assert_int_equal(askz(&f, "POST /api/login HTTP/1.1\r\n" HOST JSON2 "\r\n{}"), 400);
    assert_int_equal(askz(&f, "POST /api/login HTTP/1.1\r\n" HOST
                              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"),
                     415);
    assert_int_equal(askz(&f, "GET /api/status HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(has(&f, "Servizio operativo"));
    end(&f);
}

static void sessions_end_with_the_account(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "\r\n"), 200);
    http_sessions_end(f.s, 1, 7);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "\r\n"), 200);
    assert_int_equal(f.verified, 2);
    end(&f);
}

static void plain_from_afar(void **state)
{
    (void)state;
    struct fix f;
    open_at(&f, "", 192);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\nHost: mail.example\r\n" BASIC "\r\n"), 401);
    assert_int_equal(f.verified, 0);
    assert_int_equal(askz(&f, "POST /api/login HTTP/1.1\r\nHost: mail.example\r\n" JSON2 "\r\n{}"), 403);
    end(&f);
    open_at(&f, "https://mail.azienda.example", 127); /* behind something that ends TLS on this machine */
    assert_int_equal(
        askz(&f, "GET /mine HTTP/1.1\r\nHost: mail.azienda.example\r\nX-Forwarded-For: 192.0.2.1\r\n" BASIC "\r\n"),
        200);
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\nHost: other.example\r\n" BASIC "\r\n"), 421);
    assert_int_equal(askz(&f, "GET /open HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"), 200);
    end(&f);
}

static void answers_later(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /later HTTP/1.1\r\n" HOST "\r\nGET /open HTTP/1.1\r\n" HOST "\r\n"), 0);
    http_reply_error(f.s, f.later_id, 503, "x", "y", "z");
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    assert_true(has(&f, "HTTP/1.1 503"));
    assert_true(has(&f, "HTTP/1.1 200")); /* the pipelined one follows */
    /* The peer leaves before: the reply finds nothing and frees the request. */
    assert_int_equal(askz(&f, "GET /later HTTP/1.1\r\n" HOST "\r\n"), 0);
    conn_drop(f.c);
    conn_settle(f.c);
    http_reply_error(f.s, f.later_id, 503, "x", "y", "z");
    f.c = http_conn_new(f.s, -1, &f.peer);
    f.hold_verify = true;
    assert_int_equal(askz(&f, "GET /mine HTTP/1.1\r\n" HOST BASIC "\r\n"), 0);
    conn_drop(f.c);
    conn_settle(f.c);
    http_verified(f.s, f.verify_id, HTTP_VERIFY_OK, &anna);
    f.c = http_conn_new(f.s, -1, &f.peer);
    end(&f);
}

static void large_answers(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET /big HTTP/1.1\r\n" HOST "\r\n"), 200);
    for (int i = 0; i < 100; i++)
        net_loop_turn(f.loop, false);
    assert_true(conn_out(f.c)->n > 2u << 20);
    end(&f);
}

static void stopped(void *arg) { ++*(int *)arg; }

static void stop(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    struct conn *idle = http_conn_new(f.s, -1, &f.peer);
    assert_int_equal(askz(&f, "GET /later HTTP/1.1\r\n" HOST "\r\n"), 0);
    int done = 0;
    http_server_stop(f.s, stopped, &done);
    net_loop_turn(f.loop, false);
    assert_true(conn_closing(idle));
    assert_int_equal(done, 0);
    http_reply_error(f.s, f.later_id, 503, "x", "y", "z");
    assert_true(has(&f, "Connection: close"));
    conn_drop(f.c);
    conn_drop(idle);
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    assert_int_equal(done, 1);
    end(&f);
}

static void panel(void **state)
{
    (void)state;
    struct fix f;
    begin(&f);
    assert_int_equal(askz(&f, "GET / HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(has(&f, "style-src 'self' 'nonce-"));
    assert_false(has(&f, "__CSP_NONCE__"));
    assert_int_equal(askz(&f, "GET /posta/in-arrivo HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_int_equal(askz(&f, "GET /nothing.js HTTP/1.1\r\n" HOST "\r\n"), 404);
    assert_int_equal(askz(&f, "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n"),
                     200); /* a page of the panel, like any other name */
    assert_true(has(&f, "<html"));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routing),
        cmocka_unit_test(bodies),
        cmocka_unit_test(pipelined_and_byte_by_byte),
        cmocka_unit_test(basic),
        cmocka_unit_test(login),
        cmocka_unit_test(sessions_end_with_the_account),
        cmocka_unit_test(plain_from_afar),
        cmocka_unit_test(answers_later),
        cmocka_unit_test(large_answers),
        cmocka_unit_test(stop),
        cmocka_unit_test(panel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

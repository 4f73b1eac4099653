/* What is sent of an answer: conditions, ranges, compression, chunks, pulled sources, and readers who do not read. */
#include "http/http_fixture.h"
#include "http/serve.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

struct source {
    size_t at, size;
    int freed, later; /* later: pulls that have nothing yet */
    ssize_t fail_at;  /* -1: never */
    uint64_t id;
};
static struct source src;
static char text[300000];

static ssize_t pull(void *arg, char *p, size_t n)
{
    struct source *s = arg;
    if (s->later > 0) {
        s->later--;
        return HTTP_PULL_LATER;
    }
    if (s->fail_at >= 0 && s->at >= (size_t)s->fail_at)
        return ERR_IO;
    n = n > 1000 ? 1000 : n;
    n = n > s->size - s->at ? s->size - s->at : n;
    memcpy(p, text + s->at, n);
    s->at += n;
    return (ssize_t)n;
}
static int seek(void *arg, uint64_t at)
{
    ((struct source *)arg)->at = (size_t)at;
    return 0;
}
static void freed(void *arg) { ((struct source *)arg)->freed++; }

static void h_view(struct http_req *r, void *ctx)
{
    (void)ctx;
    http_reply(r->server, r->id,
               &(struct http_answer){.status = 200,
                                     .type = "image/png",
                                     .view = STR("0123456789"),
                                     .etag = STR("\"t\""),
                                     .flags = HTTP_RANGES | HTTP_DOWNLOAD});
}
static void h_json(struct http_req *r, void *ctx)
{
    (void)ctx;
    size_t n = str_eq(r->head.query, STR("big")) ? sizeof text : 5000;
    http_reply(
        r->server, r->id,
        &(struct http_answer){.status = 200, .type = "application/json", .view = str_n(text, n), .etag = STR("\"j\"")});
}
static void h_secret(struct http_req *r, void *ctx)
{
    (void)ctx;
    http_reply(r->server, r->id,
               &(struct http_answer){
                   .status = 200, .type = "application/json", .view = str_n(text, 5000), .flags = HTTP_PRIVATE});
}
static void h_source(struct http_req *r, void *ctx)
{
    (void)ctx;
    bool known = str_eq(r->head.query, STR("known"));
    src.id = r->id;
    http_reply(
        r->server, r->id,
        &(struct http_answer){
            .status = 200,
            .type = "image/png",
            .etag = STR("\"s\""),
            .flags = HTTP_RANGES,
            .source = {
                .pull = pull, .seek = seek, .free = freed, .arg = &src, .size = known ? src.size : HTTP_SIZE_UNKNOWN}});
}
/* The query becomes a field, as a file name out of a message might. */
static void h_field(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct str name = http_query(r->arena, r->head.query, STR("name"));
    struct str field = arena_printf(r->arena, "Content-Disposition: attachment; filename=\"%.*s\"\r\n", STRF(name));
    http_reply(r->server, r->id,
               &(struct http_answer){.status = 200, .type = "image/png", .view = STR("x"), .headers = field});
}
static const struct http_route routes[] = {
    {HTTP_GET, {"/field", 6}, HTTP_OPEN, 0, h_field},   {HTTP_GET, {"/view", 5}, HTTP_OPEN, 0, h_view},
    {HTTP_GET, {"/json", 5}, HTTP_OPEN, 0, h_json},     {HTTP_GET, {"/secret", 7}, HTTP_OPEN, 0, h_secret},
    {HTTP_GET, {"/source", 7}, HTTP_OPEN, 0, h_source},
};

static void begin(struct fixture *f)
{
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + (i * 7 + i / 50) % 13);
    src = (struct source){.size = 20000, .fail_at = -1};
    fixture_open(f, NULL);
    http_server_routes(f->s, routes, N_ELEMENTS(routes), NULL);
}

static void conditions_and_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        int status;
        const char *body, *has;
    } rows[] = {
        {"", 200, "0123456789", "Accept-Ranges: bytes"},
        {"If-None-Match: \"t\"\r\n", 304, "", "ETag: \"t\""},
        {"If-None-Match: W/\"t\"\r\n", 304, "", "ETag: \"t\""},
        {"If-None-Match: \"u\"\r\n", 200, "0123456789", "Content-Length: 10"},
        {"Range: bytes=2-4\r\n", 206, "234", "Content-Range: bytes 2-4/10"},
        {"Range: bytes=-3\r\n", 206, "789", "Content-Range: bytes 7-9/10"},
        {"Range: bytes=8-\r\nIf-Range: \"t\"\r\n", 206, "89", "Content-Length: 2"},
        {"Range: bytes=8-\r\nIf-Range: \"u\"\r\n", 200, "0123456789", "Content-Length: 10"},
        {"Range: bytes=8-\r\nIf-Range: W/\"t\"\r\n", 200, "0123456789", "Content-Length: 10"},
        {"Range: bytes=10-\r\n", 416, "", "Content-Range: bytes */10"},
        {"Range: bytes=0-1,4-5\r\n", 200, "0123456789", "Content-Length: 10"},
        {"Range: bytes=2-4\r\nIf-None-Match: \"t\"\r\n", 304, "", "ETag"},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        char req[400];
        snprintf(req, sizeof req, "GET /view HTTP/1.1\r\n" HOST "%s\r\n", rows[i].fields);
        assert_int_equal(fixture_askz(&f, req), rows[i].status);
        assert_true(str_eq(fixture_body(&f), str_c(rows[i].body)));
        assert_true(fixture_has(&f, rows[i].has));
        assert_true(fixture_has(&f, "X-Content-Type-Options: nosniff"));
    }
    assert_int_equal(fixture_askz(&f, "HEAD /view HTTP/1.1\r\n" HOST "Range: bytes=2-4\r\n\r\n"), 206);
    assert_true(fixture_has(&f, "Content-Length: 3\r\n"));
    assert_int_equal(fixture_body(&f).n, 0);
    fixture_close(&f);
}

/* Takes the chunks apart; fails on anything but whole chunks and the last one. */
static struct str unchunk(struct str in, char *to)
{
    size_t n = 0;
    for (;;) {
        ptrdiff_t end = str_find(in, STR("\r\n"), 0);
        assert_true(end > 0);
        size_t size = strtoul(in.p, NULL, 16);
        in = str_from(in, (size_t)end + 2);
        assert_true(in.n >= size + 2);
        memcpy(to + n, in.p, size);
        n += size;
        assert_memory_equal(in.p + size, "\r\n", 2);
        in = str_from(in, size + 2);
        if (size == 0) {
            assert_int_equal(in.n, 0);
            return str_n(to, n);
        }
    }
}

static void unzip_is(struct str gz, const char *want, size_t n)
{
    char *out = malloc(n + 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)gz.p,
                  .avail_in = (uInt)gz.n,
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)n + 1};
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, n);
    assert_memory_equal(out, want, n);
    inflateEnd(&z);
    free(out);
}

static void compression(void **state)
{
    (void)state;
    static char flat[sizeof text];
    struct fixture f;
    begin(&f);
    assert_int_equal(fixture_askz(&f, "GET /json HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_false(fixture_has(&f, "Content-Encoding"));
    assert_true(fixture_has(&f, "Vary: Accept-Encoding"));
    assert_true(fixture_has(&f, "ETag: \"j\""));
    assert_int_equal(fixture_askz(&f, "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_true(fixture_has(&f, "Content-Encoding: gzip"));
    assert_true(fixture_has(&f, "ETag: W/\"j\""));
    unzip_is(fixture_body(&f), text, 5000);
    assert_int_equal(fixture_askz(&f, "GET /json?big HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_true(fixture_has(&f, "Transfer-Encoding: chunked"));
    assert_false(fixture_has(&f, "Content-Length"));
    unzip_is(unchunk(fixture_body(&f), flat), text, sizeof text);
    assert_int_equal(fixture_askz(&f, "GET /json?big HTTP/1.0\r\n" HOST "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_false(fixture_has(&f, "Transfer-Encoding"));
    unzip_is(fixture_body(&f), text, sizeof text);
    assert_int_equal(fixture_askz(&f, "GET /secret HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_false(fixture_has(&f, "Content-Encoding"));
    assert_int_equal(fixture_askz(&f, "GET /view HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n"), 200);
    assert_false(fixture_has(&f, "Content-Encoding"));
    fixture_close(&f);
}

static void pulled(void **state)
{
    (void)state;
    static char flat[sizeof text];
    struct fixture f;
    begin(&f);
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(fixture_has(&f, "Content-Length: 20000"));
    assert_true(str_eq(fixture_body(&f), str_n(text, 20000)));
    assert_int_equal(src.freed, 1);
    src.at = 0;
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "Range: bytes=19990-\r\n\r\n"), 206);
    assert_true(str_eq(fixture_body(&f), str_n(text + 19990, 10)));
    src.at = 0;
    assert_int_equal(fixture_askz(&f, "GET /source HTTP/1.1\r\n" HOST "Range: bytes=1-\r\n\r\n"), 200);
    assert_true(str_eq(unchunk(fixture_body(&f), flat), str_n(text, 20000)));
    /* Nothing for a while, then all; the pipelined request waits its turn. */
    src = (struct source){.size = 3000, .fail_at = -1, .later = 1};
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "\r\nGET /view HTTP/1.1\r\n" HOST "\r\n"),
                     200);
    assert_false(fixture_has(&f, "image/png\r\nAccept-Ranges: bytes\r\nCache-Control: no-store\r\nETag: \"t\""));
    http_pull_again(f.s, src.id);
    fixture_turn(&f);
    assert_true(fixture_has(&f, "ETag: \"t\""));
    http_pull_again(f.s, src.id); /* too late: finds nothing */
    http_pull_again(f.s, 999);
    /* A source that breaks off must not look whole. */
    src = (struct source){.size = 20000, .fail_at = 5000};
    buf_clear(conn_out(f.c));
    conn_feed(f.c, STR("GET /source?known HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(f.s->n_conns, 0);
    assert_int_equal(src.freed, 1);
    f.c = http_conn_new(f.s, -1, &f.peer);
    /* 304 and 416 do not pull, but free. */
    src = (struct source){.size = 20000, .fail_at = 0};
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "If-None-Match: \"s\"\r\n\r\n"), 304);
    assert_int_equal(src.freed, 1);
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "Range: bytes=20000-\r\n\r\n"), 416);
    assert_int_equal(src.freed, 2);
    src.fail_at = -1;
    src.later = 1000;
    assert_int_equal(fixture_askz(&f, "GET /source?known HTTP/1.1\r\n" HOST "\r\n"), 200);
    conn_drop(f.c);
    conn_settle(f.c);
    assert_int_equal(src.freed, 3);
    f.c = http_conn_new(f.s, -1, &f.peer);
    fixture_close(&f);
}

/* A real socket whose other end does not read: the answer leaves memory, and the connection ends. */
static void slow_reader(void **state)
{
    (void)state;
    struct fixture f;
    int pair[2];
    char got[4096];
    begin(&f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int));
    (void)http_conn_new(f.s, pair[0], &f.peer);
    static const char req[] = "GET /json?big HTTP/1.1\r\n" HOST "\r\n";
    assert_int_equal(write(pair[1], req, sizeof req - 1), sizeof req - 1);
    fixture_turn(&f);
    assert_int_equal(f.s->counts.spilled, 0);
    fixture_wait(&f, 3000);
    assert_int_equal(f.s->counts.spilled, 1);
    assert_int_equal(f.s->n_conns, 2);
    fixture_wait(&f, HTTP_SEND_MS + 1000);
    assert_int_equal(f.s->n_conns, 1);
    assert_int_equal(f.s->counts.slow_dropped, 1);
    size_t n = 0;
    for (ssize_t r; (r = read(pair[1], got, sizeof got)) > 0;)
        n += (size_t)r;
    assert_in_range(n, 1000, sizeof text);
    close(pair[1]);
    fixture_close(&f);
}

/* The same, but he reads in the end: every byte comes, from the file. */
static void patient_reader(void **state)
{
    (void)state;
    static char got[sizeof text + 4096];
    struct fixture f;
    int pair[2];
    begin(&f);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    (void)http_conn_new(f.s, pair[0], &f.peer);
    static const char req[] = "GET /json?big HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int));
    assert_int_equal(write(pair[1], req, sizeof req - 1), sizeof req - 1);
    fixture_turn(&f);
    fixture_wait(&f, 3000);
    assert_int_equal(f.s->counts.spilled, 1);
    size_t n = 0;
    for (int i = 0; i < 2000 && n < sizeof got; i++) {
        ssize_t r = read(pair[1], got + n, sizeof got - n);
        if (r == 0)
            break;
        n += r > 0 ? (size_t)r : 0;
        fixture_turn(&f);
    }
    struct str all = str_n(got, n);
    ptrdiff_t at = str_find(all, STR("\r\n\r\n"), 0);
    assert_true(at > 0);
    assert_true(str_eq(str_from(all, (size_t)at + 4), str_n(text, sizeof text)));
    close(pair[1]);
    fixture_turn(&f);
    fixture_close(&f);
}

static void fields_of_handlers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(fixture_askz(&f, "GET /field?name=a.png HTTP/1.1\r\n" HOST "\r\n"), 200);
    assert_true(fixture_has(&f, "filename=\"a.png\"\r\n"));
    static const char *const bad[] = {"a%0aX:%201", "a%0dX", "a%01", "%0d%0a%0d%0aHTTP/1.1%20200%20OK"};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        char req[300];
        snprintf(req, sizeof req, "GET /field?name=%s HTTP/1.1\r\n" HOST "\r\n", bad[i]);
        assert_int_equal(fixture_askz(&f, req), 200);
        assert_false(fixture_has(&f, "Content-Disposition"));
    }
    fixture_close(&f);
}

static void slow_writers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    /* Half a head: 408 after its deadline, however often a byte drips in. */
    assert_int_equal(fixture_askz(&f, "GET /view HTTP/1.1\r\nHos"), 0);
    for (int i = 0; i < 40; i++) {
        conn_feed(f.c, STR("t"));
        fixture_wait(&f, 1000);
        if (conn_closing(f.c))
            break;
    }
    assert_true(fixture_has(&f, "HTTP/1.1 408"));
    assert_true(conn_closing(f.c));
    /* Idle: closed without a word. */
    f.c = http_conn_new(f.s, -1, &f.peer);
    size_t before = f.s->n_conns;
    fixture_wait(&f, HTTP_IDLE_MS + 1000);
    assert_true(f.s->n_conns < before);
    f.c = http_conn_new(f.s, -1, &f.peer);
    /* A body that drips. */
    assert_int_equal(fixture_askz(&f, "POST /api/login HTTP/1.1\r\n" HOST
                                      "Content-Type: application/json\r\nContent-Length: 4000\r\n\r\n"),
                     0);
    for (int i = 0; i < 30 && !conn_closing(f.c); i++) {
        conn_feed(f.c, STR("{"));
        fixture_wait(&f, 1000);
    }
    assert_true(fixture_has(&f, "HTTP/1.1 408"));
    assert_true(conn_closing(f.c));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_and_ranges), cmocka_unit_test(compression),    cmocka_unit_test(pulled),
        cmocka_unit_test(slow_reader),           cmocka_unit_test(patient_reader), cmocka_unit_test(slow_writers),
        cmocka_unit_test(fields_of_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

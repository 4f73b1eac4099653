/* A whole HTTP connection. First byte: size of the pieces. Whole and in pieces the same number of requests is seen:
 * framing does not depend on how bytes arrive. */
#include "http/http.h"
#include "core/log.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    int requests;
    uint64_t bytes;
};

static void h_any(struct http_req *r, void *ctx)
{
    struct seen *s = ctx;
    struct str body, value;
    s->requests++;
    s->bytes += r->body_size;
    if (http_body(r, &body) != 0 || body.n != r->body_size)
        abort();
    if (http_decode(r->arena, r->head.path, &value) && memchr(value.p, 0, value.n))
        abort();
    (void)http_query(r->arena, r->head.query, STR("a"));
    static char text[5000];
    struct http_answer a = {.status = 200,
                            .type = "text/plain",
                            .view = str_n(text, sizeof text),
                            .etag = STR("\"a\""),
                            .flags = HTTP_RANGES};
    http_reply(r->server, r->id, &a);
}

static void ask(void *ctx, uint64_t ticket, int64_t cell, int64_t org, int64_t account)
{
    (void)cell;
    (void)org;
    (void)account;
    http_push_states(*(struct http_server **)ctx, ticket, &(struct http_push_state){STR("Email"), STR("1")}, 1);
}

static const struct http_route routes[] = {
    {HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_DELETE, STR("/x"), HTTP_PREFIX | HTTP_OPEN | HTTP_RAW, 1 << 20, h_any},
};

static void verify(void *ctx, uint64_t id, struct str address, struct str password, const struct http_try *tries UNUSED)
{
    (void)address;
    http_verified(*(struct http_server **)ctx, id, password.n == 1 ? HTTP_VERIFY_OK : HTTP_VERIFY_NO,
                  &(struct http_person){.org = 1, .account = 1});
}

static struct seen run(struct str in, size_t piece)
{
    struct seen seen = {0, 0};
    struct net_loop *loop;
    struct http_server *s = NULL;
    if (net_loop_new(&loop, env_system(), NULL) != 0)
        abort();
    struct http_conf conf = {.max_body = 1 << 20, .tmp_dir = "/tmp", .verify = verify, .verify_ctx = &s};
    s = http_server_new(loop, &conf);
    http_server_routes(s, routes, N_ELEMENTS(routes), &seen);
    http_push_conf(s, ask, &s);
    struct net_peer peer = {.addr = {127, 0, 0, 1}, .family = AF_INET};
    struct conn *c = http_conn_new(s, -1, &peer);
    while (in.n > 0 && !conn_closing(c)) {
        conn_feed(c, str_upto(in, piece));
        in = str_from(in, piece);
        net_loop_turn(loop, false);
    }
    for (int i = 0; i < 4; i++)
        net_loop_turn(loop, false);
    http_server_free(&s);
    net_loop_free(&loop);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet;
    if (!quiet) {
        log_setup("fuzz", -1, LOG_TEXT, LOG_BUG);
        quiet = true;
    }
    if (size < 1)
        return 0;
    struct str in = str_n(data + 1, size - 1);
    struct seen a = run(in, (size_t)-1), b = run(in, (size_t)data[0] + 1);
    if (a.requests != b.requests || a.bytes != b.bytes)
        abort();
    return 0;
}

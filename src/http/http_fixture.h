#pragma once
/* For the tests of this room: a server and one connection in memory, with a clock that the test moves. */
#include "http/http.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define HOST "Host: localhost:8080\r\n"
#define BASIC "Authorization: Basic YW5uYUBhemllbmRhLmV4YW1wbGU6Z2l1c3Rh\r\n"     /* giusta */
#define WRONG "Authorization: Basic YW5uYUBhemllbmRhLmV4YW1wbGU6c2JhZ2xpYXRh\r\n" /* sbagliata */
#define JSON2 "Content-Type: application/json\r\nContent-Length: 2\r\n"
#define LOGIN_BODY "{\"address\":\"anna@azienda.example\",\"password\":\"giusta\"}"

struct fixture {
    struct env env;
    int64_t mono_ms;
    struct net_loop *loop;
    struct http_server *s;
    struct conn *c;
    struct net_peer peer;
    int verified;
};

static const struct http_person fixture_anna = {.cell = 1,
                                                .org = 1,
                                                .account = 7,
                                                .address = {"anna@azienda.example", 20},
                                                .name = {"Anna", 4},
                                                .firm = {"Azienda", 7}};

static int64_t fixture_mono(void *ctx) { return ((struct fixture *)ctx)->mono_ms * 1000000; }
static int64_t fixture_wall(void *ctx) { return 1700000000000 + ((struct fixture *)ctx)->mono_ms; }
static void fixture_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    env_random(env_system(), p, n);
}

static inline void fixture_verify(void *ctx, uint64_t id, struct str address, struct str password,
                                  const struct http_try *tries UNUSED)
{
    struct fixture *f = ctx;
    bool right = str_eq(address, fixture_anna.address) && str_eq(password, STR("giusta"));
    f->verified++;
    http_verified(f->s, id, right ? HTTP_VERIFY_OK : HTTP_VERIFY_NO, &fixture_anna);
}

/* conf may be NULL; what it leaves empty is filled in. */
static inline void fixture_open(struct fixture *f, const struct http_conf *conf)
{
    struct http_conf c = conf ? *conf : (struct http_conf){0};
    memset(f, 0, sizeof *f);
    f->env = (struct env){fixture_wall, fixture_mono, fixture_random, f};
    f->mono_ms = 1000000;
    assert_int_equal(net_loop_new(&f->loop, &f->env, NULL), 0);
    c.max_body = c.max_body ? c.max_body : 1 << 20;
    c.tmp_dir = c.tmp_dir ? c.tmp_dir : "/tmp";
    c.verify = c.verify ? c.verify : fixture_verify;
    c.verify_ctx = c.verify_ctx ? c.verify_ctx : f;
    f->s = http_server_new(f->loop, &c);
    f->peer = (struct net_peer){.addr = {127, 0, 0, 1}, .family = AF_INET};
    f->c = http_conn_new(f->s, -1, &f->peer);
}

static inline void fixture_close(struct fixture *f)
{
    http_server_free(&f->s);
    net_loop_free(&f->loop);
}

static inline void fixture_turn(struct fixture *f)
{
    for (int i = 0; i < 4; i++)
        net_loop_turn(f->loop, false);
}

static inline void fixture_wait(struct fixture *f, int64_t ms)
{
    for (; ms > 0; ms -= 500) {
        f->mono_ms += ms < 500 ? ms : 500;
        net_loop_tick(f->loop);
        fixture_turn(f);
    }
}

static inline struct str fixture_out(struct fixture *f) { return buf_str(conn_out(f->c)); }

/* Status of the first answer, 0 when none came. A closed connection is replaced first. */
static inline int fixture_ask(struct fixture *f, struct str request)
{
    if (conn_closing(f->c))
        f->c = http_conn_new(f->s, -1, &f->peer);
    buf_clear(conn_out(f->c));
    conn_feed(f->c, request);
    fixture_turn(f);
    struct str out = fixture_out(f);
    uint64_t status = 0;
    if (out.n < 12)
        return 0;
    assert_true(str_u64(str_n(out.p + 9, 3), &status));
    return (int)status;
}
static inline int fixture_askz(struct fixture *f, const char *z) { return fixture_ask(f, str_c(z)); }
static inline bool fixture_has(struct fixture *f, const char *z) { return str_find(fixture_out(f), str_c(z), 0) >= 0; }
/* What follows the head. */
static inline struct str fixture_body(struct fixture *f)
{
    ptrdiff_t at = str_find(fixture_out(f), STR("\r\n\r\n"), 0);
    return at < 0 ? STR_NULL : str_from(fixture_out(f), (size_t)at + 4);
}

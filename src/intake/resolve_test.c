#include "intake/resolve.h"
#include "os/dns_msg.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <stdio.h>

/* A loop of one descriptor and one timer, turned by hand; the other end of the channel is the test. */
static struct {
    void (*readable)(void *arg);
    void *arg;
    void (*timer)(void *arg);
    void *timer_arg;
    int64_t now_ns;
} loop;
static struct {
    unsigned n, question;
    uint64_t road;
    enum auth_rr_status status;
    size_t records;
    char first[64];
} got;

static void *io_watch(void *ctx UNUSED, int fd UNUSED, void (*readable)(void *arg), void *arg)
{
    loop.readable = readable;
    loop.arg = arg;
    return &loop;
}
static void io_unwatch(void *ctx UNUSED, void *watch UNUSED) { loop.readable = NULL; }
static void *io_after(void *ctx UNUSED, int64_t ms UNUSED, void (*fn)(void *arg), void *arg)
{
    loop.timer = fn;
    loop.timer_arg = arg;
    return &loop.timer;
}
static void io_cancel(void *ctx UNUSED, void *timer UNUSED) { loop.timer = NULL; }
static int64_t mono(void *ctx UNUSED) { return loop.now_ns; }

static void on_done(void *ctx UNUSED, uint64_t road, unsigned question, const struct resolve_answer *a)
{
    got.n++;
    got.road = road;
    got.question = question;
    got.status = a->status;
    got.records = a->n;
    if (a->n)
        memcpy(got.first, a->rdata[0].p, a->rdata[0].n);
}

static const struct env env = {.mono_ns = mono};
static const struct intake_conf conf = {
    .env = &env, .io = {.watch = io_watch, .unwatch = io_unwatch, .after = io_after, .cancel = io_cancel}};

static struct resolver *start(int fds[2])
{
    struct resolver *r;
    memset(&got, 0, sizeof got);
    loop.now_ns = 1000000;
    assert_int_equal(resolver_create(&r, &conf, on_done, NULL), 0);
    assert_int_equal(channel_pair(fds), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
    resolver_channel(r, fds[0]);
    return r;
}

static struct auth_question question(unsigned id, const char *name)
{
    return (struct auth_question){id, AUTH_RR_TXT, str_c(name)};
}

/* The name of the next question at the dns role's end; its id. */
static uint64_t asked(int fd, char name[300])
{
    static char buf[CHANNEL_MSG_MAX];
    struct channel_msg m;
    struct str s;
    unsigned type;
    if (channel_recv(fd, buf, sizeof buf, &m) != 0)
        return 0;
    assert_int_equal(dns_query_read(&m, &type, &s), 0);
    memcpy(name, s.p, s.n);
    name[s.n] = '\0';
    return m.id;
}

static void answer(int fd, uint64_t id, uint32_t ttl, const char *text)
{
    struct dns_answer a = {.status = DNS_OK, .ttl = ttl, .n = 1, .rdata = {str_c(text)}};
    assert_int_equal(dns_answer_send(fd, id, &a), 0);
    loop.readable(loop.arg);
}

static void asks_answers_and_keeps(void **state UNUSED)
{
    int fds[2];
    char name[300];
    struct resolve_answer now;
    struct resolver *r = start(fds);
    struct auth_question q = question(7, "a.example");
    assert_false(resolver_ask(r, 42, &q, &now));
    uint64_t id = asked(fds[1], name);
    assert_string_equal(name, "a.example");
    answer(fds[1], id, 300, "hello");
    assert_true(got.n == 1 && got.road == 42 && got.question == 7 && got.records == 1);
    answer(fds[1], id, 300, "again"); /* a second answer finds nothing */
    assert_int_equal(got.n, 1);
    assert_true(resolver_ask(r, 43, &q, &now));
    assert_true(now.status == AUTH_RR_OK && now.n == 1 && str_eq(now.rdata[0], STR("hello")));
    loop.now_ns += (RESOLVE_CACHE_MS + 1) * 1000000LL;
    assert_false(resolver_ask(r, 44, &q, &now));
    /* The same name of another type is another question. */
    q.type = AUTH_RR_MX;
    assert_false(resolver_ask(r, 45, &q, &now));
    resolver_free(&r);
    close(fds[1]);
}

static void trouble_is_not_kept(void **state UNUSED)
{
    int fds[2];
    char name[300];
    struct resolve_answer now;
    struct resolver *r = start(fds);
    struct auth_question q = question(1, "a.example");
    assert_false(resolver_ask(r, 1, &q, &now));
    const struct dns_answer failed = {.status = DNS_SERVFAIL}, none = {.status = DNS_NXDOMAIN};
    assert_int_equal(dns_answer_send(fds[1], asked(fds[1], name), &failed), 0);
    loop.readable(loop.arg);
    assert_int_equal(got.status, AUTH_RR_SERVFAIL);
    assert_false(resolver_ask(r, 2, &q, &now));
    assert_int_equal(dns_answer_send(fds[1], asked(fds[1], name), &none), 0);
    loop.readable(loop.arg);
    assert_true(resolver_ask(r, 3, &q, &now));
    assert_int_equal(now.status, AUTH_RR_NXDOMAIN);
    q = question(1, "short.example");
    assert_false(resolver_ask(r, 4, &q, &now));
    answer(fds[1], asked(fds[1], name), 0, "no time to live");
    assert_false(resolver_ask(r, 5, &q, &now));
    resolver_free(&r);
    close(fds[1]);
}

static void no_role_no_waiting(void **state UNUSED)
{
    struct resolver *r;
    struct resolve_answer now;
    struct auth_question q = question(1, "a.example");
    assert_int_equal(resolver_create(&r, &conf, on_done, NULL), 0);
    resolver_channel(r, -1);
    assert_true(resolver_ask(r, 1, &q, &now));
    assert_int_equal(now.status, AUTH_RR_SERVFAIL);
    resolver_free(&r);
}

/* The role dies with questions open, and before others could be sent: its successor is asked all of them. */
static void asks_the_successor(void **state UNUSED)
{
    int fds[2], again[2];
    char name[300];
    struct resolve_answer now;
    struct resolver *r = start(fds);
    struct auth_question a = question(1, "a.example"), b = question(2, "b.example");
    assert_false(resolver_ask(r, 1, &a, &now));
    close(fds[1]);
    loop.readable(loop.arg);
    assert_null(loop.readable);
    assert_false(resolver_ask(r, 2, &b, &now));
    assert_int_equal(channel_pair(again), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(again[i], F_SETFL, O_NONBLOCK), 0);
    resolver_channel(r, again[0]);
    for (int i = 0; i < 2; i++)
        answer(again[1], asked(again[1], name), 10, "x");
    assert_int_equal(got.n, 2);
    resolver_free(&r);
    close(again[1]);
}

/* More than the channel holds: the rest is sent when there is room. */
static void waits_for_room(void **state UNUSED)
{
    int fds[2];
    char name[300];
    struct resolve_answer now;
    struct resolver *r = start(fds);
    unsigned seen = 0;
    enum { MANY = 3000 };
    loop.timer = NULL;
    for (unsigned i = 0; i < MANY; i++) {
        char text[40];
        snprintf(text, sizeof text, "n%u.example", i);
        struct auth_question q = question(i, text);
        assert_false(resolver_ask(r, i + 1, &q, &now));
    }
    assert_non_null(loop.timer);
    for (unsigned turns = 0; seen < MANY && turns < 10 * MANY; turns++) {
        uint64_t id;
        while ((id = asked(fds[1], name)) != 0)
            seen++;
        if (loop.timer) {
            void (*fn)(void *) = loop.timer;
            loop.timer = NULL;
            fn(loop.timer_arg);
        }
    }
    assert_int_equal(seen, MANY);
    resolver_free(&r);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(asks_answers_and_keeps), cmocka_unit_test(trouble_is_not_kept),
                                       cmocka_unit_test(no_role_no_waiting), cmocka_unit_test(asks_the_successor),
                                       cmocka_unit_test(waits_for_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

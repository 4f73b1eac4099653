/* Counters by network: at once, by rate, forgotten under pressure, never growing. Lists of networks. The greylist's memory. */
#include "smtp/limits.h"
#include "smtp/grey.h"
#include "smtp/networks.h"
#include <arpa/inet.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static int64_t mono_ms, wall_ms;
static int64_t test_wall(void *ctx)
{
    (void)ctx;
    return wall_ms;
}
static int64_t test_mono(void *ctx)
{
    (void)ctx;
    return mono_ms * 1000000;
}
static void test_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    memset(p, 7, n);
}
static const struct env test_env = {test_wall, test_mono, test_random, NULL};

static void at_once(void **state)
{
    (void)state;
    struct smtp_limit_table t;
    smtp_limits_init(&t, &test_env);
    for (int i = 0; i < 3; i++)
        assert_true(smtp_limits_enter(&t, STR("net"), 3));
    assert_false(smtp_limits_enter(&t, STR("net"), 3));
    assert_true(smtp_limits_enter(&t, STR("other"), 3));
    smtp_limits_leave(&t, STR("net"));
    assert_true(smtp_limits_enter(&t, STR("net"), 3));
    assert_true(smtp_limits_enter(&t, STR("net"), 0)); /* no limit */
    smtp_limits_leave(&t, STR("never came"));
    smtp_limits_free(&t);
}

/* Two processes and one table; the second dies with a connection and comes again. */
static void shared(void **state)
{
    (void)state;
    struct smtp_limit_table a, b, c;
    int fd = memfd_create("counters", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 4096), 0);
    smtp_limits_init(&a, &test_env);
    smtp_limits_init(&b, &test_env);
    assert_int_equal(smtp_limits_share(&a, fd, 0), ERR_INVALID); /* too small: goes on alone */
    assert_int_equal(ftruncate(fd, 4 << 20), 0);
    assert_int_equal(smtp_limits_share(&a, fd, SMTP_LIMIT_UNITS), ERR_INVALID);
    assert_int_equal(smtp_limits_share(&a, fd, 0), 0);
    assert_int_equal(smtp_limits_share(&b, fd, 1), 0);
    assert_true(smtp_limits_enter(&a, STR("net"), 2));
    assert_true(smtp_limits_enter(&b, STR("net"), 2));
    assert_false(smtp_limits_enter(&a, STR("net"), 2));
    smtp_limits_leave(&a, STR("net"));
    assert_true(smtp_limits_enter(&b, STR("net"), 2));
    assert_false(smtp_limits_enter(&b, STR("net"), 2));
    mono_ms = 1000000;
    assert_true(smtp_limits_take(&a, STR("firm"), SMTP_LIMIT_MESSAGES, 2, SMTP_MINUTE_US));
    assert_true(smtp_limits_take(&b, STR("firm"), SMTP_LIMIT_MESSAGES, 2, SMTP_MINUTE_US));
    assert_false(smtp_limits_take(&a, STR("firm"), SMTP_LIMIT_MESSAGES, 2, SMTP_MINUTE_US));
    smtp_limits_free(&b); /* as if it had died: it left nothing */
    smtp_limits_init(&c, &test_env);
    assert_int_equal(smtp_limits_share(&c, fd, 1), 0);
    assert_true(smtp_limits_enter(&a, STR("net"), 2));
    assert_true(smtp_limits_enter(&c, STR("net"), 2));
    assert_false(smtp_limits_enter(&c, STR("net"), 2));
    smtp_limits_free(&a);
    smtp_limits_free(&c);
    close(fd);
}

/* One that is killed while it holds the mutex stops nobody. */
static void killed(void **state)
{
    (void)state;
    struct smtp_limit_table a;
    int fd = memfd_create("counters", MFD_CLOEXEC), status;
    assert_int_equal(ftruncate(fd, 4 << 20), 0);
    smtp_limits_init(&a, &test_env);
    assert_int_equal(smtp_limits_share(&a, fd, 0), 0);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct smtp_limit_table b;
            smtp_limits_init(&b, &test_env);
            if (smtp_limits_share(&b, fd, 1) != 0)
                _exit(1);
            for (;;)
                if (!smtp_limits_enter(&b, STR("net"), 0))
                    _exit(1);
        }
        usleep(3000);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_true(smtp_limits_enter(&a, STR("net"), 0));
    }
    smtp_limits_free(&a);
    close(fd);
}

static void by_rate(void **state)
{
    (void)state;
    struct smtp_limit_table t;
    smtp_limits_init(&t, &test_env);
    mono_ms = 1000000;
    for (int i = 0; i < 60; i++)
        assert_true(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US));
    assert_false(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US));
    assert_true(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_UNKNOWN, 60, SMTP_MINUTE_US)); /* each on its own */
    assert_true(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 0, SMTP_MINUTE_US));
    mono_ms += 999;
    assert_false(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US));
    mono_ms += 1;
    assert_true(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US));
    assert_false(smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US));
    mono_ms += 3600 * 1000;
    int n = 0;
    while (n < 1000 && smtp_limits_take(&t, STR("net"), SMTP_LIMIT_MESSAGES, 60, SMTP_MINUTE_US))
        n++;
    assert_int_equal(n, 60); /* a long silence saves up one window, not more */
    smtp_limits_free(&t);
}

static void many_networks(void **state)
{
    (void)state;
    struct smtp_limit_table t;
    char key[16];
    smtp_limits_init(&t, &test_env);
    assert_true(smtp_limits_enter(&t, STR("held"), 1));
    for (int i = 0; i < 300000; i++) {
        mono_ms++;
        int n = snprintf(key, sizeof key, "n%d", i);
        assert_true(smtp_limits_take(&t, str_n(key, (size_t)n), SMTP_LIMIT_CONNECTIONS, 1, SMTP_MINUTE_US));
    }
    assert_false(smtp_limits_enter(&t, STR("held"), 1)); /* a row with connections is never forgotten */
    smtp_limits_free(&t);
}

static struct net_peer peer(const char *text)
{
    struct net_peer p = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    assert_int_equal(inet_pton(p.family, text, p.addr), 1);
    return p;
}

static bool in(const char *list, const char *addr)
{
    struct smtp_networks v;
    struct err e = {0};
    struct net_peer p = peer(addr);
    assert_int_equal(smtp_networks_parse(str_c(list), &v, &e), 0);
    return smtp_networks_has(&v, &p);
}

static void lists_of_networks(void **state)
{
    (void)state;
    static const char *const bad[] = {"x",          "192.0.2.0/33", "192.0.2",     "2001:db8::/129",
                                      "192.0.2.0/", "/8",           "192.0.2.0/-1"};
    struct smtp_networks v;
    struct err e = {0};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_true(smtp_networks_parse(str_c(bad[i]), &v, &e) < 0);
    assert_true(in("192.0.2.0/24", "192.0.2.255"));
    assert_false(in("192.0.2.0/24", "192.0.3.0"));
    assert_true(in("192.0.2.77/25", "192.0.2.1"));
    assert_false(in("192.0.2.0/25", "192.0.2.128"));
    assert_true(in(" 10.0.0.0/8 , 2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(in("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(in("0.0.0.0/0", "8.8.8.8"));
    assert_false(in("0.0.0.0/0", "2001:db8::1"));
    assert_true(in("127.0.0.1", "127.0.0.1"));
    assert_false(in("", "127.0.0.1"));
    char a[SMTP_NETWORK_KEY_MAX], b[SMTP_NETWORK_KEY_MAX];
    struct net_peer p = peer("192.0.2.1"), q = peer("192.0.2.254"), r = peer("2001:db8:0:12ff::1"),
                    s = peer("2001:db8:0:1200::9");
    assert_true(str_eq(smtp_network_key(&p, a), smtp_network_key(&q, b)));
    assert_true(str_eq(smtp_network_key(&r, a), smtp_network_key(&s, b))); /* one /56 */
    s = peer("2001:db8:0:1300::9");
    assert_false(str_eq(smtp_network_key(&r, a), smtp_network_key(&s, b)));
}

static struct smtp_grey_row kept[64];
static size_t n_kept;
static void keep(void *ctx, int64_t cell, const struct smtp_grey_row *row)
{
    (void)ctx;
    assert_int_equal(cell, 1);
    assert_true(n_kept < N_ELEMENTS(kept));
    kept[n_kept++] = *row;
}

static void greylist(void **state)
{
    (void)state;
    struct smtp_grey g;
    smtp_grey_init(&g, &test_env, 60000);
    g.keep = keep;
    wall_ms = 1700000000000;
    struct str net = STR("4\xc0\x00\x02"), from = STR("a@b.example");
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 60);
    wall_ms += 59000;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 1);
    wall_ms += 1000;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 0);
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 0);
    assert_int_equal(smtp_grey_ask(&g, 1, 6, net, from, STR("x@y.example")), 60); /* another firm knows nothing of it */
    assert_int_equal(n_kept, 2);                                                  /* what passed, and its network */

    /* A restart: what was kept brings the state back. */
    smtp_grey_free(&g);
    smtp_grey_init(&g, &test_env, 60000);
    g.keep = keep;
    for (size_t i = 0; i < n_kept; i++)
        smtp_grey_put(&g, &kept[i]);
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 0);

    /* Three that passed: the network is known. */
    static const struct str more[] = {STR("p@y.example"), STR("q@y.example")};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, more[i]), 60);
    wall_ms += 61000;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, more[i]), 0);
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, STR("new@b.example"), STR("z@y.example")), 0);
    assert_int_equal(smtp_grey_ask(&g, 1, 5, STR("4\xc0\x00\x03"), from, STR("z@y.example")), 60);

    /* A flood of first mails does not make us forget who has passed. */
    for (int i = 0; i < 200000; i++) {
        char to[32];
        int n = snprintf(to, sizeof to, "f%d@y.example", i);
        assert_true(smtp_grey_ask(&g, 1, 5, STR("4\x01\x02\x04"), from, str_n(to, (size_t)n)) > 0);
    }
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 0);
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, STR("other@b.example"), STR("z@y.example")), 0);
    /* Back after more than a day, and a clock that jumps back: it begins anew. */
    wall_ms += SMTP_GREY_WINDOW_MS + 60000;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, STR("4\xc0\x00\x03"), from, STR("z@y.example")), 60);
    wall_ms -= 3600000;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, STR("4\xc0\x00\x03"), from, STR("z@y.example")), 60);
    wall_ms += 61000;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, STR("4\xc0\x00\x03"), from, STR("z@y.example")), 0);

    /* What passed is forgotten five weeks after its last mail. */
    wall_ms += SMTP_GREY_KEEP_MS + 1;
    assert_int_equal(smtp_grey_ask(&g, 1, 5, net, from, STR("x@y.example")), 60);
    g.keep = NULL;
    for (int i = 0; i < 200000; i++) { /* never more than the table */
        char to[32];
        int n = snprintf(to, sizeof to, "u%d@y.example", i);
        assert_int_equal(smtp_grey_ask(&g, 1, 5, STR("4\x01\x02\x03"), from, str_n(to, (size_t)n)), 60);
    }
    smtp_grey_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(at_once),       cmocka_unit_test(shared),
                                       cmocka_unit_test(killed),        cmocka_unit_test(by_rate),
                                       cmocka_unit_test(many_networks), cmocka_unit_test(lists_of_networks),
                                       cmocka_unit_test(greylist)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Limits and figures that several processes share: one limit for all, what a dead process held and counted, and a table that is full. */
#include "http/figures.h"
#include "http/http_fixture.h"
#include "http/limits.h"
#include "net/shared.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fixture F;
static const struct net_peer one = {.addr = {192, 0, 2, 1}, .family = AF_INET},
                             two = {.addr = {192, 0, 2, 2}, .family = AF_INET};

static int memory(void)
{
    int fd = memfd_create("counters", MFD_CLOEXEC);
    assert_true(fd > 0);
    assert_int_equal(ftruncate(fd, (NET_SHARED_FIGURES + NET_SHARED_FIGURES_BYTES)), 0);
    return fd;
}

/* How many of one person get in. */
static int fill(struct http_limits *l, unsigned flags, const struct http_person *who, const struct net_peer *peer,
                struct http_slot *slots, int most)
{
    int n = 0;
    while (n < most && http_limits_enter(l, flags, who, peer, &slots[n]) == 0)
        n++;
    return n;
}

static void one_limit_for_all(void **state UNUSED)
{
    int fd = memory();
    struct http_slot a[40] = {{0}}, b[40] = {{0}}, c[40] = {{0}};
    struct http_limits *x = http_limits_new(F.loop, fd, 0), *y = http_limits_new(F.loop, fd, 1);
    assert_int_equal(fill(x, HTTP_CALL, &fixture_anna, &one, a, 10), 10);
    assert_int_equal(fill(y, HTTP_CALL, &fixture_anna, &two, b, 40), 6); /* 16 at once, wherever they are */
    assert_int_equal(fill(y, HTTP_CALL, NULL, &two, c, 40), 16);         /* an address is somebody else */
    http_limits_leave(x, &a[0]);
    http_limits_leave(x, &a[0]); /* nothing held: nothing happens */
    assert_int_equal(fill(y, HTTP_CALL, &fixture_anna, &two, b + 6, 40 - 6), 1);
    for (int i = 1; i < 10; i++)
        http_limits_leave(x, &a[i]);
    for (int i = 0; i < 16; i++)
        http_limits_leave(y, &c[i]);
    /* It dies with seven held; its successor begins with none. */
    http_limits_free(&y);
    assert_int_equal(fill(x, HTTP_CALL, &fixture_anna, &one, a, 40), 9);
    y = http_limits_new(F.loop, fd, 1);
    assert_int_equal(fill(y, HTTP_CALL, &fixture_anna, &one, b, 40), 7);
    http_limits_free(&x);
    http_limits_free(&y);
    close(fd);
}

static void one_rate_for_all(void **state UNUSED)
{
    int fd = memory(), n = 0;
    struct http_slot slot = {0};
    struct http_limits *x = http_limits_new(F.loop, fd, 0), *y = http_limits_new(F.loop, fd, 1);
    for (int i = 0; i < 400; i++) {
        struct http_limits *l = i % 2 ? x : y;
        if (http_limits_enter(l, HTTP_TRANSFER, NULL, &one, &slot) == 0)
            n++;
        http_limits_leave(l, &slot);
    }
    assert_int_equal(n, 200); /* the burst, once */
    assert_true(http_limits_enter(x, HTTP_TRANSFER, NULL, &one, &slot) >= 1);
    assert_int_equal(http_limits_enter(x, HTTP_TRANSFER, NULL, &two, &slot), 0);
    http_limits_leave(x, &slot);
    F.mono_ms += 1000; /* 600 a minute: ten */
    for (n = 0; n < 20 && http_limits_enter(n % 2 ? x : y, HTTP_TRANSFER, NULL, &one, &slot) == 0; n++)
        http_limits_leave(n % 2 ? x : y, &slot);
    assert_int_equal(n, 10);
    http_limits_free(&x);
    http_limits_free(&y);
    close(fd);
}

/* Memory that cannot be used: the process counts alone. A flood of addresses does not stop those who hold something. */
static void alone(void **state UNUSED)
{
    int fd = memfd_create("small", MFD_CLOEXEC);
    struct http_slot a[20] = {{0}}, s = {0};
    struct http_limits *x = http_limits_new(F.loop, fd, 0), *y = http_limits_new(F.loop, 0, 99);
    assert_int_equal(fill(x, HTTP_CALL, &fixture_anna, &one, a, 20), 16);
    for (uint32_t i = 0; i < 100000; i++) {
        struct net_peer p = {.family = AF_INET};
        memcpy(p.addr, &i, sizeof i);
        assert_int_equal(http_limits_enter(x, HTTP_STREAM, NULL, &p, &s), 0);
        http_limits_leave(x, &s);
    }
    assert_int_equal(http_limits_enter(x, HTTP_CALL, &fixture_anna, &one, &s), 1);
    assert_int_equal(http_limits_enter(y, HTTP_CALL, &fixture_anna, &one, &s), 0);
    http_limits_leave(y, &s);
    http_limits_free(&x);
    http_limits_free(&y);
    close(fd);
}

/* Each address of a class: all rows are taken, and nobody is refused for it. */
static void full_table(void **state UNUSED)
{
    enum { MANY = 60000 };
    struct http_slot *slots = calloc(MANY, sizeof *slots);
    struct http_limits *x = http_limits_new(F.loop, 0, 0);
    assert_non_null(slots);
    for (uint32_t i = 0; i < MANY; i++) {
        struct net_peer p = {.family = AF_INET};
        memcpy(p.addr, &i, sizeof i);
        assert_int_equal(http_limits_enter(x, HTTP_CONNECTION, NULL, &p, &slots[i]), 0);
    }
    for (uint32_t i = 0; i < MANY; i++)
        http_limits_leave(x, &slots[i]);
    http_limits_free(&x);
    free(slots);
}

static void figures(void **state UNUSED)
{
    static const bool counter[] = {true, false};
    int fd = memory();
    struct http_figures *x = http_figures_new(fd, 0, &F.env), *y = http_figures_new(fd, 1, &F.env);
    int64_t mine[2] = {10, 2}, theirs[2] = {5, 3}, asked[2] = {12, 1};
    http_figures_tell(x, mine, counter, 2);
    http_figures_tell(y, theirs, counter, 2);
    http_figures_add(x, asked, counter, 2);
    assert_true(asked[0] == 17 && asked[1] == 4); /* own ones as they are now */
    http_figures_free(&y);                        /* dies */
    y = http_figures_new(fd, 1, &F.env);
    int64_t fresh[2] = {1, 0};
    http_figures_tell(y, fresh, counter, 2);
    asked[0] = 12, asked[1] = 1;
    http_figures_add(x, asked, counter, 2);
    assert_true(asked[0] == 18 && asked[1] == 1); /* a counter goes on, a gauge does not */
    asked[0] = 2, asked[1] = 7;
    http_figures_add(y, asked, counter, 2);
    assert_true(asked[0] == 17 && asked[1] == 9);
    http_figures_free(&x);
    http_figures_free(&y);
    assert_null(http_figures_new(0, 0, &F.env));
    close(fd);
}

static int setup(void **state UNUSED)
{
    fixture_open(&F, NULL);
    return 0;
}
static int teardown(void **state UNUSED)
{
    fixture_close(&F);
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {T(one_limit_for_all), T(one_rate_for_all), T(alone), T(full_table), T(figures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define MANY 5000

static void *value_of(uint64_t i) { return (void *)(uintptr_t)(i + 1); }

static void strings(void **state UNUSED)
{
    struct map m;
    char key[32];
    map_init(&m, 1, 2);
    assert_null(map_get(&m, STR("x")));
    assert_null(map_del(&m, STR("x")));
    for (uint64_t i = 0; i < MANY; i++)
        assert_null(map_put(&m, str_n(key, (size_t)snprintf(key, sizeof key, "key-%d", (int)i)), value_of(i)));
    assert_int_equal(m.n, MANY);
    for (uint64_t i = 0; i < MANY; i += 2)
        assert_ptr_equal(map_del(&m, str_n(key, (size_t)snprintf(key, sizeof key, "key-%d", (int)i))), value_of(i));
    for (uint64_t i = 0; i < MANY; i++) {
        void *got = map_get(&m, str_n(key, (size_t)snprintf(key, sizeof key, "key-%d", (int)i)));
        assert_ptr_equal(got, i % 2 ? value_of(i) : NULL);
    }
    assert_ptr_equal(map_put(&m, STR("key-1"), value_of(77)), value_of(1));
    size_t it = 0, n = 0;
    struct str k;
    void *v;
    while (map_next(&m, &it, &k, &v)) {
        assert_true(str_starts(k, STR("key-")));
        n++;
    }
    assert_int_equal(n, m.n);
    assert_null(map_put(&m, STR(""), value_of(9)));
    assert_ptr_equal(map_get(&m, STR_NULL), value_of(9));
    map_free(&m);
    assert_int_equal(m.n, 0);
}

/* Put and delete for ever must not grow the table. */
static void churn(void **state UNUSED)
{
    struct map m;
    struct imap im;
    char key[32];
    map_init(&m, 3, 4);
    imap_init(&im);
    for (uint64_t i = 1; i < 100000; i++) {
        struct str k = str_n(key, (size_t)snprintf(key, sizeof key, "%d", (int)i));
        map_put(&m, k, value_of(i));
        imap_put(&im, i, value_of(i));
        assert_ptr_equal(map_del(&m, k), value_of(i));
        assert_ptr_equal(imap_del(&im, i), value_of(i));
    }
    assert_true(m.cap <= 64 && im.cap <= 64);
    map_free(&m);
    imap_free(&im);
}

static void numbers(void **state UNUSED)
{
    struct imap m;
    imap_init(&m);
    assert_null(imap_get(&m, 5));
    for (uint64_t i = 1; i <= MANY; i++)
        assert_null(imap_put(&m, i << 20, value_of(i)));
    for (uint64_t i = 1; i <= MANY; i += 3)
        assert_ptr_equal(imap_del(&m, i << 20), value_of(i));
    assert_null(imap_del(&m, 1 << 20));
    assert_null(imap_put(&m, 1 << 20, value_of(1))); /* into a deleted slot */
    assert_ptr_equal(imap_get(&m, 1 << 20), value_of(1));
    size_t it = 0, n = 0;
    uint64_t k;
    void *v;
    while (imap_next(&m, &it, &k, &v)) {
        assert_ptr_equal(v, value_of(k >> 20));
        n++;
    }
    assert_int_equal(n, m.n);
    assert_null(imap_get(&m, 0));
    imap_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(churn),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "store/sorter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void sort_n(size_t n, size_t memory)
{
    struct sorter *s;
    const void *p;
    uint8_t last[12] = {0};
    uint32_t x = 1, sum = 0, back = 0;
    size_t seen = 0;

    assert_int_equal(sorter_open(&s, sizeof last, memory, "/tmp", NULL), 0);
    for (size_t i = 0; i < n; i++) {
        uint8_t rec[12] = {0};

        x = x * 1664525u + 1013904223u;
        memcpy(rec, &x, 4);
        sum += x;
        assert_int_equal(sorter_add(s, rec), 0);
    }
    assert_int_equal(sorter_sort(s), 0);
    for (int rc; (rc = sorter_next(s, &p)) != 0; seen++) {
        uint32_t v;

        assert_int_equal(rc, 1);
        assert_true(memcmp(last, p, sizeof last) <= 0);
        memcpy(last, p, sizeof last);
        memcpy(&v, p, 4);
        back += v;
    }
    assert_int_equal(sorter_next(s, &p), 0);
    assert_int_equal(seen, n);
    assert_int_equal(sorter_count(s), n);
    assert_int_equal(back, sum);
    sorter_close(&s);
    assert_null(s);
}

static void test_memory(void **state UNUSED)
{
    sort_n(0, 1 << 20);
    sort_n(1, 1 << 20);
    sort_n(5000, 1 << 20);
}

static void test_spill(void **state UNUSED)
{
    sort_n(16, 0); /* exactly what is kept */
    sort_n(17, 0);
    sort_n(100000, 1200000 / 7);
    sort_n(40000, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_spill)};

    return cmocka_run_group_tests_name("sorter", tests, NULL, NULL);
}

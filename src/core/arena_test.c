#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void allocates(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t n = 0; n < 3000; n += 7) {
        char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xEE, n);
    }
    char *big = arena_zalloc(&a, 1 << 20);
    assert_int_equal(big[(1 << 20) - 1], 0);
    assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
    assert_true(str_eq(arena_str(&a, STR("abc")), STR("abc")));
    assert_string_equal(arena_z(&a, STR_NULL), "");
    assert_true(str_eq(arena_printf(&a, "%d-%s", 4, "x"), STR("4-x")));
    arena_free(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 1)); /* may be used again */
}

static void keeps_its_limit(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, 4096);
    assert_null(arena_try(&a, 5000));
    assert_null(arena_try(&a, SIZE_MAX));
    assert_null(arena_try(&a, SIZE_MAX - 8));
    size_t n = 0;
    while (arena_try(&a, 64))
        n++;
    assert_in_range(n, 40, 64); /* fewer with the red zones of sanitizers */
    assert_true(a.used <= 4096);
}

static void goes_back_to_a_mark(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct arena_mark empty = arena_mark(&a);
    struct str kept = arena_str(&a, STR("kept"));
    struct arena_mark m = arena_mark(&a);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 100; i++)
            memset(arena_alloc(&a, 500), round, 500);
        arena_reset(&a, m);
    }
    assert_true(str_eq(kept, STR("kept")));
    assert_int_equal(a.used, m.used);
    arena_reset(&a, empty);
    assert_int_equal(a.used, 0);
    assert_null(a.head);
    assert_non_null(arena_alloc(&a, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocates),
        cmocka_unit_test(keeps_its_limit),
        cmocka_unit_test(goes_back_to_a_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/err.h"
#include "core/env.h"
#include "core/list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void names(void **state UNUSED)
{
    for (int code = ERR_LAST; code <= 0; code++)
        assert_non_null(err_name(code));
    assert_string_equal(err_name(ERR_IO), "ERR_IO");
    assert_string_equal(err_name(1), "?");
    assert_string_equal(err_name(ERR_LAST - 1), "?");
    assert_int_equal(err_from_errno(ENOSPC), ERR_FULL);
    assert_int_equal(err_from_errno(EIO), ERR_IO);
    assert_int_equal(err_from_errno(EACCES), ERR_PERM);
    assert_int_equal(err_from_errno(9999), ERR_SYS);
}

static void sentences(void **state UNUSED)
{
    struct err e = {0};
    char much[ERR_TEXT_MAX * 2];
    assert_int_equal(err_set(&e, ERR_FULL, "disk %s", "full"), ERR_FULL);
    assert_int_equal(err_wrap(&e, "cell %d", 3), ERR_FULL);
    assert_string_equal(e.text, "cell 3: disk full");
    assert_int_equal(err_set(&e, ERR_IO, "again: %s", e.text), ERR_IO); /* its own text as an argument */
    assert_string_equal(e.text, "again: cell 3: disk full");
    memset(much, 'm', sizeof much - 1);
    much[sizeof much - 1] = 0;
    err_set(&e, ERR_IO, "%s", much);
    err_wrap(&e, "%s", much);
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_int_equal(err_set(NULL, ERR_BUSY, "nobody listens"), ERR_BUSY);
}

static void clocks(void **state UNUSED)
{
    const struct env *env = env_system();
    unsigned char a[32], b[32];
    int64_t before = env_mono_ns(env);
    assert_true(env_wall_ms(env) > 1600000000000);
    assert_true(env_mono_ns(env) >= before);
    env_random(env, a, sizeof a);
    env_random(env, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

struct item {
    int v;
    struct list node;
};

static void lists(void **state UNUSED)
{
    struct list l;
    struct item items[5];
    int sum = 0;
    list_init(&l);
    assert_true(list_empty(&l));
    for (int i = 0; i < 5; i++) {
        items[i].v = i;
        list_add(&l, &items[i].node);
    }
    LIST_EACH_SAFE (it, &l)
        if (LIST_ITEM(it, struct item, node)->v % 2)
            list_del(it);
    LIST_EACH (it, &l)
        sum = sum * 10 + LIST_ITEM(it, struct item, node)->v;
    assert_int_equal(sum, 24); /* 0 2 4, in order */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(sentences),
        cmocka_unit_test(clocks),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The fence: one holder at a time, a wait ends with the holder, and with its patience. */
#include "store/fence.h"
#include "core/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/sigillo-fence-XXXXXX";
static struct fence one, two;
static atomic_int result;

static void *take_two(void *patience)
{
    atomic_store(&result, fence_take(&two, env_mono_ns(env_system()), *(int *)patience));
    return NULL;
}

static void waits_for_the_holder(void **state)
{
    (void)state;
    int patience = 10000;
    pthread_t t;
    assert_int_equal(fence_take(&one, env_mono_ns(env_system()), 100), 0);
    atomic_store(&result, 1);
    pthread_create(&t, NULL, take_two, &patience);
    usleep(50000);
    assert_int_equal(atomic_load(&result), 1);
    fence_watch(&two, env_mono_ns(env_system())); /* not yet */
    usleep(20000);
    assert_int_equal(atomic_load(&result), 1);
    fence_give(&one);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&result), 0);
    fence_give(&two);
}

static void gives_up_when_patience_ends(void **state)
{
    (void)state;
    int patience = 50;
    pthread_t t;
    assert_int_equal(fence_take(&one, env_mono_ns(env_system()), 100), 0);
    atomic_store(&result, 1);
    pthread_create(&t, NULL, take_two, &patience);
    for (int i = 0; i < 500 && atomic_load(&result) == 1; i++) {
        usleep(10000);
        fence_watch(&two, env_mono_ns(env_system()));
    }
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&result), ERR_BUSY);
    fence_give(&one);
    /* Nothing is left of it. */
    assert_int_equal(fence_take(&two, env_mono_ns(env_system()), 100), 0);
    fence_give(&two);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    struct fence f;
    struct err e = {0};
    assert_int_equal(fence_open(&f, "/nonexistent/cell.lock", true, &e), ERR_NOENT);
    assert_true(e.text[0] != 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_the_holder),
        cmocka_unit_test(gives_up_when_patience_ends),
        cmocka_unit_test(says_what_is_wrong),
    };
    struct err e = {0};
    fence_setup();
    int fd = mkstemp(path);
    if (fd < 0 || fence_open(&one, path, false, &e) != 0 || fence_open(&two, path, false, &e) != 0)
        return 1;
    close(fd);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return r;
}

#include "os/master.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char state_dir[64];
static char file[128];

static int set_up(void **state UNUSED)
{
    snprintf(state_dir, sizeof(state_dir), "/tmp/master_test_XXXXXX");
    if (!mkdtemp(state_dir))
        return 1;
    snprintf(file, sizeof(file), "%s/keys/master", state_dir);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    char keys[128];
    snprintf(keys, sizeof(keys), "%s/keys", state_dir);
    unlink(file);
    rmdir(keys);
    rmdir(state_dir);
    return 0;
}

static void put(const char *text)
{
    int fd = open(file, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void made_once_and_rotated(void **state UNUSED)
{
    struct master a, b;
    struct stat st;
    struct err e = {0};
    assert_int_equal(master_load(state_dir, &a, &e), ERR_NOENT);
    assert_int_equal(master_create(state_dir, env_system(), &e), 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(master_load(state_dir, &a, &e), 0);
    assert_int_equal(a.n, 1);
    assert_int_equal(master_create(state_dir, env_system(), &e), ERR_EXIST);
    assert_int_equal(master_rotate(state_dir, env_system(), &e), 0);
    assert_int_equal(master_load(state_dir, &b, &e), 0);
    assert_int_equal(b.n, 2);
    assert_memory_equal(&a.keys[0], &b.keys[0], sizeof(a.keys[0]));
    assert_ptr_equal(master_find(&b, a.keys[0].id), &b.keys[0]);
    assert_null(master_find(&b, 0));
    master_wipe(&b);
    assert_int_equal(b.n, 0);
}

/* The sheet that a person types in again: every single wrong digit is seen. */
static void slips_are_seen(void **state UNUSED)
{
    struct master m;
    struct err e = {0};
    char line[MASTER_LINE_MAX + 1];
    assert_int_equal(master_create(state_dir, env_system(), &e), 0);
    assert_int_equal(master_load(state_dir, &m, &e), 0);
    master_line(&m.keys[0], line);
    assert_int_equal(strlen(line), MASTER_LINE_MAX);
    put(line);
    assert_int_equal(master_load(state_dir, &m, &e), 0);
    for (size_t i = 0; i < MASTER_LINE_MAX; i++) {
        char bad[MASTER_LINE_MAX + 1];
        memcpy(bad, line, sizeof(bad));
        bad[i] = bad[i] == '7' ? '8' : '7';
        put(bad);
        assert_int_equal(master_load(state_dir, &m, &e), ERR_CORRUPT);
    }
    put("# nothing\n");
    assert_int_equal(master_load(state_dir, &m, &e), ERR_CORRUPT);
}

static void readable_by_others_is_refused(void **state UNUSED)
{
    struct master m;
    struct err e = {0};
    assert_int_equal(master_create(state_dir, env_system(), &e), 0);
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(master_load(state_dir, &m, &e), ERR_PERM);
    assert_non_null(strstr(e.text, "chmod 600"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(made_once_and_rotated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slips_are_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readable_by_others_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* As root the whole of it is tried with a user id that owns nothing else; otherwise the rows that need no root. */
#include "os/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define STRANGER 4242

static char top[64], inner[96], dir[128];

static int set_up(void **state UNUSED)
{
    snprintf(top, sizeof(top), "/tmp/owner_test_XXXXXX");
    if (!mkdtemp(top) || chmod(top, 0755) != 0)
        return 1;
    snprintf(inner, sizeof(inner), "%s/inner", top);
    snprintf(dir, sizeof(dir), "%s/state", inner);
    if (mkdir(inner, 0755) != 0 || mkdir(dir, 0700) != 0)
        return 1;
    return geteuid() == 0 && chown(dir, STRANGER, STRANGER) != 0;
}

static int tear_down(void **state UNUSED)
{
    rmdir(dir);
    rmdir(inner);
    return rmdir(top);
}

static void finds_the_owner(void **state UNUSED)
{
    struct owner o;
    struct err e = {0};
    assert_int_equal(owner_of(dir, &o, &e), 0);
    assert_int_equal(o.uid, geteuid() == 0 ? STRANGER : geteuid());
    assert_int_equal(owner_of("/tmp/owner_test_none", &o, &e), ERR_NOENT);
    assert_non_null(strstr(e.text, "sigillo init"));
    assert_int_equal(owner_of("/etc/passwd", &o, &e), ERR_NOENT);
    assert_int_equal(owner_of("/", &o, &e), ERR_PERM);
    assert_non_null(strstr(e.text, "chown"));
}

static void names_the_folder_that_stops_him(void **state UNUSED)
{
    struct owner o;
    struct err e = {0};
    assert_int_equal(owner_of(dir, &o, &e), 0);
    assert_int_equal(owner_can_use(dir, &o, &e), 0);
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(inner, 0700), 0);
    assert_int_equal(owner_can_use(dir, &o, &e), ERR_PERM);
    assert_non_null(strstr(e.text, "chmod o+x "));
    assert_non_null(strstr(e.text, inner));
    assert_int_equal(chmod(inner, 0755), 0);
    assert_int_equal(chmod(dir, 0500), 0);
    assert_int_equal(owner_can_use(dir, &o, &e), ERR_PERM);
    assert_non_null(strstr(e.text, "chmod u+rwx"));
}

static int become(const struct owner *o)
{
    struct err e = {0};
    uid_t r, ef, s;
    if (owner_become(o, &e) != 0 || getresuid(&r, &ef, &s) != 0)
        return 1;
    return r == o->uid && ef == o->uid && s == o->uid && setuid(0) != 0 ? 0 : 2;
}

static void becomes_him_for_good(void **state UNUSED)
{
    struct owner o;
    struct err e = {0};
    int status;
    if (geteuid() != 0)
        skip();
    assert_int_equal(owner_of(dir, &o, &e), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(become(&o));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void acts_as_him_for_a_while(void **state UNUSED)
{
    struct owner o;
    struct err e = {0};
    if (geteuid() != 0)
        skip();
    assert_int_equal(owner_of(dir, &o, &e), 0);
    assert_int_equal(owner_enter(&o, &e), 0);
    assert_int_equal(geteuid(), STRANGER);
    assert_int_not_equal(access("/root", X_OK | R_OK) == 0 && eaccess("/root", R_OK) == 0, 1);
    assert_int_equal(owner_leave(&e), 0);
    assert_int_equal(geteuid(), 0);
    assert_int_equal(getegid(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_the_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_the_folder_that_stops_him, set_up, tear_down),
        cmocka_unit_test_setup_teardown(becomes_him_for_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(acts_as_him_for_a_while, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/fault.h"
#include "core/env.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void counts_passes(void **state UNUSED)
{
    fault_setup("net", NULL);
    assert_false(fault_armed);
    assert_false(fault_point("pack.write"));
    fault_setup("net", "net:pack.write:2:error,jobs:pack.write:1:error,net:commit:0:error");
    assert_true(fault_armed);
    assert_false(fault_point("pack.write"));
    assert_true(fault_point("pack.write"));
    assert_false(fault_point("pack.write"));
    assert_true(fault_point("commit") && fault_point("commit"));
    assert_false(fault_point("other"));
    fault_setup("jobs", "net:pack.write:1:error");
    assert_false(fault_armed);
}

static void delays(void **state UNUSED)
{
    int64_t before = env_mono_ms(env_system());
    fault_setup("net", "net:reply:1:delay-30");
    assert_false(fault_point("reply"));
    assert_true(env_mono_ms(env_system()) - before >= 29);
}

static int child_end(const char *setting)
{
    pid_t pid = fork();
    if (pid == 0) {
        close(2);
        fault_setup("net", setting);
        fault_point("here");
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

static void kills(void **state UNUSED)
{
    int status = child_end("net:here:1:kill");
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(child_end("dns:here:1:kill"), 0);
    static const char *const bad[] = {
        "net", "net:here", "net:here:1", "net:here:x:kill", "net:here:1:explode", "net:here:1:delay-", ","};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        status = child_end(bad[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_passes),
        cmocka_unit_test(delays),
        cmocka_unit_test(kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

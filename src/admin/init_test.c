/* init and the verbs of people, run as the state's owner in a child; control requests whole and byte by byte. */
#include "admin/control.h"
#include "admin/init.h"
#include "admin/password.h"
#include "admin/people.h"
#include "store/party.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define NOBODY 65534

static char dir[64], state[80];

static int setup(void **s UNUSED)
{
    snprintf(dir, sizeof dir, "/tmp/sigillo-init-XXXXXX");
    if (!mkdtemp(dir) || chmod(dir, 0755) != 0)
        return -1;
    snprintf(state, sizeof state, "%s/state", dir);
    /* As root the folder is given to a user that exists everywhere, so that the test makes no account on this machine. */
    return mkdir(state, 0700) == 0 && (geteuid() != 0 || chown(state, NOBODY, NOBODY) == 0) ? 0 : -1;
}
static int teardown(void **s UNUSED)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    return system(cmd);
}

/* A verb in a child, because it gives up root. Its output in out. */
static int run(char *out, size_t cap, const char *in, const char *const *words)
{
    char *argv[24] = {(char *)"sigillo"};
    int argc = 1, to[2], from[2];
    while (words[argc - 1]) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    assert_int_equal(pipe(to) | pipe(from), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(from[1], 2);
        close(to[1]);
        close(from[0]);
        int rc = verb_main(argc, argv);
        fflush(stdout);
        _exit(rc);
    }
    close(to[0]);
    close(from[1]);
    ssize_t sent UNUSED = write(to[1], in, strlen(in)); /* a verb that is used wrongly ends before it reads */
    close(to[1]);
    size_t n = 0;
    ssize_t got;
    while (n < cap - 1 && (got = read(from[0], out + n, cap - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = 0;
    close(from[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}
#define RUN(in, ...) run(out, sizeof out, in, (const char *const[]){__VA_ARGS__, NULL})

static void makes_a_state(void **s UNUSED)
{
    char out[8192];
    int rc = RUN("a good password\n", "init", "--state", state, "--firm", "Azienda Srl", "--domain", "Azienda.Example",
                 "--user", "info@azienda.example", "--name", "Ufficio", "--password-stdin");
    if (rc != 0)
        fail_msg("%s", out);
    assert_non_null(strstr(out, "RECOVERY SHEET"));
    struct stat sb;
    char path[128];
    snprintf(path, sizeof path, "%s/keys/master", state);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
    assert_true(geteuid() != 0 || sb.st_uid == NOBODY);
    snprintf(path, sizeof path, "%s/cells/1/cell.db", state);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
    assert_true(geteuid() != 0 || sb.st_uid == NOBODY);
    /* Again: the person exists, and the key is not shown or changed a second time. */
    assert_int_equal(RUN("a good password\n", "init", "--state", state, "--firm", "Azienda Srl", "--domain",
                         "azienda.example", "--user", "info@azienda.example", "--name", "Ufficio", "--password-stdin"),
                     1);
    assert_non_null(strstr(out, "exists already"));
    assert_null(strstr(out, "RECOVERY SHEET"));
    assert_int_equal(RUN("another password\n", "user", "add", "anna@azienda.example", "--state", state, "--name",
                         "Anna", "--password-stdin"),
                     0);
    assert_int_equal(RUN("another password\n", "user", "add", "anna@altra.example", "--state", state, "--name", "Anna",
                         "--password-stdin"),
                     1);
    assert_non_null(strstr(out, "no firm here has the domain"));
    assert_int_equal(RUN("x\n", "user", "add", "bea@azienda.example", "--state", state, "--password-stdin"), 1);
    assert_non_null(strstr(out, "too short"));
    assert_int_equal(RUN("", "counterparty", "add", "fornitore.example", "--name", "Fornitore", "--iban",
                         "IT60 X054 2811 1010 0000 0123 456", "--state", state),
                     0);
    assert_int_equal(RUN("", "counterparty", "add", "fornitore.example", "--name", "Fornitore", "--iban",
                         "IT61 X054 2811 1010 0000 0123 456", "--state", state),
                     1);
    assert_non_null(strstr(out, "not a valid IBAN"));
    assert_int_equal(RUN("", "firm", "add", "Altra Srl", "--domain", "altra.example", "--state", state), 0);
    assert_int_equal(RUN("", "counterparty", "add", "fornitore.example", "--name", "F", "--iban",
                         "IT60X0542811101000000123456", "--state", state),
                     1);
    assert_non_null(strstr(out, "--firm"));
    assert_int_equal(RUN("", "cell", "add", "--state", state), 0);
    assert_int_equal(RUN("", "firm", "add", "Terza Srl", "--domain", "terza.example", "--state", state), 0);
    assert_int_equal(RUN("another password\n", "user", "add", "c@terza.example", "--state", state, "--password-stdin"),
                     0);
    assert_int_equal(RUN("", "firm", "list", "--state", state), 0);
    assert_non_null(strstr(out, "3 cell 2 terza.example active"));
    assert_non_null(strstr(out, "altra.example active Altra Srl"));
}

static void refuses_nonsense(void **s UNUSED)
{
    char out[4096], nowhere[128];
    assert_int_equal(RUN("a good password\n", "init", "--state", state, "--firm", "A", "--domain", "azienda.example",
                         "--user", "info@altra.example", "--name", "x", "--password-stdin"),
                     1);
    assert_non_null(strstr(out, "must be in the domain"));
    assert_int_equal(RUN("", "init", "--state", state, "--firm", "A", "--domain", "azienda.example", "--user",
                         "info@azienda.example", "--name", "x"),
                     2);
    assert_int_equal(RUN("", "init", "--state", state, "--firm", "A", "--domain", "azienda.example", "--user",
                         "info@azienda.example", "--name", "x", "--password-stdin"),
                     1);
    snprintf(nowhere, sizeof nowhere, "%s/a/b", dir);
    assert_int_equal(RUN("a good password\n", "init", "--state", nowhere, "--firm", "A", "--domain", "azienda.example",
                         "--user", "i@azienda.example", "--name", "x", "--password-stdin"),
                     1);
    assert_non_null(strstr(out, "cannot make"));
    assert_int_equal(RUN("x\n", "user", "add", "a@b.example", "--state", state, "--password-stdin"), 1);
}

/* ---- control ---- */

static const char request[] = "sigillo 1 user.add\naddress anna@azienda.example\nname Anna\nhash $argon2id$x\n\n";

static void requests(void **s UNUSED)
{
    struct str all = STR("sigillo 1 user.add\naddress anna@azienda.example\nname Anna\nhash $argon2id$x\n\n"), verb;
    struct people_args p = {0};
    struct err e = {0};
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(control_complete(str_upto(all, i)), 0);
    assert_int_equal(control_complete(all), sizeof request - 1);
    assert_int_equal(control_parse(all, &verb, &p, &e), 0);
    assert_true(str_eq(verb, STR("user.add")) && str_eq(p.name, STR("Anna")) && str_eq(p.hash, STR("$argon2id$x")));
    static const char *const bad[] = {"",
                                      "\n\n",
                                      "sigillo\n\n",
                                      "sigillo 1\n\n",
                                      "sigillo 9 x\n\n",
                                      "other 1 x\n\n",
                                      "sigillo 1 x\nunknown y\n\n",
                                      "sigillo 1 x\nname a\nname b\n\n",
                                      "sigillo 1 x\nname \xff\n\n"};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        p = (struct people_args){0};
        assert_true(control_parse(str_c(bad[i]), &verb, &p, &e) < 0);
    }
    char *long_one = malloc(CONTROL_REQUEST_MAX);
    memset(long_one, 'x', CONTROL_REQUEST_MAX);
    assert_int_equal(control_complete(str_n(long_one, CONTROL_REQUEST_MAX)), -1);
    free(long_one);
    assert_true(str_eq(control_value(STR("a 1\nid 77\n"), "id"), STR("77")));
    assert_true(control_value(STR("a 1\n"), "id").n == 0);
}

static void only_root_and_the_owner(void **s UNUSED)
{
    AUTO(buf) struct buf b;
    buf_init(&b, CONTROL_REPLY_MAX);
    assert_int_equal(control_handle(NULL, 12345, STR("sigillo 1 status\n\n"), &b), ERR_PERM);
    assert_true(str_starts(buf_str(&b), STR("fail ")));
    buf_clear(&b);
    assert_int_equal(control_handle(NULL, 0, STR("sigillo 1 status\n\n"), &b), 0);
    assert_true(str_eq(buf_str(&b), STR("ok\n")));
    buf_clear(&b);
    assert_int_equal(control_handle(NULL, geteuid(), STR("sigillo 1 nothing\n\n"), &b), ERR_INVALID);
}

static void passwords(void **s UNUSED)
{
    char hash[PASSWORD_HASH_TEXT];
    struct err e = {0};
    assert_int_equal(password_hash(STR("correct horse"), hash, &e), 0);
    assert_true(password_check(str_c(hash), STR("correct horse")));
    assert_false(password_check(str_c(hash), STR("correct horsf")));
    assert_false(password_check(STR(""), STR("correct horse")));
    assert_int_equal(password_hash(STR("short"), hash, &e), ERR_INVALID);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_state, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_nonsense, setup, teardown),
        cmocka_unit_test(requests),
        cmocka_unit_test(only_root_and_the_owner),
        cmocka_unit_test(passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

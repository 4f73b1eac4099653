/* A child is sealed as each kind of process is and tries what it must not: it has to be killed by SIGSYS, or get the
 * error that the design names. Run also under AddressSanitizer, which some layers cannot live with: those rows are left
 * out there. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define KILLED (-1) /* by SIGSYS */

static const struct sandbox_spec worker = {
    .calls = SANDBOX_SEALED, .memory = 512ull << 20, .cpu_s = 5, .files = 16, .file_size = 1 << 20};
static char folder[] = "/tmp/sandbox_test_XXXXXX";

/* Each: 0 done, else errno. */
static int result(long r) { return r < 0 ? errno : 0; }
static int open_read(void) { return result(open("/etc/passwd", O_RDONLY)); }
static int open_libc(void) { return result(openat(AT_FDCWD, "/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY | O_CLOEXEC)); }
static int open_write(void) { return result(open("/tmp/sandbox_test_out", O_WRONLY | O_CREAT, 0600)); }
static int open_rdwr(void) { return result(open("/dev/null", O_RDWR)); }
static int open_trunc(void) { return result(open("/tmp/sandbox_test_out", O_RDONLY | O_TRUNC)); }
static int open_tmpfile(void) { return result(open("/tmp", O_TMPFILE | O_RDWR, 0600)); }
static int open_two(void)
{
    struct open_how how = {.flags = O_RDONLY};
    return result(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how)));
}
static int stat_path(void)
{
    struct stat st;
    return result(stat("/etc/passwd", &st));
}
static int access_path(void) { return result(access("/", R_OK)); }
static int socket_inet(void) { return result(socket(AF_INET, SOCK_STREAM, 0)); }
static int socket_unix(void) { return result(socket(AF_UNIX, SOCK_STREAM, 0)); }
static int exec_true(void)
{
    char *argv[] = {(char[]){"true"}, NULL};
    return result(execve("/bin/true", argv, NULL));
}
static int fork_one(void)
{
    pid_t p = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (p == 0)
        _exit(0);
    return result(p);
}
static int clone_three(void) { return result(syscall(SYS_clone3, NULL, 0)); }
static int trace_me(void) { return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int kill_parent(void) { return result(kill(1, 0)); }
static int kill_above(void) { return result(kill(getppid(), 0)); }
static int unlink_one(void) { return result(unlink("/tmp/sandbox_test_none")); }
static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}
static int raise_limit(void)
{
    struct rlimit l = {1 << 30, 1 << 30};
    return result(setrlimit(RLIMIT_AS, &l));
}
static int chdir_root(void) { return result(chdir("/")); }
static int become_root(void) { return result(setresuid(0, 0, 0)); }
static int unshare_user(void) { return result(unshare(CLONE_NEWUSER)); }
static int uring(void) { return result(syscall(SYS_io_uring_setup, 1, NULL)); }
static int connect_out(void)
{
    struct sockaddr sa = {.sa_family = AF_UNSPEC};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : result(connect(fd, &sa, sizeof(sa)));
}
static int bind_any(void)
{
    struct sockaddr_storage sa = {.ss_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&sa, 16));
}
static int use_memory(void)
{
    char *p = malloc(1 << 20);
    if (!p)
        return ENOMEM;
    memset(p, 1, 1 << 20);
    free(p);
    return 0;
}
static int too_much_memory(void)
{
    return mmap(NULL, 600ull << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}
static int make_memfd(void)
{
    int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 || write(fd, "x", 1) != 1 ? errno : result(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}
static void *thread_main(void *arg) { return arg; }
static int start_thread(void)
{
    pthread_t t;
    int r = pthread_create(&t, NULL, thread_main, NULL);
    return r ? r : pthread_join(t, NULL);
}
static int write_inside(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/rw/new", folder);
    return result(open(path, O_WRONLY | O_CREAT, 0600));
}
static int read_inside(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/ro/file", folder);
    return result(open(path, O_RDONLY));
}
static int write_read_only(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/ro/file", folder);
    return result(open(path, O_WRONLY));
}

static long landlock_abi(void) { return syscall(SYS_landlock_create_ruleset, NULL, 0, 1); }

static int run_sealed(const struct sandbox_spec *spec, int (*try)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox_report r;
        struct err e = {0};
        if (sandbox_seal(spec, folder, &r, &e) != 0) {
            fprintf(stderr, "%s\n", e.text);
            _exit(200);
        }
        _exit(try());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : 1000 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

struct row {
    const char *name;
    int (*try)(void);
    int want;
    bool not_sanitized; /* AddressSanitizer changes it */
};

static void check(const struct sandbox_spec *spec, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].not_sanitized && sandbox_sanitized())
            continue;
        int got = run_sealed(spec, rows[i].try);
        if (got != rows[i].want)
            fail_msg("%s: got %d, want %d", rows[i].name, got, rows[i].want);
    }
}

static void a_scan_worker_can_only_compute(void **state UNUSED)
{
    static const struct row rows[] = {
        {"use memory", use_memory, 0, false},
        {"memfd for a large answer", make_memfd, 0, false},
        {"open to read", open_read, EACCES, false},
        {"open a library", open_libc, EACCES, false},
        {"stat", stat_path, EACCES, false},
        {"access", access_path, EACCES, false},
        {"open to write", open_write, KILLED, false},
        {"open read-write", open_rdwr, KILLED, false},
        {"open and truncate", open_trunc, KILLED, false},
        {"O_TMPFILE", open_tmpfile, KILLED, false},
        {"openat2", open_two, ENOSYS, false},
        {"clone3", clone_three, ENOSYS, false},
        {"socket", socket_inet, KILLED, false},
        {"unix socket", socket_unix, KILLED, false},
        {"execve", exec_true, KILLED, false},
        {"fork", fork_one, KILLED, false},
        {"ptrace", trace_me, KILLED, false},
        {"signal another process", kill_parent, KILLED, false},
        {"unlink", unlink_one, KILLED, false},
        {"executable memory", map_code, KILLED, false},
        {"change a limit", raise_limit, KILLED, false},
        {"chdir", chdir_root, KILLED, false},
        {"more memory than the cap", too_much_memory, ENOMEM, true},
    };
    check(&worker, rows, N_ELEMENTS(rows));
}

/* Landlock alone must not be needed for the above: a kernel without it keeps the same answers. */
static int only_calls(void)
{
    struct err e = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_seal(SANDBOX_SEALED, 0, &e) != 0)
        return 200;
    return open_read();
}

static void reading_fails_without_landlock(void **state UNUSED)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(only_calls());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EACCES);
}

static void a_service_keeps_what_it_needs(void **state UNUSED)
{
    static const struct sandbox_spec spec = {
        .calls = SANDBOX_SERVICE,
        .flags = SANDBOX_NO_FORK | SANDBOX_NO_CONNECT | SANDBOX_NO_LISTEN,
        .paths = {{"rw", SANDBOX_WRITE}, {"ro", SANDBOX_READ}, {"absent", SANDBOX_WRITE}}};
    static const struct row rows[] = {
        {"memory", use_memory, 0, false},         {"thread", start_thread, 0, false},
        {"fork", fork_one, KILLED, true},         {"exec", exec_true, KILLED, false},
        {"ptrace", trace_me, KILLED, true},       {"setresuid", become_root, KILLED, false},
        {"unshare", unshare_user, KILLED, false}, {"io_uring", uring, ENOSYS, false},
        {"connect", connect_out, EACCES, false},  {"bind", bind_any, EACCES, false},
        {"socket", socket_inet, 0, false},
    };
    check(&spec, rows, N_ELEMENTS(rows));
    int abi = 0;
    struct err e = {0};
    pid_t pid = fork();
    if (pid == 0)
        _exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_seal(spec.paths, folder, &abi, &e) != 0
                  ? 200
                  : abi != 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WEXITSTATUS(status) != 1)
        return; /* no Landlock here: paths are not limited, and the report says so */
    static const struct row paths[] = {
        {"write in its folder", write_inside, 0, false},
        {"read in its folder", read_inside, 0, false},
        {"write where it may read", write_read_only, EACCES, false},
        {"read elsewhere", open_read, EACCES, false},
        {"write elsewhere", open_write, EACCES, false},
    };
    check(&spec, paths, N_ELEMENTS(paths));
    static const struct row scope[] = {{"signal a process outside", kill_above, EPERM, false}};
    if (landlock_abi() >= 6)
        check(&spec, scope, N_ELEMENTS(scope));
}

static int report_text(void)
{
    struct sandbox_report r;
    struct err e = {0};
    if (sandbox_seal(&worker, NULL, &r, &e) != 0)
        return 200;
    return strstr(r.text, "seccomp=on\n") && strstr(r.text, "no_new_privs=on\n") && strstr(r.text, "landlock=") ? 0 : 1;
}

static void reports_its_layers(void **state UNUSED)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(report_text());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int set_up(void **state UNUSED)
{
    char path[128];
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/rw", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/ro", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/ro/file", folder);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state UNUSED)
{
    static const char *const made[] = {"rw/new", "rw", "ro/file", "ro", ""};
    char path[128];
    for (size_t i = 0; i < N_ELEMENTS(made); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
        remove(path);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_worker_can_only_compute),
        cmocka_unit_test(reading_fails_without_landlock),
        cmocka_unit_test(a_service_keeps_what_it_needs),
        cmocka_unit_test(reports_its_layers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

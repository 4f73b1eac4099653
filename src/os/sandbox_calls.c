#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The lists. A name that this architecture or libseccomp does not know is skipped: the kernel cannot be asked for it
 * either. */

/* No process of ours calls these, not even the supervisor: an attempt is an attack or a library doing what it must not.
 */
static const char *const kill_always[] = {
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "open_tree",
    "mount_setattr",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "open_by_handle_at",
    "name_to_handle_at",
    "unshare",
    "setns",
    "iopl",
    "ioperm",
    "quotactl",
    "sethostname",
    "setdomainname",
    "syslog",
    "vhangup",
    "lookup_dcookie",
    "uselib",
    "fanotify_init",
    "process_madvise",
    "pidfd_getfd",
    "remap_file_pages",
    "vmsplice",
    "modify_ldt",
    "nfsservctl",
};
/* Refused with ENOSYS, because a library may try and fall back. */
static const char *const absent_always[] = {"io_uring_setup", "io_uring_enter", "io_uring_register", "migrate_pages",
                                            "move_pages",     "mbind",          "set_mempolicy"};
/* A serving role neither starts programs nor changes what it is. */
static const char *const kill_service[] = {
    "execve",    "execveat", "setuid",   "setgid", "setreuid",    "setregid", "setresuid", "setresgid",
    "setgroups", "setfsuid", "setfsgid", "capset", "personality", "mknod",    "mknodat",
};
static const char *const deny_connect[] = {"connect"};
static const char *const deny_listen[] = {"bind", "listen", "accept", "accept4"};
static const char *const deny_socket[] = {"socket"};

/* A scan worker: compute, and talk over the one descriptor it was given. */
static const char *const sealed_allow[] = {
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "pwrite64",
    "lseek",
    "close",
    "dup",
    "sendmsg",
    "recvmsg",
    "sendto",
    "recvfrom",
    "poll",
    "ppoll",
    "fstat",
    "ftruncate",
    "memfd_create",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "futex",
    "exit",
    "exit_group",
    "rt_sigreturn",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "clock_nanosleep",
    "nanosleep",
    "getrandom",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrlimit",
    "getrusage",
    "sysinfo",
    "uname",
    "sched_yield",
    "sched_getaffinity",
    "getcpu",
    "set_robust_list",
    "rseq",
    "restart_syscall",
    "membarrier",
    "times",
};
/* Paths do not exist for it: looking one up says EACCES, as Landlock would where the kernel has it. */
static const char *const sealed_eacces[] = {
    "stat",       "lstat",  "newfstatat", "statx",   "access",     "faccessat", "faccessat2",    "readlink",
    "readlinkat", "getcwd", "statfs",     "fstatfs", "getdents64", "getdents",  "inotify_init1", "ioctl",
};
static const char *const sealed_enosys[] = {"openat2", "clone3"};

static uint32_t kill_action(void);
static int rules(scmp_filter_ctx c, uint32_t action, const char *const *names, size_t n);
static int fork_rules(scmp_filter_ctx c);
static int service_rules(scmp_filter_ctx c, enum sandbox_calls calls, unsigned flags);
static int sealed_rules(scmp_filter_ctx c);
static int sealed_open_rules(scmp_filter_ctx c);

#define RULES(c, action, list) rules(c, action, list, N_ELEMENTS(list))

/* While a sandbox is being developed SIGILLO_TEST_SANDBOX=log lets forbidden calls through and the kernel logs their
 * numbers. */
static uint32_t kill_action(void)
{
    const char *v = getenv("SIGILLO_TEST_SANDBOX");
    return v && strcmp(v, "log") == 0 ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
}

static int rules(scmp_filter_ctx c, uint32_t action, const char *const *names, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        int nr = seccomp_syscall_resolve_name(names[i]);
        if (nr == __NR_SCMP_ERROR || nr < 0)
            continue;
        r = seccomp_rule_add(c, action, nr, 0);
    }
    return r;
}

/* A thread is a clone with CLONE_THREAD. clone3 hides its flags behind a pointer, so it does not exist here; libc falls
 * back. */
static int fork_rules(scmp_filter_ctx c)
{
    int r = seccomp_rule_add(c, kill_action(), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (r == 0)
        r = seccomp_rule_add(c, kill_action(), SCMP_SYS(fork), 0);
    if (r == 0)
        r = seccomp_rule_add(c, kill_action(), SCMP_SYS(vfork), 0);
    return r;
}

static int service_rules(scmp_filter_ctx c, enum sandbox_calls calls, unsigned flags)
{
    bool sanitized = sandbox_sanitized(); /* its leak checker forks and traces itself when the process ends */
    int r = RULES(c, kill_action(), kill_always);
    if (r == 0)
        r = RULES(c, SCMP_ACT_ERRNO(ENOSYS), absent_always);
    if (r == 0 && !sanitized)
        r = seccomp_rule_add(c, kill_action(), SCMP_SYS(ptrace), 0);
    if (r == 0 && calls == SANDBOX_SERVICE)
        r = RULES(c, kill_action(), kill_service);
    if (r == 0 && (flags & SANDBOX_NO_FORK) && !sanitized)
        r = fork_rules(c);
    if (r == 0 && (flags & (SANDBOX_NO_CONNECT | SANDBOX_NO_SOCKET)))
        r = RULES(c, SCMP_ACT_ERRNO(EACCES), deny_connect);
    if (r == 0 && (flags & (SANDBOX_NO_LISTEN | SANDBOX_NO_SOCKET)))
        r = RULES(c, SCMP_ACT_ERRNO(EACCES), deny_listen);
    if (r == 0 && (flags & SANDBOX_NO_SOCKET))
        r = RULES(c, SCMP_ACT_ERRNO(EACCES), deny_socket);
    return r;
}

/* Opening to read: EACCES, so that a library that looks for an optional file goes on without. Opening to write: nothing
 * here has a reason to; killed by the default. */
static int sealed_open_rules(scmp_filter_ctx c)
{
    const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
    int r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0));
    return r;
}

static int sealed_rules(scmp_filter_ctx c)
{
    int r = RULES(c, SCMP_ACT_ALLOW, sealed_allow);
    if (r == 0)
        r = RULES(c, SCMP_ACT_ERRNO(EACCES), sealed_eacces);
    if (r == 0)
        r = RULES(c, SCMP_ACT_ERRNO(ENOSYS), sealed_enosys);
    if (r == 0)
        r = sealed_open_rules(c);
    /* Memory is never executable, so bytes of a message can never become code. */
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    static const scmp_datum_t fcntls[] = {F_GETFD, F_SETFD, F_GETFL, F_ADD_SEALS, F_GET_SEALS};
    for (size_t i = 0; i < N_ELEMENTS(fcntls) && r == 0; i++)
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, fcntls[i]));
    /* abort() raises a signal at itself; at no one else. */
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    /* Limits may be asked, not changed. */
    if (r == 0)
        r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    return r;
}

int seccomp_seal(enum sandbox_calls calls, unsigned flags, struct err *e)
{
    scmp_filter_ctx c = seccomp_init(calls == SANDBOX_SEALED ? kill_action() : SCMP_ACT_ALLOW);
    if (!c)
        return err_set(e, ERR_NOMEM, "seccomp: no memory");
    int r = calls == SANDBOX_SEALED ? sealed_rules(c) : service_rules(c, calls, flags);
    /* All threads: libraries may have started one while they were loaded. */
    if (r == 0)
        r = seccomp_attr_set(c, SCMP_FLTATR_CTL_TSYNC, 1);
    if (r == 0)
        r = seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = seccomp_load(c);
    seccomp_release(c);
    if (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP)
        return 1; /* a kernel without seccomp filters */
    return r == 0 ? 0 : err_set(e, ERR_SYS, "seccomp: %s", strerror(-r));
}

#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPAWN_ENV_MAX 64
#define SPAWN_ENV_KEEP_MAX (SPAWN_ENV_MAX - 1)

extern char **environ;
static size_t env_scrub(char *out[SPAWN_ENV_MAX]);
static void child(int exe_fd, char *const argv[], int control, const struct owner *o, pid_t parent) NORETURN;

/* Installed, the helpers lie in a folder that has the name of the program. */
static bool program(const char *path)
{
    struct stat st;
    return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int spawn_find(const char *name, char *path, size_t cap, struct err *e)
{
    /* Tried in this order; the first that exists wins. */
    static const char *const places[] = {"", "libexec/", "../", "../libexec/sigillo/", "../../bin/"};
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        return err_set(e, ERR_SYS, "cannot read /proc/self/exe: %s; is /proc mounted?", strerror(errno));
    self[n] = '\0';
    ptrdiff_t slash = str_rchr(str_c(self), '/');
    for (size_t i = 0; i < N_ELEMENTS(places); i++) {
        int w = snprintf(path, cap, "%.*s/%s%s", (int)slash, self, places[i], name);
        if (w > 0 && (size_t)w < cap && program(path))
            return 0;
    }
    return err_set(e, ERR_NOENT, "%s was not found near %s; install the package whole, or build all of it", name, self);
}

int spawn_open(const char *name, int *fd, struct err *e)
{
    char path[PATH_MAX];
    int r = spawn_find(name, path, sizeof(path), e);
    if (r != 0)
        return r;
    /* O_RDONLY, not O_PATH: the child needs no more right than this descriptor gives, whatever the folders above say.
     */
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, err_from_errno(errno), "cannot open %s: %s", path, strerror(errno));
    return 0;
}

static size_t env_scrub(char *out[SPAWN_ENV_MAX])
{
    static const char *const keep[] = {
        "SIGILLO_", "TZ=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "LD_PRELOAD="};
    size_t n = 0;
    if (!getauxval(AT_SECURE)) /* nothing of a set-user-id caller's environment is believed */
        for (char **v = environ; v && *v && n < SPAWN_ENV_KEEP_MAX; v++)
            for (size_t i = 0; i < N_ELEMENTS(keep); i++)
                if (str_starts(str_c(*v), str_c(keep[i]))) {
                    out[n++] = *v;
                    break;
                }
    out[n] = NULL;
    return n;
}

static void child(int exe_fd, char *const argv[], int control, const struct owner *o, pid_t parent)
{
    char *env[SPAWN_ENV_MAX];
    struct err e = {0};
    sigset_t none;

    env_scrub(env);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid(); /* an interrupt at the terminal is the supervisor's to handle; roles end by STOP */
    int null = open("/dev/null", O_RDWR);
    /* Both must be out of the way before 3 is overwritten. */
    exe_fd = fcntl(exe_fd, F_DUPFD_CLOEXEC, 10);
    control = fcntl(control, F_DUPFD_CLOEXEC, 10);
    if (null < 0 || exe_fd < 0 || control < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || dup2(control, SPAWN_CONTROL_FD) < 0 ||
        syscall(SYS_close_range, SPAWN_CONTROL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        dprintf(STDERR_FILENO, "%s: cannot prepare descriptors: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    if (o && owner_become(o, &e) != 0) {
        dprintf(STDERR_FILENO, "%s: %s\n", argv[0], e.text);
        _exit(127);
    }
    /* After the change of user, which clears it. The parent may have died before this call: then nobody would ever end
     * us. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    syscall(SYS_execveat, exe_fd, "", argv, env, AT_EMPTY_PATH);
    dprintf(STDERR_FILENO, "%s: cannot start: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int spawn_role(int exe_fd, char *const argv[], int control, const struct owner *o, pid_t *pid, struct err *e)
{
    pid_t self = getpid();
    *pid = fork();
    if (*pid == 0)
        child(exe_fd, argv, control, o, self);
    if (*pid < 0)
        return err_set(e, ERR_SYS, "fork: %s", strerror(errno));
    return 0;
}

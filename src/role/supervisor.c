/* The supervisor: reads the settings, binds the ports, keeps the roles alive. It parses nothing that came from the
 * network, and links nothing but libc, libseccomp and our two lowest rooms. Started as root it keeps only what starting
 * roles as the state folder's owner needs; every touch of that folder is made as its owner.
 *
 * sigillo-supervisor --state DIR [--set key=value]...   (run by `sigillo serve`)
 * sigillo-supervisor --picture                          prints docs/ipc.md */
#include "core/fault.h"
#include "core/log.h"
#include "os/fleet.h"
#include "os/listen.h"
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUP_NOFILE_WANTED 1048576u
#define SUP_EXIT_USAGE 2

struct sup {
    struct conf conf;
    struct owner owner;
    char state[PATH_MAX];
    int lock;
    int signals;
    struct fleet fleet;
    struct sandbox_report report;
};

static const struct sandbox_spec sup_sandbox = {.calls = SANDBOX_PARENT};

static int usage(void);
static int picture(void);
static int settings_load(struct sup *s, int argc, char **argv, struct err *e);
static int sets_apply(struct sup *s, int argc, char **argv, struct err *e);
static int state_lock(struct sup *s, struct err *e);
static int state_enter(struct sup *s, int argc, char **argv, struct err *e);
static int listener_add(struct sup *s, int row, int fd, const char *shown, struct err *e);
static int listeners_bind(struct sup *s, struct err *e);
static void files_raise(void);
static int caps_drop(struct err *e);
static int signals_block(struct sup *s, struct err *e);
static void signals_read(struct sup *s);
static void loop(struct sup *s);
static int start(struct sup *s, int argc, char **argv, struct err *e);

static int usage(void)
{
    fprintf(stderr, "usage: sigillo serve --state DIR [--set key=value]...\n"
                    "Serves the state folder DIR in the foreground; `sigillo config explain KEY` tells about a key.\n");
    return SUP_EXIT_USAGE;
}

static int sets_apply(struct sup *s, int argc, char **argv, struct err *e)
{
    struct str key, value;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--set") != 0)
            continue;
        if (!str_cut(str_c(argv[i + 1]), '=', &key, &value))
            return err_set(e, ERR_INVALID, "--set %s: write --set key=value", argv[i + 1]);
        int r = conf_put(&s->conf, key, value, "--set", e);
        if (r != 0)
            return r;
    }
    return 0;
}

static int settings_load(struct sup *s, int argc, char **argv, struct err *e)
{
    char path[PATH_MAX];
    conf_init(&s->conf);
    if (snprintf(path, sizeof(path), "%s/sigillo.conf", s->state) >= (int)sizeof(path))
        return err_set(e, ERR_LIMIT, "the path of the state folder is too long");
    int r = conf_file(&s->conf, path, e);
    if (r != 0 && r != ERR_NOENT) /* without a file all settings have their defaults */
        return r;
    r = sets_apply(s, argc, argv, e);
    if (r == 0)
        r = conf_put(&s->conf, STR("state"), str_c(s->state), "--state", e);
    if (r == 0)
        log_setup("supervisor", STDERR_FILENO,
                  str_eq(conf_s(&s->conf, CONF_LOG_FORMAT), STR("json")) ? LOG_JSON : LOG_TEXT, LOG_INFO);
    return r;
}

/* Held until we die, so the kernel frees it even after kill -9. */
static int state_lock(struct sup *s, struct err *e)
{
    char path[PATH_MAX + 32], text[32] = "?";
    snprintf(path, sizeof(path), "%s/" SUPERVISOR_LOCK, s->state);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0)
        return err_set(e, err_from_errno(errno), "cannot open %s: %s", path, strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(s->lock, text, sizeof(text) - 1, 0);
        struct str pid = n > 0 ? str_trim(str_n(text, (size_t)n)) : STR("unknown");
        return err_set(e, ERR_BUSY,
                       "another server (process %.*s) already serves the state folder %s; nothing was touched: stop "
                       "that one first, or "
                       "use another folder",
                       STRF(pid), s->state);
    }
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, text, (size_t)n, 0) != n)
        return err_set(e, err_from_errno(errno), "cannot write %s: %s; is the disk full?", path, strerror(errno));
    return 0;
}

/* All that touches the state folder, as its owner: root must not follow what the owner may have put there. */
static int state_enter(struct sup *s, int argc, char **argv, struct err *e)
{
    int r = owner_enter(&s->owner, e), control = -1;
    if (r != 0)
        return r;
    r = settings_load(s, argc, argv, e);
    if (r == 0)
        r = role_table_check(&s->conf, e);
    if (r == 0)
        r = fleet_size(&s->fleet, e);
    if (r == 0)
        r = state_lock(s, e);
    if (r == 0)
        r = listen_unix(s->state, CONTROL_SOCKET, &control, e);
    struct err back = {0};
    int l = owner_leave(&back);
    if (r == 0 && l != 0) {
        *e = back;
        r = l;
    }
    for (int i = 0; r == 0 && i < LISTEN_COUNT; i++)
        if (listen_table[i].conf < 0)
            r = listener_add(s, i, control, CONTROL_SOCKET, e);
    return r;
}

static int listener_add(struct sup *s, int row, int fd, const char *shown, struct err *e)
{
    if (s->fleet.n_listeners == FLEET_LISTENERS_MAX)
        return err_set(e, ERR_LIMIT, "more than %u listening addresses", FLEET_LISTENERS_MAX);
    s->fleet.listeners[s->fleet.n_listeners++] = (struct fleet_listener){row, fd};
    log_info("listen", L_Z("for", listen_table[row].name), L_Z("address", shown));
    return 0;
}

static int listeners_bind(struct sup *s, struct err *e)
{
    for (int i = 0; i < LISTEN_COUNT; i++) {
        struct str rest, address;
        if (listen_table[i].conf < 0)
            continue;
        enum conf_id id = (enum conf_id)listen_table[i].conf;
        rest = conf_s(&s->conf, id);
        while (rest.n && str_token(&rest, ',', &address)) {
            char shown[64];
            int fd = -1, r = listen_tcp(str_trim(address), conf_table[id].key, &fd, e);
            if (r != 0)
                return r;
            listen_name(fd, shown);
            r = listener_add(s, i, fd, shown, e);
            if (r != 0)
                return r;
        }
    }
    return 0;
}

/* Ten thousand idle connections need as many descriptors in net; roles that need few lower their own limit. */
static void files_raise(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        return;
    if (l.rlim_max < SUP_NOFILE_WANTED && geteuid() == 0) {
        struct rlimit more = {SUP_NOFILE_WANTED, SUP_NOFILE_WANTED};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            return;
    }
    l.rlim_cur = l.rlim_max < SUP_NOFILE_WANTED ? l.rlim_max : SUP_NOFILE_WANTED;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0)
        log_warn("limit.files", L_I("errno", errno));
}

/* Root without its powers: change the user of a child, and signal it. */
static int caps_drop(struct err *e)
{
    const uint32_t keep = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL;
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{keep, keep, 0}, {0, 0, 0}};
    if (geteuid() == 0 && syscall(SYS_capset, &head, data) != 0)
        return err_set(e, ERR_SYS, "capset: %s", strerror(errno));
    return 0;
}

static int signals_block(struct sup *s, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? err_set(e, ERR_SYS, "signalfd: %s", strerror(errno)) : 0;
}

static void signals_read(struct sup *s)
{
    struct signalfd_siginfo si;
    while (read(s->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
        if (si.ssi_signo == SIGCHLD) {
            fleet_reap(&s->fleet);
        } else if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT) {
            log_info("stopping", L_I("signal", si.ssi_signo));
            fleet_stop(&s->fleet, 0);
        }
        /* SIGHUP: nothing here is reloaded; keys sees new certificates by itself. */
    }
}

static void loop(struct sup *s)
{
    while (s->fleet.phase != FLEET_ENDED) {
        struct pollfd p[1 + ROLE_UNITS_MAX] = {{s->signals, POLLIN, 0}};
        int unit[1 + ROLE_UNITS_MAX], n = 1;
        int64_t wait = fleet_tick(&s->fleet);
        if (s->fleet.phase == FLEET_ENDED)
            return;
        for (int i = 0; i < s->fleet.n_units; i++)
            if (s->fleet.role[i].control >= 0) {
                unit[n] = i;
                p[n++] = (struct pollfd){s->fleet.role[i].control, POLLIN, 0};
            }
        if (poll(p, (nfds_t)n, wait > INT_MAX ? INT_MAX : (int)wait) < 0 && errno != EINTR)
            abort();
        for (int i = 1; i < n; i++)
            if (p[i].revents)
                fleet_on_message(&s->fleet, unit[i]);
        signals_read(s);
    }
}

static int start(struct sup *s, int argc, char **argv, struct err *e)
{
    int r = owner_of(s->state, &s->owner, e);
    if (r == 0)
        r = owner_can_use(s->state, &s->owner, e);
    if (r == 0)
        r = fleet_init(&s->fleet, env_system(), &s->conf, &s->owner, e);
    if (r == 0)
        r = state_enter(s, argc, argv, e);
    files_raise();
    if (r == 0)
        r = listeners_bind(s, e);
    if (r == 0)
        r = signals_block(s, e);
    if (r == 0)
        r = caps_drop(e);
    if (r == 0)
        r = sandbox_seal(&sup_sandbox, NULL, &s->report, e);
    s->fleet.layers = s->report.text;
    if (r == 0 && (r = fleet_begin(&s->fleet)) != 0)
        r = err_set(e, r, "cannot start the first role");
    return r;
}

static int picture(void)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 65536);
    role_table_picture(&b);
    return fwrite(b.p, 1, b.n, stdout) == b.n && !b.err ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct sup s;
    struct err e = {0};
    const char *state = NULL;

    if (argc == 2 && strcmp(argv[1], "--picture") == 0)
        return picture();
    log_setup("supervisor", STDERR_FILENO, LOG_TEXT, LOG_INFO);
    fault_setup("supervisor", getenv("SIGILLO_FAULT"));
    if (argc % 2 == 0)
        return usage();
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--state") == 0)
            state = argv[i + 1];
        else if (strcmp(argv[i], "--set") != 0)
            return usage();
    }
    if (!state)
        return usage();
    if (!realpath(state, s.state)) {
        fprintf(stderr, "sigillo: the state folder %s: %s; make one with: sigillo init --state %s ...\n", state,
                strerror(errno), state);
        return 1;
    }
    if (start(&s, argc, argv, &e) != 0) {
        fprintf(stderr, "sigillo: %s\n", e.text);
        return 1;
    }
    loop(&s);
    log_info("stopped", L_I("status", s.fleet.status));
    return s.fleet.status;
}

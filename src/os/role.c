#include "os/role.h"
#include "core/fault.h"
#include "core/log.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two malloc arenas serve a process with a handful of threads; the default of eight per core costs tens of megabytes of
 * dirty pages. */
#define ROLE_MALLOC_ARENAS 2

static void signals_set(void);
static void log_start(struct role_ctx *r);
static int settings_read(struct role_ctx *r);
static int grant_add(struct role_ctx *r, struct channel_msg *m);
static int handshake(struct role_ctx *r);
static int fail(struct role_ctx *r, const struct err *e, const char *what, int status);
static bool set_nonblocking(int fd);

static void signals_set(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < N_ELEMENTS(ignored); i++)
        signal(ignored[i], SIG_IGN);
    /* Set here too: a change of user in the child clears it, and a role may be started by a test. The channel's end
     * tells us if the parent died before this line. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static bool set_nonblocking(int fd)
{
    int f = fcntl(fd, F_GETFL);
    return f >= 0 && fcntl(fd, F_SETFL, f | O_NONBLOCK) == 0;
}

static void log_start(struct role_ctx *r)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}};
    enum log_level least = LOG_INFO;
    for (size_t i = 0; i < N_ELEMENTS(levels); i++)
        if (str_eq(conf_s(&r->conf, CONF_LOG_LEVEL), str_c(levels[i].name)))
            least = levels[i].level;
    log_setup(r->unit, STDERR_FILENO, str_eq(conf_s(&r->conf, CONF_LOG_FORMAT), STR("json")) ? LOG_JSON : LOG_TEXT,
              least);
}

static int fail(struct role_ctx *r, const struct err *e, const char *what, int status)
{
    log_error("role.start.failed", L_Z("role", r->role->name), L_Z("step", what), L_Z("why", e->text));
    return status;
}

static int settings_read(struct role_ctx *r)
{
    struct channel_msg m;
    struct err e = {0};
    int s = channel_recv(r->control, r->msg, CHANNEL_MSG_MAX, &m);
    if (s != 0 || m.type != MSG_START) {
        fprintf(stderr, "sigillo %s: this program is started by `sigillo serve`, not by hand\n", r->role->name);
        return ROLE_EXIT_CONFIG;
    }
    channel_msg_close(&m);
    if (conf_parse(&r->conf, m.body, "supervisor", &e) != 0) {
        fprintf(stderr, "sigillo %s: %s\n", r->role->name, e.text);
        return ROLE_EXIT_CONFIG;
    }
    log_start(r);
    r->state = arena_z(&r->conf.arena, conf_s(&r->conf, CONF_STATE));
    return 0;
}

static int grant_add(struct role_ctx *r, struct channel_msg *m)
{
    struct rd rd = rd_of(m->body);
    struct str kind = rd_vstr(&rd), name = rd_vstr(&rd);
    if (!rd_done(&rd) || m->n_fds != 1 || r->n_grants == ROLE_GRANTS_MAX || kind.n >= ROLE_NAME_MAX ||
        name.n >= ROLE_NAME_MAX)
        return ERR_CORRUPT;
    struct role_grant *g = &r->grants[r->n_grants++];
    memcpy(g->kind, kind.p, kind.n);
    memcpy(g->name, name.p, name.n);
    g->fd = STEAL_FD(m->fds[0]);
    return set_nonblocking(g->fd) ? 0 : ERR_SYS;
}

static int handshake(struct role_ctx *r)
{
    struct channel_msg m;
    int s = settings_read(r);
    while (s == 0) {
        s = channel_recv(r->control, r->msg, CHANNEL_MSG_MAX, &m);
        if (s == ERR_GONE)
            _exit(0); /* the supervisor went away while we were starting */
        if (s == 0 && m.type == MSG_GO)
            return 0;
        if (s == 0)
            s = m.type == MSG_GRANT ? grant_add(r, &m) : ERR_CORRUPT;
        channel_msg_close(&m);
    }
    return s > 0 ? s : ROLE_EXIT_CONFIG;
}

int role_main(const struct role *role) { return role_main_unit(role, role->name); }

int role_main_unit(const struct role *role, const char *unit)
{
    struct err e = {0};
    static struct role_ctx ctx; /* one role a process; lives as long as it does */
    struct role_ctx *r = &ctx;
    r->msg = malloc(CHANNEL_MSG_MAX);
    if (!r->msg)
        abort();
    signals_set();
    mallopt(M_ARENA_MAX, ROLE_MALLOC_ARENAS);
    char name[16];
    /* Started from a descriptor, the kernel would call us by its number. */
    snprintf(name, sizeof(name), "sigillo-%s", unit);
    prctl(PR_SET_NAME, name);
    r->role = role;
    r->unit = unit;
    r->env = env_system();
    r->control = SPAWN_CONTROL_FD;
    r->sandbox = *role->sandbox;
    log_setup(unit, STDERR_FILENO, LOG_TEXT, LOG_INFO);
    conf_init(&r->conf);
    int s = handshake(r);
    if (s != 0)
        return s;
    fcntl(r->control, F_SETFD, FD_CLOEXEC);
    fault_setup(unit, getenv("SIGILLO_FAULT"));
    if (role->init && (s = role->init(r)) != 0)
        return s;
    if (sandbox_seal(&r->sandbox, r->state, &r->report, &e) != 0)
        return fail(r, &e, "sandbox", 1);
    if (!set_nonblocking(r->control))
        return 1;
    return role->run(r);
}

int role_take(struct role_ctx *r, const char *kind, const char *name, size_t nth)
{
    for (size_t i = 0; i < r->n_grants; i++) {
        struct role_grant *g = &r->grants[i];
        if (g->fd >= 0 && strcmp(g->kind, kind) == 0 && strcmp(g->name, name) == 0 && nth-- == 0)
            return STEAL_FD(g->fd);
    }
    return -1;
}

int role_ready(struct role_ctx *r)
{
    if (fault_point("role.ready"))
        return ERR_GONE;
    return channel_send(r->control, MSG_READY, 0, str_c(r->report.text), NULL, 0);
}

int role_control(struct role_ctx *r, struct role_event *ev)
{
    struct channel_msg m;
    int s = channel_recv(r->control, r->msg, CHANNEL_MSG_MAX, &m);
    if (s == ERR_BUSY)
        return s;
    if (s != 0) /* gone, or it sends what we do not understand: it is more trusted than we are, so there is nothing to
                   go on with */
        _exit(s == ERR_GONE ? 0 : 1);
    *ev = (struct role_event){.id = m.id, .fd = -1};
    struct rd rd = rd_of(m.body);
    switch ((int)m.type) {
    case MSG_STOP: ev->kind = ROLE_STOP; return 0;
    case MSG_HEALTH:
        ev->kind = ROLE_HEALTH;
        ev->body = m.body;
        return 0;
    case MSG_PEER:
        ev->kind = ROLE_PEER;
        ev->name = rd_vstr(&rd);
        ev->fd = m.fds[0];
        if (!rd_done(&rd) || ev->fd < 0 || !set_nonblocking(ev->fd))
            _exit(1);
        return 0;
    case MSG_CONNECT:
        ev->kind = ROLE_CONNECTED;
        ev->fd = m.fds[0];
        return 0;
    default: _exit(1);
    }
}

int role_connect(struct role_ctx *r, uint64_t id, struct str address)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 1024);
    buf_vstr(&b, address);
    return b.err ? ERR_LIMIT : channel_send(r->control, MSG_CONNECT, id, buf_str(&b), NULL, 0);
}

#include "os/fleet.h"
#include "core/log.h"
#include "os/health.h"
#include "os/listen.h"
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLEET_START_MAX 65536u
#define FLEET_HEALTH_MAX 16384u
#define FLEET_EXIT_CONFIG 78

static int64_t now_ms(const struct fleet *f);
static void close_fd(int *fd);
static int grant(int control, const char *kind, const char *name, int fd);
static void links_make(struct fleet *f);
static void peer_tell(struct fleet *f, int peer, int of, int *end);
static int grant_channels(struct fleet *f, int ix);
static int grant_listeners(struct fleet *f, int ix);
static int introduce(struct fleet *f, int ix);
static int role_start(struct fleet *f, int ix);
static void role_kill(struct fleet *f, int ix, const char *why);
static void role_ended(struct fleet *f, int ix, int status);
static void plan_restart(struct fleet *f, int ix);
static void start_all(struct fleet *f);
static void tell_health(struct fleet *f);
static void check_ready(struct fleet *f);
static void broker(struct fleet *f, int ix, const struct channel_msg *m);
static void stop_next(struct fleet *f);
static int64_t stop_tick(struct fleet *f, int64_t now);

static int64_t now_ms(const struct fleet *f) { return env_mono_ms(f->env); }

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void links_make(struct fleet *f)
{
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        for (int a = 0; a < f->n_units; a++)
            for (int b = 0; b < f->n_units; b++)
                if (role_of_unit(a) == channel_table[i].a && role_of_unit(b) == channel_table[i].b)
                    f->links[f->n_links++] = (struct fleet_link){a, b, {-1, -1}};
}

int fleet_init(struct fleet *f, const struct env *env, const struct conf *conf, const struct owner *o, struct err *e)
{
    *f = (struct fleet){.env = env, .conf = conf, .owner = o, .msg = malloc(CHANNEL_MSG_MAX), .counters = -1};
    if (!f->msg)
        return err_set(e, ERR_NOMEM, "no memory");
    for (int i = 0; i < ROLE_UNITS_MAX; i++) {
        f->role[i].control = -1;
        if (i >= ROLE_COUNT) {
            f->role[i].exe = f->role[ROLE_IX_NET].exe;
            continue;
        }
        int r = spawn_open(role_table[role_of_unit(i)].exe, &f->role[i].exe, e);
        if (r != 0)
            return r;
    }
    return 0;
}

int fleet_size(struct fleet *f, struct err *e)
{
    f->n_units = role_units(f->conf);
    links_make(f);
    if (f->n_units == ROLE_COUNT)
        return 0;
    f->counters = memfd_create("counters", MFD_CLOEXEC);
    if (f->counters < 0 || ftruncate(f->counters, FLEET_COUNTERS_BYTES) != 0)
        return err_set(e, ERR_SYS, "memory for shared counters: %s", strerror(errno));
    return 0;
}

static int grant(int control, const char *kind, const char *name, int fd)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 256);
    buf_vstr(&b, str_c(kind));
    buf_vstr(&b, str_c(name));
    return channel_send(control, MSG_GRANT, 0, buf_str(&b), &fd, 1);
}

/* The end for a running peer goes to it as PEER. */
static void peer_tell(struct fleet *f, int peer, int of, int *end)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 256);
    buf_vstr(&b, str_c(role_unit_name(of)));
    int r = channel_send(f->role[peer].control, MSG_PEER, 0, buf_str(&b), end, 1);
    close_fd(end);
    if (r == ERR_BUSY)
        role_kill(f, peer, "does not read its channel to the supervisor");
}

/* A role that starts gets its end of each of its channels. The other end waits for the peer's own start, or goes to a
 * running peer. */
static int grant_channels(struct fleet *f, int ix)
{
    for (size_t i = 0; i < f->n_links; i++) {
        struct fleet_link *l = &f->links[i];
        int side = l->a == ix ? 0 : l->b == ix ? 1 : -1;
        if (side < 0)
            continue;
        int other = side ? l->a : l->b;
        if (l->ends[side] < 0) {
            close_fd(&l->ends[!side]); /* its pair died with our last life */
            if (channel_pair(l->ends) != 0)
                return ERR_SYS;
            struct fleet_role *peer = &f->role[other];
            if (peer->pid && !peer->stop_sent)
                peer_tell(f, other, ix, &l->ends[!side]);
        }
        int r = grant(f->role[ix].control, "channel", role_unit_name(other), l->ends[side]);
        close_fd(&l->ends[side]);
        if (r != 0)
            return r;
    }
    return 0;
}

static int grant_listeners(struct fleet *f, int ix)
{
    for (size_t i = 0; i < f->n_listeners; i++) {
        const struct listen_row *l = &listen_table[f->listeners[i].row];
        if (l->role != role_of_unit(ix))
            continue;
        int r = grant(f->role[ix].control, "listen", l->name, f->listeners[i].fd);
        if (r != 0)
            return r;
    }
    return f->counters >= 0 && role_of_unit(ix) == ROLE_IX_NET
               ? grant(f->role[ix].control, "file", "counters", f->counters)
               : 0;
}

static int introduce(struct fleet *f, int ix)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, FLEET_START_MAX);
    conf_dump(f->conf, role_table[role_of_unit(ix)].conf, &b);
    int r = b.err ? ERR_LIMIT : channel_send(f->role[ix].control, MSG_START, 0, buf_str(&b), NULL, 0);
    if (r == 0)
        r = grant_channels(f, ix);
    if (r == 0)
        r = grant_listeners(f, ix);
    if (r == 0)
        r = channel_send(f->role[ix].control, MSG_GO, 0, STR_NULL, NULL, 0);
    return r;
}

static int role_start(struct fleet *f, int ix)
{
    struct fleet_role *p = &f->role[ix];
    struct err e = {0};
    int pair[2];

    p->due_ms = 0;
    p->ready = p->stop_sent = false;
    p->layers[0] = '\0';
    p->started_ms = now_ms(f);
    int r = channel_pair(pair);
    if (r != 0)
        return r;
    char name[32];
    char *argv[] = {name, (char[]){"--role"}, name + sizeof("sigillo-") - 1, NULL};
    snprintf(name, sizeof(name), "sigillo-%s", role_unit_name(ix));
    r = spawn_role(p->exe, argv, pair[1], f->owner, &p->pid, &e);
    close_fd(&pair[1]);
    if (r != 0) {
        p->pid = 0;
        close_fd(&pair[0]);
        log_error("role.spawn.failed", L_Z("role", role_unit_name(ix)), L_Z("why", e.text));
        return r;
    }
    p->control = pair[0];
    fcntl(p->control, F_SETFL, O_NONBLOCK);
    r = introduce(f, ix);
    /* ERR_GONE: it died at once; the SIGCHLD on its way says so. */
    if (r != 0 && r != ERR_GONE)
        role_kill(f, ix, "could not be given its descriptors");
    return 0;
}

static void role_kill(struct fleet *f, int ix, const char *why)
{
    if (f->role[ix].pid <= 0)
        return;
    log_error("role.killed", L_Z("role", role_unit_name(ix)), L_Z("why", why));
    kill(f->role[ix].pid, SIGKILL);
}

static void start_all(struct fleet *f)
{
    f->phase = FLEET_SERVING;
    for (int i = 0; i < f->n_units; i++)
        if (!role_table[role_of_unit(i)].once && role_start(f, i) != 0)
            plan_restart(f, i);
}

int fleet_begin(struct fleet *f)
{
    f->phase = FLEET_MIGRATING;
    return role_start(f, ROLE_IX_MIGRATE);
}

/* A role that served for a second and died is started at once; only a role that cannot get up waits, longer each time.
 */
static void plan_restart(struct fleet *f, int ix)
{
    struct fleet_role *p = &f->role[ix];
    int64_t now = now_ms(f), wait = 0;
    if (now - p->started_ms < FLEET_QUICK_MS) {
        unsigned n = p->quick++;
        if (n < FLEET_BACKOFF_FREE)
            wait = FLEET_BACKOFF_FIRST_MS << n;
        else
            wait = (int64_t)FLEET_BACKOFF_SHORT_MS << (n - FLEET_BACKOFF_FREE < 5 ? n - FLEET_BACKOFF_FREE : 5);
        if (wait > FLEET_BACKOFF_MAX_MS)
            wait = FLEET_BACKOFF_MAX_MS;
    } else {
        p->quick = 0;
    }
    p->restarts++;
    p->due_ms = now + wait;
}

static void tell_health(struct fleet *f)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, FLEET_HEALTH_MAX);
    struct health_row self = {STR("supervisor"), (uint32_t)getpid(), 0, str_c(f->layers)};
    health_put(&b, &self);
    for (int i = 0; i < f->n_units; i++) {
        const struct fleet_role *p = &f->role[i];
        if (role_table[role_of_unit(i)].once)
            continue;
        struct health_row h = {str_c(role_unit_name(i)), (uint32_t)p->pid, p->restarts, str_c(p->layers)};
        health_put(&b, &h);
    }
    for (int i = ROLE_IX_NET; i < f->n_units; i++) {
        struct fleet_role *net = &f->role[i];
        if (net->ready && !net->stop_sent &&
            channel_send(net->control, MSG_HEALTH, 0, buf_str(&b), NULL, 0) == ERR_BUSY)
            role_kill(f, i, "does not read its channel to the supervisor");
    }
}

static void check_ready(struct fleet *f)
{
    for (int i = 0; i < f->n_units; i++)
        if (!role_table[role_of_unit(i)].once && !f->role[i].ready)
            return;
    if (f->was_ready)
        return;
    f->was_ready = true;
    /* The line that scripts wait for; it is no log line. */
    if (write(STDERR_FILENO, "ready\n", 6) < 0)
        log_warn("stderr.closed", L_I("errno", errno));
}

/* Only addresses that stand in the settings, for the roles that the table names: data never chooses where we connect
 * to. */
static void broker(struct fleet *f, int ix, const struct channel_msg *m)
{
    struct rd rd = rd_of(m->body);
    struct str want = rd_vstr(&rd);
    struct sockaddr_storage sa;
    socklen_t len = 0;
    struct err e = {0};
    bool permitted = false;
    AUTO(fd) int fd = -1;

    for (const struct broker_row *b = broker_table; b->role >= 0; b++)
        permitted = permitted || (b->role == role_of_unit(ix) && want.n && str_eq(conf_s(f->conf, b->conf), want));
    if (rd_done(&rd) && permitted && listen_parse(want, &sa, &len, &e) == 0) {
        fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, len) != 0 && errno != EINPROGRESS)
            close_fd(&fd);
    } else {
        log_warn("broker.refused", L_Z("role", role_unit_name(ix)), L_S("address", want));
    }
    int r = channel_send(f->role[ix].control, MSG_CONNECT, m->id, STR_NULL, &fd, fd >= 0 ? 1 : 0);
    if (r == ERR_BUSY)
        role_kill(f, ix, "does not read its channel to the supervisor");
}

void fleet_on_message(struct fleet *f, int ix)
{
    struct fleet_role *p = &f->role[ix];
    struct channel_msg m;
    int r = channel_recv(p->control, f->msg, CHANNEL_MSG_MAX, &m);
    if (r == ERR_BUSY)
        return;
    if (r != 0) {
        /* Closed or damaged. A role without its channel is not ours any more; its death comes by SIGCHLD. */
        if (r != ERR_GONE)
            role_kill(f, ix, "sent a message that is not ours");
        else if (!p->stop_sent && p->ready)
            kill(p->pid, SIGKILL);
        close_fd(&p->control);
        return;
    }
    if (m.type == MSG_READY && !p->ready) {
        size_t n = m.body.n < sizeof(p->layers) - 1 ? m.body.n : sizeof(p->layers) - 1;
        memcpy(p->layers, m.body.p, n);
        p->layers[n] = '\0';
        p->ready = true;
        log_info("role.ready", L_Z("role", role_unit_name(ix)), L_I("pid", p->pid),
                 L_I("ms", now_ms(f) - p->started_ms));
        tell_health(f);
        check_ready(f);
    } else if (m.type == MSG_CONNECT) {
        broker(f, ix, &m);
    } else {
        role_kill(f, ix, "sent a message that it may not send");
    }
    channel_msg_close(&m);
}

static void role_ended(struct fleet *f, int ix, int status)
{
    struct fleet_role *p = &f->role[ix];
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool config = WIFEXITED(status) && WEXITSTATUS(status) == FLEET_EXIT_CONFIG;

    close_fd(&p->control);
    p->pid = 0;
    p->ready = false;
    if (f->phase == FLEET_STOPPING) {
        if (!clean)
            log_warn("role.end", L_Z("role", role_unit_name(ix)),
                     L_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                     L_I("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1));
        return;
    }
    if (role_table[role_of_unit(ix)].once) {
        if (clean) {
            start_all(f);
        } else {
            log_error(
                "migrate.failed",
                L_Z("kept",
                    "nothing was started; the state folder is as the failed step left it, committed or not at all"),
                L_I("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
                L_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
            fleet_stop(f, 1);
        }
        return;
    }
    p->deaths++;
    log_error("role.died", L_Z("role", role_unit_name(ix)), L_I("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              L_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0), L_I("alive_ms", now_ms(f) - p->started_ms));
    if (!f->was_ready && (config || p->deaths >= FLEET_START_TRIES)) {
        log_error("start.failed", L_Z("role", role_unit_name(ix)), L_Z("cure", "its own lines above say why"));
        fleet_stop(f, 1);
        return;
    }
    plan_restart(f, ix);
    tell_health(f);
}

void fleet_reap(struct fleet *f)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < f->n_units; i++)
            if (f->role[i].pid == pid) {
                role_ended(f, i, status);
                break;
            }
}

/* STOP goes to one turn after the other, so that net can finish what it accepted while scan, dns and keys still answer.
 */
static void stop_next(struct fleet *f)
{
    int turn = -1;
    for (int i = 0; i < f->n_units; i++)
        if (f->role[i].pid && (turn < 0 || role_table[role_of_unit(i)].stop_turn < turn))
            turn = role_table[role_of_unit(i)].stop_turn;
    if (turn < 0) {
        f->phase = FLEET_ENDED;
        return;
    }
    for (int i = 0; i < f->n_units; i++) {
        struct fleet_role *p = &f->role[i];
        if (!p->pid || p->stop_sent || role_table[role_of_unit(i)].stop_turn != turn)
            continue;
        p->stop_sent = true;
        if (p->control < 0 || channel_send(p->control, MSG_STOP, 0, STR_NULL, NULL, 0) != 0)
            kill(p->pid, SIGKILL);
    }
}

void fleet_stop(struct fleet *f, int status)
{
    if (f->phase == FLEET_STOPPING) {
        f->stop_at_once = true;
        return;
    }
    f->phase = FLEET_STOPPING;
    f->status = status;
    f->kill_ms = now_ms(f) + FLEET_STOP_MS;
    for (int i = 0; i < f->n_units; i++)
        f->role[i].due_ms = 0;
}

static int64_t stop_tick(struct fleet *f, int64_t now)
{
    stop_next(f);
    if (f->phase == FLEET_ENDED)
        return 0;
    if (now < f->kill_ms && !f->stop_at_once)
        return f->kill_ms - now;
    for (int i = 0; i < f->n_units; i++)
        if (f->role[i].pid && (f->role[i].stop_sent || f->stop_at_once))
            role_kill(f, i, f->stop_at_once ? "asked to stop at once" : "did not end in time");
    f->status = 1;
    f->kill_ms = now + FLEET_STOP_REST_MS;
    return f->kill_ms - now;
}

int64_t fleet_tick(struct fleet *f)
{
    int64_t now = now_ms(f), next = -1;
    if (f->phase == FLEET_STOPPING)
        return stop_tick(f, now);
    for (int i = 0; i < f->n_units; i++) {
        struct fleet_role *p = &f->role[i];
        int64_t at = p->due_ms;
        if (p->due_ms && now >= p->due_ms) {
            if (role_start(f, i) != 0)
                plan_restart(f, i);
            at = p->due_ms;
        }
        if (p->pid && !p->ready) {
            at = p->started_ms + role_table[role_of_unit(i)].start_ms;
            if (now >= at) {
                role_kill(f, i, "was not ready in time");
                at = now + 1000;
            }
        }
        if (at && (next < 0 || at - now < next))
            next = at - now > 0 ? at - now : 0;
    }
    return next;
}

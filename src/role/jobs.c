/* The jobs role. Listens to nobody but its supervisor and net's wake-ups; connects nowhere. */
#include "role/jobs.h"
#include "core/log.h"
#include "os/role_table.h"
#include "role/auth_open.h"
#include "role/net.h"
#include "role/roles.h"
#include "role/store_open.h"
#include "role/wake_msg.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int jobs_init(struct role_ctx *r);
static int jobs_run(struct role_ctx *r);
static void net_join(struct jobs_net *net, int fd);
static void net_leave(struct jobs_net *net);

static const struct sandbox_spec jobs_sandbox = {
    .calls = SANDBOX_SERVICE,
    .flags = SANDBOX_NO_FORK | SANDBOX_NO_CONNECT | SANDBOX_NO_LISTEN,
    .paths = {{"cells", SANDBOX_WRITE},
              {"directory", SANDBOX_WRITE},
              {"tmp", SANDBOX_WRITE},
              {"/dev/urandom", SANDBOX_READ}},
};
const struct role role_jobs = {"jobs", &jobs_sandbox, jobs_init, jobs_run};

static const struct intake_hook *const hooks[] = {&intake_hook_mailbox, &intake_hook_history, &intake_hook_judged,
                                                  NULL};

static int jobs_init(struct role_ctx *r)
{
    struct str tmp = arena_printf(&r->conf.arena, "%s/tmp", r->state);
    if (mkdir(tmp.p, 0700) != 0 && errno != EEXIST)
        log_warn("jobs.tmp", L_Z("why", strerror(errno)));
    role_allow_store(r);
    return role_auth_init(r) == 0 ? 0 : 1;
}

static int net_of(struct str unit)
{
    for (int i = 0; i < ROLE_NETS_MAX; i++)
        if (str_eq(unit, str_c(role_unit_name(ROLE_IX_NET + i))))
            return i;
    return -1;
}

static void on_control(void *arg)
{
    struct jobs_role *j = arg;
    struct role_event ev;
    while (role_control(j->ctx, &ev) == 0) {
        if (ev.kind == ROLE_STOP)
            j->stopping = true;
        else if (ev.kind == ROLE_PEER && str_eq(ev.name, STR("scan")))
            intake_scan_channel(j->intake, ev.fd);
        else if (ev.kind == ROLE_PEER && str_eq(ev.name, STR("dns")))
            intake_dns_channel(j->intake, ev.fd);
        else if (ev.kind == ROLE_PEER && net_of(ev.name) >= 0) {
            struct jobs_net *net = &j->nets[net_of(ev.name)];
            net_leave(net);
            net_join(net, ev.fd);
            j->look = true;
        } else if ((ev.kind == ROLE_PEER || ev.kind == ROLE_CONNECTED) && ev.fd >= 0)
            close(ev.fd);
    }
}

/* On a thread of the store: what this process changed, to every net. Over PostgreSQL they hear it from the server. */
static void tell_nets(void *arg, const struct store_wake *list, size_t n, bool elsewhere)
{
    struct jobs_role *j = arg;
    char mem[32];
    if (elsewhere)
        return;
    pthread_mutex_lock(&j->nets_lock);
    for (size_t i = 0; i < n; i++) {
        struct buf b = {.p = mem, .cap = sizeof mem, .max = sizeof mem};
        role_wake_put(&b, &list[i]);
        for (size_t k = 0; k < ROLE_NETS_MAX; k++)
            if (j->nets[k].fd >= 0 && channel_send(j->nets[k].fd, MSG_WAKE, 0, buf_str(&b), NULL, 0) == ERR_BUSY)
                log_debug("jobs.wake", L_Z("lost", "its queue is full; its next look finds it"));
    }
    pthread_mutex_unlock(&j->nets_lock);
}

static void on_net(void *arg)
{
    struct jobs_net *net = arg;
    struct jobs_role *j = net->jobs;
    struct channel_msg m;
    struct store_wake w;
    int err;
    while ((err = channel_recv(net->fd, j->msg, CHANNEL_MSG_MAX, &m)) == 0) {
        if (m.type == MSG_WAKE && role_wake_get(m.body, &w))
            jobs_index_wake(j, w.cell, w.org);
        channel_msg_close(&m);
    }
    if (err != ERR_BUSY) /* it is being restarted: its successor's end comes as PEER */
        net_leave(net);
}

static void net_join(struct jobs_net *net, int fd)
{
    struct intake_io io = net_io_of(net->jobs->loop);
    pthread_mutex_lock(&net->jobs->nets_lock);
    net->fd = fd;
    pthread_mutex_unlock(&net->jobs->nets_lock);
    if (fd >= 0)
        net->watch = io.watch(io.ctx, fd, on_net, net);
}

static void net_leave(struct jobs_net *net)
{
    struct intake_io io = net_io_of(net->jobs->loop);
    if (net->watch)
        io.unwatch(io.ctx, STEAL(net->watch));
    pthread_mutex_lock(&net->jobs->nets_lock);
    if (net->fd >= 0)
        close(net->fd);
    net->fd = -1;
    pthread_mutex_unlock(&net->jobs->nets_lock);
}

static void on_look(struct net_timer *t)
{
    net_timer_set(t, JOBS_DRAIN_MS); /* the loop turns at least this often: drain and index look at their own clocks */
}

static int jobs_open(struct jobs_role *j, struct err *e)
{
    struct store_conf sc;
    int r = net_loop_new(&j->loop, j->ctx->env, e);
    if (r != 0)
        return r;
    role_store_conf(j->ctx, &sc);
    sc.post = net_post_ctx;
    sc.post_ctx = j->loop;
    sc.writers = sc.readers = 1;
    if (sc.engine == DB_SQLITE) {
        sc.wake = tell_nets;
        sc.wake_ctx = j;
    }
    r = store_open(&j->store, &sc, j->ctx->env, e);
    if (r != 0)
        return r;
    role_hostname(j->ctx, j->store, j->hostname, sizeof j->hostname);
    struct intake_conf ic = {.store = j->store,
                             .env = j->ctx->env,
                             .io = net_io_of(j->loop),
                             .scan_fd = role_take(j->ctx, "channel", "scan", 0),
                             .scan_timeout_ms = 20000,
                             .scan_workers = 1,
                             .hostname = str_c(j->hostname),
                             .hooks = hooks};
    role_auth_conf(j->ctx, &ic);
    r = intake_create(&j->intake, &ic, e);
    for (int i = 0; i < ROLE_NETS_MAX; i++)
        net_join(&j->nets[i], role_take(j->ctx, "channel", role_unit_name(ROLE_IX_NET + i), 0));
    return r;
}

static void work(struct jobs_role *j)
{
    int64_t now = net_now_ms(j->loop);
    if (now >= j->next_drain_ms) {
        j->next_drain_ms = now + JOBS_DRAIN_MS;
        jobs_drain(j);
        jobs_unread(j);
        jobs_rescan(j);
        jobs_walks(j);
        jobs_scrub(j);
        jobs_prune(j);
        jobs_domains(j);
    }
    bool all = now >= j->next_all_ms;
    if (all)
        j->next_all_ms = now + JOBS_LOOK_MS;
    if (all || j->look)
        j->look = jobs_index(j, all);
}

static int jobs_run(struct role_ctx *r)
{
    static struct jobs_role j;
    struct err e = {0};
    j = (struct jobs_role){.ctx = r, .look = true, .msg = malloc(CHANNEL_MSG_MAX)};
    static struct jobs_net nets[ROLE_NETS_MAX];
    j.nets = nets;
    for (int i = 0; i < ROLE_NETS_MAX; i++)
        nets[i] = (struct jobs_net){.jobs = &j, .fd = -1};
    pthread_mutex_init(&j.nets_lock, NULL);
    imap_init(&j.cells);
    imap_init(&j.walks);
    if (!j.msg || jobs_open(&j, &e) != 0) {
        log_error("jobs.start_failed", L_Z("why", e.text));
        return e.code == ERR_NOENT || e.code == ERR_VERSION || e.code == ERR_INVALID ? ROLE_EXIT_CONFIG : 1;
    }
    struct intake_io io = net_io_of(j.loop);
    j.control_watch = io.watch(io.ctx, r->control, on_control, &j);
    net_timer_init(&j.look_timer, j.loop, on_look);
    net_timer_set(&j.look_timer, JOBS_DRAIN_MS);
    if (role_ready(r) != 0)
        return 1;
    while (!j.stopping) {
        work(&j);
        net_loop_turn(j.loop, !j.look);
    }
    jobs_index_close(&j);
    store_close(&j.store);
    intake_free(&j.intake);
    free(j.msg);
    return 0;
}

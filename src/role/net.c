/* The net role: SMTP and HTTP/JMAP sessions, the main road, commits. One event loop; the store's threads and the
 * password pool beside it. May not connect out, start processes or read the key folder. */
#include "role/net.h"
#include "core/log.h"
#include "http/http.h"
#include "intake/hook.h"
#include "jmap/jmap.h"
#include "net/shared.h"
#include "os/fleet.h"
#include "os/role_table.h"
#include "role/auth_open.h"
#include "role/roles.h"
#include "role/store_open.h"
#include "store/account.h"
#include "store/spool.h"

#include <errno.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_BESIDES 2048u /* store, channels, HTTP, spools */
#define DRAIN_TICK_MS 20
#define STOP_GRACE_TURNS 50

static int net_init(struct role_ctx *r);
static int net_run(struct role_ctx *r);
static int net_open(struct net_role *n, struct err *e);
static void net_close(struct net_role *n);
static void on_control(void *arg);
static void stop_begin(struct net_role *n);
static void on_drain(struct net_timer *t);

/* Everything that this process can still open once it serves. */
static const struct sandbox_spec net_sandbox = {
    .calls = SANDBOX_SERVICE,
    .flags = SANDBOX_NO_FORK | SANDBOX_NO_CONNECT,
    .paths = {{"cells", SANDBOX_WRITE},
              {"directory", SANDBOX_WRITE},
              {"tmp", SANDBOX_WRITE},
              {"/dev/urandom", SANDBOX_READ}},
};
const struct role role_net = {"net", &net_sandbox, net_init, net_run};

static const struct intake_hook *const hooks[] = {&intake_hook_mailbox, &intake_hook_history, &intake_hook_judged,
                                                  NULL};

static int net_init(struct role_ctx *r)
{
    char tmp[PATH_MAX];
    OPENSSL_init_ssl(0, NULL); /* reads openssl.cnf, which is closed to us later */
    if ((size_t)snprintf(tmp, sizeof tmp, "%s/tmp", r->state) >= sizeof tmp ||
        (mkdir(tmp, 0700) != 0 && errno != EEXIST)) {
        log_error("net.tmp", L_Z("path", tmp), L_Z("why", strerror(errno)));
        return 1;
    }
    r->sandbox.files = (unsigned)conf_i(&r->conf, CONF_SMTP_MAX_CONNECTIONS) +
                       (unsigned)conf_i(&r->conf, CONF_HTTP_MAX_CONNECTIONS) + FILES_BESIDES;
    role_allow_store(r);
    return role_auth_init(r) == 0 ? 0 : 1;
}

/* --- opening --- */

static bool more_coming(void *ctx)
{
    struct net_role *n = ctx;
    return (n->smtp && smtp_data_flows(n->smtp)) || (n->intake && intake_busy(n->intake));
}

static int store_begin(struct net_role *n, struct err *e)
{
    struct role_ctx *r = n->ctx;
    struct store_conf c;
    role_store_conf(r, &c);
    c.post = net_post_ctx;
    c.post_ctx = n->loop;
    c.more_coming = more_coming;
    c.more_ctx = n;
    c.wake = net_wake_store;
    c.wake_ctx = n;
    if (c.last_resort) {
        struct err why = {0};
        if (spool_check(c.last_resort, r->state, &why) != 0) {
            log_error("net.no_last_resort", L_Z("why", why.text));
            c.last_resort = NULL;
        }
    }
    return store_open(&n->store, &c, r->env, e);
}

static int intake_begin_road(struct net_role *n, struct err *e)
{
    const struct conf *conf = &n->ctx->conf;
    const struct store_conf *sc = store_conf(n->store);
    struct intake_conf c = {
        .store = n->store,
        .env = n->ctx->env,
        .io = net_io_of(n->loop),
        .scan_fd = role_take(n->ctx, "channel", "scan", 0),
        .scan_timeout_ms = conf_i(conf, CONF_SCAN_TIMEOUT),
        .scan_workers = (int)conf_i(conf, CONF_SCAN_WORKERS),
        .last_resort = sc->last_resort,
        .hostname = str_c(n->hostname),
        .hooks = hooks,
        .wake = net_wake,
        .wake_ctx = n,
    };
    role_auth_conf(n->ctx, &c);
    return intake_create(&n->intake, &c, e);
}

_Static_assert(NET_SHARED_FIGURES + NET_SHARED_FIGURES_BYTES <= FLEET_COUNTERS_BYTES, "all parts are in the memory");

static unsigned net_unit(const char *name)
{
    for (int i = ROLE_IX_NET; i < ROLE_UNITS_MAX; i++)
        if (strcmp(role_unit_name(i), name) == 0)
            return (unsigned)(i - ROLE_IX_NET);
    return 0;
}

static int smtp_begin(struct net_role *n, const char *tmp, int counters, struct err *e)
{
    struct smtp_conf c;
    int r = smtp_conf_read(&n->ctx->conf, &c, e);
    if (r != 0)
        return r;
    c.hostname = str_c(n->hostname);
    c.spool_dir = tmp;
    c.tls = n->cert[NET_CERT_MAIL].tls;
    c.road = smtp_road_of(n->intake);
    c.counters = counters > 0 ? counters : 0;
    c.unit = net_unit(n->ctx->unit);
    n->smtp = smtp_server_new(n->loop, &c);
    return 0;
}

static void log_out(void *ctx, int64_t org, int64_t account)
{
    struct net_role *n = ctx;
    http_sessions_end(n->http, org, account);
    store_wake_others(n->store, &(struct store_wake){0, org, account, 0});
}

struct txt_ask {
    jmap_txt_done *done;
    void *arg;
};

static void on_txt(void *arg, enum intake_txt_status status, const struct str *text, size_t n)
{
    static const enum jmap_look_status as[] = {[INTAKE_TXT_FOUND] = JMAP_LOOK_FOUND,
                                               [INTAKE_TXT_NONE] = JMAP_LOOK_NONE,
                                               [INTAKE_TXT_NO_ANSWER] = JMAP_LOOK_NO_ANSWER};
    struct txt_ask ask = *(struct txt_ask *)arg;
    free(arg);
    ask.done(ask.arg, as[status], text, n);
}

static void txt(void *ctx, struct str name, jmap_txt_done *done, void *arg)
{
    struct txt_ask *ask = malloc(sizeof *ask);
    if (!ask)
        abort();
    *ask = (struct txt_ask){done, arg};
    intake_txt(((struct net_role *)ctx)->intake, name, on_txt, ask);
}

static int servers_begin(struct net_role *n, struct err *e)
{
    const struct conf *conf = &n->ctx->conf;
    const char *tmp = arena_printf(&n->ctx->conf.arena, "%s/tmp", n->ctx->state).p;
    AUTO(fd) int counters = role_take(n->ctx, "file", "counters", 0);
    int r = smtp_begin(n, tmp, counters, e);
    if (r != 0)
        return r;
    n->passwords = net_passwords_new(n);
    net_login_init(n);
    n->http = http_server_new(n->loop, &(struct http_conf){
                                           .origin = conf_s(conf, CONF_HTTP_ORIGIN),
                                           .max_body = (uint64_t)conf_i(conf, CONF_HTTP_MAX_BODY),
                                           .tmp_dir = tmp,
                                           .verify = net_passwords_verify,
                                           .verify_ctx = n->passwords,
                                           .tls = n->cert[NET_CERT_WEB].tls,
                                           .logins = &n->logins,
                                           .hosts = conf_s(conf, CONF_HTTP_HOSTS),
                                           .max_connections = (unsigned)conf_i(conf, CONF_HTTP_MAX_CONNECTIONS),
                                           .counters = counters > 0 ? counters : 0,
                                           .unit = net_unit(n->ctx->unit),
                                       });
    net_login_key(n);
    net_metrics_add(n);
    http_push_conf(n->http, jmap_push_ask, &n->jmap);
    n->jmap.store = n->store;
    n->jmap.body_max = (uint64_t)conf_i(conf, CONF_HTTP_MAX_BODY);
    n->jmap.http = n->http;
    n->jmap.changed = net_wake;
    n->jmap.health = net_health_json;
    n->jmap.log_out = log_out;
    n->jmap.txt = txt;
    n->jmap.txt_ctx = n->jmap.changed_ctx = n->jmap.health_ctx = n->jmap.log_out_ctx = n;
    n->jmap.hash = net_password_hash;
    http_server_routes(n->http, jmap_routes, jmap_n_routes, &n->jmap);
    http_server_routes(n->http, net_health_routes, net_health_routes_n, n);
    return 0;
}

static void listeners_begin(struct net_role *n)
{
    static const struct {
        const char *name;
        net_accept_fn *accept;
    } kinds[] = {{"smtp", smtp_accept}, {"http", http_accept}, {"https", http_accept_tls}};
    for (size_t k = 0; k < N_ELEMENTS(kinds); k++) {
        void *server = k == 0 ? (void *)n->smtp : (void *)n->http;
        int fd;
        while (n->n_listener < NET_LISTEN_MAX && (fd = role_take(n->ctx, "listen", kinds[k].name, 0)) >= 0)
            n->listener[n->n_listener++] = net_listen(n->loop, fd, kinds[k].accept, server);
    }
}

static int net_open(struct net_role *n, struct err *e)
{
    int r = net_loop_new(&n->loop, n->ctx->env, e);
    if (r == 0)
        r = store_begin(n, e);
    if (r != 0)
        return r;
    role_hostname(n->ctx, n->store, n->hostname, sizeof n->hostname);
    net_wake_init(n, role_take(n->ctx, "channel", "jobs", 0));
    net_keys_open(n, role_take(n->ctx, "channel", "keys", 0));
    r = intake_begin_road(n, e);
    if (r != 0)
        return r;
    r = servers_begin(n, e);
    if (r != 0)
        return r;
    listeners_begin(n);
    n->control = net_control_new(n, role_take(n->ctx, "listen", "control", 0));
    struct intake_io io = net_io_of(n->loop);
    n->control_watch = io.watch(io.ctx, n->ctx->control, on_control, n);
    return 0;
}

/* --- life --- */

static void peer_again(struct net_role *n, struct str name, int fd)
{
    if (str_eq(name, STR("scan"))) {
        intake_scan_channel(n->intake, fd);
    } else if (str_eq(name, STR("dns"))) {
        intake_dns_channel(n->intake, fd);
    } else if (str_eq(name, STR("keys"))) {
        net_keys_open(n, fd);
    } else if (str_eq(name, STR("jobs"))) {
        net_wake_channel(n, fd);
    } else {
        close(fd);
    }
}

static void on_control(void *arg)
{
    struct net_role *n = arg;
    struct role_event ev;
    while (role_control(n->ctx, &ev) == 0)
        switch (ev.kind) {
        case ROLE_STOP: stop_begin(n); break;
        case ROLE_PEER: peer_again(n, ev.name, ev.fd); break;
        case ROLE_HEALTH: net_health_keep(n, ev.body); break;
        case ROLE_CONNECTED:
            if (ev.fd >= 0)
                close(ev.fd);
            break;
        }
}

static void on_smtp_stopped(void *arg) { ((struct net_role *)arg)->smtp_stopped = true; }
static void on_http_stopped(void *arg) { ((struct net_role *)arg)->http_stopped = true; }

static void stop_begin(struct net_role *n)
{
    if (n->stopping)
        return;
    n->stopping = true;
    n->stop_ms = net_now_ms(n->loop);
    log_info("net.stopping", L_I("connections", smtp_server_counts(n->smtp).connections));
    for (size_t i = 0; i < n->n_listener; i++)
        net_listener_free(&n->listener[i]);
    n->n_listener = 0;
    net_control_stop(n->control);
    smtp_server_stop(n->smtp, on_smtp_stopped, n);
    http_server_stop(n->http, on_http_stopped, n);
    net_timer_init(&n->drain_timer, n->loop, on_drain);
    net_timer_set(&n->drain_timer, DRAIN_TICK_MS);
}

static void on_drain(struct net_timer *t)
{
    struct net_role *n = (struct net_role *)(void *)((char *)t - offsetof(struct net_role, drain_timer));
    bool late = net_now_ms(n->loop) - n->stop_ms > NET_STOP_MS;
    bool quiet = n->smtp_stopped && n->http_stopped && !intake_busy(n->intake) && !net_control_busy(n->control);
    if (!quiet && !late) {
        net_timer_set(&n->drain_timer, DRAIN_TICK_MS);
        return;
    }
    if (late)
        log_warn("net.stop_cut", L_I("connections", smtp_server_counts(n->smtp).connections));
    net_loop_stop(n->loop);
}

static void net_close(struct net_role *n)
{
    struct intake_io io = net_io_of(n->loop);
    net_timer_clear(&n->drain_timer);
    net_timer_clear(&n->login_timer);
    if (n->control_watch)
        io.unwatch(io.ctx, n->control_watch);
    intake_flush(n->intake);
    net_wake_flush(n);
    net_passwords_free(&n->passwords);
    store_close(&n->store); /* commits what was accepted; its last answers are posted */
    jmap_search_close();    /* nobody asks any more */
    for (int i = 0; i < STOP_GRACE_TURNS; i++)
        net_loop_turn(n->loop, false);
    smtp_server_free(&n->smtp);
    http_server_free(&n->http);
    intake_free(&n->intake);
    net_control_free(&n->control);
    net_keys_close(n);
    net_wake_flush(n);
    net_wake_channel(n, -1);
    buf_free(&n->health);
    net_loop_free(&n->loop);
}

static int net_run(struct role_ctx *r)
{
    static struct net_role n;
    struct err e = {0};
    n = (struct net_role){.ctx = r, .keys_fd = -1, .jobs_fd = -1};
    pthread_mutex_init(&n.heard_lock, NULL);
    buf_init(&n.health, CHANNEL_MSG_MAX);
    if (net_open(&n, &e) != 0) {
        log_error("net.start_failed", L_Z("why", e.text));
        return e.code == ERR_NOENT || e.code == ERR_VERSION || e.code == ERR_INVALID ? ROLE_EXIT_CONFIG : 1;
    }
    if (role_ready(r) != 0)
        return 1;
    int code = net_loop_run(n.loop) == 0 ? 0 : 1;
    net_close(&n);
    return code;
}

#include "smtp/session.h"
#include "core/log.h"
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>

#define FLOW_QUIET_MS 5 /* DATA that brought nothing for so long is not worth a wait of others */

static void refuse(struct smtp_server *s, int fd, const struct net_peer *peer, enum smtp_reply_id id);
static void grey_keep(void *ctx, int64_t cell, const struct smtp_grey_row *row);
static void on_stop_later(struct net_later *t);

struct smtp_server *smtp_server_new(struct net_loop *l, const struct smtp_conf *conf)
{
    struct smtp_server *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->loop = l;
    s->conf = *conf;
    list_init(&s->sessions);
    imap_init(&s->commits);
    imap_init(&s->greyed);
    smtp_limits_init(&s->limits, net_loop_env(l));
    if (conf->counters > 0 && smtp_limits_share(&s->limits, conf->counters, conf->unit) != 0)
        log_error("smtp.counters", L_Z("meaning", "limits by network and firm count in this process alone"));
    if (conf->greylist) {
        smtp_grey_init(&s->grey, net_loop_env(l), conf->grey_ms);
        s->grey.keep = grey_keep;
        s->grey.keep_ctx = s;
    }
    s->stop_later.fn = on_stop_later;
    return s;
}

void smtp_server_free(struct smtp_server **sp)
{
    struct smtp_server *s = *sp;
    if (!s)
        return;
    *sp = NULL;
    LIST_EACH_SAFE (n, &s->sessions) {
        struct conn *c = LIST_ITEM(n, struct smtp_session, node)->conn;
        conn_drop(c);
        conn_settle(c);
    }
    net_later_clear(&s->stop_later);
    size_t it = 0;
    uint64_t id;
    void *txn;
    while (imap_next(&s->commits, &it, &id, &txn))
        smtp_txn_free(txn);
    imap_free(&s->commits);
    imap_free(&s->greyed);
    smtp_limits_free(&s->limits);
    smtp_grey_free(&s->grey);
    free(s);
}

void smtp_server_tls(struct smtp_server *s, struct net_tls *tls) { s->conf.tls = tls; }

struct smtp_counts smtp_server_counts(const struct smtp_server *s)
{
    struct smtp_counts c = s->counts;
    c.in_data = atomic_load_explicit(&s->flowing, memory_order_relaxed);
    c.in_commit = (int64_t)s->commits.n;
    return c;
}

bool smtp_data_flows(const struct smtp_server *s)
{
    return atomic_load_explicit(&s->flowing, memory_order_relaxed) > 0 &&
           net_now_ms(s->loop) - atomic_load_explicit(&s->last_data_ms, memory_order_relaxed) < FLOW_QUIET_MS;
}

/* Once a minute: a flood must not fill the log's disk as well. */
static void warn_full(struct smtp_server *s)
{
    int64_t now = net_now_ms(s->loop);
    if (s->warned_ms && now - s->warned_ms < 60000)
        return;
    s->warned_ms = now;
    log_warn("smtp.too_many_connections", L_I("limit", s->conf.max_connections));
}

/* 0, or why this peer gets no session. */
static int unwelcome(struct smtp_server *s, const struct net_peer *peer, bool *entered)
{
    const struct smtp_conf *c = &s->conf;
    char key[SMTP_NETWORK_KEY_MAX];
    struct str net = smtp_network_key(peer, key);
    *entered = false;
    if (s->stopping)
        return REPLY_STOPPING;
    if (s->counts.connections >= c->max_connections) {
        warn_full(s);
        return REPLY_BUSY_CONNECTIONS;
    }
    if (peer->family == AF_UNIX || smtp_networks_has(&c->exempt, peer))
        return 0;
    if (!smtp_limits_enter(&s->limits, net, c->network_connections))
        return REPLY_BUSY_NETWORK;
    *entered = smtp_limits_take(&s->limits, net, SMTP_LIMIT_CONNECTIONS, c->network_rate, SMTP_MINUTE_US);
    if (!*entered)
        smtp_limits_leave(&s->limits, net);
    return *entered ? 0 : REPLY_FAST_NETWORK;
}

void smtp_accept(void *server, int fd, const struct net_peer *peer)
{
    struct smtp_server *s = server;
    bool entered;
    int why = unwelcome(s, peer, &entered);
    if (why) {
        refuse(s, fd, peer, (enum smtp_reply_id)why);
        return;
    }
    struct smtp_session *one = conn_user(smtp_session_new(s, fd, peer));
    one->entered = entered;
}

bool smtp_network_take(struct smtp_session *s, enum smtp_limit what, int64_t most, int64_t window_us)
{
    char key[SMTP_NETWORK_KEY_MAX];
    return s->exempt ||
           smtp_limits_take(&s->server->limits, smtp_network_key(conn_peer(s->conn), key), what, most, window_us);
}

bool smtp_firm_take(struct smtp_session *s, int64_t org)
{
    char key[1 + sizeof org] = "f"; /* networks begin with another letter */
    memcpy(key + 1, &org, sizeof org);
    return s->exempt || smtp_limits_take(&s->server->limits, str_n(key, sizeof key), SMTP_LIMIT_MESSAGES,
                                         s->server->conf.firm_messages, SMTP_MINUTE_US);
}

static void grey_keep(void *ctx, int64_t cell, const struct smtp_grey_row *row)
{
    struct smtp_server *s = ctx;
    const struct smtp_road *road = &s->conf.road;
    struct greylist_row r = {row->org, row->key, row->first_ms, row->last_ms, row->passed};
    road->grey_keep(road->ctx, cell, &r);
}

/* One small write into a fresh socket buffer: it fits or the peer gets nothing. */
static void refuse(struct smtp_server *s, int fd, const struct net_peer *peer, enum smtp_reply_id id)
{
    AUTO(buf) struct buf line;
    buf_init(&line, 512);
    smtp_refuse_line(s, peer, id, &line);
    (void)!send(fd, line.p, line.n, MSG_NOSIGNAL);
    close(fd);
}

void smtp_session_leave(struct smtp_session *s)
{
    struct smtp_server *srv = s->server;
    list_del(&s->node);
    srv->counts.connections--;
    char key[SMTP_NETWORK_KEY_MAX];
    if (s->entered)
        smtp_limits_leave(&srv->limits, smtp_network_key(conn_peer(s->conn), key));
    if (srv->stopping)
        net_later(srv->loop, &srv->stop_later);
}

void smtp_server_stop(struct smtp_server *s, void (*done)(void *arg), void *arg)
{
    s->stopping = true;
    s->stopped = done;
    s->stopped_arg = arg;
    LIST_EACH (n, &s->sessions) {
        struct smtp_session *one = LIST_ITEM(n, struct smtp_session, node);
        if (one->state != SMTP_DATA && one->state != SMTP_BDAT && one->state != SMTP_COMMIT &&
            one->state != SMTP_ENDED && one->state != SMTP_SECURING)
            smtp_say_last(one, REPLY_STOPPING);
    }
    net_later(s->loop, &s->stop_later);
}

static void on_stop_later(struct net_later *t)
{
    struct smtp_server *s = (struct smtp_server *)(void *)((char *)t - offsetof(struct smtp_server, stop_later));
    if (!list_empty(&s->sessions) || s->commits.n > 0 || !s->stopped)
        return;
    void (*done)(void *) = s->stopped;
    s->stopped = NULL;
    done(s->stopped_arg);
}

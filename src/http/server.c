#include "http/serve.h"
#include "core/log.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_stop_later(struct net_later *t);

struct http_server *http_server_new(struct net_loop *l, const struct http_conf *conf)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->loop = l;
    s->conf = *conf;
    if (s->conf.max_connections == 0 || s->conf.max_connections > HTTP_CONNECTIONS_MAX)
        s->conf.max_connections = HTTP_CONNECTIONS_MAX;
    s->auth = http_auth_new(l, conf->logins != NULL);
    s->limits = http_limits_new(l, conf->counters, conf->unit);
    s->figures = http_figures_new(conf->counters, conf->unit, net_loop_env(l));
    net_timer_init(&s->figures_timer, l, http_metrics_tell);
    if (s->figures)
        net_timer_set(&s->figures_timer, HTTP_FIGURES_MS);
    s->push = http_push_new(s);
    list_init(&s->conns);
    imap_init(&s->pending);
    imap_init(&s->pulling);
    s->stop_later.fn = on_stop_later;
    return s;
}

void http_server_free(struct http_server **sp)
{
    struct http_server *s = *sp;
    if (!s)
        return;
    *sp = NULL;
    LIST_EACH_SAFE (n, &s->conns) {
        struct conn *c = LIST_ITEM(n, struct http_conn, node)->conn;
        conn_drop(c);
        conn_settle(c);
    }
    net_later_clear(&s->stop_later);
    size_t it = 0;
    uint64_t id;
    void *v;
    while (imap_next(&s->pending, &it, &id, &v))
        http_txn_free(v);
    imap_free(&s->pending);
    imap_free(&s->pulling);
    http_push_free(&s->push);
    http_limits_free(&s->limits);
    net_timer_clear(&s->figures_timer);
    http_figures_free(&s->figures);
    http_auth_free(&s->auth);
    free(s);
}

void http_server_tls(struct http_server *s, struct net_tls *tls) { s->conf.tls = tls; }

void http_server_routes(struct http_server *s, const struct http_route *routes, size_t n, void *ctx)
{
    if (s->n_tables == HTTP_ROUTE_TABLES)
        abort();
    s->tables[s->n_tables].v = routes;
    s->tables[s->n_tables].n = n;
    s->tables[s->n_tables++].ctx = ctx;
}

void http_server_metrics(struct http_server *s, const struct http_metric *table, size_t n, void *ctx)
{
    if (s->n_metrics == HTTP_METRIC_TABLES)
        abort();
    s->metrics[s->n_metrics].v = table;
    s->metrics[s->n_metrics].n = n;
    s->metrics[s->n_metrics++].ctx = ctx;
}

void http_server_key(struct http_server *s, const uint8_t *key) { http_auth_key(s->auth, key); }

bool http_token_new(struct http_server *s, struct http_login *l, char text[HTTP_TOKEN_TEXT])
{
    _Static_assert(sizeof HTTP_TOKEN_PREFIX + HTTP_ID_TEXT <= HTTP_TOKEN_TEXT, "a token fits");
    if (!http_auth_ready(s->auth))
        return false;
    l->kind = HTTP_LOGIN_TOKEN;
    memcpy(text, HTTP_TOKEN_PREFIX, sizeof HTTP_TOKEN_PREFIX - 1);
    http_id_new(s->auth, l, text + sizeof HTTP_TOKEN_PREFIX - 1);
    return true;
}

void http_sessions_end(struct http_server *s, int64_t org, int64_t account)
{
    http_auth_end_account(s->auth, org, account, STR_NULL);
    http_push_end_account(s->push, org, account, STR_NULL);
}

void http_sessions_end_address(struct http_server *s, struct str address)
{
    http_auth_end_account(s->auth, 0, 0, address);
    http_push_end_account(s->push, 0, 0, address);
}

/* Loopback is not counted: proxies and tests stand there. */
static bool enter(struct http_server *s, const struct net_peer *peer, struct http_slot *slot)
{
    return !s->stopping && s->n_conns < s->conf.max_connections &&
           (net_peer_loopback(peer) || http_limits_enter(s->limits, HTTP_CONNECTION, NULL, peer, slot) == 0);
}

static void begin(struct http_server *s, int fd, const struct net_peer *peer, struct net_tls *tls,
                  const struct http_slot *slot)
{
    struct http_conn *hc = conn_user(http_conn_open(s, fd, peer, tls));
    hc->slot = *slot;
}

void http_accept(void *server, int fd, const struct net_peer *peer)
{
    static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
                               "Connection: close\r\n\r\n";
    struct http_server *s = server;
    struct http_slot slot = {0};
    if (!enter(s, peer, &slot)) {
        (void)!send(fd, full, sizeof full - 1, MSG_NOSIGNAL);
        close(fd);
        return;
    }
    begin(s, fd, peer, NULL, &slot);
}

void http_accept_tls(void *server, int fd, const struct net_peer *peer)
{
    struct http_server *s = server;
    struct http_slot slot = {0};
    if (!s->conf.tls || s->stopping ||
        (!net_peer_loopback(peer) && http_limits_enter(s->limits, HTTP_HANDSHAKE, NULL, peer, &slot) != 0)) {
        close(fd);
        return;
    }
    http_limits_leave(s->limits, &slot); /* only the rate counts */
    if (!enter(s, peer, &slot)) {
        close(fd);
        return;
    }
    begin(s, fd, peer, s->conf.tls, &slot);
}

struct conn *http_conn_new(struct http_server *s, int fd, const struct net_peer *peer)
{
    return http_conn_open(s, fd, peer, s->conf.tls);
}

void http_conn_leave(struct http_conn *hc)
{
    struct http_server *s = hc->server;
    http_limits_leave(s->limits, &hc->slot);
    list_del(&hc->node);
    s->n_conns--;
    if (s->stopping)
        net_later(s->loop, &s->stop_later);
}

void http_server_stop(struct http_server *s, void (*done)(void *arg), void *arg)
{
    s->stopping = true;
    s->stopped = done;
    s->stopped_arg = arg;
    http_push_stop(s->push);
    LIST_EACH (n, &s->conns) {
        struct http_conn *hc = LIST_ITEM(n, struct http_conn, node);
        if (hc->state == HTTP_WAITING)
            conn_finish(hc->conn);
        else if (hc->txn)
            hc->txn->close = true;
    }
    net_later(s->loop, &s->stop_later);
}

static void on_stop_later(struct net_later *t)
{
    struct http_server *s = (struct http_server *)(void *)((char *)t - offsetof(struct http_server, stop_later));
    if (!list_empty(&s->conns) || s->pending.n > 0 || !s->stopped)
        return;
    void (*done)(void *) = s->stopped;
    s->stopped = NULL;
    done(s->stopped_arg);
}

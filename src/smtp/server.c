#include "smtp/session.h"
#include "core/log.h"
#include <stdlib.h>
#include <unistd.h>
#include <sys/socket.h>

#define FLOW_QUIET_MS 5 /* DATA that brought nothing for so long is not worth a wait of others */

static void refuse(int fd, const char *line);
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
    net_peers_init(&s->peers, SMTP_PER_PEER_MAX, net_loop_env(l));
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
    net_peers_free(&s->peers);
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

void smtp_accept(void *server, int fd, const struct net_peer *peer)
{
    struct smtp_server *s = server;
    char ip[NET_PEER_TEXT];
    if (s->stopping) {
        refuse(fd, "421 4.3.2 Server is stopping, please try again in a minute\r\n");
    } else if (s->counts.connections >= s->conf.max_connections) {
        log_warn("smtp.too_many_connections", L_I("limit", s->conf.max_connections),
                 L_S("peer", net_peer_text(peer, ip)));
        refuse(fd, "421 4.3.2 Too many connections, please try again later\r\n");
    } else if (!net_peers_enter(&s->peers, peer)) {
        log_info("smtp.too_many_of_peer", L_S("peer", net_peer_text(peer, ip)));
        refuse(fd, "421 4.7.0 Too many connections from your address, please try again later\r\n");
    } else {
        (void)smtp_session_new(s, fd, peer);
    }
}

/* One small write into a fresh socket buffer: it fits or the peer gets nothing. */
static void refuse(int fd, const char *line)
{
    (void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
    close(fd);
}

void smtp_session_leave(struct smtp_session *s)
{
    struct smtp_server *srv = s->server;
    list_del(&s->node);
    srv->counts.connections--;
    net_peers_leave(&srv->peers, conn_peer(s->conn));
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
        if (one->state != SMTP_DATA && one->state != SMTP_COMMIT && one->state != SMTP_ENDED &&
            one->state != SMTP_SECURING)
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

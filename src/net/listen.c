#include "net/listen.h"
#include "core/log.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct net_listener {
    struct event ev;
    struct net_timer rest;
    struct net_loop *loop;
    net_accept_fn *accept;
    void *ctx;
    int fd;
};

static void on_ready(evutil_socket_t fd, short what, void *arg);
static void on_rested(struct net_timer *t);

struct net_listener *net_listen(struct net_loop *l, int fd, net_accept_fn *accept_fn, void *ctx)
{
    struct net_listener *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    *n = (struct net_listener){.loop = l, .accept = accept_fn, .ctx = ctx, .fd = fd};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    net_timer_init(&n->rest, l, on_rested);
    event_assign(&n->ev, net_loop_base(l), fd, EV_READ | EV_PERSIST, on_ready, n);
    event_add(&n->ev, NULL);
    return n;
}

void net_listener_free(struct net_listener **np)
{
    struct net_listener *n = *np;
    if (!n)
        return;
    *np = NULL;
    event_del(&n->ev);
    net_timer_clear(&n->rest);
    close(n->fd);
    free(n);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct net_listener *n = arg;
    for (int i = 0; i < LISTEN_ROUND; i++) {
        struct sockaddr_storage sa;
        socklen_t len = sizeof sa;
        int c = accept4(fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (c >= 0) {
            struct net_peer peer;
            net_peer_from(&peer, (struct sockaddr *)&sa, len);
            if (peer.family != AF_UNIX)
                setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            n->accept(n->ctx, c, &peer);
            continue;
        }
        if (errno == EAGAIN)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            log_error("net.accept_rests", L_Z("error", strerror(errno)));
            event_del(&n->ev);
            net_timer_set(&n->rest, LISTEN_REST_MS);
            return;
        }
        /* EINTR, ECONNABORTED and the network's own errors (accept(2)) concern that one connection. */
    }
}

static void on_rested(struct net_timer *t)
{
    struct net_listener *n = (struct net_listener *)(void *)((char *)t - offsetof(struct net_listener, rest));
    event_add(&n->ev, NULL);
}

int64_t net_raise_nofile(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return 1024;
    rlim_t was = r.rlim_cur;
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r) != 0)
        return (int64_t)was;
    return (int64_t)r.rlim_cur;
}

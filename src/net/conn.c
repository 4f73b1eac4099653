#include "net/conn.h"
#include "net/tls.h"
#include "core/log.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_ROUNDS 4   /* reads of one connection before others get their turn */
#define FLUSH_ROUNDS 16 /* refills of a pulled answer before others get their turn */
#define CONN_FLUSH_MS 30000

enum conn_state {
    CONN_OPEN,
    CONN_HANDSHAKE,
    CONN_FLUSH /* send, then shut down */,
    CONN_LINGER /* discard until EOF */,
    CONN_DEAD
};

struct conn {
    const struct conn_ops *ops;
    void *user;
    struct net_loop *loop;
    SSL *ssl;
    struct net_tls *tls_next; /* STARTTLS asked for: begins when output is out */
    struct event ev;
    struct net_timer timer;
    struct net_later later;
    struct buf in, out;
    size_t out_at; /* bytes of out already sent */
    size_t lingered;
    struct net_peer peer;
    int fd;
    short interest;
    uint8_t state;
    uint8_t why;
    bool paused, in_call, read_again, data_again, want_write, eof, wrote;
};

static void on_event(evutil_socket_t fd, short what, void *arg);
static void on_timer(struct net_timer *t);
static void on_later(struct net_later *t);
static void conn_fail(struct conn *c, enum conn_end why);
static void conn_input(struct conn *c, struct str fresh);
static void conn_read(struct conn *c);
static void conn_flush(struct conn *c);
static void conn_interest(struct conn *c);
static void conn_free(struct conn *c);
static void handshake_step(struct conn *c);
static void tls_begin(struct conn *c);
static void tls_forget_errors(void);

struct conn *conn_new(struct net_loop *l, int fd, const struct net_peer *peer, struct net_tls *tls,
                      const struct conn_ops *ops, void *user)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->ops = ops;
    c->user = user;
    c->loop = l;
    c->fd = fd;
    if (peer)
        c->peer = *peer;
    buf_init(&c->in, CONN_IN_MAX);
    buf_init(&c->out, CONN_OUT_MAX);
    net_timer_init(&c->timer, l, on_timer);
    c->later.fn = on_later;
    if (tls) {
        c->tls_next = tls;
        tls_begin(c);
    }
    conn_interest(c);
    return c;
}

void *conn_user(const struct conn *c) { return c->user; }
const struct net_peer *conn_peer(const struct conn *c) { return &c->peer; }
struct net_loop *conn_loop(const struct conn *c) { return c->loop; }
bool conn_paused(const struct conn *c) { return c->paused; }
bool conn_closing(const struct conn *c) { return c->state >= CONN_FLUSH; }
bool conn_is_tls(const struct conn *c) { return c->ssl && c->state != CONN_HANDSHAKE; }
/* In memory what is written counts as sent; the test reads and clears conn_out. */
size_t conn_out_pending(const struct conn *c) { return c->fd < 0 ? 0 : c->out.n - c->out_at; }
struct buf *conn_out(struct conn *c) { return &c->out; }

void conn_send_buffer(struct conn *c, int bytes)
{
    if (c->fd >= 0)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void conn_set_ops(struct conn *c, const struct conn_ops *ops, void *user)
{
    c->ops = ops;
    c->user = user;
}

static void conn_touch(struct conn *c)
{
    if (!c->in_call)
        net_later(c->loop, &c->later);
}

void conn_write(struct conn *c, struct str s)
{
    if (c->state >= CONN_FLUSH)
        return;
    buf_adds(&c->out, s);
    conn_written(c);
}

void conn_written(struct conn *c)
{
    c->wrote = true;
    conn_touch(c);
}

void conn_pause(struct conn *c) { c->paused = true; }

void conn_resume(struct conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    c->data_again = c->read_again = true;
    conn_touch(c);
}

bool conn_has_more(struct conn *c, struct str rest)
{
    if (rest.n > 0 || (c->ssl && SSL_pending(c->ssl) > 0))
        return true;
    int waiting = 0;
    return c->fd >= 0 && ioctl(c->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

void conn_deadline(struct conn *c, int64_t ms)
{
    if (c->state >= CONN_FLUSH) /* conn_finish has set the last one */
        return;
    if (ms > 0)
        net_timer_set(&c->timer, ms);
    else
        net_timer_clear(&c->timer);
}

void conn_finish(struct conn *c)
{
    if (c->state >= CONN_FLUSH)
        return;
    c->state = CONN_FLUSH;
    c->why = CONN_FINISHED;
    c->tls_next = NULL;
    net_timer_set(&c->timer, CONN_FLUSH_MS);
    conn_touch(c);
}

void conn_drop(struct conn *c)
{
    conn_fail(c, CONN_FINISHED);
    conn_touch(c);
}

static void conn_fail(struct conn *c, enum conn_end why)
{
    if (c->state == CONN_DEAD)
        return;
    if (c->state < CONN_FLUSH)
        c->why = (uint8_t)why;
    c->state = CONN_DEAD;
}

void conn_start_tls(struct conn *c, struct net_tls *tls)
{
    c->tls_next = tls;
    conn_touch(c);
}

struct str conn_tls_text(const struct conn *c, char *out, size_t cap)
{
    if (!conn_is_tls(c))
        return STR("");
    int n = snprintf(out, cap, "%s %s", SSL_get_version(c->ssl), SSL_get_cipher_name(c->ssl));
    return str_n(out, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1);
}

void conn_feed(struct conn *c, struct str bytes)
{
    if (c->state == CONN_OPEN)
        conn_input(c, bytes);
    conn_settle(c);
}

/* The one place where deferred effects happen; runs at the top of the loop only. */
void conn_settle(struct conn *c)
{
    net_later_clear(&c->later);
    for (int i = 0;; i++) {
        if (c->wrote || c->state == CONN_FLUSH)
            conn_flush(c);
        if (c->wrote && c->state != CONN_DEAD) { /* drained wrote more */
            if (i < FLUSH_ROUNDS)
                continue;
            net_later(c->loop, &c->later);
            break;
        }
        if (c->tls_next && c->state == CONN_OPEN && conn_out_pending(c) == 0)
            tls_begin(c);
        if (c->data_again && c->state == CONN_OPEN && !c->paused && conn_out_pending(c) <= CONN_OUT_HIGH) {
            c->data_again = false;
            conn_input(c, STR_NULL);
            continue;
        }
        if (c->read_again && c->state == CONN_OPEN && !c->paused && c->fd >= 0) {
            c->read_again = false;
            if (c->ssl && SSL_pending(c->ssl) > 0) {
                conn_read(c);
                continue;
            }
        }
        if (c->eof && c->state == CONN_OPEN && !c->paused && !c->data_again) {
            conn_finish(c);
            c->why = CONN_PEER_CLOSED;
            continue;
        }
        break;
    }
    if (c->state == CONN_DEAD)
        conn_free(c);
    else
        conn_interest(c);
}

static void conn_free(struct conn *c)
{
    net_timer_clear(&c->timer);
    net_later_clear(&c->later);
    c->in_call = true;
    c->ops->closed(c, c->why);
    net_timer_clear(&c->timer);
    net_later_clear(&c->later);
    if (c->interest)
        event_del(&c->ev);
    SSL_free(c->ssl);
    if (c->fd >= 0)
        close(c->fd);
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

static void on_later(struct net_later *t)
{
    conn_settle((struct conn *)(void *)((char *)t - offsetof(struct conn, later)));
}

static void on_timer(struct net_timer *t)
{
    struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, timer));
    if (c->state == CONN_OPEN && c->ops->timeout) {
        c->in_call = true;
        c->ops->timeout(c);
        c->in_call = false;
    } else {
        conn_fail(c, CONN_TIMED_OUT);
    }
    conn_settle(c);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct conn *c = arg;
    if (what & EV_WRITE)
        c->wrote = true; /* tries again in settle */
    if (c->state == CONN_HANDSHAKE)
        handshake_step(c);
    else if (what & EV_READ)
        conn_read(c);
    conn_settle(c);
}

static void conn_interest(struct conn *c)
{
    if (c->fd < 0)
        return;
    bool room = conn_out_pending(c) <= CONN_OUT_HIGH;
    bool rd = !c->eof && ((c->state == CONN_OPEN && !c->paused && room) || c->state == CONN_LINGER ||
                          (c->state == CONN_HANDSHAKE && !c->want_write));
    bool wr = ((c->state == CONN_OPEN || c->state == CONN_FLUSH) && conn_out_pending(c) > 0) ||
              (c->state == CONN_HANDSHAKE && c->want_write);
    /* A paused reader stays registered until the kernel really has something: lock-step peers cost no epoll_ctl per
     * message. */
    if (!rd && c->state == CONN_OPEN && c->paused && (c->interest & EV_READ) && !c->read_again && !c->eof)
        rd = true;
    short want = (short)((rd ? EV_READ : 0) | (wr ? EV_WRITE : 0));
    if (want == c->interest)
        return;
    if (c->interest)
        event_del(&c->ev);
    c->interest = want;
    if (!want)
        return;
    event_assign(&c->ev, net_loop_base(c->loop), c->fd, (short)(want | EV_PERSIST), on_event, c);
    event_add(&c->ev, NULL);
}

/* SSL_get_error looks at the error queue of the thread first: what a bad signature of some message left there would end
 * a connection that has nothing to do with it (SSL_get_error(3)). */
static void tls_forget_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

static ssize_t conn_recv(struct conn *c, char *p, size_t n)
{
    if (!c->ssl) {
        ssize_t r;
        do
            r = recv(c->fd, p, n, 0);
        while (r < 0 && errno == EINTR);
        if (r == 0)
            c->eof = true;
        else if (r < 0 && errno != EAGAIN)
            conn_fail(c, CONN_FAILED);
        return r;
    }
    tls_forget_errors();
    int r = SSL_read(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
    if (r > 0)
        return r;
    switch (SSL_get_error(c->ssl, r)) {
    case SSL_ERROR_WANT_READ: return -1;
    case SSL_ERROR_WANT_WRITE: return -1; /* only with renegotiation, which is off */
    case SSL_ERROR_ZERO_RETURN: c->eof = true; return 0;
    default: {
        char text[120];
        net_tls_error(text, sizeof text);
        log_debug("net.tls_error", L_Z("error", text));
        conn_fail(c, CONN_FAILED);
        return -1;
    }
    }
}

static void conn_read(struct conn *c)
{
    char *scratch = net_scratch(c->loop);
    for (int i = 0; i < READ_ROUNDS; i++) {
        if (c->state == CONN_OPEN && (c->paused || conn_out_pending(c) > CONN_OUT_HIGH)) {
            c->read_again = true; /* TLS may hold bytes the kernel no longer shows */
            return;
        }
        if (c->state != CONN_OPEN && c->state != CONN_LINGER)
            return;
        ssize_t n = conn_recv(c, scratch, NET_SCRATCH);
        if (c->state == CONN_LINGER) {
            c->lingered += n > 0 ? (size_t)n : 0;
            if (c->eof || c->lingered > CONN_LINGER_MAX)
                conn_fail(c, CONN_FINISHED);
        }
        if (n <= 0)
            return;
        if (c->state == CONN_OPEN)
            conn_input(c, str_n(scratch, (size_t)n));
        if (!c->ssl && (size_t)n < NET_SCRATCH)
            return; /* a short read emptied the socket */
    }
    c->read_again = c->ssl != NULL;
}

/* fresh: new bytes in scratch (or none). Hands leftover + fresh to the protocol; what it leaves goes to (or stays in)
 * c->in. */
static void conn_input(struct conn *c, struct str fresh)
{
    bool own = c->in.n > 0;
    if (own) {
        buf_adds(&c->in, fresh);
        if (c->in.err) {
            log_bug("net.input_unbounded", L_I("bytes", c->in.n));
            conn_fail(c, CONN_FAILED);
            return;
        }
    }
    struct str all = own ? buf_str(&c->in) : fresh;
    if (!all.n)
        return;
    size_t used = 0;
    c->in_call = true;
    /* Stops when the protocol cannot go on, pauses, closes, starts TLS or has written more than the peer takes. */
    while (used < all.n && c->state == CONN_OPEN && !c->paused && !c->tls_next) {
        if (conn_out_pending(c) > CONN_OUT_HIGH) {
            c->data_again = true;
            break;
        }
        size_t n = c->ops->data(c, str_from(all, used));
        if (n == 0)
            break;
        used += n < all.n - used ? n : all.n - used;
    }
    c->in_call = false;
    if (c->tls_next || c->state >= CONN_FLUSH) {
        buf_free(&c->in); /* bytes sent ahead of the handshake die here */
        buf_init(&c->in, CONN_IN_MAX);
    } else if (!own) {
        if (used < all.n)
            buf_add(&c->in, all.p + used, all.n - used);
    } else if (used == all.n) {
        buf_free(&c->in);
        buf_init(&c->in, CONN_IN_MAX);
    } else {
        buf_drop(&c->in, used);
    }
}

static ssize_t conn_send(struct conn *c, const char *p, size_t n)
{
    if (!c->ssl) {
        ssize_t r;
        do
            r = send(c->fd, p, n, MSG_NOSIGNAL);
        while (r < 0 && errno == EINTR);
        if (r < 0 && errno != EAGAIN)
            conn_fail(c, CONN_FAILED);
        return r;
    }
    tls_forget_errors();
    int r = SSL_write(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
    if (r > 0)
        return r;
    int why = SSL_get_error(c->ssl, r);
    if (why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ) {
        char text[120];
        net_tls_error(text, sizeof text);
        conn_fail(c, CONN_FAILED);
    }
    return -1;
}

static void conn_shut(struct conn *c)
{
    if (c->fd < 0) { /* the test reads our last words, then drops */
        c->state = CONN_LINGER;
        return;
    }
    if (c->eof) {
        c->state = CONN_DEAD;
        return;
    }
    tls_forget_errors();
    if (c->ssl && SSL_shutdown(c->ssl) < 0) {
        char text[120];
        net_tls_error(text, sizeof text);
    }
    if (shutdown(c->fd, SHUT_WR) < 0) {
        c->state = CONN_DEAD;
        return;
    }
    SSL_free(c->ssl); /* lingering discards raw bytes */
    c->ssl = NULL;
    c->state = CONN_LINGER;
    net_timer_clear(&c->timer);
    net_timer_set(&c->timer, CONN_LINGER_MS);
}

static void conn_flush(struct conn *c)
{
    bool had = c->wrote;
    c->wrote = false;
    if (c->out.err) {
        log_bug("net.output_unbounded", L_I("bytes", c->out.n));
        conn_fail(c, CONN_FAILED);
    }
    while (c->fd >= 0 && (c->state == CONN_OPEN || c->state == CONN_FLUSH) && conn_out_pending(c) > 0) {
        ssize_t n = conn_send(c, c->out.p + c->out_at, conn_out_pending(c));
        if (n <= 0)
            break;
        c->out_at += (size_t)n;
    }
    if (conn_out_pending(c) > 0 || (c->state != CONN_OPEN && c->state != CONN_FLUSH))
        return;
    if (c->fd >= 0 && c->out.p) {
        buf_free(&c->out);
        buf_init(&c->out, CONN_OUT_MAX);
        c->out_at = 0;
    }
    if (had && c->ops->drained) {
        c->in_call = true;
        c->ops->drained(c);
        c->in_call = false;
    }
    if (c->state == CONN_FLUSH && conn_out_pending(c) == 0)
        conn_shut(c);
}

static void tls_begin(struct conn *c)
{
    struct net_tls *tls = STEAL(c->tls_next);
    buf_free(&c->in);
    buf_init(&c->in, CONN_IN_MAX);
    c->data_again = c->read_again = false;
    if (c->fd < 0)
        return;
    c->ssl = net_tls_session(tls, c->fd);
    c->state = CONN_HANDSHAKE;
    c->want_write = false;
}

static void handshake_step(struct conn *c)
{
    tls_forget_errors();
    int r = SSL_do_handshake(c->ssl);
    if (r == 1) {
        c->state = CONN_OPEN;
        c->read_again = true;
        c->want_write = false;
        if (c->ops->secured) {
            c->in_call = true;
            c->ops->secured(c);
            c->in_call = false;
        }
        if (c->state == CONN_OPEN)
            conn_read(c); /* the peer's first command may have come with its Finished */
        return;
    }
    int why = SSL_get_error(c->ssl, r);
    c->want_write = why == SSL_ERROR_WANT_WRITE;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return;
    char text[120], ip[NET_PEER_TEXT];
    net_tls_error(text, sizeof text);
    log_info("net.tls_handshake_failed", L_S("peer", net_peer_text(&c->peer, ip)), L_Z("error", text));
    conn_fail(c, CONN_FAILED);
}

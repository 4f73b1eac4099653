/* control.sock: requests of the command line (admin/control.h). Read on the loop, done on a thread of their own (a verb waits for commits), answered on the
 * loop. The other end is known by SO_PEERCRED, taken when it connects. */
#include "role/net.h"
#include "admin/control.h"
#include "role/net_token.h"
#include "core/log.h"
#include "core/map.h"
#include "store/account.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_READ_MS 10000
#define CONTROL_WORK_MS 120000

struct net_control {
    struct net_role *net;
    struct net_listener *listener;
    struct imap calls; /* id -> struct call */
};
struct call { /* one connection */
    struct net_control *control;
    struct conn *conn; /* NULL: gone */
    uint64_t id;
    uid_t uid;
    bool working;
    struct str request;
    char *mem;
    struct buf reply;
    int result;
    struct net_token *token; /* of a token's verb */
};

static size_t on_data(struct conn *c, struct str in);
static void on_closed(struct conn *c, enum conn_end why);
static void *work(void *arg);
static void on_worked(void *arg);
static void tell_others(struct call *c);

static const struct conn_ops control_ops = {.data = on_data, .closed = on_closed};

static void on_accept(void *ctx, int fd, const struct net_peer *peer)
{
    struct net_control *k = ctx;
    struct ucred cred;
    socklen_t n = sizeof cred;
    if (k->calls.n >= NET_CONTROL_MAX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0) {
        close(fd);
        return;
    }
    struct call *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->control = k;
    c->uid = cred.uid;
    c->id = net_next_id(k->net->loop);
    buf_init(&c->reply, CONTROL_REPLY_MAX);
    imap_put(&k->calls, c->id, c);
    c->conn = conn_new(k->net->loop, fd, peer, NULL, &control_ops, c);
    conn_deadline(c->conn, CONTROL_READ_MS);
}

struct net_control *net_control_new(struct net_role *n, int fd)
{
    if (fd < 0)
        return NULL;
    struct net_control *k = calloc(1, sizeof *k);
    if (!k)
        abort();
    k->net = n;
    imap_init(&k->calls);
    k->listener = net_listen(n->loop, fd, on_accept, k);
    return k;
}

void net_control_stop(struct net_control *k)
{
    if (k)
        net_listener_free(&k->listener);
}

bool net_control_busy(const struct net_control *k) { return k && k->calls.n > 0; }

void net_control_free(struct net_control **kp)
{
    struct net_control *k = *kp;
    if (!k)
        return;
    *kp = NULL;
    net_listener_free(&k->listener);
    imap_free(&k->calls);
    free(k);
}

static void call_free(struct call *c)
{
    imap_del(&c->control->calls, c->id);
    if (c->mem)
        explicit_bzero(c->mem, c->request.n); /* may hold a password's hash */
    free(c->mem);
    net_token_free(c->token);
    if (c->reply.p)
        explicit_bzero(c->reply.p, c->reply.n); /* may show a new token */
    buf_free(&c->reply);
    free(c);
}

static size_t on_data(struct conn *conn, struct str in)
{
    struct call *c = conn_user(conn);
    ptrdiff_t n = control_complete(in);
    if (n == 0 && in.n <= CONTROL_REQUEST_MAX)
        return 0;
    if (n <= 0 || c->working) {
        conn_drop(conn);
        return in.n;
    }
    c->mem = malloc((size_t)n);
    if (!c->mem)
        abort();
    memcpy(c->mem, in.p, (size_t)n);
    c->request = str_n(c->mem, (size_t)n);
    c->working = true;
    c->token = net_token_take(c->control->net, c->request);
    conn_pause(conn);
    conn_deadline(conn, CONTROL_WORK_MS);
    pthread_t t;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&t, &attr, work, c) != 0) {
        c->working = false;
        conn_drop(conn);
    }
    pthread_attr_destroy(&attr);
    return (size_t)n;
}

static void *work(void *arg)
{
    struct call *c = arg;
    c->result = c->token ? net_token_work(c->token, c->uid, &c->reply)
                         : control_handle(c->control->net->store, c->uid, c->request, &c->reply);
    tell_others(c);
    net_post(c->control->net->loop, on_worked, c);
    return NULL;
}

/* A new password ends every session that the old one began. */
static struct str new_password_of(const struct call *c)
{
    return c->result == 0 && str_find(c->request, STR(" user.password\n"), 0) >= 0
               ? control_value(c->request, "address")
               : STR_NULL;
}

/* The other processes on this database. On the worker's thread: asks the directory. */
static void tell_others(struct call *c)
{
    struct store *s = c->control->net->store;
    struct str address = new_password_of(c);
    struct place_of at;
    if (address.n && directory_find(s, address, &at) == 0)
        store_wake_others(s, &(struct store_wake){at.cell, at.org, at.account, 0});
}

static void forget_sessions(struct call *c)
{
    struct str address = new_password_of(c);
    if (address.n)
        http_sessions_end_address(c->control->net->http, address);
}

static void on_worked(void *arg)
{
    struct call *c = arg;
    c->working = false;
    forget_sessions(c);
    if (!c->conn) {
        call_free(c);
        return;
    }
    conn_write(c->conn, buf_str(&c->reply));
    conn_finish(c->conn);
}

static void on_closed(struct conn *conn, enum conn_end why)
{
    (void)why;
    struct call *c = conn_user(conn);
    c->conn = NULL;
    if (!c->working) /* else on_worked frees it */
        call_free(c);
}

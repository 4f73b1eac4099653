/* Wake-ups. What this process commits (told by the store, and at once by intake and JMAP): its event clients and jobs hear of it. What others commit (jobs
 * over its channel; over PostgreSQL the store hears every process on every machine): its event clients do. Under load a firm gets many messages a second;
 * jobs is told of it once per NET_WAKE_MS, so that it indexes in few commits. */
#include "role/net.h"
#include "core/log.h"
#include "role/wake_msg.h"

#include <unistd.h>

static void on_wake_timer(struct net_timer *t);
static void on_jobs(void *arg);
static void jobs_leave(struct net_role *n);

void net_wake_init(struct net_role *n, int fd)
{
    net_timer_init(&n->wake_timer, n->loop, on_wake_timer);
    net_wake_channel(n, fd);
}

void net_wake_channel(struct net_role *n, int fd)
{
    struct intake_io io = net_io_of(n->loop);
    jobs_leave(n);
    n->jobs_fd = fd;
    if (fd >= 0)
        n->jobs_watch = io.watch(io.ctx, fd, on_jobs, n);
}

static void jobs_leave(struct net_role *n)
{
    struct intake_io io = net_io_of(n->loop);
    if (n->jobs_watch)
        io.unwatch(io.ctx, STEAL(n->jobs_watch));
    if (n->jobs_fd >= 0)
        close(n->jobs_fd);
    n->jobs_fd = -1;
}

/* --- to jobs --- */

static void send_one(struct net_role *n, const struct store_wake *w)
{
    char mem[32];
    struct buf b = {.p = mem, .cap = sizeof mem, .max = sizeof mem};
    role_wake_put(&b, w);
    /* A full queue is as good as a message in it: "look again" is already waiting there. A lost one is found by jobs' own round. */
    int r = n->jobs_fd < 0 ? 0 : channel_send(n->jobs_fd, MSG_WAKE, 0, buf_str(&b), NULL, 0);
    if (r != 0 && r != ERR_BUSY)
        log_debug("net.wake", L_I("code", r));
}

void net_wake_flush(struct net_role *n)
{
    net_timer_clear(&n->wake_timer);
    for (size_t i = 0; i < n->n_wakes; i++)
        send_one(n, &n->wakes[i]);
    n->n_wakes = 0;
}

static void on_wake_timer(struct net_timer *t)
{
    net_wake_flush((struct net_role *)(void *)((char *)t - offsetof(struct net_role, wake_timer)));
}

void net_wake(void *net_role, int64_t cell, int64_t org, int64_t account)
{
    struct net_role *n = net_role;
    if (n->http)
        http_push_wake(n->http, cell, org, account);
    for (size_t i = 0; i < n->n_wakes; i++)
        if (n->wakes[i].cell == cell && n->wakes[i].org == org)
            return;
    if (n->n_wakes == NET_WAKES_MAX)
        net_wake_flush(n);
    n->wakes[n->n_wakes++] = (struct store_wake){cell, org, account, 0};
    if (n->n_wakes == 1)
        net_timer_set(&n->wake_timer, NET_WAKE_MS);
}

/* --- from others --- */

static void heard(struct net_role *n, const struct store_wake *w)
{
    if (!n->http)
        return;
    if (w->seq == 0) /* logged out, or a new password, at another process */
        http_sessions_end(n->http, w->org, w->account);
    else
        http_push_wake(n->http, w->cell, w->org, w->account);
}

static void on_jobs(void *arg)
{
    struct net_role *n = arg;
    struct channel_msg m;
    struct store_wake w;
    int r;
    while ((r = channel_recv(n->jobs_fd, n->wake_msg, sizeof n->wake_msg, &m)) == 0) {
        if (m.type == MSG_WAKE && role_wake_get(m.body, &w) && w.seq > 0)
            heard(n, &w);
        channel_msg_close(&m);
    }
    if (r != ERR_BUSY) /* it is being restarted: its successor's end comes as PEER */
        jobs_leave(n);
}

static void on_inbox(void *arg)
{
    struct net_role *n = arg;
    struct net_heard list[NET_HEARD_MAX];
    pthread_mutex_lock(&n->heard_lock);
    size_t count = n->n_heard;
    memcpy(list, n->heard, count * sizeof *list);
    n->n_heard = 0;
    pthread_mutex_unlock(&n->heard_lock);
    for (size_t i = 0; i < count; i++)
        if (list[i].elsewhere)
            heard(n, &list[i].w);
        else
            net_wake(n, list[i].w.cell, list[i].w.org, list[i].w.account);
}

/* On a thread of the store. What finds no room waits for the next look. */
void net_wake_store(void *net_role, const struct store_wake *list, size_t count, bool elsewhere)
{
    struct net_role *n = net_role;
    pthread_mutex_lock(&n->heard_lock);
    bool first = n->n_heard == 0;
    for (size_t i = 0; i < count && n->n_heard < NET_HEARD_MAX; i++)
        n->heard[n->n_heard++] = (struct net_heard){list[i], elsewhere};
    pthread_mutex_unlock(&n->heard_lock);
    if (first && count)
        net_post(n->loop, on_inbox, n);
}

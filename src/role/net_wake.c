/* Wake-ups: event clients are told what changed, and jobs. Under load a firm gets many messages a second; jobs is told of it once per NET_WAKE_MS, so that it indexes in few commits. */
#include "role/net.h"
#include "core/log.h"

static void on_wake_timer(struct net_timer *t);

void net_wake_init(struct net_role *n, int fd)
{
    n->jobs_fd = fd;
    net_timer_init(&n->wake_timer, n->loop, on_wake_timer);
}

static void send_one(struct net_role *n, const struct net_wake *w)
{
    char mem[32];
    struct buf b = {.p = mem, .cap = sizeof mem, .max = sizeof mem};
    buf_u32(&b, (uint32_t)w->cell);
    buf_u64(&b, (uint64_t)w->org);
    buf_u64(&b, (uint64_t)w->account);
    buf_u64(&b, 0);
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
    n->wakes[n->n_wakes++] = (struct net_wake){cell, org, account};
    if (n->n_wakes == 1)
        net_timer_set(&n->wake_timer, NET_WAKE_MS);
}

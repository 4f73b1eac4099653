/* intake_io over the loop: descriptors and single timers, for rooms that must not know net/. */
#include "role/net.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

struct watch {
    struct event ev;
    void (*fn)(void *arg);
    void *arg;
};
struct after {
    struct net_timer timer;
    struct net_later later; /* in place of the timer when it is to run at once */
    void (*fn)(void *arg);
    void *arg;
};

static void *io_watch(void *ctx, int fd, void (*readable)(void *arg), void *arg);
static void io_unwatch(void *ctx, void *watch);
static void *io_after(void *ctx, int64_t ms, void (*fn)(void *arg), void *arg);
static void io_cancel(void *ctx, void *timer);

struct intake_io net_io_of(struct net_loop *l)
{
    return (struct intake_io){
        .ctx = l, .watch = io_watch, .unwatch = io_unwatch, .after = io_after, .cancel = io_cancel};
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct watch *w = arg;
    w->fn(w->arg);
}

static void *io_watch(void *ctx, int fd, void (*readable)(void *arg), void *arg)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->fn = readable;
    w->arg = arg;
    event_assign(&w->ev, net_loop_base(ctx), fd, EV_READ | EV_PERSIST, on_readable, w);
    event_add(&w->ev, NULL);
    return w;
}

static void io_unwatch(void *ctx, void *watch)
{
    (void)ctx;
    struct watch *w = watch;
    event_del(&w->ev);
    free(w);
}

static void after_run(struct after *a)
{
    void (*fn)(void *) = a->fn;
    void *arg = a->arg;
    free(a);
    fn(arg);
}

static void on_after(struct net_timer *t)
{
    after_run((struct after *)(void *)((char *)t - offsetof(struct after, timer)));
}
static void on_later(struct net_later *t)
{
    after_run((struct after *)(void *)((char *)t - offsetof(struct after, later)));
}

static void *io_after(void *ctx, int64_t ms, void (*fn)(void *arg), void *arg)
{
    struct after *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->fn = fn;
    a->arg = arg;
    net_timer_init(&a->timer, ctx, on_after);
    a->later.fn = on_later;
    if (ms > 0)
        net_timer_set(&a->timer, ms);
    else
        net_later(ctx, &a->later);
    return a;
}

static void io_cancel(void *ctx, void *timer)
{
    (void)ctx;
    struct after *a = timer;
    net_timer_clear(&a->timer);
    net_later_clear(&a->later);
    free(a);
}

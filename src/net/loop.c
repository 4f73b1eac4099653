#include "net/loop.h"
#include "core/log.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define POST_FIRST 64u

struct post {
    net_fn *run;
    void *arg;
};
struct post_queue {
    struct post *v;
    size_t n, cap;
};
struct net_loop {
    struct event_base *base;
    const struct env *env;
    uint64_t last_id;
    struct event wake_ev, tick_ev, later_ev;
    int wake_fd;
    pthread_mutex_t lock;
    struct post_queue in; /* under lock */
    struct post_queue out;
    struct list wheel[NET_WHEEL_SLOTS];
    int64_t last_tick; /* the wheel has turned to here */
    int64_t wake_tick; /* tick_ev fires then; 0: not set */
    size_t timers;
    bool stopped;
    struct list later;
    char *scratch;
};

static void on_wake(evutil_socket_t fd, short what, void *arg);
static void on_tick(evutil_socket_t fd, short what, void *arg);
static void on_later(evutil_socket_t fd, short what, void *arg);
static void timer_insert(struct net_timer *t, int64_t tick);
static void wheel_wake(struct net_loop *l, int64_t tick);
static void wheel_sleep(struct net_loop *l);

int net_loop_new(struct net_loop **out, const struct env *env, struct err *e)
{
    struct net_loop *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->env = env;
    pthread_mutex_init(&l->lock, NULL);
    list_init(&l->later);
    for (size_t i = 0; i < NET_WHEEL_SLOTS; i++)
        list_init(&l->wheel[i]);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct event_config *cfg = event_config_new();
    if (cfg) {
        event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
        l->base = event_base_new_with_config(cfg);
        event_config_free(cfg);
    }
    l->scratch = malloc(NET_SCRATCH);
    if (!l->scratch)
        abort();
    if (l->wake_fd < 0 || !l->base) {
        int r = err_set(e, ERR_SYS, "cannot make an event loop: %s", strerror(errno));
        net_loop_free(&l);
        return r;
    }
    event_assign(&l->wake_ev, l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
    event_add(&l->wake_ev, NULL);
    event_assign(&l->tick_ev, l->base, -1, 0, on_tick, l);
    event_assign(&l->later_ev, l->base, -1, 0, on_later, l);
    *out = l;
    return 0;
}

void net_loop_free(struct net_loop **lp)
{
    struct net_loop *l = *lp;
    if (!l)
        return;
    *lp = NULL;
    if (l->base) {
        on_wake(l->wake_fd, 0, l);
        on_later(-1, 0, l);
        event_del(&l->wake_ev);
        event_del(&l->tick_ev);
        event_del(&l->later_ev);
        event_base_free(l->base);
    }
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    free(l->in.v);
    free(l->out.v);
    free(l->scratch);
    free(l);
}

int net_loop_run(struct net_loop *l)
{
    while (!l->stopped)
        if (event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
            return ERR_SYS;
    return 0;
}

void net_loop_turn(struct net_loop *l, bool wait)
{
    event_base_loop(l->base, EVLOOP_ONCE | (wait ? 0 : EVLOOP_NONBLOCK));
}

void net_loop_stop(struct net_loop *l)
{
    l->stopped = true;
    event_base_loopbreak(l->base);
}

struct event_base *net_loop_base(struct net_loop *l) { return l->base; }
const struct env *net_loop_env(const struct net_loop *l) { return l->env; }
int64_t net_now_ms(const struct net_loop *l) { return env_mono_ms(l->env); }
uint64_t net_next_id(struct net_loop *l) { return ++l->last_id; }
char *net_scratch(struct net_loop *l) { return l->scratch; }

void net_post(struct net_loop *l, net_fn *run, void *arg)
{
    pthread_mutex_lock(&l->lock);
    struct post_queue *q = &l->in;
    bool first = q->n == 0;
    if (q->n == q->cap) {
        q->cap = q->cap ? q->cap * 2 : POST_FIRST;
        q->v = realloc(q->v, q->cap * sizeof *q->v);
        if (!q->v)
            abort();
    }
    q->v[q->n++] = (struct post){run, arg};
    pthread_mutex_unlock(&l->lock);
    /* Only the first of a batch wakes the loop: the reader takes the whole queue after it emptied the eventfd. */
    if (first && eventfd_write(l->wake_fd, 1) < 0 && errno != EAGAIN)
        log_bug("net.post", L_Z("error", strerror(errno)));
}

void net_post_ctx(void *loop, net_fn *run, void *arg) { net_post(loop, run, arg); }

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct net_loop *l = arg;
    eventfd_t n;
    (void)!eventfd_read(fd, &n);
    pthread_mutex_lock(&l->lock);
    struct post_queue q = l->in;
    l->in = l->out;
    l->in.n = 0;
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < q.n; i++)
        q.v[i].run(q.v[i].arg);
    q.n = 0;
    l->out = q;
}

void net_timer_init(struct net_timer *t, struct net_loop *l, void (*fn)(struct net_timer *t))
{
    *t = (struct net_timer){.fn = fn, .loop = l};
    list_init(&t->node);
}

void net_timer_set(struct net_timer *t, int64_t ms)
{
    struct net_loop *l = t->loop;
    int64_t now = net_now_ms(l);
    t->due_ms = now + (ms > 0 ? ms : 0);
    int64_t tick = t->due_ms / NET_TICK_MS + 1; /* rounded up: never early */
    if (t->armed && tick >= t->tick)
        return;
    if (!l->timers && now / NET_TICK_MS > l->last_tick)
        l->last_tick = now / NET_TICK_MS; /* an empty wheel stood still */
    timer_insert(t, tick);
}

static void timer_insert(struct net_timer *t, int64_t tick)
{
    struct net_loop *l = t->loop;
    if (t->armed)
        list_del(&t->node);
    else
        l->timers++;
    t->armed = true;
    t->tick = tick > l->last_tick ? tick : l->last_tick + 1;
    list_add(&l->wheel[(uint64_t)t->tick % NET_WHEEL_SLOTS], &t->node);
    wheel_wake(l, t->tick);
}

/* Makes sure that on_tick runs at this tick; a process with nothing due soon sleeps. */
static void wheel_wake(struct net_loop *l, int64_t tick)
{
    if (l->wake_tick && l->wake_tick <= tick)
        return;
    l->wake_tick = tick;
    int64_t ms = tick * NET_TICK_MS - net_now_ms(l);
    if (ms < 1)
        ms = 1;
    event_add(&l->tick_ev, &(struct timeval){ms / 1000, ms % 1000 * 1000});
}

static void wheel_sleep(struct net_loop *l)
{
    l->wake_tick = 0;
    for (int64_t i = 1; l->timers && i <= NET_WHEEL_SLOTS; i++)
        if (!list_empty(&l->wheel[(uint64_t)(l->last_tick + i) % NET_WHEEL_SLOTS])) {
            wheel_wake(l, l->last_tick + i);
            return;
        }
}

void net_timer_clear(struct net_timer *t)
{
    if (!t->armed)
        return;
    list_del(&t->node);
    t->armed = false;
    t->loop->timers--;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct net_loop *l = arg;
    l->wake_tick = 0;
    int64_t now = net_now_ms(l), tick = now / NET_TICK_MS, from = l->last_tick + 1;
    if (tick - from >= NET_WHEEL_SLOTS) /* asleep for more than a turn: each slot once is enough */
        from = tick - NET_WHEEL_SLOTS + 1;
    struct list due;
    list_init(&due);
    for (int64_t i = from; i <= tick; i++)
        LIST_EACH_SAFE (n, &l->wheel[(uint64_t)i % NET_WHEEL_SLOTS])
            if (LIST_ITEM(n, struct net_timer, node)->tick <= tick) {
                list_del(n);
                list_add(&due, n);
            }
    if (tick > l->last_tick)
        l->last_tick = tick;
    while (!list_empty(&due)) { /* a callback may clear its neighbours: always take the head */
        struct net_timer *t = LIST_ITEM(due.next, struct net_timer, node);
        if (t->due_ms > now) {
            timer_insert(t, t->due_ms / NET_TICK_MS + 1);
            continue;
        }
        net_timer_clear(t);
        t->fn(t);
    }
    wheel_sleep(l);
}

void net_loop_tick(struct net_loop *l) { on_tick(-1, 0, l); }

void net_later(struct net_loop *l, struct net_later *t)
{
    if (t->queued)
        return;
    t->queued = true;
    if (list_empty(&l->later))
        event_active(&l->later_ev, EV_TIMEOUT, 0);
    list_add(&l->later, &t->node);
}

void net_later_clear(struct net_later *t)
{
    if (!t->queued)
        return;
    t->queued = false;
    list_del(&t->node);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct net_loop *l = arg;
    struct list now;
    list_init(&now);
    while (!list_empty(&l->later)) { /* what is queued meanwhile waits for the next round */
        struct list *n = l->later.next;
        list_del(n);
        list_add(&now, n);
    }
    while (!list_empty(&now)) {
        struct net_later *t = LIST_ITEM(now.next, struct net_later, node);
        net_later_clear(t);
        t->fn(t);
    }
}

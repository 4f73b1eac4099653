#pragma once
/* Event loop of one process: libevent's event_base, a thread-safe queue into it, a timer wheel, session ids.
 * Everything but net_post runs on the thread that runs the loop. Time comes from env (mono): a jump of the wall clock
 * moves no deadline. */
#include "core/env.h"
#include "core/err.h"
#include "core/list.h"

#define NET_SCRATCH 65536u   /* bytes of the shared read buffer: idle connections own none */
#define NET_TICK_MS 128      /* resolution of timers */
#define NET_WHEEL_SLOTS 512u /* one turn: 65 s; later deadlines stay in their slot for more turns */

struct event_base;
struct net_loop;
typedef void net_fn(void *arg);

int net_loop_new(struct net_loop **l, const struct env *env, struct err *e) MUST_USE;
void net_loop_free(struct net_loop **l);           /* pending posts are run first: their arguments may own memory */
int net_loop_run(struct net_loop *l) MUST_USE;     /* until net_loop_stop; ERR_SYS when the kernel interface fails */
void net_loop_turn(struct net_loop *l, bool wait); /* one round; tests */
void net_loop_tick(struct net_loop *l);            /* runs what is due by env's clock; tests with a pretended one */
void net_loop_stop(struct net_loop *l);
struct event_base *net_loop_base(struct net_loop *l); /* for channels of the role */
const struct env *net_loop_env(const struct net_loop *l);
int64_t net_now_ms(const struct net_loop *l); /* mono */
uint64_t net_next_id(struct net_loop *l);     /* never 0, never given twice in a process */
char *net_scratch(struct net_loop *l);        /* NET_SCRATCH bytes; content dies with the next read of any connection */

/* From any thread: run(arg) on the loop, in order of posting. Never fails (aborts on OOM). */
void net_post(struct net_loop *l, net_fn *run, void *arg);
/* The same with the loop as untyped context: fits store_conf.post. */
void net_post_ctx(void *loop, net_fn *run, void *arg);

/* Timer embedded in its owner. Moving a deadline later costs one store (the wheel finds out when it gets there). */
struct net_timer {
    struct list node;
    int64_t due_ms, tick;
    void (*fn)(struct net_timer *t);
    struct net_loop *loop;
    bool armed;
};
void net_timer_init(struct net_timer *t, struct net_loop *l, void (*fn)(struct net_timer *t));
void net_timer_set(struct net_timer *t,
                   int64_t ms); /* from now; replaces an earlier deadline. Never early, late by at most two ticks */
void net_timer_clear(struct net_timer *t);

/* Work to be done once the present callback has unwound, before the loop waits again. Embedded; queued at most once. */
struct net_later {
    struct list node;
    void (*fn)(struct net_later *t);
    bool queued;
};
void net_later(struct net_loop *l, struct net_later *t);
void net_later_clear(struct net_later *t);

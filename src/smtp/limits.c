#include "smtp/limits.h"
#include "core/hash.h"
#include "net/shared.h"
#include <stdlib.h>
#include <string.h>

#define LIMIT_BYTES ((size_t)SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS * sizeof(struct smtp_limit_slot))

_Static_assert(SMTP_LIMIT_UNITS == NET_SHARED_UNITS && LIMIT_BYTES + 4096 <= NET_SHARED_SMTP_BYTES,
               "the table fits into its part of the memory");

static void lock(struct smtp_limit_table *t);
static void unlock(struct smtp_limit_table *t);

void smtp_limits_init(struct smtp_limit_table *t, const struct env *env)
{
    *t = (struct smtp_limit_table){.env = env};
    env_random(env, t->seed, sizeof t->seed);
    t->slots = calloc((size_t)SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS, sizeof *t->slots); /* pages come with use */
    if (!t->slots)
        abort();
}

int smtp_limits_share(struct smtp_limit_table *t, int fd, unsigned unit)
{
    struct net_shared *m;
    int r = unit < SMTP_LIMIT_UNITS ? net_shared_open(&m, fd, LIMIT_BYTES, t->env) : ERR_INVALID;
    if (r != 0)
        return r;
    free(t->slots);
    t->shared = m;
    t->slots = net_shared_memory(m);
    t->unit = unit;
    net_shared_seed(m, t->seed);
    lock(t);
    for (size_t i = 0; i < (size_t)SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS; i++)
        if (t->slots[i].now[unit] != 0) /* only looked at, unused pages stay unmade */
            t->slots[i].now[unit] = 0;
    unlock(t);
    return 0;
}

void smtp_limits_free(struct smtp_limit_table *t)
{
    if (t->shared)
        net_shared_close(&t->shared);
    else
        free(t->slots);
    t->slots = NULL;
}

static void lock(struct smtp_limit_table *t)
{
    if (t->shared)
        net_shared_lock(t->shared);
}

static void unlock(struct smtp_limit_table *t)
{
    if (t->shared)
        net_shared_unlock(t->shared);
}

static int64_t held(const struct smtp_limit_slot *s)
{
    int64_t n = 0;
    for (unsigned i = 0; i < SMTP_LIMIT_UNITS; i++)
        n += s->now[i];
    return n;
}

/* The row of a key; a free or the longest unused one for a new key; NULL when none may be taken. */
static struct smtp_limit_slot *row_of(struct smtp_limit_table *t, struct str key, bool make)
{
    uint64_t h = siphash13(t->seed, key.p, key.n) | 1;
    struct smtp_limit_slot *set = &t->slots[(h >> 1) % SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS], *old = NULL;
    for (unsigned i = 0; i < SMTP_LIMIT_WAYS; i++) {
        if (set[i].key == h)
            return &set[i];
        if (held(&set[i]) == 0 && (!old || set[i].used_us < old->used_us))
            old = &set[i];
    }
    if (!make || !old)
        return NULL;
    *old = (struct smtp_limit_slot){.key = h};
    return old;
}

bool smtp_limits_enter(struct smtp_limit_table *t, struct str key, int64_t most)
{
    lock(t);
    struct smtp_limit_slot *s = row_of(t, key, true);
    bool in = !s || most == 0 || held(s) < most;
    if (s)
        s->used_us = env_mono_ns(t->env) / 1000;
    if (s && in)
        s->now[t->unit]++;
    unlock(t);
    return in;
}

void smtp_limits_leave(struct smtp_limit_table *t, struct str key)
{
    lock(t);
    struct smtp_limit_slot *s = row_of(t, key, false);
    if (s && s->now[t->unit] > 0) /* a connection that could not be counted leaves nothing */
        s->now[t->unit]--;
    unlock(t);
}

static bool take(struct smtp_limit_slot *s, enum smtp_limit what, int64_t now, int64_t most, int64_t window_us)
{
    int64_t each = window_us / most, from = s->full_us[what] > now ? s->full_us[what] : now;
    s->used_us = now;
    if (from + each > now + window_us)
        return false;
    s->full_us[what] = from + each;
    return true;
}

bool smtp_limits_take(struct smtp_limit_table *t, struct str key, enum smtp_limit what, int64_t most, int64_t window_us)
{
    if (most <= 0)
        return true;
    lock(t);
    struct smtp_limit_slot *s = row_of(t, key, true);
    bool in = !s || take(s, what, env_mono_ns(t->env) / 1000, most, window_us);
    unlock(t);
    return in;
}

#include "smtp/limits.h"
#include "core/hash.h"
#include <stdlib.h>

void smtp_limits_init(struct smtp_limit_table *t, const struct env *env)
{
    t->env = env;
    env_random(env, t->seed, sizeof t->seed);
    t->slots = calloc((size_t)SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS, sizeof *t->slots); /* pages come with use */
    if (!t->slots)
        abort();
}

void smtp_limits_free(struct smtp_limit_table *t)
{
    free(t->slots);
    t->slots = NULL;
}

/* The row of a key; a free or the longest unused one for a new key; NULL when none may be taken. */
static struct smtp_limit_slot *row_of(struct smtp_limit_table *t, struct str key, bool make)
{
    uint64_t h = siphash13(t->seed, key.p, key.n) | 1;
    struct smtp_limit_slot *set = &t->slots[(h >> 1) % SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS], *old = NULL;
    for (unsigned i = 0; i < SMTP_LIMIT_WAYS; i++) {
        if (set[i].key == h)
            return &set[i];
        if (set[i].now == 0 && (!old || set[i].used_us < old->used_us))
            old = &set[i];
    }
    if (!make || !old)
        return NULL;
    *old = (struct smtp_limit_slot){.key = h};
    return old;
}

bool smtp_limits_enter(struct smtp_limit_table *t, struct str key, int64_t most)
{
    struct smtp_limit_slot *s = row_of(t, key, true);
    if (!s)
        return true;
    s->used_us = env_mono_ns(t->env) / 1000;
    if (most > 0 && s->now >= most)
        return false;
    s->now++;
    return true;
}

void smtp_limits_leave(struct smtp_limit_table *t, struct str key)
{
    struct smtp_limit_slot *s = row_of(t, key, false);
    if (s && s->now > 0) /* a connection that could not be counted leaves nothing */
        s->now--;
}

bool smtp_limits_take(struct smtp_limit_table *t, struct str key, enum smtp_limit what, int64_t most, int64_t window_us)
{
    struct smtp_limit_slot *s = most > 0 ? row_of(t, key, true) : NULL;
    if (!s)
        return true;
    int64_t now = env_mono_ns(t->env) / 1000, each = window_us / most;
    int64_t from = s->full_us[what] > now ? s->full_us[what] : now;
    s->used_us = now;
    if (from + each > now + window_us)
        return false;
    s->full_us[what] = from + each;
    return true;
}

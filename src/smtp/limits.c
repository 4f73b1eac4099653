#include "smtp/limits.h"
#include "core/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct smtp_limit_shared {
    uint32_t ready;
    pthread_mutex_t lock;
    uint64_t seed[2];
    struct smtp_limit_slot slots[];
};
#define SHARED_BYTES \
    (sizeof(struct smtp_limit_shared) + (size_t)SMTP_LIMIT_SETS * SMTP_LIMIT_WAYS * sizeof(struct smtp_limit_slot))

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

/* The first process makes the mutex and the seed; the record lock on the file ends with whoever holds it. */
static int shared_begin(struct smtp_limit_shared *m, int fd, const struct env *env)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLKW, &whole) != 0)
        return ERR_SYS;
    if (!m->ready) {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&m->lock, &a);
        pthread_mutexattr_destroy(&a);
        env_random(env, m->seed, sizeof m->seed);
        m->ready = 1;
    }
    whole.l_type = F_UNLCK;
    return fcntl(fd, F_SETLK, &whole) == 0 ? 0 : ERR_SYS;
}

int smtp_limits_share(struct smtp_limit_table *t, int fd, unsigned unit)
{
    struct stat st;
    if (unit >= SMTP_LIMIT_UNITS || fstat(fd, &st) != 0 || (size_t)st.st_size < SHARED_BYTES)
        return ERR_INVALID;
    struct smtp_limit_shared *m = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (m == MAP_FAILED)
        return ERR_SYS;
    if (shared_begin(m, fd, t->env) != 0) {
        munmap(m, SHARED_BYTES);
        return ERR_SYS;
    }
    free(t->slots);
    t->shared = m;
    t->slots = m->slots;
    t->unit = unit;
    memcpy(t->seed, m->seed, sizeof t->seed);
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
        munmap(t->shared, SHARED_BYTES);
    else
        free(t->slots);
    t->slots = NULL;
    t->shared = NULL;
}

static void lock(struct smtp_limit_table *t)
{
    if (t->shared && pthread_mutex_lock(&t->shared->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&t->shared->lock); /* every write of a slot leaves it fit to be read */
}

static void unlock(struct smtp_limit_table *t)
{
    if (t->shared)
        pthread_mutex_unlock(&t->shared->lock);
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

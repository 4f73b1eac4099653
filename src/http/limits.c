#include "http/limits.h"
#include "core/hash.h"
#include "core/log.h"
#include "net/shared.h"
#include <stdlib.h>

#define CLASSES 6u
#define ROWS ((size_t)HTTP_LIMIT_SETS * HTTP_LIMIT_WAYS)

/* `burst` at once, then `minute` a minute; 0: no limit of that kind. */
static const struct limit_class {
    unsigned flag;
    int at_once, at_once_all, minute, burst;
} classes[CLASSES] = {
    {0, 0, 0, 0, 0},
    {HTTP_CALL, 16, 4096, 0, 0},
    {HTTP_TRANSFER, 8, 512, 600, 200},
    {HTTP_STREAM, 20, 0, 120, 60},
    {HTTP_HANDSHAKE, 1 << 20, 0, 600, 200},
    {HTTP_CONNECTION, HTTP_PER_PEER_MAX, 0, 0, 0},
};

struct http_limit_entry {
    uint64_t key;    /* hash with the table's seed; 0: free */
    int64_t full_us; /* when the burst is whole again */
    int64_t used_us;
    int32_t now[NET_SHARED_UNITS]; /* held in each process */
};
struct limit_table {
    int32_t all[CLASSES][NET_SHARED_UNITS];
    struct http_limit_entry rows[ROWS];
};
struct http_limits {
    const struct env *env;
    struct limit_table *table;
    struct net_shared *shared; /* NULL: in this process's memory */
    unsigned unit;
    uint64_t seed[2];
};

_Static_assert(NET_SHARED_HTTP_BYTES >= sizeof(struct limit_table) + 4096,
               "the table fits into its part of the memory");

static void lock(struct http_limits *l)
{
    if (l->shared)
        net_shared_lock(l->shared);
}

static void unlock(struct http_limits *l)
{
    if (l->shared)
        net_shared_unlock(l->shared);
}

/* What a process of the same number left when it died. */
static void begin_anew(struct http_limits *l)
{
    lock(l);
    for (size_t i = 0; i < CLASSES; i++)
        l->table->all[i][l->unit] = 0;
    for (size_t i = 0; i < ROWS; i++)
        if (l->table->rows[i].now[l->unit] != 0) /* only looked at, unused pages stay unmade */
            l->table->rows[i].now[l->unit] = 0;
    unlock(l);
}

struct http_limits *http_limits_new(struct net_loop *loop, int counters, unsigned unit)
{
    struct http_limits *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->env = net_loop_env(loop);
    if (counters > 0 && unit < NET_SHARED_UNITS &&
        net_shared_part(&l->shared, counters, NET_SHARED_HTTP, sizeof *l->table, l->env) == 0) {
        l->unit = unit;
        l->table = net_shared_memory(l->shared);
        net_shared_seed(l->shared, l->seed);
        begin_anew(l);
        return l;
    }
    if (counters > 0)
        log_error("http.counters", L_Z("meaning", "limits by person and address count in this process alone"));
    env_random(l->env, l->seed, sizeof l->seed);
    l->table = calloc(1, sizeof *l->table); /* pages come with use */
    if (!l->table)
        abort();
    return l;
}

void http_limits_free(struct http_limits **lp)
{
    struct http_limits *l = *lp;
    if (!l)
        return;
    *lp = NULL;
    if (l->shared)
        net_shared_close(&l->shared);
    else
        free(l->table);
    free(l);
}

static int64_t sum(const int32_t v[NET_SHARED_UNITS])
{
    int64_t n = 0;
    for (unsigned i = 0; i < NET_SHARED_UNITS; i++)
        n += v[i];
    return n;
}

static uint64_t key_of(const struct http_limits *l, uint8_t class, const struct http_person *person,
                       const struct net_peer *peer)
{
    uint8_t key[64] = {class, person != NULL};
    size_t n = 2;
    if (person) {
        memcpy(key + n, &person->org, sizeof person->org);
        memcpy(key + n + 8, &person->account, sizeof person->account);
        n += 16;
    } else {
        struct str p = str_upto(net_peer_key(peer), sizeof key - n);
        memcpy(key + n, p.p, p.n);
        n += p.n;
    }
    return siphash13(l->seed, key, n) | 1;
}

/* The row of a key; a free or the longest unused one for a new key; NULL when all hold something. */
static struct http_limit_entry *row_of(struct http_limits *l, uint64_t key)
{
    struct http_limit_entry *set = &l->table->rows[(key >> 1) % HTTP_LIMIT_SETS * HTTP_LIMIT_WAYS], *old = NULL;
    for (unsigned i = 0; i < HTTP_LIMIT_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (sum(set[i].now) == 0 && (!old || set[i].used_us < old->used_us))
            old = &set[i];
    }
    if (old)
        *old = (struct http_limit_entry){.key = key};
    return old;
}

/* One more of the rate; seconds until it may, 0 when it was had. */
static int64_t take(struct http_limit_entry *e, const struct limit_class *c, int64_t now_us)
{
    if (!c->minute)
        return 0;
    int64_t each = 60000000 / c->minute, from = e->full_us > now_us ? e->full_us : now_us;
    int64_t over = from + each - now_us - each * c->burst;
    if (over > 0)
        return over / 1000000 + 1;
    e->full_us = from + each;
    return 0;
}

static int64_t enter(struct http_limits *l, uint8_t class, struct http_limit_entry *e)
{
    const struct limit_class *c = &classes[class];
    int64_t now_us = env_mono_ns(l->env) / 1000;
    if (e)
        e->used_us = now_us;
    if ((e && sum(e->now) >= c->at_once) || (c->at_once_all && sum(l->table->all[class]) >= c->at_once_all))
        return 1;
    int64_t wait = e ? take(e, c, now_us) : 0;
    if (wait)
        return wait;
    if (e)
        e->now[l->unit]++;
    l->table->all[class][l->unit]++;
    return 0;
}

int64_t http_limits_enter(struct http_limits *l, unsigned flags, const struct http_person *person,
                          const struct net_peer *peer, struct http_slot *slot)
{
    uint8_t class = 0;
    for (uint8_t i = 1; i < CLASSES; i++)
        if (flags & classes[i].flag)
            class = i;
    if (!class)
        return 0;
    uint64_t key = key_of(l, class, person, peer);
    lock(l);
    struct http_limit_entry *e = row_of(l, key);
    int64_t wait = enter(l, class, e);
    unlock(l);
    if (wait == 0)
        *slot = (struct http_slot){e, class};
    return wait;
}

void http_limits_leave(struct http_limits *l, struct http_slot *slot)
{
    if (!slot->class)
        return;
    lock(l);
    if (slot->entry)
        slot->entry->now[l->unit]--;
    l->table->all[slot->class][l->unit]--;
    unlock(l);
    *slot = (struct http_slot){0};
}

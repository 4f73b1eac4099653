#include "http/limits.h"
#include "core/map.h"
#include <stdlib.h>

#define KEPT_MAX 50000u /* idle entries are thrown away above */

/* A token bucket: `burst` at once, refilled by `minute` tokens a minute; 0: no limit of that kind. */
static const struct limit_class {
    unsigned flag;
    int at_once, at_once_all, minute, burst;
} classes[] = {
    {0, 0, 0, 0, 0},
    {HTTP_CALL, 16, 4096, 0, 0},
    {HTTP_TRANSFER, 8, 512, 600, 200},
    {HTTP_STREAM, 20, 0, 120, 60},
    {HTTP_HANDSHAKE, 1 << 20, 0, 600, 200},
};

struct http_limit_entry {
    uint8_t key[32];
    uint8_t n_key, class;
    int at_once;
    int64_t tokens_milli, stamp_ms;
};
struct http_limits {
    struct net_loop *loop;
    struct map entries;
    int at_once_all[N_ELEMENTS(classes)];
};

struct http_limits *http_limits_new(struct net_loop *l)
{
    struct http_limits *x = calloc(1, sizeof *x);
    uint64_t seed[2];
    if (!x)
        abort();
    env_random(net_loop_env(l), seed, sizeof seed);
    x->loop = l;
    map_init(&x->entries, seed[0], seed[1]);
    return x;
}

/* Those that hold nothing; with all = true every one. Maps must not change while iterated: gathered first. */
static void sweep(struct http_limits *l, bool all)
{
    struct http_limit_entry **gone = calloc(l->entries.n + 1, sizeof(struct http_limit_entry *));
    size_t n = 0, it = 0;
    struct str key;
    void *v;
    if (!gone)
        abort();
    while (map_next(&l->entries, &it, &key, &v))
        if (all || ((struct http_limit_entry *)v)->at_once == 0)
            gone[n++] = v;
    for (size_t i = 0; i < n; i++) {
        map_del(&l->entries, str_n(gone[i]->key, gone[i]->n_key));
        free(gone[i]);
    }
    free(gone);
}

void http_limits_free(struct http_limits **lp)
{
    struct http_limits *l = *lp;
    if (!l)
        return;
    *lp = NULL;
    sweep(l, true);
    map_free(&l->entries);
    free(l);
}

static struct http_limit_entry *entry_of(struct http_limits *l, uint8_t class, const struct http_person *person,
                                         const struct net_peer *peer)
{
    uint8_t key[32] = {class, person != NULL};
    size_t n = 2;
    if (person) {
        memcpy(key + n, &person->org, sizeof person->org);
        memcpy(key + n + 8, &person->account, sizeof person->account);
        n += 16;
    } else {
        struct str p = net_peer_key(peer);
        memcpy(key + n, p.p, p.n);
        n += p.n;
    }
    struct http_limit_entry *e = map_get(&l->entries, str_n(key, n));
    if (e)
        return e;
    if (l->entries.n >= KEPT_MAX)
        sweep(l, false);
    e = calloc(1, sizeof *e);
    if (!e)
        abort();
    memcpy(e->key, key, n);
    e->n_key = (uint8_t)n;
    e->class = class;
    e->tokens_milli = (int64_t)classes[class].burst * 1000;
    e->stamp_ms = net_now_ms(l->loop);
    map_put(&l->entries, str_n(key, n), e);
    return e;
}

/* Takes a token; seconds until there is one, 0 when it was had. */
static int64_t take(struct http_limits *l, struct http_limit_entry *e, const struct limit_class *c)
{
    if (!c->minute)
        return 0;
    int64_t now = net_now_ms(l->loop), most = (int64_t)c->burst * 1000;
    int64_t gained = (now - e->stamp_ms) * c->minute / 60; /* thousandths of a token */
    e->tokens_milli = gained > most - e->tokens_milli ? most : e->tokens_milli + gained;
    e->stamp_ms = now;
    if (e->tokens_milli < 1000)
        return (1000 - e->tokens_milli) * 60 / c->minute / 1000 + 1;
    e->tokens_milli -= 1000;
    return 0;
}

int64_t http_limits_enter(struct http_limits *l, unsigned flags, const struct http_person *person,
                          const struct net_peer *peer, struct http_slot *slot)
{
    uint8_t class = 0;
    for (uint8_t i = 1; i < N_ELEMENTS(classes); i++)
        if (flags & classes[i].flag)
            class = i;
    const struct limit_class *c = &classes[class];
    if (!class)
        return 0;
    struct http_limit_entry *e = entry_of(l, class, person, peer);
    if (e->at_once >= c->at_once || (c->at_once_all && l->at_once_all[class] >= c->at_once_all))
        return 1;
    int64_t wait = take(l, e, c);
    if (wait)
        return wait;
    e->at_once++;
    l->at_once_all[class]++;
    *slot = (struct http_slot){e, class};
    return 0;
}

void http_limits_leave(struct http_limits *l, struct http_slot *slot)
{
    if (!slot->entry)
        return;
    slot->entry->at_once--;
    l->at_once_all[slot->class]--;
    *slot = (struct http_slot){0};
}

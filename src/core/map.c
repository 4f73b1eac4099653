#include "core/map.h"
#include "core/hash.h"

#include <stdlib.h>

#define MAP_FIRST 16u

/* value NULL: empty when key.p is NULL, else deleted. */
struct map_slot {
    struct str key;
    void *value;
    uint64_t hash;
};
struct imap_slot {
    uint64_t key; /* 0: empty or, when value is set, never */
    void *value;  /* NULL with a key: deleted */
};

static void *zalloc_or_die(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

/* The table grows when live and deleted slots together fill three quarters; with few live ones it is only cleaned. */
static size_t next_cap(size_t cap, size_t n)
{
    if (cap == 0)
        return MAP_FIRST;
    return n >= cap / 2 ? cap * 2 : cap;
}

void map_init(struct map *m, uint64_t seed0, uint64_t seed1) { *m = (struct map){.seed = {seed0, seed1}}; }

void map_free(struct map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->cap; i++)
        free((void *)(uintptr_t)m->slots[i].key.p);
    free(m->slots);
    map_init(m, m->seed[0], m->seed[1]);
}

static struct map_slot *map_find(const struct map *m, struct str key, uint64_t hash)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct map_slot *s = &m->slots[i];
        if (!s->key.p)
            return NULL;
        if (s->value && s->hash == hash && str_eq(s->key, key))
            return s;
    }
}

static void map_rebuild(struct map *m)
{
    struct map_slot *old = m->slots;
    size_t old_cap = m->cap;
    m->cap = next_cap(old_cap, m->n);
    m->slots = zalloc_or_die(m->cap, sizeof *m->slots);
    m->dead = 0;
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i].value) {
            free((void *)(uintptr_t)old[i].key.p);
            continue;
        }
        size_t at = old[i].hash & (m->cap - 1);
        while (m->slots[at].key.p)
            at = (at + 1) & (m->cap - 1);
        m->slots[at] = old[i];
    }
    free(old);
}

void *map_get(const struct map *m, struct str key)
{
    if (m->n == 0)
        return NULL;
    struct map_slot *s = map_find(m, key, siphash13(m->seed, key.p, key.n));
    return s ? s->value : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = siphash13(m->seed, key.p, key.n);
    struct map_slot *s = map_find(m, key, hash);
    if (s) {
        void *old = s->value;
        s->value = value;
        return old;
    }
    if (m->cap == 0 || (m->n + m->dead + 1) * 4 > m->cap * 3)
        map_rebuild(m);
    size_t i = hash & (m->cap - 1);
    while (m->slots[i].key.p)
        i = (i + 1) & (m->cap - 1);
    char *copy = zalloc_or_die(key.n + 1, 1);
    if (key.n)
        memcpy(copy, key.p, key.n);
    m->slots[i] = (struct map_slot){{copy, key.n}, value, hash};
    m->n++;
    return NULL;
}

void *map_del(struct map *m, struct str key)
{
    struct map_slot *s = map_find(m, key, siphash13(m->seed, key.p, key.n));
    if (!s)
        return NULL;
    void *old = s->value;
    s->value = NULL;
    m->n--;
    m->dead++;
    return old;
}

bool map_next(const struct map *m, size_t *it, struct str *key, void **value)
{
    for (; *it < m->cap; (*it)++) {
        const struct map_slot *s = &m->slots[*it];
        if (!s->value)
            continue;
        if (key)
            *key = s->key;
        if (value)
            *value = s->value;
        (*it)++;
        return true;
    }
    return false;
}

/* Finaliser of MurmurHash3: our own ids are dense, their low bits alone would cluster. */
static uint64_t mix(uint64_t k)
{
    k ^= k >> 33;
    k *= 0xff51afd7ed558ccdull;
    k ^= k >> 33;
    k *= 0xc4ceb9fe1a85ec53ull;
    return k ^ k >> 33;
}

void imap_init(struct imap *m) { *m = (struct imap){NULL, 0, 0, 0}; }

void imap_free(struct imap *m)
{
    if (!m)
        return;
    free(m->slots);
    imap_init(m);
}

static struct imap_slot *imap_find(const struct imap *m, uint64_t key)
{
    if (m->cap == 0 || key == 0)
        return NULL;
    for (size_t i = mix(key) & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct imap_slot *s = &m->slots[i];
        if (s->key == key)
            return s;
        if (s->key == 0)
            return NULL;
    }
}

static void imap_rebuild(struct imap *m)
{
    struct imap_slot *old = m->slots;
    size_t old_cap = m->cap;
    m->cap = next_cap(old_cap, m->n);
    m->slots = zalloc_or_die(m->cap, sizeof *m->slots);
    m->dead = 0;
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i].value)
            continue;
        size_t at = mix(old[i].key) & (m->cap - 1);
        while (m->slots[at].key)
            at = (at + 1) & (m->cap - 1);
        m->slots[at] = old[i];
    }
    free(old);
}

void *imap_get(const struct imap *m, uint64_t key)
{
    struct imap_slot *s = imap_find(m, key);
    return s ? s->value : NULL;
}

void *imap_put(struct imap *m, uint64_t key, void *value)
{
    if (key == 0 || !value)
        abort(); /* both mean "no entry" */
    struct imap_slot *s = imap_find(m, key);
    if (s) {
        void *old = s->value;
        s->value = value;
        if (!old) {
            m->n++;
            m->dead--;
        }
        return old;
    }
    if (m->cap == 0 || (m->n + m->dead + 1) * 4 > m->cap * 3)
        imap_rebuild(m);
    size_t i = mix(key) & (m->cap - 1);
    while (m->slots[i].key)
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = (struct imap_slot){key, value};
    m->n++;
    return NULL;
}

void *imap_del(struct imap *m, uint64_t key)
{
    struct imap_slot *s = imap_find(m, key);
    if (!s || !s->value)
        return NULL;
    void *old = s->value;
    s->value = NULL;
    m->n--;
    m->dead++;
    return old;
}

bool imap_next(const struct imap *m, size_t *it, uint64_t *key, void **value)
{
    for (; *it < m->cap; (*it)++) {
        const struct imap_slot *s = &m->slots[*it];
        if (!s->value)
            continue;
        if (key)
            *key = s->key;
        if (value)
            *value = s->value;
        (*it)++;
        return true;
    }
    return false;
}

#pragma once
/* Hash maps, open addressing, seeded SipHash-1-3 for string keys (keys come from the network). Values are void*, not owned.
 * Iteration order is undefined; do not insert while iterating. */
#include "core/str.h"

struct map_slot;
struct map { /* key: struct str, bytes copied into the map */
    struct map_slot *slots;
    size_t n, cap, dead;
    uint64_t seed[2];
};
void map_init(struct map *m, uint64_t seed0, uint64_t seed1);
void map_free(struct map *m);
void *map_get(const struct map *m, struct str key);        /* NULL when absent */
void *map_put(struct map *m, struct str key, void *value); /* previous value or NULL; value must not be NULL */
void *map_del(struct map *m, struct str key);              /* removed value or NULL */
bool map_next(const struct map *m, size_t *it, struct str *key, void **value); /* *it = 0 first */

struct imap_slot;
struct imap { /* key: uint64_t, not 0 */
    struct imap_slot *slots;
    size_t n, cap, dead;
};
void imap_init(struct imap *m);
void imap_free(struct imap *m);
void *imap_get(const struct imap *m, uint64_t key);
void *imap_put(struct imap *m, uint64_t key, void *value);
void *imap_del(struct imap *m, uint64_t key);
bool imap_next(const struct imap *m, size_t *it, uint64_t *key, void **value);

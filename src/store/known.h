#pragma once
/* Rows (kind, key, value) with how often and when, per firm: what the guard has learned from accepted mail. A key is text for
 * the caller and a hash under the firm's key in the table; two keys that collide (2^-63) would show each other's rows.
 * Inside a cell_fn. */
#include "store/store.h"

#define KNOWN_ROWS_MAX 1024u /* of one reading */
#define KNOWN_TEXT_MAX 255u  /* bytes of a value; longer ones are cut */

struct known_key {
    int kind;
    struct str key;
};
struct known_row {
    size_t key; /* index of the key asked for */
    struct str value;
    int64_t first_ms, last_ms, received, sent;
};
/* All rows of n keys, into the arena; at most KNOWN_ROWS_MAX. */
int known_read(struct txn *t, int64_t org, const struct known_key *keys, size_t n, struct arena *a,
               struct known_row **out, size_t *n_out) MUST_USE;
/* Adds to the counts; received and sent both 0: the row is only made when it is not there. */
int known_add(struct txn *t, int64_t org, const struct known_key *key, struct str value, int64_t at_ms,
              int64_t received, int64_t sent) MUST_USE;
/* The kinds that others than the guard ask for; the last two are of single messages and grow old (store/prune.h). */
enum { KNOWN_KIND_ADDRESS = 1, KNOWN_KIND_DOMAIN = 2, KNOWN_KIND_MESSAGE = 6, KNOWN_KIND_SAID = 8 };
struct sender_count {
    int64_t first_ms, last_ms, count, sent; /* count: accepted messages from there; sent: ours to there */
};
/* key: a canonical address, or a registrable domain without "@". 1 known, 0 never seen. */
int sender_get(struct txn *t, int64_t org, struct str key, struct sender_count *out) MUST_USE;

#pragma once
/* What was refused, for `sigillo trace` and the live log of the panel: a message, a recipient or a connection that got 4xx or 5xx. net writes the rows
 * lazily and in batches, so the last seconds before a crash may be missing; a flood is cut at REFUSED_A_DAY per firm (the first ones of the day stay).
 * org 0, in cell 1 only, holds what concerned no firm. Functions run inside a cell_fn. */
#include "store/store.h"

#define REFUSED_KEEP_MS (30 * 24 * 3600 * 1000LL)
#define REFUSED_A_DAY 10000
#define REFUSED_BATCH_MAX 200u /* rows of one job: under CELL_FN_ROWS_MAX */
#define REFUSED_LIST_MAX 500u
#define REFUSED_LOOK_MAX 20000u /* rows looked through for `text` */
#define REFUSED_ID_MAX 64u
#define REFUSED_CELL 1 /* where org 0 lives */

struct refused {
    struct str id; /* stands in the reply; alone in its firm */
    int64_t org, at_ms, bytes;
    struct str client, helo, reverse_path; /* reverse_path: empty for <> and before MAIL */
    struct str recipient;                  /* canonical key, or as asked for; empty: it was not about one recipient */
    int code;                              /* 421 ... 555 */
    struct str enhanced, reply;            /* "5.1.1"; the sentence the sender got */
};
/* All rows of firms of this cell, n <= REFUSED_BATCH_MAX. Text that is no UTF-8 or
 * holds control bytes is stored with '?' in their place. */
int refused_add(struct txn *t, const struct refused *rows, size_t n) MUST_USE;
/* Of one firm, the youngest first, strictly before (before_ms, before_id); INT64_MAX and "" begin at the youngest. text: only rows that hold it (ASCII case
 * ignored) in client, helo, reverse-path, recipient, id or reply; empty: all. At most limit (and REFUSED_LIST_MAX) rows, in a. */
int refused_list(struct txn *t, struct arena *a, int64_t org, int64_t before_ms, struct str before_id, size_t limit,
                 struct str text, struct refused **out, size_t *n) MUST_USE;
int refused_get(struct txn *t, struct arena *a, int64_t org, struct str id,
                struct refused *out) MUST_USE; /* 1, 0, < 0 */
/* Removes what is too old of one firm, at most REFUSED_PRUNE_MAX; *n: how many it were (fewer: all of it). */
#define REFUSED_PRUNE_MAX 200
int refused_prune(struct txn *t, int64_t org, int64_t *n) MUST_USE;
/* Looks in every firm's cell, and among what concerned no firm. 1 found, 0 not, < 0. *down as in store_trace. */
int store_refused(struct store *s, struct arena *a, struct str id, struct refused *out, int64_t *down) MUST_USE;

/* Greylisting rows, so that a restart forgets nobody. */
#define GREYLIST_KEEP_MS (35 * 24 * 3600 * 1000LL)
#define GREYLIST_LOAD_MAX 50000u /* rows of a firm that are read back */
struct greylist_row {
    int64_t org, key, first_ms, last_ms, passed;
};
int greylist_put(struct txn *t, const struct greylist_row *rows, size_t n) MUST_USE;
/* One page in order of key; *n < max: the last one. */
int greylist_list(struct txn *t, int64_t org, int64_t after, struct greylist_row *out, size_t max, size_t *n) MUST_USE;
/* As refused_prune: addresses not seen for GREYLIST_KEEP_MS. */
int greylist_prune(struct txn *t, int64_t org, int64_t *n) MUST_USE;

#pragma once
/* Judgements as they were made (guard/record.h; to the store they are bytes), kept for `sigillo guard explain` and replay. Inside
 * a cell_fn. */
#include "store/store.h"

#define JUDGED_KEEP_MS (180 * 24 * 3600 * 1000LL)
#define JUDGED_PAGE 50u
#define JUDGED_PRUNE_MAX 100 /* jobs removes refusals in the same transaction */

struct judged {
    struct str id; /* of the accepted transaction */
    int64_t at_ms, guard_version, verdict, score;
    struct str record;
};
/* Again for the same id: replaces it. */
int judged_put(struct txn *t, int64_t org, const struct judged *j) MUST_USE;
int judged_get(struct txn *t, struct arena *a, int64_t org, struct str id, struct judged *out) MUST_USE; /* 1, 0, < 0 */
/* In order of id, from behind `after` ("" at first); *n < JUDGED_PAGE: the last page. */
int judged_list(struct txn *t, struct arena *a, int64_t org, struct str after, struct judged *out, size_t *n) MUST_USE;
/* Too old ones of one firm, at most JUDGED_PRUNE_MAX; *n how many. */
int judged_prune(struct txn *t, int64_t org, int64_t *n) MUST_USE;

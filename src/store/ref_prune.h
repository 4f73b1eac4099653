#pragma once
/* References of conversations whose last Email went: nothing reads them any more (a thread is never woken), and nothing else removes them. A walk over a
 * cell's rows, some at a time. */
#include "store/store.h"

#define REF_PRUNE_ROWS 2000u /* looked at in one turn */
#define REF_PRUNE_BATCH 200u /* removed in one turn */
#define REF_PRUNE_EVERY_MS (7LL * 24 * 3600 * 1000)

struct ref_place { /* kept by the caller, zeros at first */
    int64_t org, account, ref;
    bool begun;
    int64_t done_ms; /* end of the last whole walk */
};
/* 1: go on next time; 0: the walk is done, or was within REF_PRUNE_EVERY_MS; < 0. removed is added to. */
int cell_prune_refs(struct cell *c, struct ref_place *p, int64_t *removed) MUST_USE;

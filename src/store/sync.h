#pragma once
/* Upkeep of the sync state, called by jobs, inside a cell_fn. */
#include "store/mail.h"

#define TOMBSTONE_KEEP_MS (90 * 24 * 3600 * 1000LL)
/* Removes tombstones older than TOMBSTONE_KEEP_MS, the oldest of each type, at most TOMBSTONE_PAGE of one; older JMAP states and modseqs of the account
 * then get an honest resync (READ_CANNOT). */
#define TOMBSTONE_PAGE 100
int sync_prune(struct txn *t, int64_t org, int64_t account, int64_t *removed) MUST_USE;

/* The same over a cell, some accounts a turn; then the oldest of an account that has more than TOMBSTONE_MAX of all types together. 1: go on; 0: the walk is
 * done; < 0. removed is added to. */
#define TOMBSTONE_MAX 1000000
struct sync_place { /* kept by the caller, zeros at first */
    int64_t org, account;
};
int cell_prune_tombstones(struct cell *c, struct sync_place *p, int64_t *removed) MUST_USE;
/* With another limit than TOMBSTONE_MAX. Two rows more than needed may go: those of one change go together. */
int cell_prune_tombstones_to(struct cell *c, struct sync_place *p, int64_t most, int64_t *removed) MUST_USE;

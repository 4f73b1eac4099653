#pragma once
/* Upkeep of the sync state, called by jobs, inside a cell_fn. */
#include "store/mail.h"

#define TOMBSTONE_KEEP_MS (90 * 24 * 3600 * 1000LL)
/* Removes tombstones older than TOMBSTONE_KEEP_MS; older JMAP states and modseqs of the account then get an honest resync (READ_CANNOT). */
int sync_prune(struct txn *t, int64_t org, int64_t account) MUST_USE;

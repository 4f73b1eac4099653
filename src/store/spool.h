#pragma once
/* Spool of last resort (design 3): one file per transaction on another device while a cell is broken: envelope, auth results, client, time, id,
 * DATA, end mark. tmp, fsync, rename, fsync of the folder; then 250 may be said. Drained by jobs/net in order of arrival per recipient, id = idempotency
 * key; at drain "reject" becomes junk or hold. */
#include "core/arena.h"
#include "core/err.h"

#define SPOOL_FORMAT 1u
struct spool_entry {
    struct str id; /* same id as in the reply */
    int64_t org, at_ms;
    struct str client, helo, reverse_path;
    const struct str *recipients; /* canonical addresses */
    size_t n_recipients;
    struct str auth; /* opaque results */
    struct str data;
    bool replied; /* read: its 250 was written to the socket (spool_replied) */
};
/* Checks once at start: folder exists, is writable, st_dev differs from state's. 0; ERR_INVALID with the sentence. */
int spool_check(const char *dir, const char *state, struct err *e) MUST_USE;
int spool_put(const char *dir, const struct spool_entry *s) MUST_USE;
/* The 250 for this entry was written: an empty file ID.replied beside it, not synced. Without it an equal DATA is taken for a resend. */
int spool_replied(const char *dir, struct str id) MUST_USE;
/* Entries in order of arrival; cb 0: entry is committed elsewhere, it is removed; 1: stays; < 0: stop. Damaged files are moved to dir/damaged and reported, never deleted. */
typedef int spool_fn(void *arg, const struct spool_entry *s);
int spool_drain(const char *dir, spool_fn *cb, void *arg, struct err *e) MUST_USE;
int spool_count(const char *dir, int64_t *n, int64_t *oldest_ms) MUST_USE;

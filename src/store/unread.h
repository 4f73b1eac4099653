#pragma once
/* Held because reading came too late or failed: rows that say "read me again". Inside a cell_fn. */
#include "store/mail.h"

#define UNREAD_DELAY_MS 10000       /* before the first new try */
#define UNREAD_AGAIN_MS (5 * 60000) /* between later ones */
#define UNREAD_TRIES_MAX 5          /* then only a person releases it */
#define UNREAD_BATCH 16

struct unread {
    int64_t org, account, message;
};
int unread_add(struct txn *t, int64_t org, int64_t account, int64_t message) MUST_USE;
int unread_due(struct txn *t, struct unread *out, size_t max,
               size_t *n) MUST_USE; /* of the whole cell; max <= UNREAD_BATCH */
/* One more try failed: later, or never again by itself. */
int unread_failed(struct txn *t, const struct unread *u) MUST_USE;
/* Read and judged: facts, findings and verdict of d replace what the message had; it is released when d's verdict is not hold. Where a person was faster
 * only the row goes. */
int unread_judged(struct txn *t, const struct unread *u, struct mail_draft *d) MUST_USE;
/* A person released it or threw it away: nobody need read it again. */
int unread_drop(struct txn *t, int64_t org, int64_t message) MUST_USE;

#pragma once
/* Lists of mail by received time, walked a page at a time (JMAP Email/query): memory is a page, whatever the mailbox holds. Inside a cell_read or cell_fn. */
#include "store/read.h"

#define LIST_PAGE 500u
#define LIST_SKIP_PIECE 50000 /* rows passed over by one statement: far under the limit of a read */
struct list_item {
    int64_t message, thread, ms, key; /* key: the uid, or the message where the whole account is walked */
    uint32_t flags;                   /* of this placement; 0 where the account is walked */
};
struct list_walk {
    int64_t mailbox; /* 0: the account */
    bool ascending;
    bool flagged;                /* only placements with FLAG_FLAGGED; descending in a mailbox */
    int64_t after_ms, before_ms; /* received within [after, before); 0, INT64_MAX: all */
    int64_t ms, key;             /* behind this row; list_begin sets them before the first */
    bool end;
    bool collapsed; /* set by list_threads: descending, rows are conversations */
};
void list_begin(struct list_walk *w);
/* The next rows, stubs left out: at most LIST_PAGE; *n may be 0 before the end (w->end tells). */
int list_next(struct txn *t, int64_t org, int64_t account, struct list_walk *w, struct list_item *out,
              size_t *n) MUST_USE;
/* Moves a fresh walk (no bounds, not flagged) so that `skip` rows are behind it. Reads index entries only. Not for mailboxes with stubs. counts: of the
 * mailbox in this very snapshot: where rows stand is remembered for as long as nothing came or went. NULL where the account is walked. */
struct list_counts;
int list_skip(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip,
              const struct list_counts *counts) MUST_USE;
int list_skip_piece(struct txn *t, int64_t org, int64_t account, struct list_walk *w,
                    int64_t n) MUST_USE; /* 1 moved, 0 the list ended before */
/* Of a fresh walk over a mailbox: one row per conversation, those behind the first `skip`. page: room for LIST_PAGE; out: for most. */
int list_threads(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip, size_t most,
                 const struct list_counts *counts, struct list_item *page, int64_t *out, size_t *n_out) MUST_USE;
/* Forgets where rows stand, as after a start (tests, benches). */
void list_marks_forget(void);
/* Emails of the whole account; reads index entries only, in pieces. */
int list_count_account(struct txn *t, int64_t org, int64_t account, int64_t *total) MUST_USE;

struct list_counts {
    int64_t total, threads, unread, unread_threads, stubs, uidnext;
};
int list_counts(struct txn *t, int64_t org, int64_t account, int64_t mailbox,
                struct list_counts *c) MUST_USE; /* 1 / 0 */

/* Cheap columns of one message; 1 / 0. */
struct list_light {
    int64_t id, thread, received_ms, size, sent_ms;
    bool has_attachment, held;
};
int list_light(struct txn *t, int64_t org, int64_t account, int64_t message, struct list_light *out) MUST_USE;

#pragma once
/* What protocol rooms read. All run inside a cell_read's fn (one snapshot); results lie in the arena given. An Email (RFC 8621) is a message; a stub
 * placement is not one. < 0: database error. */
#include "store/mail.h"

struct read_mailbox {
    int64_t id, parent, seq, created_seq, sort_order, total, unread, total_threads, unread_threads;
    struct str name;
    enum mail_role role;
};
int read_mailboxes(struct txn *t, int64_t org, int64_t account, struct arena *a, struct read_mailbox **out, size_t *n) MUST_USE;

struct read_states { /* RFC 8620 5.1 counters; floor: older states cannot be calculated from */
    int64_t mailbox, email, thread, floor;
};
int read_states(struct txn *t, int64_t org, int64_t account, struct read_states *out) MUST_USE;

/* Ids by received time. mailbox 0: all of the account. *total: only when total is not NULL. */
int read_query(struct txn *t, int64_t org, int64_t account, int64_t mailbox, bool ascending, int64_t position, int64_t limit, struct arena *a,
               int64_t **ids, size_t *n, int64_t *total) MUST_USE;

struct read_email {
    int64_t id, thread, size, received_ms, sent_ms; /* sent_ms 0: no Date */
    struct str message_id, in_reply_to, references; /* ids parted by spaces */
    struct str subject, preview, findings;          /* findings: JSON array or "" */
    struct mail_person from;
    bool has_attachment, held;
    enum mail_verdict verdict;
    int64_t *mailboxes;
    size_t n_mailboxes;
    uint32_t flags;                                 /* union of its placements' */
    struct mail_loc blob;
};
/* 1 found, 0 not of this account. */
int read_email(struct txn *t, int64_t org, int64_t account, int64_t id, struct arena *a, struct read_email *out) MUST_USE;
/* Facts of a message; insight uncompressed. 1 / 0. */
int read_facts(struct txn *t, int64_t org, int64_t account, int64_t message, struct arena *a, struct str *structure, struct str *insight) MUST_USE;
/* Emails of a thread, oldest first. n == 0: no such thread. */
int read_thread(struct txn *t, int64_t org, int64_t account, int64_t thread, struct arena *a, int64_t **ids, size_t *n) MUST_USE;

/* RFC 8620 5.2. READ_TOO_OLD: since lies below the floor or in the future. */
enum { READ_TOO_OLD = 1 };
struct read_changes {
    int64_t *created, *updated, *destroyed;
    size_t n_created, n_updated, n_destroyed;
    int64_t new_state;
    bool more;
};
int read_changes(struct txn *t, int64_t org, int64_t account, enum sync_type type, int64_t since, size_t most, struct arena *a, struct read_changes *out) MUST_USE;

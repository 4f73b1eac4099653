#pragma once
/* Reading for the protocol rooms, inside a cell_read fn (or a cell_fn). Everything returned lives in the arena given. Rows of another account are never
 * seen: org and account stand in every key. A held message is an Email of the Held mailbox only; its stub in Inbox is no Email. */
#include "store/mail.h"

#define READ_IDS_MAX 1000u  /* ids asked of one call */
#define READ_PAGE_MAX 1000u /* rows of one answer */

enum read_result {
    READ_CANNOT = 1 /* cannotCalculateChanges (RFC 8620 5.2) */,
    READ_NO_ANCHOR = 2 /* anchorNotFound */
};

struct read_mailbox {
    int64_t id, parent /* 0: top */, sort_order, total, unread, threads, unread_threads, stubs, uidvalidity, uidnext,
        modseq, seq;
    struct str name;
    enum mail_role role;
    bool subscribed;
};
int read_mailboxes(struct txn *t, struct arena *a, int64_t org, int64_t account, struct read_mailbox **out,
                   size_t *n) MUST_USE; /* by sort order */

struct read_email {
    int64_t id, thread, size, received_ms, sent_ms, seq;
    struct str message_id, in_reply_to, references /* separated by spaces */, subject, preview, findings, accepted_id;
    struct mail_person from;
    bool has_attachment, held;
    enum mail_verdict verdict;
    int32_t score_millinats;
    uint32_t flags;           /* union of its placements': JMAP keywords */
    const int64_t *mailboxes; /* without doubles */
    size_t n_mailboxes;
};
/* Those that exist, in the order asked; n_ids <= READ_IDS_MAX else ERR_LIMIT. */
int read_emails(struct txn *t, struct arena *a, int64_t org, int64_t account, const int64_t *ids, size_t n_ids,
                struct read_email **out, size_t *n) MUST_USE;

/* Sorted by received time. */
struct read_query {
    int64_t mailbox; /* 0: the whole account */
    bool ascending;  /* default: newest first */
    bool collapse;   /* one Email per thread: the first in this order */
    bool want_total;
    uint32_t has_flags, not_flags; /* of the placement in that mailbox; need mailbox != 0 */
    int64_t position;              /* negative: from the end (RFC 8620 5.5); ignored with an anchor */
    int64_t anchor, anchor_offset; /* anchor 0: none */
    size_t limit;                  /* at most READ_PAGE_MAX */
};
struct read_page {
    int64_t *ids;
    size_t n;
    int64_t position; /* of ids[0] */
    int64_t total;    /* -1: not asked */
};
int read_query(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_query *q,
               struct read_page *out) MUST_USE; /* 0, READ_NO_ANCHOR, < 0 */

int read_thread(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t thread, int64_t **ids,
                size_t *n) MUST_USE; /* 1 / 0; oldest first */

/* State of a type. Its text is the JMAP state string; base is only set in the middle of a paged /changes. */
struct read_state {
    int64_t seq, base;
};
struct str read_state_text(struct arena *a, struct read_state s);
bool read_state_parse(struct str text, struct read_state *s);
int read_state(struct txn *t, int64_t org, int64_t account, enum sync_type type, struct read_state *s) MUST_USE;
struct read_changes {
    int64_t *created, *updated, *destroyed;
    size_t n_created, n_updated, n_destroyed;
    struct read_state state; /* the new one */
    bool has_more;
};
/* max 0: READ_PAGE_MAX. 0, READ_CANNOT (state too old, of an earlier epoch or from the future), < 0. */
int read_changes(struct txn *t, struct arena *a, int64_t org, int64_t account, enum sync_type type,
                 struct read_state since, size_t max, struct read_changes *out) MUST_USE;
/* IMAP (RFC 7162): placements of a mailbox changed since modseq, and the UIDs that vanished. READ_CANNOT: send everything. */
struct read_uid {
    int64_t uid, modseq;
    uint32_t flags;
};
int read_vanished(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t mailbox, int64_t since,
                  struct read_uid **changed, size_t *n_changed, struct read_uid **vanished, size_t *n_vanished,
                  bool *has_more) MUST_USE;

struct read_facts {
    struct str structure, insight; /* encodings of facts/facts.h, insight unpacked */
    uint32_t insight_version;
};
int read_facts(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t message,
               struct read_facts *out) MUST_USE; /* 1 / 0 */

/* Trace of a transaction (`sigillo trace`, delivery diagnostics). 1 / 0. */
struct read_accepted {
    struct mail_accepted row;
    bool replied;
};
int read_accepted(struct txn *t, struct arena *a, int64_t org, struct str id, struct read_accepted *out) MUST_USE;
/* Messages that this transaction made in an account. */
int read_accepted_messages(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_accepted *m,
                           int64_t **ids, size_t *n) MUST_USE;

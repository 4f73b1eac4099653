#pragma once
/* Mail rows (design 4). All functions run inside a cell_fn: t is its txn. Ids are given per org from org.next_id; seq from org.seq, both
 * under the fence. Every row carries created_seq and seq. UIDs rise per mailbox and are never reused. */
#include "store/store.h"

enum mail_flag { FLAG_SEEN = 1, FLAG_ANSWERED = 2, FLAG_FLAGGED = 4, FLAG_DELETED = 8, FLAG_DRAFT = 16 };
enum mail_role { ROLE_NONE, ROLE_INBOX, ROLE_HELD, ROLE_JUNK, ROLE_TRASH, ROLE_SENT, ROLE_DRAFTS, ROLE_ARCHIVE };
enum mail_verdict { VERDICT_ACCEPT, VERDICT_CAUTION, VERDICT_JUNK, VERDICT_HOLD, VERDICT_REJECT };
enum sync_type { SYNC_MAILBOX = 1, SYNC_EMAIL = 2, SYNC_THREAD = 3 };

struct mail_person {
    struct str name, addr;
};
/* Immutable content of a message, made by intake before the commit; views live in the job's arena. */
struct mail_draft {
    struct blob_draft *blob;
    struct str structure; /* facts encoding 1 */
    struct str insight;   /* facts encoding 2 (uncompressed here) */
    uint32_t insight_version;
    struct str message_id;        /* without <>, may be empty */
    const struct str *references; /* message ids, oldest first, In-Reply-To last */
    size_t n_references;
    struct str subject, subject_base;
    struct mail_person from;
    int64_t sent_ms; /* Date header, 0 when absent */
    int64_t received_ms;
    struct str preview; /* <= 256 bytes UTF-8 */
    bool has_attachment;
    enum mail_verdict verdict;
    int32_t score_millinats;
    struct str findings;       /* JSON array as in docs/guard.md, "" for none */
    struct str accepted_id;    /* trace id of the transaction */
    struct str insight_packed; /* set by mail_draft_prepare; empty: done under the fence */
};
/* Refusals (> 0) of the functions below. */
enum mail_refusal {
    MAIL_NO_MAILBOX = 101,
    MAIL_NO_MESSAGE = 102,
    MAIL_HELD = 103 /* not while held */,
    MAIL_NOT_HELD = 104
};
/* Compresses what the row keeps, before the job is handed in: shortens the time under the fence. Optional. ERR_NOMEM. */
int mail_draft_prepare(struct arena *a, struct mail_draft *d) MUST_USE;
/* Adds the message (own id), its thread membership, facts; counts nothing yet. */
int mail_add(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, int64_t *message,
             int64_t *thread) MUST_USE;
/* Places a message in a mailbox: new UID, counters, JMAP state, pack place record. blob: the bytes served (the message's own, or a stub's). */
int mail_place(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t message,
               const struct blob_draft *served, int64_t internal_ms, uint32_t flags, int64_t *uid) MUST_USE;
int mail_unplace(struct txn *t, int64_t org, int64_t account, int64_t mailbox,
                 int64_t uid) MUST_USE; /* tombstones, counters, gone record */
int mail_set_flags(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, uint32_t set,
                   uint32_t clear) MUST_USE;
/* The same by Email (JMAP Email/set): flags on every placement; out of every mailbox; from one mailbox to another (0: only add, or only remove). */
int mail_email_flags(struct txn *t, int64_t org, int64_t account, int64_t message, uint32_t set,
                     uint32_t clear) MUST_USE;
int mail_email_destroy(struct txn *t, int64_t org, int64_t account,
                       int64_t message) MUST_USE; /* MAIL_HELD while held */
int mail_email_move(struct txn *t, int64_t org, int64_t account, int64_t message, int64_t from, int64_t to) MUST_USE;
int mail_role_mailbox(struct txn *t, int64_t org, int64_t account, enum mail_role role,
                      int64_t *mailbox) MUST_USE; /* created with the account */
/* Hold (design 4): message only in Held; stub (its own blob, link-free, no Email id) in Inbox. Release is one call. */
int mail_hold(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, struct blob_draft *stub,
              int64_t *message) MUST_USE;
int mail_release(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who) MUST_USE;

/* Resends and trace: one row per accepted transaction. key = SHA-256 of DATA, reverse-path, recipients. */
struct mail_accepted {
    struct str id; /* base32 text, also in the 250 reply */
    uint8_t key[SHA256_LEN];
    struct str client, helo, reverse_path, recipients /* comma separated */;
    int64_t size, at_ms;
    enum mail_verdict verdict;
};
/* found: a row with this key, not replied, younger than 5 days -> its id (arena). */
#define MAIL_RESEND_MS (5 * 24 * 3600 * 1000LL) /* what is older is no resend */
int mail_resend_find(struct txn *t, int64_t org, const uint8_t key[SHA256_LEN],
                     struct str *found_id) MUST_USE; /* 1 found, 0 none */
int mail_accepted_add(struct txn *t, int64_t org, const struct mail_accepted *m) MUST_USE;
int mail_accepted_replied(struct txn *t, int64_t org, struct str id) MUST_USE;

/* Reading. */
struct mail_loc {
    struct pack_loc loc;
    uint8_t sha256[SHA256_LEN];
    int64_t size;
};
int mail_blob(struct txn *t, int64_t org, int64_t account, int64_t message,
              struct mail_loc *out) MUST_USE; /* 1 / 0 / < 0; a held message's blob is refused (0) */
/* The same for scan, jobs and verify: held ones too. held may be NULL. */
int mail_blob_any(struct txn *t, int64_t org, int64_t account, int64_t message, struct mail_loc *out,
                  bool *held) MUST_USE;
/* Bytes served under a UID (the message's or the stub's); none while the placement is in Held. */
int mail_placement_blob(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid,
                        struct mail_loc *out) MUST_USE;
/* Facts made anew by a later release or by the late scan of a held message; the Email's seq rises. */
int mail_set_insight(struct txn *t, int64_t org, int64_t account, int64_t message, uint32_t version,
                     struct str insight) MUST_USE;
/* COPY (RFC 9051 6.4.7), MOVE, JMAP mailboxIds: one more placement, or a placement changed. MAIL_HELD for held messages and stubs. */
int mail_copy(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, int64_t to,
              int64_t *to_uid) MUST_USE;
int mail_move(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, int64_t to,
              int64_t *to_uid) MUST_USE;

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
    struct str structure;        /* facts encoding 1 */
    struct str insight;          /* facts encoding 2 (uncompressed here) */
    uint32_t insight_version;
    struct str message_id;       /* without <>, may be empty */
    const struct str *references; /* message ids, oldest first, In-Reply-To last */
    size_t n_references;
    struct str subject, subject_base;
    struct mail_person from;
    int64_t sent_ms;             /* Date header, 0 when absent */
    int64_t received_ms;
    struct str preview;          /* <= 256 bytes UTF-8 */
    bool has_attachment;
    enum mail_verdict verdict;
    int32_t score_millinats;
    struct str findings;         /* JSON array as in docs/guard.md, "" for none */
    struct str accepted_id;      /* trace id of the transaction */
};
/* Adds the message (own id), its thread membership, facts; counts nothing yet. */
int mail_add(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, int64_t *message, int64_t *thread) MUST_USE;
/* Places a message in a mailbox: new UID, counters, JMAP state, pack place record. blob: the bytes served (the message's own, or a stub's). */
int mail_place(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t message, const struct blob_draft *served, int64_t internal_ms, uint32_t flags, int64_t *uid) MUST_USE;
int mail_unplace(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid) MUST_USE; /* tombstones, counters, gone record */
int mail_set_flags(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, uint32_t set, uint32_t clear) MUST_USE;
int mail_role_mailbox(struct txn *t, int64_t org, int64_t account, enum mail_role role, int64_t *mailbox) MUST_USE; /* created with the account */
/* Hold (design 4): message only in Held; stub (its own blob, link-free, no Email id) in Inbox. Release is one call. */
int mail_hold(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, struct blob_draft *stub, int64_t *message) MUST_USE;
int mail_release(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who) MUST_USE;

/* Resends and trace: one row per accepted transaction. key = SHA-256 of DATA, reverse-path, recipients. */
struct mail_accepted {
    struct str id;               /* base32 text, also in the 250 reply */
    uint8_t key[SHA256_LEN];
    struct str client, helo, reverse_path, recipients /* comma separated */;
    int64_t size, at_ms;
    enum mail_verdict verdict;
};
/* found: a row with this key, not replied, younger than 5 days -> its id (arena). */
int mail_resend_find(struct txn *t, int64_t org, const uint8_t key[SHA256_LEN], struct str *found_id) MUST_USE; /* 1 found, 0 none */
int mail_accepted_add(struct txn *t, int64_t org, const struct mail_accepted *m) MUST_USE;
int mail_accepted_replied(struct txn *t, int64_t org, struct str id) MUST_USE;

/* Reading. */
struct mail_loc {
    struct pack_loc loc;
    uint8_t sha256[SHA256_LEN];
    int64_t size;
};
int mail_blob(struct txn *t, int64_t org, int64_t account, int64_t message, struct mail_loc *out) MUST_USE; /* 1 / 0; a held message's blob is refused (0) unless for_scan */

#pragma once
/* What mail_*.c, thread.c and hold.c share. */
#include "store/group.h"
#include "store/mail.h"

#define MAIL_TEXT_MAX 1000u /* bytes of a subject or name that a row keeps */
#define MAIL_ID_MAX 998u    /* of a message id (RFC 5322 line) */
#define MAIL_REFS_KEEP 20u  /* references kept in the row, the newest */
#define MAIL_REFS_BYTES 8000u
#define MAIL_PREVIEW_MAX 256u
#define MAIL_FINDINGS_MAX 65536u
#define THREAD_REFS 8u /* ids looked up: the message's own and the newest seven it names */
enum {
    TOMBSTONE_MAILBOX = SYNC_MAILBOX,
    TOMBSTONE_EMAIL = SYNC_EMAIL,
    TOMBSTONE_THREAD = SYNC_THREAD,
    TOMBSTONE_PLACEMENT = 4
};

struct message_brief {
    int64_t thread, blob, size, received_ms, created_seq, seq;
    bool held;
    enum mail_verdict verdict;
};
struct placement_row {
    int64_t mailbox, uid, message, thread, blob, size, internal_ms, created_seq, seq;
    uint32_t flags;
    bool stub;
};
/* 1 found, 0 no such row, < 0 */
int message_brief(struct txn *t, int64_t org, int64_t account, int64_t message, struct message_brief *out) MUST_USE;
int placement_get(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid,
                  struct placement_row *out) MUST_USE;
/* All placements of a message, stubs too; 0 or < 0; *rows in the arena. */
int placements_of(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t thread, int64_t message,
                  struct placement_row **rows, size_t *n) MUST_USE;
/* blob row of these bytes for this firm: its own, or the equal one that came first. */
int blob_join(struct txn *t, int64_t org, const struct blob_draft *d, int64_t *blob) MUST_USE;
int thread_join(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, int64_t message, int64_t seq,
                int64_t *thread, bool *created) MUST_USE;
/* After an Email left a thread: touched, or its row gone with a tombstone. */
int thread_leave(struct txn *t, int64_t org, int64_t account, int64_t thread, int64_t seq) MUST_USE;
/* Emails of the thread in the mailbox and the unread among them. */
int thread_in_mailbox(struct txn *t, int64_t org, int64_t account, int64_t thread, int64_t mailbox, int64_t *emails,
                      int64_t *unread) MUST_USE;
/* id: 0 gives the next one; salvage gives back the one it had. */
int mail_add_as(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, bool held, int64_t id,
                int64_t *message, int64_t *thread) MUST_USE;
struct placing {
    int64_t message, thread, blob, size, internal_ms;
    const uint8_t *sha256;
    uint32_t flags;
    bool stub, new_thread;
    const char *verdict; /* in the pack: "hold", "stub" or "" */
    int64_t seq;
};
int place_row(struct txn *t, int64_t org, int64_t account, int64_t mailbox, const struct placing *p,
              int64_t *uid) MUST_USE;
int tombstone(struct txn *t, int64_t org, int64_t account, int type, int64_t seq, int64_t id, int64_t uid,
              int64_t created_seq) MUST_USE;
/* Our own constraint errors are bugs, not answers. */
static inline int no_constraint(int r) { return r > 0 ? ERR_INVALID : r; }
int placement_remove(struct txn *t, int64_t org, int64_t account, const struct placement_row *p) MUST_USE;

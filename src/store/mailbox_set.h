#pragma once
/* Making, changing and removing mailboxes (JMAP Mailbox/set, IMAP CREATE, RENAME, DELETE). Inside a cell_fn. Names: 1 to MAILBOX_NAME_MAX bytes of UTF-8 without
 * control characters and "/"; "INBOX" in any case is the inbox's own at the top. */
#include "store/mail.h"

#define MAILBOX_NAME_MAX 200u
#define MAILBOX_DEPTH_MAX 10u
#define MAILBOX_COUNT_MAX 1000u /* of one account */
#define MAILBOX_EMPTY_STEP 40u  /* messages removed by one call of mailbox_empty */
enum mailbox_refusal {          /* beside enum mail_refusal */
                       MAILBOX_BAD_NAME = 120,
                       MAILBOX_NAME_TAKEN,
                       MAILBOX_BAD_PARENT, /* none, Held, or inside itself */
                       MAILBOX_TOO_DEEP,
                       MAILBOX_TOO_MANY,
                       MAILBOX_ROLE_TAKEN,
                       MAILBOX_FIXED, /* Inbox, Held and the other places of the system keep name, role and life */
                       MAILBOX_HAS_CHILD,
                       MAILBOX_HAS_EMAIL,
};
struct mailbox_values {
    int64_t parent; /* 0: top */
    struct str name;
    enum mail_role role;
    int64_t sort_order;
    bool subscribed;
};
int mailbox_create(struct txn *t, int64_t org, int64_t account, const struct mailbox_values *v,
                   int64_t *mailbox) MUST_USE;
int mailbox_change(struct txn *t, int64_t org, int64_t account, int64_t mailbox,
                   const struct mailbox_values *v) MUST_USE;
int mailbox_destroy(struct txn *t, int64_t org, int64_t account, int64_t mailbox) MUST_USE; /* an empty one */
/* Takes the next messages out of it. *more: call again, in a later job. */
int mailbox_empty(struct txn *t, int64_t org, int64_t account, int64_t mailbox, bool *more) MUST_USE;
/* Held: nothing; places of the system: no rename, no removal. */
bool mailbox_fixed(enum mail_role role);

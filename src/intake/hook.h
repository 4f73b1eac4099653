#pragma once
/* Modules that care about a message registered one row each (design 3, step 5). Intake calls them, in order, inside the
 * one transaction, and knows none of them. A hook touches only t, the message and its own rows; it may run more than
 * once. */
#include "guard/guard.h"
#include "store/mail.h"

struct intake_target {
    int64_t account, cell;
    struct str address;
    int64_t message; /* set by the mailbox hook */
};
struct intake_msg {
    int64_t org;
    const struct mail_draft *draft;
    const struct guard_input *input;
    const struct guard_verdict *verdict;
    const struct guard_history *history; /* what the verdict was given on */
    struct blob_draft *stub;             /* set when the verdict is hold */
    struct intake_target *target;
    size_t n_target;
};
struct intake_hook {
    const char *name;
    int order;
    int (*on_message)(struct txn *t, struct intake_msg *m); /* 0; < 0 forwarded */
    /* The same for a message that was held because it could not be read in time and now is judged; once for each
     * transaction, whatever the number of its recipients. NULL: nothing is to be done then. */
    int (*on_read)(struct txn *t, struct intake_msg *m);
};
extern const struct intake_hook intake_hook_mailbox; /* message or stub into each account */
extern const struct intake_hook intake_hook_history; /* what the guard will know next time */
extern const struct intake_hook intake_hook_judged;  /* what can be explained and replayed */

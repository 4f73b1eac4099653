#pragma once
/* What people decide about messages, beside mail_release (store/mail.h): each is one fn, audited. Inside a cell_fn. Refusals: enum mail_refusal. */
#include "store/mail.h"

enum mail_report { REPORT_FRAUD, REPORT_JUNK, REPORT_HONEST, REPORTS }; /* stored: numbers are never reused */
/* A held message is thrown away: gone from Held, its stub gone from Inbox; never was in a mailbox of IMAP. MAIL_NOT_HELD. */
int mail_discard(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who) MUST_USE;
/* Fraud: an audit event, and details that this message's sender showed and nobody verified lose what they had learned; a message that is not held goes to
 * Junk. Junk and honest: to Junk and to Inbox; MAIL_HELD while held. What was said last stays with the message (mail_reported). */
int mail_report(struct txn *t, int64_t org, int64_t account, int64_t message, enum mail_report as,
                struct str who) MUST_USE;
struct mail_reported {
    enum mail_report as;
    int64_t at_ms;
    struct str who; /* as given to mail_report */
};
/* 1, 0, < 0. Inside a cell_read too. */
int mail_reported(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t message,
                  struct mail_reported *out) MUST_USE;

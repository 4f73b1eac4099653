/* Hold (design 4): the message stands only in Held; a stub stands in Inbox with its own UID and its own link-free bytes
 * and is no Email. */
#include "store/audit.h"
#include "store/mail_priv.h"
#include "store/unread.h"

int mail_hold(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, struct blob_draft *stub,
              int64_t *message)
{
    int64_t thread, inbox, held, uid;
    int r = mail_role_mailbox(t, org, account, ROLE_INBOX, &inbox);
    if (r == 0)
        r = mail_role_mailbox(t, org, account, ROLE_HELD, &held);
    if (r == 0)
        r = mail_add_as(t, org, account, d, true, 0, message, &thread);
    if (r == 0)
        r = mail_place(t, org, account, held, *message, d->blob, d->received_ms, 0, &uid);
    if (r || !stub)
        return r;
    struct placing p = {.message = *message,
                        .thread = thread,
                        .size = (int64_t)stub->size,
                        .internal_ms = d->received_ms,
                        .sha256 = stub->sha256,
                        .stub = true,
                        .verdict = "stub"};
    r = txn_seq(t, org, &p.seq);
    if (r == 0)
        r = blob_join(t, org, stub, &p.blob);
    return r ? r : place_row(t, org, account, inbox, &p, &uid);
}

int mail_release(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who)
{
    struct message_brief b;
    struct placement_row *rows;
    size_t n;
    int64_t inbox, uid, seq;
    int r = message_brief(t, org, account, message, &b);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if (!b.held)
        return MAIL_NOT_HELD;
    r = placements_of(t, t->arena, org, account, b.thread, message, &rows, &n);
    if (r == 0)
        r = mail_role_mailbox(t, org, account, ROLE_INBOX, &inbox);
    if (r == 0)
        r = no_constraint(
            db_run(t->db, SQL_MESSAGE_HELD, DB_ARGS(db_int(org), db_int(account), db_int(message), db_int(0)), NULL));
    if (r == 0)
        r = unread_drop(t, org, message);
    /* First the new place, so that the Email never has none. */
    if (r == 0)
        r = mail_place(t, org, account, inbox, message, NULL, b.received_ms, 0, &uid);
    for (size_t i = 0; i < n && r == 0; i++)
        r = placement_remove(t, org, account, &rows[i]);
    if (r == 0)
        r = audit_add(t, org, who, STR("mail.release"),
                      arena_printf(t->arena, "account %lld message %lld", (long long)account, (long long)message),
                      &seq);
    return r ? r
             : audit_event(t, org, account, STR("mail.released"), arena_printf(t->arena, "%lld", (long long)message));
}

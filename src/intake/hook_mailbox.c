#include "intake/hook.h"
#include "store/unread.h"

static int deliver(struct txn *t, struct intake_msg *m, struct intake_target *to)
{
    int64_t thread, mailbox, uid;
    if (m->stub) {
        int r = mail_hold(t, m->org, to->account, m->draft, m->stub, &to->message);
        bool unread = m->draft->structure.n == 0; /* reading it came too late or failed: jobs tries again */
        return r == 0 && unread ? unread_add(t, m->org, to->account, to->message) : r;
    }
    enum mail_role role = m->draft->verdict == VERDICT_JUNK ? ROLE_JUNK : ROLE_INBOX;
    int err = mail_add(t, m->org, to->account, m->draft, &to->message, &thread);
    if (err == 0)
        err = mail_role_mailbox(t, m->org, to->account, role, &mailbox);
    if (err == 0)
        err = mail_place(t, m->org, to->account, mailbox, to->message, m->draft->blob, m->draft->received_ms, 0, &uid);
    return err;
}

static int on_message(struct txn *t, struct intake_msg *m)
{
    for (size_t i = 0; i < m->n_target; i++) {
        int err = deliver(t, m, &m->target[i]);
        if (err != 0)
            return err;
    }
    return 0;
}

const struct intake_hook intake_hook_mailbox = {"mailbox", 10, on_message};

#include "intake/hook.h"

static int deliver(struct txn *t, struct intake_msg *m, struct intake_target *to)
{
    int64_t thread, mailbox, uid;
    if (m->stub)
        return mail_hold(t, m->org, to->account, m->draft, m->stub, &to->message);
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

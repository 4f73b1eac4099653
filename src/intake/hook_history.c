/* What the guard will know next time. Held and junked mail never teaches (design 7). */
#include "intake/hook.h"
#include "store/party.h"

static int on_message(struct txn *t, struct intake_msg *m)
{
    const struct guard_input *in = m->input;
    bool accepted = m->verdict->action == GUARD_ACCEPT || m->verdict->action == GUARD_ACT_CAUTION;
    if (!accepted || in->from_addr.n == 0)
        return 0;
    int err = sender_seen(t, m->org, in->from_addr, in->now_ms);
    for (size_t i = 0; err == 0 && in->insight && i < in->insight->n_payments; i++) {
        const struct facts_payment *p = &in->insight->payments[i];
        if (p->kind == COORD_IBAN && !p->quoted)
            err = party_seen(t, m->org, in->from_domain, PARTY_IBAN, p->value, in->now_ms, true);
    }
    return err < 0 ? err : 0;
}

const struct intake_hook intake_hook_history = {"history", 20, on_message};

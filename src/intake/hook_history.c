/* What the guard will know next time. Held and junked mail never teaches (design 7). */
#include "intake/hook.h"
#include "store/known.h"
#include "store/party.h"

static int on_message(struct txn *t, struct intake_msg *m)
{
    const struct guard_input *in = m->input;
    struct guard_lessons *l = arena_new(t->arena, struct guard_lessons);
    guard_lessons(in, m->history, m->verdict, t->arena, l);
    int err = 0;
    for (size_t i = 0; err == 0 && i < l->n; i++) {
        const struct guard_known *k = &l->v[i];
        err =
            known_add(t, m->org, &(struct known_key){(int)k->kind, k->key}, k->value, k->last_ms, k->received, k->sent);
    }
    for (size_t i = 0; err == 0 && i < l->n_details; i++)
        err = party_seen(t, m->org, l->details[i].domain, PARTY_IBAN, l->details[i].iban, in->now_ms, true);
    return err < 0 ? err : 0;
}

const struct intake_hook intake_hook_history = {"history", 20, on_message, on_message};

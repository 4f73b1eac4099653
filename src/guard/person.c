/* Person family: who writes, and whether it is clear who writes. */
#include "guard/detect.h"

void guard_person(struct guard_case *c)
{
    const struct facts_insight *in = c->in->insight;
    if (c->in->from_ambiguous || (in && (in->flags & FACTS_AMBIGUOUS_SENDER))) {
        guard_find(c, GUARD_SENDER_AMBIGUOUS, NULL, 0);
        return;
    }
    const struct guard_known *known = guard_known_find(c->h, KNOWN_ADDRESS, c->in->from_addr);
    if (!known || known->received == 0)
        GUARD_FIND(c, GUARD_PERSON_FIRST, {"address", c->in->from_addr});
}

/* The sum: signs that say little each, together. Thresholds are odds: caution from two in seven on, junk from three in four. */
#include "guard/content.h"

#define TOTAL_CAUTION (-900)
#define TOTAL_JUNK 1000
/* Whom we have written to, and who has written for long, is no stranger: content alone does not condemn him. */
#define CREDIT_WRITTEN_TO (-4000)
#define CREDIT_MANY (-2500)
#define CREDIT_SOME (-1000)
#define CREDIT_BUSY (-800)
#define CREDIT_WORDS 120u
#define MANY_MAILS 5

static int32_t credit(const struct guard_case *c)
{
    const struct guard_known *k = guard_known_find(c->h, KNOWN_ADDRESS, c->in->from_addr);
    if (c->rel.own && !c->rel.unproven && (c->in->auth.dmarc == AUTH_PASS || c->in->auth.dkim == AUTH_PASS))
        return CREDIT_WRITTEN_TO; /* a colleague may be in a hurry */
    if (!k || c->in->from_addr.n == 0 || c->rel.unproven)
        return 0;
    return k->sent > 0                 ? CREDIT_WRITTEN_TO
           : k->received >= MANY_MAILS ? CREDIT_MANY
           : k->received > 0           ? CREDIT_SOME
                                       : 0;
}

/* Much text, and nothing in it that wants anything: work. */
static int32_t busy(const struct guard_content *k)
{
    unsigned points = 0;
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        points += i == TOPIC_URGENT ? 0 : k->topics.points[i];
    return k->topics.words >= CREDIT_WORDS && points <= 1 ? CREDIT_BUSY : 0;
}

static struct str strongest(struct guard_case *c)
{
    const struct guard_finding *best = NULL;
    for (size_t i = 0; i < c->v->n_findings; i++)
        if (!best || c->v->findings[i].weight > best->weight)
            best = &c->v->findings[i];
    return best ? str_c(guard_table[best->code].code) : STR("–");
}

/* It is held for a reason of its own: the sum adds nothing to that. */
static bool stopped(const struct guard_verdict *v)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].level == GUARD_STOP)
            return true;
    return false;
}

void guard_total(struct guard_case *c, struct guard_content *k)
{
    struct guard_verdict *v = c->v;
    v->score += credit(c) + busy(k);
    if (v->score < TOTAL_CAUTION || stopped(v))
        return;
    struct str count = arena_printf(c->arena, "%zu", v->n_findings);
    enum guard_code code = v->score >= TOTAL_JUNK ? GUARD_TOTAL_JUNK : GUARD_TOTAL_CAUTION;
    GUARD_SIGNAL(c, code, 0, {"count", count}, {"first", strongest(c)});
}

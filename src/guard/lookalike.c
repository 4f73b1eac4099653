/* Look-alike family (guard.md L1-L8): the sender's domain beside those of counterparties and our own. What alone is a
 * coincidence of names becomes an imitation by what goes with it: their person, their thread, money elsewhere. */
#include "guard/detect.h"

/* An honest firm has this domain by accident, or because it is the same firm. */
static bool soft(enum guard_likeness k)
{
    return k == LIKE_HYPHEN || k == LIKE_WORD || k == LIKE_PAY_WORD || k == LIKE_SUFFIX;
}

bool guard_imitates(const struct guard_relation *r)
{
    if (r->claimed.n == 0)
        return false;
    if (r->n_near == 0)
        return true; /* a known person or firm at a free-mail provider */
    enum guard_likeness k = LIKE_NONE;
    for (size_t i = 0; i < r->n_near; i++)
        if (str_eq(r->near[i].domain, r->claimed))
            k = r->near[i].like;
    if (k == LIKE_LETTERS || k == LIKE_WORD || k == LIKE_SUFFIX)
        return r->person || r->in_thread;
    return true;
}

static enum guard_level level_hard(struct guard_case *c, enum guard_likeness k)
{
    const struct guard_relation *r = &c->rel;
    if (k == LIKE_FOREIGN || r->person || r->in_thread || r->staff)
        return GUARD_STOP;
    if (guard_imitates(r) && r->coords_new)
        return GUARD_STOP;
    unsigned asks = guard_asks(c);
    if (k != LIKE_LETTERS)
        return asks & (ASKS_CHANGE | ASKS_PRETEXT) ? GUARD_STOP : GUARD_CAUTION;
    return r->n_coord > 0 || (asks & (ASKS_CHANGE | ASKS_PRETEXT)) ? GUARD_CAUTION : GUARD_NOTE;
}

static enum guard_level level_soft(struct guard_case *c, enum guard_likeness k)
{
    const struct guard_relation *r = &c->rel;
    bool used = r->person || r->in_thread || r->staff;
    if (r->coords_new && (used || k == LIKE_PAY_WORD || k == LIKE_HYPHEN))
        return GUARD_STOP;
    unsigned asks = guard_asks(c);
    if (used && (asks & (ASKS_CHANGE | ASKS_PRETEXT)) && !r->coords_known)
        return GUARD_STOP;
    if (used || r->n_coord > 0 || k == LIKE_PAY_WORD || (asks & (ASKS_CHANGE | ASKS_PRETEXT)))
        return GUARD_CAUTION;
    return GUARD_NOTE;
}

/* As a person sees it, and as it is, when these differ. */
static struct str shown(struct arena *a, struct str domain)
{
    struct guard_label l;
    struct str label = guard_label(domain);
    if (!str_starts(label, STR("xn--")))
        return domain;
    guard_label_read(label, &l);
    if (str_utf8_valid(str_n(l.shown, l.n_shown)) != l.n_shown)
        return domain;
    return arena_printf(a, "%.*s%.*s (%.*s)", (int)l.n_shown, l.shown, STRF(str_from(domain, label.n)), STRF(domain));
}

void guard_lookalike(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    if (r->own || r->n_near == 0)
        return;
    size_t at = 0;
    for (size_t i = 0; i < r->n_near; i++)
        if (str_eq(r->near[i].domain, r->claimed))
            at = i;
    enum guard_likeness k = r->near[at].like;
    const struct guard_known *row = r->near[at].row;
    enum guard_level level = soft(k) ? level_soft(c, k) : level_hard(c, k);
    struct str name = k == LIKE_SUBDOMAIN ? c->in->from_domain : shown(c->arena, r->domain);
    struct guard_fact kind = {"kind", str_c(guard_likeness_name(k))};
    if (row)
        GUARD_FIND_AT(c, GUARD_LOOKALIKE_DOMAIN, level, {"domain", name}, {"near", r->near[at].domain},
                      {"count", guard_number(c->arena, row->received)}, {"since", guard_day(c->arena, row->first_ms)},
                      kind);
    else
        GUARD_FIND_AT(c, GUARD_LOOKALIKE_OWN, level, {"domain", name}, {"near", r->near[at].domain}, kind);
}

/* Payment family: the coordinates of this message beside those on file (guard.md P1). */
#include "guard/detect.h"

/* IBANs of the message's own part; what stands in quoted lines was said before, by somebody else. */
static size_t own_ibans(const struct facts_insight *in, struct str *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < in->n_payments && n < max; i++) {
        const struct facts_payment *p = &in->payments[i];
        bool seen = p->kind != COORD_IBAN || p->quoted;
        for (size_t k = 0; k < n && !seen; k++)
            seen = str_eq(out[k], p->value);
        if (!seen)
            out[n++] = p->value;
    }
    return n;
}

static const struct guard_detail *detail_of(const struct guard_detail *d, size_t n, struct str iban)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(d[i].iban, iban))
            return &d[i];
    return NULL;
}

/* The detail a book-keeper would compare with: verified before learned before seen, then the one used most. */
static const struct guard_detail *best_known(const struct guard_history *h)
{
    const struct guard_detail *best = NULL;
    for (size_t i = 0; i < h->n_details; i++) {
        const struct guard_detail *d = &h->details[i];
        if (d->state == DETAIL_REVOKED)
            continue;
        if (!best || d->state > best->state || (d->state == best->state && d->count > best->count))
            best = d;
    }
    return best;
}

static bool accepted_detail(const struct guard_detail *known, const struct guard_detail *best)
{
    if (!known || known->state == DETAIL_REVOKED)
        return false;
    /* Beside a verified detail only verified ones count: a criminal's own earlier mails must not teach. */
    return best->state != DETAIL_VERIFIED || known->state == DETAIL_VERIFIED;
}

static void compare(struct guard_case *c, struct str iban)
{
    const struct guard_history *h = c->h;
    struct str domain = c->in->from_domain;
    if (detail_of(h->own, h->n_own, iban))
        return; /* our own coordinates, quoted back to us */
    const struct guard_detail *best = best_known(h), *known = detail_of(h->details, h->n_details, iban);
    if (!best) {
        GUARD_FIND(c, known ? GUARD_PAYMENT_CHANGED : GUARD_PAYMENT_FIRST, {"domain", domain}, {"new", iban},
                   {"old", STR("–")}, {"since", STR("–")}, {"count", STR("0")});
        return;
    }
    if (accepted_detail(known, best))
        return;
    bool on_file = best->state != DETAIL_SEEN || (known && known->state == DETAIL_REVOKED);
    GUARD_FIND(c, on_file ? GUARD_PAYMENT_CHANGED : GUARD_PAYMENT_DIFFERENT, {"domain", domain}, {"old", best->iban},
               {"new", iban}, {"since", guard_day(c->arena, best->first_ms)},
               {"count", arena_printf(c->arena, "%lld", (long long)best->count)});
}

void guard_payment(struct guard_case *c)
{
    struct str ibans[GUARD_IBANS_MAX];
    if (!c->in->insight || c->in->from_domain.n == 0)
        return;
    size_t n = own_ibans(c->in->insight, ibans, GUARD_IBANS_MAX);
    for (size_t i = 0; i < n; i++)
        compare(c, ibans[i]);
}

/* Looking into the past that was handed in, and the words for addresses that all families use. */
#include "guard/detect.h"

bool guard_own_domain(const struct guard_policy *p, struct str domain)
{
    for (size_t i = 0; p && i < p->n_domains; i++) {
        struct str own = p->domains[i];
        if (str_eq(own, domain) || (domain.n > own.n && str_ends(domain, own) && domain.p[domain.n - own.n - 1] == '.'))
            return own.n > 0;
    }
    return false;
}

struct str guard_addr_domain(struct str addr)
{
    ptrdiff_t at = str_rchr(addr, '@');
    return at < 0 ? STR("") : str_from(addr, (size_t)at + 1);
}

struct str guard_addr_local(struct str addr)
{
    ptrdiff_t at = str_rchr(addr, '@');
    return at < 0 ? addr : str_upto(addr, (size_t)at);
}

const struct guard_known *guard_known_find(const struct guard_history *h, enum guard_known_kind kind, struct str key)
{
    for (size_t i = 0; h && i < h->n_rows; i++)
        if (h->rows[i].kind == kind && str_eq(h->rows[i].key, key))
            return &h->rows[i];
    return NULL;
}

const struct guard_known *guard_known_value(const struct guard_history *h, enum guard_known_kind kind, struct str key,
                                            struct str value)
{
    for (size_t i = 0; h && i < h->n_rows; i++)
        if (h->rows[i].kind == kind && str_eq(h->rows[i].key, key) && str_eq(h->rows[i].value, value))
            return &h->rows[i];
    return NULL;
}

const struct guard_detail *guard_detail_get(const struct guard_history *h, struct str party, struct str value)
{
    for (size_t i = 0; h && i < h->n_details; i++)
        if (str_eq(h->details[i].domain, party) && str_eq(h->details[i].iban, value))
            return &h->details[i];
    return NULL;
}

const struct guard_detail *guard_detail_best(const struct guard_history *h, struct str party)
{
    const struct guard_detail *best = NULL;
    for (size_t i = 0; h && i < h->n_details; i++) {
        const struct guard_detail *d = &h->details[i];
        if (d->state == DETAIL_REVOKED || !str_eq(d->domain, party))
            continue;
        if (!best || d->state > best->state || (d->state == best->state && d->count > best->count))
            best = d;
    }
    return best;
}

bool guard_coord_own(const struct guard_history *h, struct str value)
{
    for (size_t i = 0; h && i < h->n_own; i++)
        if (h->own[i].state != DETAIL_REVOKED && str_eq(h->own[i].iban, value))
            return true;
    return false;
}

bool guard_detail_good(const struct guard_history *h, struct str party, struct str value)
{
    const struct guard_detail *d = guard_detail_get(h, party, value), *best = guard_detail_best(h, party);
    if (!d || d->state == DETAIL_REVOKED)
        return false;
    /* Beside a verified detail only verified ones count: a criminal's own earlier mails must not teach. */
    return best->state != DETAIL_VERIFIED || d->state == DETAIL_VERIFIED;
}

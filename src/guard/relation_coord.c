/* What the sender wants paid where, and whether that is on file for him or for whom he passes for. */
#include "guard/relation.h"

/* "20-00-00-55779911" stands inside GB..BARC20000055779911: one account written in two ways. */
static bool same_account(struct str account, struct str iban)
{
    char digits[40];
    size_t n = 0;
    for (size_t i = 0; i < account.n && n < sizeof digits; i++)
        if (ascii_is_digit(account.p[i]))
            digits[n++] = account.p[i];
    return n >= 8 && str_find(iban, str_n(digits, n), 4) >= 0;
}

static bool account_on_file(const struct guard_history *h, const struct guard_input *in, struct str account)
{
    for (size_t i = 0; h && i < h->n_details; i++)
        if (same_account(account, h->details[i].iban))
            return true;
    for (size_t i = 0; h && i < h->n_own; i++)
        if (same_account(account, h->own[i].iban))
            return true;
    for (size_t i = 0; i < in->insight->n_payments; i++)
        if (in->insight->payments[i].kind == COORD_IBAN && same_account(account, in->insight->payments[i].value))
            return true;
    return false;
}

static bool counts(const struct guard_input *in, const struct guard_history *h, const struct facts_payment *p)
{
    if (p->where == WHERE_METADATA || p->value.n == 0 || p->value.n > GUARD_KEY_MAX)
        return false;
    if (p->kind == COORD_ACCOUNT)
        return !account_on_file(h, in, p->value) && !guard_coord_own(h, p->value);
    return (p->kind == COORD_IBAN || p->kind == COORD_WALLET) && !guard_coord_own(h, p->value);
}

/* The place of this value, a free one, or that of a quoted one when this is not: what is quoted must not hide what is said. */
static struct guard_coord *coord_place(struct guard_relation *r, struct str value, bool quoted)
{
    struct guard_coord *at = NULL;
    for (size_t i = 0; i < r->n_coord; i++) {
        if (str_eq(r->coord[i].value, value))
            return &r->coord[i];
        if (r->coord[i].quoted && !quoted)
            at = &r->coord[i];
    }
    return r->n_coord < GUARD_COORDS_MAX ? &r->coord[r->n_coord++] : at;
}

/* What stands in quoted lines was said before, by somebody else: it counts in full when this sender is a stranger and the
 * mail he quotes is none of ours, because then he wrote it himself. */
void guard_relate_coords(const struct guard_input *in, const struct guard_history *h, struct guard_relation *r)
{
    bool quoted_too = r->standing == STAND_STRANGER && !r->thread && h;
    for (size_t i = 0; in->insight && i < in->insight->n_payments; i++) {
        const struct facts_payment *p = &in->insight->payments[i];
        if (!counts(in, h, p))
            continue;
        bool quoted = p->quoted && !quoted_too;
        struct guard_coord *x = coord_place(r, p->value, quoted);
        if (!x)
            continue;
        if (!str_eq(x->value, p->value))
            *x = (struct guard_coord){.value = p->value, .kind = p->kind, .quoted = true};
        x->quoted = x->quoted && quoted;
        if (quoted)
            continue;
        x->places |= 1u << p->where;
        if (p->holder.n > 0)
            x->holder = p->holder;
    }
}

void guard_relate_accounts(const struct guard_history *h, struct guard_relation *r)
{
    r->coords_known = r->n_coord > 0 && r->claimed.n > 0;
    for (size_t i = 0; i < r->n_coord; i++) {
        if (r->coord[i].quoted)
            continue;
        bool theirs = r->claimed.n > 0 && guard_detail_good(h, r->claimed, r->coord[i].value);
        r->coords_known = r->coords_known && theirs;
        if (!theirs && !guard_detail_good(h, r->key, r->coord[i].value))
            r->coords_new = true;
    }
}

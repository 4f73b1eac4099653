/* Which known domains the sender's looks like. */
#include "guard/relation.h"

static void near_add(struct guard_relation *r, struct str domain, enum guard_likeness like,
                     const struct guard_known *row)
{
    size_t at = r->n_near;
    for (size_t i = 0; i < r->n_near; i++)
        if (str_eq(r->near[i].domain, domain))
            return;
    while (at > 0 && r->near[at - 1].like > like)
        at--;
    if (at == GUARD_NEAR_MAX)
        return;
    if (r->n_near < GUARD_NEAR_MAX)
        r->n_near++;
    memmove(&r->near[at + 1], &r->near[at], (r->n_near - at - 1) * sizeof r->near[0]);
    r->near[at].domain = domain;
    r->near[at].like = like;
    r->near[at].row = row;
}

/* Worth imitating: we wrote there, or hear from there, for longer than from the sender; or money is on file. */
bool guard_counterparty(const struct guard_history *h, const struct guard_known *k, const struct guard_relation *r)
{
    bool used = k->sent > 0 || k->received >= 2 || guard_detail_best(h, k->key);
    return used && (!r->domain_row || r->domain_row->first_ms == 0 || k->first_ms < r->domain_row->first_ms);
}

/* What stands left of the registrable domain: "officinerossi.it" of mail.officinerossi.it.invoice-portal.net. */
static struct str left_of(const struct guard_input *in, const struct guard_relation *r)
{
    return in->from_domain.n > r->domain.n + 1 ? str_upto(in->from_domain, in->from_domain.n - r->domain.n - 1)
                                               : STR("");
}

static bool left_holds(struct str left, struct str known)
{
    if (str_eq(left, known) || (left.n > known.n && str_ends(left, known) && left.p[left.n - known.n - 1] == '.'))
        return true;
    struct str label = guard_label(known), token;
    while (label.n >= GUARD_NEAR_WORD_MIN && left.n > 0) {
        str_token(&left, '.', &token);
        if (str_eq(token, label))
            return true;
    }
    return false;
}

/* What the labels before the registrable domain make of a known name. */
static enum guard_likeness left_like(struct str left, struct str joined, struct str known)
{
    return left.n == 0 ? LIKE_NONE : left_holds(left, known) ? LIKE_SUBDOMAIN : guard_near_within(joined, known);
}

static void near_own(const struct guard_input *in, struct arena *a, struct guard_relation *r)
{
    struct str left = r->mailer ? STR("") : left_of(in, r), joined = guard_near_joined(a, left, r->domain);
    struct guard_label x;
    guard_label_read(guard_label(r->domain), &x);
    for (size_t i = 0; in->policy && i < in->policy->n_domains; i++) {
        struct str own = guard_registrable(in->lists, in->policy->domains[i]);
        enum guard_likeness like = guard_near_with(&x, r->domain, own);
        if (like == LIKE_NONE)
            like = left_like(left, joined, own);
        if (like != LIKE_NONE)
            near_add(r, own, like, NULL);
    }
}

/* Only domains that a round has asked for: those that a piece, a skeleton or a left label led to. */
static void near_known(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                       struct guard_relation *r)
{
    struct str left = r->mailer ? STR("") : left_of(in, r), joined = guard_near_joined(a, left, r->domain);
    struct guard_label x;
    guard_label_read(guard_label(r->domain), &x);
    for (size_t i = 0; i < h->n_rows; i++) {
        const struct guard_known *k = &h->rows[i];
        if (k->kind != KNOWN_DOMAIN || str_eq(k->key, r->domain) || guard_is_freemail(k->key) ||
            guard_own_domain(in->policy, k->key) || !guard_counterparty(h, k, r))
            continue;
        enum guard_likeness like = guard_near_with(&x, r->domain, k->key);
        if (like == LIKE_NONE)
            like = left_like(left, joined, k->key);
        if (like != LIKE_NONE)
            near_add(r, k->key, like, k);
    }
}

void guard_relate_near(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                       struct guard_relation *r)
{
    near_own(in, a, r);
    near_known(in, h, a, r);
}

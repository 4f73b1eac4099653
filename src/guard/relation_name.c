/* Whose name the sender uses: our own people's, a known person's, a known firm's. */
#include "guard/relation.h"

static bool staff_address(const struct guard_policy *p, struct str addr)
{
    for (size_t i = 0; i < p->n_staff; i++)
        if (str_eq(p->staff[i].addr, addr))
            return true;
    return false;
}

/* Letters of a name; all of them when it is not ASCII. A cheap "cannot be" before names are folded. */
static uint32_t letters_of(struct str s)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80)
            return UINT32_MAX;
        if (ascii_is_alpha(s.p[i]))
            bits |= 1u << (ascii_lower(s.p[i]) - 'a');
    }
    return bits;
}

const struct guard_party *guard_staff_named(const struct guard_input *in, struct arena *a, const struct str *keys,
                                            size_t n)
{
    const struct guard_policy *p = in->policy;
    if (!p || staff_address(p, in->from_addr))
        return NULL;
    for (size_t i = 0; i < p->n_staff; i++) {
        uint32_t has = letters_of(p->staff[i].name);
        bool may = false;
        for (size_t k = 0; k < n && !may; k++)
            may = (letters_of(keys[k]) & ~has) == 0 || has == UINT32_MAX;
        struct str own = may ? guard_name_key(a, p->staff[i].name) : STR("");
        for (size_t k = 0; k < n && own.n > 0; k++)
            if (str_eq(own, keys[k]))
                return &p->staff[i];
    }
    return NULL;
}

/* Letters of the label in the local part or the display name: "rossi.officinerossi@gmail.com". */
static bool holds_label(struct arena *a, const struct guard_input *in, struct str domain)
{
    struct guard_label label, local;
    guard_label_read(guard_label(domain), &label);
    if (label.n_plain < GUARD_NEAR_WORD_MIN)
        return false;
    struct str want = str_n(label.plain, label.n_plain);
    guard_label_read(str_upto(guard_addr_local(in->from_addr), GUARD_LABEL_MAX), &local);
    if (str_find(str_n(local.plain, local.n_plain), want, 0) >= 0)
        return true;
    struct str name = guard_text_fold(a, in->from_name, 200), glued = arena_str(a, name);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != ' ')
            ((char *)glued.p)[n++] = name.p[i] == 'i' || name.p[i] == '1' ? 'l' : name.p[i] == '0' ? 'o' : name.p[i];
    return str_find(str_upto(glued, n), want, 0) >= 0;
}

/* A free mailbox beside another one of the same name: a craftsman who writes from there, or somebody who passes for him. Elsewhere
 * it takes the same local part too. */
static bool private_other(const struct guard_input *in, const struct guard_relation *r, struct str known)
{
    return r->freemail || r->mailer || str_eq(guard_addr_local(known), guard_addr_local(in->from_addr));
}

/* The name is known with addresses of other domains. Known from many firms, it is a common name. */
static void named(const struct guard_input *in, const struct guard_history *h, struct arena *a, const struct str *keys,
                  size_t n, struct guard_relation *r)
{
    const struct guard_known *best = NULL, *private = NULL;
    size_t firms = 0;
    struct str last = STR("");
    for (size_t i = 0; i < h->n_rows; i++) {
        const struct guard_known *k = &h->rows[i];
        bool mine = false;
        for (size_t j = 0; j < n && k->kind == KNOWN_NAME && !mine; j++)
            mine = str_eq(k->key, keys[j]);
        if (!mine)
            continue;
        struct str domain = guard_registrable(in->lists, guard_addr_domain(k->value));
        if (str_eq(k->value, in->from_addr) || str_eq(domain, r->domain)) {
            if (!r->freemail || str_eq(k->value, in->from_addr))
                return; /* he writes under this name from here */
        }
        firms += !str_eq(domain, last);
        last = domain;
        if (guard_is_freemail(domain) && private_other(in, r, k->value) &&
            (!private || k->first_ms < private->first_ms))
        private = k;
        if (guard_is_freemail(domain) || guard_is_mailer(domain) || guard_own_domain(in->policy, domain))
            continue;
        if (!best || k->first_ms < best->first_ms)
            best = k;
    }
    if ((!best && !private) || firms > GUARD_NAMED_CROWD)
        return;
    r->named_private = !best;
    r->named = best ? best->value : private->value;
    r->named_party = best ? guard_registrable(in->lists, guard_addr_domain(best->value)) : private->value;
    r->named_firm = best && holds_label(a, in, r->named_party);
}

/* A free-mail address that carries the label of a known firm, under whatever name; elsewhere the firm's name beside an account,
 * when the firm's own is on file. */
static void firm_in_address(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                            struct guard_relation *r)
{
    bool pays = r->fresh && r->standing == STAND_STRANGER && in->insight && in->insight->n_payments > 0;
    for (size_t i = 0; (r->freemail || pays) && r->named.n == 0 && i < h->n_rows; i++) {
        const struct guard_known *k = &h->rows[i];
        if (k->kind == KNOWN_DOMAIN && !str_eq(k->key, r->domain) && !guard_is_freemail(k->key) &&
            !guard_own_domain(in->policy, k->key) && guard_counterparty(h, k, r) &&
            (r->freemail || guard_detail_best(h, k->key)) && holds_label(a, in, k->key)) {
            r->named_party = k->key;
            r->named_firm = true;
            return;
        }
    }
}

void guard_relate_name(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                       const struct str *keys, size_t n, struct guard_relation *r)
{
    named(in, h, a, keys, n, r);
    firm_in_address(in, h, a, r);
}

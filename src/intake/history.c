/* What the guard must know, from the store. Details are read only when the message shows coordinates: most mail costs
 * two look-ups. */
#include "intake/road.h"
#include "store/firm.h"
#include "store/party.h"

static enum guard_detail_state state_of(enum party_state s)
{
    static const enum guard_detail_state states[] = {[PARTY_SEEN] = DETAIL_SEEN,
                                                     [PARTY_LEARNED] = DETAIL_LEARNED,
                                                     [PARTY_VERIFIED] = DETAIL_VERIFIED,
                                                     [PARTY_REVOKED] = DETAIL_REVOKED};
    return (size_t)s < N_ELEMENTS(states) ? states[s] : DETAIL_SEEN;
}

static int details(struct txn *t, int64_t org, struct str domain, struct arena *a, struct guard_detail **out, size_t *n)
{
    struct party_detail *rows;
    size_t count;
    int err = party_details(t, org, domain, PARTY_IBAN, &rows, &count);
    if (err < 0)
        return err;
    struct guard_detail *d = arena_array(a, struct guard_detail, *n + count + 1);
    for (size_t i = 0; i < *n; i++)
        d[i] = (*out)[i];
    for (size_t i = 0; i < count; i++)
        d[(*n)++] = (struct guard_detail){arena_str(a, domain),    arena_str(a, rows[i].value),
                                          state_of(rows[i].state), rows[i].first_ms,
                                          rows[i].last_ms,         rows[i].count};
    *out = d;
    return 0;
}

/* Our own coordinates: on file under the firm's own domains. */
static int own_details(struct txn *t, int64_t org, struct arena *a, struct guard_history *h)
{
    struct str *domains;
    size_t n;
    int err = firm_domains(t, org, &domains, &n);
    for (size_t i = 0; err == 0 && i < n; i++)
        err = details(t, org, domains[i], a, &h->own, &h->n_own);
    return err;
}

static int row(struct txn *t, int64_t org, const struct guard_key *k, struct arena *a, struct guard_history *h)
{
    struct sender_count c = {0};
    int err = sender_get(t, org, k->key, &c);
    if (err == 1)
        h->rows[h->n_rows++] =
            (struct guard_known){k->kind, arena_str(a, k->key), STR(""), c.first_ms, c.last_ms, c.count, 0};
    return err < 0 ? err : 0;
}

static int payments(struct txn *t, int64_t org, struct str domain, struct arena *a, struct guard_history *h)
{
    int64_t version;
    int err = details(t, org, domain, a, &h->details, &h->n_details);
    if (err == 0)
        err = own_details(t, org, a, h);
    if (err == 0)
        err = party_get(t, org, domain, &h->party_name, &version);
    if (h->party_name.n)
        h->party_name = arena_str(a, h->party_name);
    return err < 0 ? err : 0;
}

int road_history(struct txn *t, const struct guard_input *in, int64_t org, struct arena *a, struct guard_history *h)
{
    struct guard_keys keys;
    int err = 0;
    *h = (struct guard_history){.rows = arena_array(a, struct guard_known, GUARD_KEYS_MAX)};
    guard_keys(in, h, 0, a, &keys);
    for (size_t i = 0; i < keys.n && err == 0; i++) {
        if (keys.v[i].kind == KNOWN_DETAIL)
            err = payments(t, org, keys.v[i].key, a, h);
        else if (keys.v[i].kind == KNOWN_ADDRESS)
            err = row(t, org, &keys.v[i], a, h);
    }
    h->version = guard_history_version(h);
    return err;
}

/* What the guard must know, from the store, in rounds: an established sender costs one reading of sixteen keys, a stranger
 * two or three. Details are read only when the message shows coordinates or papers. */
#include "intake/road.h"
#include "store/firm.h"
#include "store/known.h"
#include "store/party.h"

_Static_assert(PARTY_LEARN_COUNT == GUARD_LEARN_COUNT && PARTY_LEARN_MS == GUARD_LEARN_MS,
               "store and guard learn alike");
_Static_assert(KNOWN_TEXT_MAX == GUARD_KEY_MAX, "keys of the guard fit in the store");
_Static_assert((int)KNOWN_KIND_ADDRESS == (int)KNOWN_ADDRESS && (int)KNOWN_KIND_DOMAIN == (int)KNOWN_DOMAIN &&
                   (int)KNOWN_KIND_MESSAGE == (int)KNOWN_MESSAGE && (int)KNOWN_KIND_SAID == (int)KNOWN_SAID,
               "kinds have one number");

static enum guard_detail_state state_of(enum party_state s)
{
    static const enum guard_detail_state states[] = {[PARTY_SEEN] = DETAIL_SEEN,
                                                     [PARTY_LEARNED] = DETAIL_LEARNED,
                                                     [PARTY_VERIFIED] = DETAIL_VERIFIED,
                                                     [PARTY_REVOKED] = DETAIL_REVOKED};
    return (size_t)s < N_ELEMENTS(states) ? states[s] : DETAIL_SEEN;
}

static int details(struct txn *t, int64_t org, struct str party, struct arena *a, struct guard_detail **out, size_t *n)
{
    struct party_detail *rows;
    size_t count;
    int err = party_details(t, org, party, PARTY_IBAN, &rows, &count);
    if (err < 0)
        return err;
    struct guard_detail *d = arena_array(a, struct guard_detail, *n + count + 1);
    for (size_t i = 0; i < *n; i++)
        d[i] = (*out)[i];
    for (size_t i = 0; i < count; i++)
        d[(*n)++] = (struct guard_detail){arena_str(a, party),     arena_str(a, rows[i].value),
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

static int party_name(struct txn *t, int64_t org, struct str party, struct arena *a, struct guard_history *h)
{
    int64_t version;
    int err = party_get(t, org, party, &h->party_name, &version);
    h->party_name = h->party_name.n ? arena_str(a, h->party_name) : STR("");
    return err < 0 ? err : 0;
}

static bool asked(const struct guard_history *h, const struct guard_key *k)
{
    if (k->kind == KNOWN_NEAR) /* of one round only */
        return false;
    for (size_t i = 0; i < h->n_rows; i++)
        if (h->rows[i].kind == k->kind && str_eq(h->rows[i].key, k->key))
            return true;
    return false;
}

static bool details_there(const struct guard_history *h, struct str party)
{
    for (size_t i = 0; i < h->n_details; i++)
        if (str_eq(h->details[i].domain, party))
            return true;
    return false;
}

/* The rows of these keys behind those that are there. */
static int rows(struct txn *t, int64_t org, const struct guard_keys *keys, bool ibans_only, struct arena *a,
                struct guard_history *h)
{
    struct known_key ask[GUARD_KEYS_MAX];
    const struct guard_key *from[GUARD_KEYS_MAX];
    struct known_row *found;
    size_t n = 0, n_found;
    for (size_t i = 0; i < keys->n; i++) {
        const struct guard_key *k = &keys->v[i];
        if (k->kind == KNOWN_DETAIL || asked(h, k) || (ibans_only && k->kind != KNOWN_IBAN))
            continue;
        from[n] = k;
        ask[n++] = (struct known_key){(int)k->kind, k->key};
    }
    int err = known_read(t, org, ask, n, t->arena, &found, &n_found);
    if (err < 0 || n_found == 0)
        return err;
    struct guard_known *all = arena_array(a, struct guard_known, h->n_rows + n_found);
    for (size_t i = 0; i < h->n_rows; i++)
        all[i] = h->rows[i];
    for (size_t i = 0; i < n_found; i++) {
        const struct known_row *r = &found[i];
        all[h->n_rows++] = (struct guard_known){from[r->key]->kind,
                                                arena_str(a, from[r->key]->key),
                                                arena_str(a, r->value),
                                                r->first_ms,
                                                r->last_ms,
                                                r->received,
                                                r->sent};
    }
    h->rows = all;
    return 0;
}

static int round_details(struct txn *t, int64_t org, const struct guard_keys *keys, struct arena *a,
                         struct guard_history *h, bool *first)
{
    int err = 0;
    for (size_t i = 0; i < keys->n && err == 0; i++) {
        struct str party = keys->v[i].key;
        if (keys->v[i].kind != KNOWN_DETAIL || details_there(h, party))
            continue;
        if (*first) /* the sender himself: round 0 */
            err = own_details(t, org, a, h);
        if (err == 0 && *first)
            err = party_name(t, org, party, a, h);
        *first = false;
        if (err == 0)
            err = details(t, org, party, a, &h->details, &h->n_details);
    }
    return err;
}

int road_history(struct txn *t, const struct guard_input *in, int64_t org, struct arena *a, struct guard_history *h)
{
    struct guard_keys *keys = arena_new(a, struct guard_keys);
    bool first = true;
    int err = 0;
    *h = (struct guard_history){0};
    for (int round = 0; round < GUARD_ROUNDS && err == 0; round++) {
        guard_keys(in, h, round, a, keys);
        err = rows(t, org, keys, false, a, h);
        if (err == 0)
            err = round_details(t, org, keys, a, h, &first);
    }
    h->version = guard_history_version(h);
    return err;
}

/* Inside the commit: what may have changed since for the worse. Familiarity (rows of addresses, domains, names, habits)
 * only grows, and more of it never turns an accepted message into a held one; coordinates on file, and who else gave the
 * same ones, can. So a message without coordinates is not read for again (docs/adr/0006). */
int road_history_again(struct txn *t, const struct guard_input *in, int64_t org, const struct guard_history *before,
                       struct arena *a, struct guard_history *h)
{
    struct guard_keys *keys = arena_new(a, struct guard_keys);
    bool first = true;
    *h = *before;
    guard_keys(in, NULL, 0, a, keys);
    size_t money = 0;
    for (size_t i = 0; i < keys->n; i++)
        money += keys->v[i].kind == KNOWN_DETAIL || keys->v[i].kind == KNOWN_IBAN;
    if (money == 0)
        return 0;
    *h = (struct guard_history){.rows = arena_array(a, struct guard_known, before->n_rows + 1)};
    for (size_t i = 0; i < before->n_rows; i++)
        if (before->rows[i].kind != KNOWN_IBAN)
            h->rows[h->n_rows++] = before->rows[i];
    int err = rows(t, org, keys, true, a, h);
    for (int round = 0; round < GUARD_ROUNDS && err == 0; round += 2) { /* round 1 asks for no details */
        guard_keys(in, before, round, a, keys);
        err = round_details(t, org, keys, a, h, &first);
    }
    h->version = guard_history_version(h);
    return err;
}

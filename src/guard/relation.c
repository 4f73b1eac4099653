/* Who the sender is to us: standing, thread, whom he passes for. What it takes is worked out in relation_*.c. */
#include "guard/relation.h"

#define STAND_MS GUARD_LEARN_MS

struct str guard_party_key(const struct guard_input *in, struct arena *a)
{
    struct str domain = guard_registrable(in->lists, in->from_domain);
    if (domain.n == 0 || in->from_addr.n == 0)
        return STR("");
    if (guard_is_freemail(domain))
        return in->from_addr;
    if (guard_is_mailer(domain))
        return arena_printf(a, "%.*s/%.*s", STRF(in->from_addr), STRF(guard_name_key(a, in->from_name)));
    return domain;
}

size_t guard_sender_names(const struct guard_input *in, struct arena *a, struct str out[GUARD_NAME_PARTS])
{
    size_t n = guard_name_keys(a, in->from_name, out);
    return n > 0 ? n : guard_name_keys(a, guard_addr_local(in->from_addr), out);
}

/* ---- standing ---- */

static enum guard_standing standing(const struct guard_relation *r, int64_t now_ms)
{
    const struct guard_known *k = r->freemail || r->mailer ? r->addr_row : r->domain_row;
    if (r->own)
        return STAND_OWN;
    if (!k || (k->received == 0 && k->sent == 0))
        return STAND_STRANGER;
    bool old = now_ms - k->first_ms >= STAND_MS;
    return old && (k->received >= 3 || (k->received >= 1 && k->sent >= 1)) ? STAND_ESTABLISHED : STAND_SEEN;
}

static bool unproven(const struct guard_authentication *a)
{
    if (a->dmarc == AUTH_FAIL)
        return true;
    return a->dmarc != AUTH_PASS && a->dkim != AUTH_PASS && (a->spf == AUTH_FAIL || a->spf == AUTH_SOFTFAIL);
}

/* Established by two weeks of small talk, now a first account: compared once more, until it has written for long. */
static bool fresh(const struct guard_input *in, const struct guard_history *h, const struct guard_relation *r)
{
    const struct guard_known *k = r->freemail || r->mailer ? r->addr_row : r->domain_row;
    if (r->standing != STAND_ESTABLISHED)
        return true;
    if (!in->insight || in->insight->n_payments == 0 || in->now_ms - k->first_ms >= GUARD_LONG_MS)
        return false;
    return !guard_detail_best(h, r->key);
}

/* ---- whose thread ---- */

static void thread(const struct guard_input *in, const struct guard_history *h, struct guard_relation *r)
{
    for (size_t i = 0; i < in->n_references && !r->thread; i++)
        r->thread = guard_known_find(h, KNOWN_MESSAGE, in->references[i]);
    struct str rest = r->thread ? r->thread->value : STR(""), addr, other = STR("");
    while (rest.n > 0) {
        str_token(&rest, ' ', &addr);
        struct str domain = guard_registrable(in->lists, guard_addr_domain(addr));
        if (r->freemail ? str_eq(addr, in->from_addr) : str_eq(domain, r->domain) || domain.n == 0)
            other = STR("-"); /* he takes part */
        else if (other.n == 0 && domain.n > 0 && !guard_own_domain(in->policy, domain))
            other = domain;
    }
    r->thread_party = other.n > 1 && !r->own ? other : STR("");
}

/* ---- whom it passes for ---- */

/* Mailboxes that every firm has: the same one elsewhere is nobody's person. */
static bool role_name(struct str local)
{
    static const char *const roles[] = {"abuse",   "admin",         "contact",       "hello",  "hostmaster", "info",
                                        "mail",    "mailer-daemon", "marketing",     "news",   "newsletter", "no-reply",
                                        "noreply", "notification",  "notifications", "office", "postmaster", "root",
                                        "sales",   "service",       "support",       "team",   "webmaster"};
    for (size_t i = 0; i < N_ELEMENTS(roles); i++)
        if (str_eq(local, str_c(roles[i])))
            return true;
    return false;
}

static const struct guard_known *known_of(const struct guard_history *h, struct str domain)
{
    return guard_known_find(h, KNOWN_DOMAIN, domain);
}

static void claimed(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                    struct guard_relation *r)
{
    if (r->n_near > 0) {
        r->claimed = r->near[0].domain;
        for (size_t i = 0; i < r->n_near; i++) /* the one whose person or thread is used, or whose money is on file */
            if (str_eq(r->near[i].domain, r->named_party) || str_eq(r->near[i].domain, r->thread_party)) {
                r->claimed = r->near[i].domain;
                break;
            }
    } else if (r->fresh && r->named_party.n > 0) {
        const struct guard_known *person = r->named.n ? guard_known_find(h, KNOWN_ADDRESS, r->named) : NULL;
        bool met = person && person->sent > 0 && (r->named_private || known_of(h, r->named_party));
        /* Anybody has any name at a free-mail provider or a service; elsewhere it takes person and firm. */
        bool firm = r->named_firm && r->named.n == 0; /* the firm alone, and its account is on file */
        if (r->freemail || r->mailer ? r->named_firm || met : firm || ((r->named_firm || r->named_private) && met))
            r->claimed = r->named_party;
    }
    struct str same =
        r->claimed.n ? arena_printf(a, "%.*s@%.*s", STRF(guard_addr_local(in->from_addr)), STRF(r->claimed)) : STR("");
    r->person = r->claimed.n && (str_eq(r->named_party, r->claimed) || (guard_known_find(h, KNOWN_ADDRESS, same) &&
                                                                        !role_name(guard_addr_local(in->from_addr))));
    r->in_thread = r->claimed.n && str_eq(r->thread_party, r->claimed);
}

void guard_relate(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                  struct guard_relation *r)
{
    struct str keys[GUARD_NAME_PARTS];
    *r = (struct guard_relation){.domain = guard_registrable(in->lists, in->from_domain)};
    if (in->from_addr.n == 0 || r->domain.n == 0)
        return;
    r->key = guard_party_key(in, a);
    r->freemail = guard_is_freemail(r->domain);
    r->mailer = !r->freemail && guard_is_mailer(r->domain);
    r->own = guard_own_domain(in->policy, in->from_domain);
    r->bulk = in->list_id.n > 0 || in->unsubscribe || in->automatic;
    r->unproven = unproven(&in->auth);
    r->addr_row = guard_known_find(h, KNOWN_ADDRESS, in->from_addr);
    r->domain_row = guard_known_find(h, KNOWN_DOMAIN, r->domain);
    r->standing = standing(r, in->now_ms);
    r->fresh = !r->own && fresh(in, h, r);
    if (!h)
        return;
    size_t n = guard_sender_names(in, a, keys);
    thread(in, h, r);
    if (!r->own) {
        r->staff = guard_staff_named(in, a, keys, n);
        if (r->fresh && !r->freemail)
            guard_relate_near(in, h, a, r);
        guard_relate_name(in, h, a, keys, n, r);
        claimed(in, h, a, r);
    }
    guard_relate_coords(in, h, r);
    guard_relate_accounts(h, r);
}

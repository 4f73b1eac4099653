/* Person family (guard.md I1-I4, R1, R2, F1, N1): who writes, in whose name, and where an answer would go. */
#include "guard/detect.h"

#define SHORT_TEXT 900   /* bytes: "are you at your desk?" */
#define REPLY_RECEIVED 3 /* mails that make somebody known */

/* ---- our own people and our own domain ---- */

/* Not authenticated in a session, and nothing proves it. A firm may have no SPF and a scanner of its own: without a
 * failure only a colleague's name that asks for money is stopped. A file says nothing of how it came. */
static void own_domain(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    const struct guard_authentication *a = &c->in->auth;
    bool proven = a->spf == AUTH_PASS || a->dkim == AUTH_PASS || a->dmarc == AUTH_PASS;
    if (!r->own || c->in->outgoing || (!r->unproven && (proven || c->in->client.n == 0)))
        return;
    unsigned asks = guard_asks(c) & (ASKS_PAYMENT | ASKS_CHANGE | ASKS_PRETEXT);
    bool refused =
        a->dmarc == AUTH_FAIL && (str_ieq(a->policy, STR("reject")) || str_ieq(a->policy, STR("quarantine")));
    bool asked = r->n_coord > 0 || asks != 0, named = guard_name_key(c->arena, c->in->from_name).n > 0;
    GUARD_FIND_AT(c, GUARD_PERSON_OWN_DOMAIN, (asked && (r->unproven || named)) || refused ? GUARD_STOP : GUARD_CAUTION,
                  {"address", c->in->from_addr}, {"client", c->in->client.n ? c->in->client : STR("–")});
}

static bool bare(const struct facts_insight *in)
{
    return in && in->text.n <= SHORT_TEXT && in->n_links == 0 && in->n_attachments == 0;
}

static void staff(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    if (!r->staff)
        return;
    unsigned asks = guard_asks(c);
    bool presses = asks & (ASKS_CHANGE | ASKS_PRETEXT);
    bool lure = presses || (asks & ASKS_PAYMENT) || r->coords_new;
    /* We never wrote there, however long they have written to us: patience alone earns nobody a colleague's name. */
    if (!r->fresh && !(presses && (!r->domain_row || r->domain_row->sent == 0)))
        return;
    /* A service may say who of us did something; what it does not do is press for money in his name. */
    bool service = r->mailer || (r->bulk && !r->freemail);
    if (service && !presses && !r->coords_new)
        return;
    enum guard_level level = GUARD_CAUTION;
    if (r->freemail)
        level = lure || (bare(c->in->insight) && !r->addr_row) ? GUARD_STOP : GUARD_CAUTION;
    else if (asks & ASKS_PRETEXT)
        level = r->mailer || (service && guard_brand_of(r->domain)) ? GUARD_CAUTION : GUARD_STOP;
    else if (!lure)
        level = GUARD_NOTE;
    GUARD_FIND_AT(c, GUARD_PERSON_STAFF, level, {"name", r->staff->name}, {"old", r->staff->addr},
                  {"new", c->in->from_addr});
}

/* ---- a counterparty's person from elsewhere ---- */

static void other_address(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    if (r->named_party.n == 0 || r->n_near > 0 || r->staff || !r->fresh || r->mailer ||
        (r->named_private && r->claimed.n == 0))
        return;
    struct str old = r->named.n ? r->named : r->named_party, name = c->in->from_name.n ? c->in->from_name : old;
    bool same_thread = str_eq(r->thread_party, r->named_party);
    unsigned asks = guard_asks(c);
    if (r->bulk && !(asks & (ASKS_CHANGE | ASKS_PRETEXT)) && !r->coords_new)
        return;
    if (r->freemail) {
        enum guard_level level = r->claimed.n ? GUARD_CAUTION : GUARD_NOTE;
        if (r->claimed.n && (r->coords_new || (asks & (ASKS_CHANGE | ASKS_PRETEXT))))
            level = GUARD_STOP;
        else if (asks & ASKS_CHANGE)
            level = GUARD_CAUTION;
        GUARD_FIND_AT(c, GUARD_PERSON_FREE_MAIL, level, {"name", name}, {"old", old}, {"new", c->in->from_addr});
        return;
    }
    enum guard_level level = GUARD_NOTE;
    if (r->n_coord > 0 || (asks & ASKS_CHANGE) || same_thread)
        level = GUARD_CAUTION;
    if ((same_thread || r->claimed.n > 0) && (r->coords_new || (asks & ASKS_CHANGE)))
        level = GUARD_STOP;
    GUARD_FIND_AT(c, GUARD_PERSON_OTHER, level, {"name", name}, {"old", old}, {"new", c->in->from_addr});
}

/* The first thing in the name that is an address; empty when none. */
static struct str address_in(struct str name)
{
    ptrdiff_t at = str_chr(name, '@', 0);
    if (at <= 0)
        return STR("");
    size_t from = (size_t)at, to = (size_t)at + 1;
    while (from > 0 && (unsigned char)name.p[from - 1] > ' ' && !strchr("<>\"'(),;:[]", name.p[from - 1]))
        from--;
    while (to < name.n && (unsigned char)name.p[to] > ' ' && !strchr("<>\"'(),;:[]@", name.p[to]))
        to++;
    struct str addr = str_n(name.p + from, to - from);
    return from < (size_t)at && str_chr(guard_addr_domain(addr), '.', 0) > 0 ? addr : STR("");
}

/* Italian certified mail: the provider writes "Per conto di: x@y" in the name of his customer, from this mailbox alone. */
static bool certified(const struct guard_input *in)
{
    static const char *const providers[] = {"legalmail.it", "pec.actalis.it",      "pec.aruba.it",
                                            "postecert.it", "sicurezzapostale.it", "telecompost.it"};
    bool known = false;
    for (size_t i = 0; i < N_ELEMENTS(providers); i++)
        known = known || str_eq(in->from_domain, str_c(providers[i]));
    return known && str_ieq(guard_addr_local(in->from_addr), STR("posta-certificata")) &&
           str_istarts(in->from_name, STR("Per conto di"));
}

static void address_in_name(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    struct str shown = address_in(c->in->from_name);
    if (shown.n == 0 || (certified(c->in) && !r->unproven) || shown.n > GUARD_KEY_MAX || r->own ||
        c->in->list_id.n > 0 || r->mailer)
        return;
    struct str copy = arena_str(c->arena, guard_addr_domain(shown));
    for (size_t i = 0; i < copy.n; i++)
        ((char *)copy.p)[i] = ascii_lower(copy.p[i]);
    struct str domain = guard_registrable(c->in->lists, copy);
    if (str_eq(domain, r->domain) || r->standing == STAND_ESTABLISHED)
        return;
    bool ours = guard_own_domain(c->in->policy, copy);
    GUARD_FIND_AT(c, GUARD_PERSON_NAME_ADDRESS, ours && !r->bulk ? GUARD_STOP : GUARD_CAUTION, {"shown", shown},
                  {"address", c->in->from_addr});
}

/* ---- where an answer goes ---- */

static bool same_person(struct arena *a, const struct guard_input *in, const struct guard_party *p, struct str domain)
{
    struct guard_label local, label;
    guard_label_read(str_upto(guard_addr_local(p->addr), GUARD_LABEL_MAX), &local);
    guard_label_read(guard_label(domain), &label);
    if (label.n_plain >= 5 && str_find(str_n(local.plain, local.n_plain), str_n(label.plain, label.n_plain), 0) >= 0)
        return true;
    struct str name = guard_name_key(a, in->from_name);
    return str_eq(guard_addr_local(p->addr), guard_addr_local(in->from_addr)) ||
           (name.n > 0 && str_eq(name, guard_name_key(a, p->name)));
}

static enum guard_level reply_level(struct guard_case *c, const struct guard_party *p, struct str domain, bool *found)
{
    const struct guard_relation *r = &c->rel;
    enum guard_likeness like = guard_near_compare(domain, r->domain);
    bool free = guard_is_freemail(domain);
    *found = true;
    /* Anybody can call his mail a newsletter: nothing is forgiven to one that is not from where it says. */
    bool bulk = r->bulk && !r->unproven;
    if (like != LIKE_NONE && like != LIKE_SUFFIX && like != LIKE_WORD && like != LIKE_HYPHEN && !bulk)
        return GUARD_STOP;
    if (bulk || r->mailer || (!free && guard_is_mailer(domain)) || (r->freemail && free)) {
        *found = false;
        return GUARD_NOTE;
    }
    bool known = r->standing == STAND_ESTABLISHED || (r->domain_row && r->domain_row->sent > 0);
    unsigned asks = guard_asks(c);
    bool money = r->n_coord > 0 || (asks & (ASKS_PAYMENT | ASKS_CHANGE | ASKS_PRETEXT));
    if (free && (r->unproven || known) && same_person(c->arena, c->in, p, r->domain))
        return r->unproven && money ? GUARD_STOP : GUARD_CAUTION;
    if (r->unproven && money)
        return known && (r->coords_new || (asks & ASKS_CHANGE)) ? GUARD_STOP : GUARD_CAUTION;
    if (known)
        return GUARD_CAUTION;
    *found = free && money;
    return asks & ASKS_PRETEXT ? GUARD_CAUTION : GUARD_NOTE;
}

/* Somebody we deal with; of one who merely wrote once, only a proven sender may say that he takes the answers. */
static bool familiar(const struct guard_relation *r, const struct guard_known *k)
{
    return k && (k->sent > 0 || k->received >= REPLY_RECEIVED || !r->unproven);
}

static void reply_to(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    for (size_t i = 0; i < c->in->n_reply_to && i < GUARD_REPLIES_MAX; i++) {
        const struct guard_party *p = &c->in->reply_to[i];
        struct str domain = guard_registrable(c->in->lists, p->domain);
        bool found;
        if (p->addr.n == 0 || str_eq(domain, r->domain) || guard_own_domain(c->in->policy, p->domain) ||
            familiar(r, guard_known_find(c->h, KNOWN_ADDRESS, p->addr)) ||
            (!guard_is_freemail(domain) && familiar(r, guard_known_find(c->h, KNOWN_DOMAIN, domain))))
            continue;
        enum guard_level level = reply_level(c, p, domain, &found);
        if (!found)
            continue;
        GUARD_FIND_AT(c, GUARD_PERSON_REPLY, level, {"old", c->in->from_addr}, {"new", p->addr});
        return;
    }
}

/* Sender names another firm than From: what a service writes is normal, so it stays a note. */
static void sent_by(struct guard_case *c)
{
    const struct guard_party *s = &c->in->sender;
    struct str domain = guard_registrable(c->in->lists, s->domain);
    if (s->addr.n == 0 || str_eq(domain, c->rel.domain) || c->rel.bulk || c->rel.mailer || guard_is_mailer(domain) ||
        c->rel.standing == STAND_ESTABLISHED)
        return;
    GUARD_FIND(c, GUARD_PERSON_SENT_BY, {"address", c->in->from_addr}, {"sender", s->addr});
}

/* Always proven until now, and not this time. */
static void unproven(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    const struct guard_known *row = r->freemail || r->mailer ? r->addr_row : r->domain_row;
    if (!r->unproven || r->own || c->in->list_id.n > 0 || !row || row->received < 3 ||
        !guard_known_value(c->h, KNOWN_HABIT, r->key, STR("proven:yes")))
        return;
    bool strict = str_ieq(c->in->auth.policy, STR("reject")) || str_ieq(c->in->auth.policy, STR("quarantine"));
    bool money = r->coords_new || (guard_asks(c) & (ASKS_PAYMENT | ASKS_CHANGE | ASKS_PRETEXT));
    GUARD_FIND_AT(c, GUARD_PERSON_UNPROVEN, money && (strict || r->coords_new) ? GUARD_STOP : GUARD_CAUTION,
                  {"domain", r->domain}, {"count", guard_number(c->arena, row->received)},
                  {"client", c->in->client.n ? c->in->client : STR("–")});
}

/* ---- first contact ---- */

static void first(struct guard_case *c)
{
    const struct guard_relation *r = &c->rel;
    if (r->own || (r->addr_row && r->addr_row->received > 0))
        return;
    bool invoice = false;
    for (size_t i = 0; c->in->insight && i < c->in->insight->n_attachments && !invoice; i++)
        invoice = (c->in->insight->attachments[i].flags & ATT_INVOICE) != 0;
    bool met = r->domain_row && !r->freemail && (r->domain_row->received > 0 || r->domain_row->sent > 0);
    bool money = false;
    for (size_t i = 0; i < r->n_coord; i++)
        money = money || !r->coord[i].quoted;
    if (!met && !(r->addr_row && r->addr_row->sent > 0) && (money || invoice))
        GUARD_FIND(c, GUARD_PERSON_FIRST_PAYMENT, {"address", c->in->from_addr});
    else
        GUARD_FIND(c, GUARD_PERSON_FIRST, {"address", c->in->from_addr});
}

void guard_person(struct guard_case *c)
{
    const struct facts_insight *in = c->in->insight;
    if (c->in->from_ambiguous || (in && (in->flags & FACTS_AMBIGUOUS_SENDER))) {
        guard_find(c, GUARD_SENDER_AMBIGUOUS, NULL, 0);
        return;
    }
    if (c->in->from_addr.n == 0)
        return;
    own_domain(c);
    staff(c);
    other_address(c);
    address_in_name(c);
    reply_to(c);
    unproven(c);
    sent_by(c);
    first(c);
}

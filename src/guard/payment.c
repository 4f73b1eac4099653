/* Payment family (guard.md P1-P7): the coordinates of this message beside those on file. */
#include "guard/detect.h"
#include "facts/iban.h"

#define FINDINGS_MAX 3u
#define PLATFORM_DETAILS 4u /* so many accounts under one sender: a service that writes for many firms */

static struct str iban_country(struct str value)
{
    return value.n >= 2 && value.p[0] >= 'A' && value.p[0] <= 'Z' ? str_upto(value, 2) : STR("");
}

static size_t details_of(const struct guard_history *h, struct str party)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_details; i++)
        n += h->details[i].state != DETAIL_REVOKED && str_eq(h->details[i].domain, party);
    return n;
}

/* Beginnings of IBANs of electronic-money institutions and internet banks: opened from anywhere in minutes, so a house
 * bank that becomes one of them asks for a second look. Behind the check digits. */
static const struct {
    const char *country, *bank, *name;
} quick_banks[] = {
    {"LT", "32500", "Revolut"},  {"LT", "35000", "Paysera"},    {"BE", "967", "Wise"},
    {"DE", "10011001", "N26"},   {"DE", "11010100", "Solaris"}, {"DE", "11010101", "Solaris"},
    {"DE", "10011", "bunq/N26"}, {"NL", "BUNQ", "bunq"},        {"NL", "REVO", "Revolut"},
    {"GB", "REVO", "Revolut"},   {"GB", "TRWI", "Wise"},        {"GB", "CLRB", "ClearBank"},
    {"GB", "MODR", "Modulr"},    {"GB", "MONZ", "Monzo"},       {"GB", "SRLG", "Starling"},
    {"IE", "REVO", "Revolut"},   {"FR", "28233", "Revolut"},    {"FR", "16958", "Qonto"},
    {"IE", "MODR", "Modulr"},
};

static const char *quick_bank(struct str iban)
{
    for (size_t i = 0; i < N_ELEMENTS(quick_banks); i++)
        if (str_starts(iban, str_c(quick_banks[i].country)) &&
            str_starts(str_from(iban, 4), str_c(quick_banks[i].bank)))
            return quick_banks[i].name;
    return NULL;
}

/* Two letters of the top-level domain when it is a country that has IBANs; "uk" is GB. */
static struct str domain_country(struct arena *a, struct str domain)
{
    struct str tld = guard_tld(domain);
    if (tld.n != 2)
        return STR("");
    if (str_eq(tld, STR("uk")))
        return STR("GB");
    struct str c = arena_str(a, tld);
    ((char *)c.p)[0] = (char)(c.p[0] - 32);
    ((char *)c.p)[1] = (char)(c.p[1] - 32);
    return iban_length(c) > 0 ? c : STR("");
}

/* Is it said already, as loudly? A message with twenty accounts is one story, not twenty. */
static bool told(const struct guard_case *c, enum guard_code code, enum guard_level level)
{
    for (size_t i = 0; i < c->v->n_findings; i++)
        if (c->v->findings[i].code == code && c->v->findings[i].level >= level)
            return true;
    return false;
}

/* What the new coordinate itself says (P2, P4, P5). */
static void about(struct guard_case *c, const struct guard_coord *x, const struct guard_detail *old)
{
    if (x->kind != COORD_IBAN)
        return;
    enum guard_level level = old ? GUARD_CAUTION : GUARD_NOTE;
    struct str now = iban_country(x->value), before = old ? iban_country(old->iban) : STR("");
    if (before.n == 0)
        before = domain_country(c->arena, c->rel.domain);
    if (iban_check(x->value) == IBAN_BAD_NATIONAL && !told(c, GUARD_PAYMENT_CHECK, GUARD_CAUTION))
        GUARD_FIND(c, GUARD_PAYMENT_CHECK, {"new", x->value});
    if (before.n > 0 && now.n > 0 && !str_eq(before, now) && !told(c, GUARD_PAYMENT_COUNTRY, level))
        GUARD_FIND_AT(c, GUARD_PAYMENT_COUNTRY, level, {"new", x->value}, {"country", now}, {"old_country", before});
    const char *quick = quick_bank(x->value);
    if (quick && !(old && quick_bank(old->iban)) && !told(c, GUARD_PAYMENT_QUICK_BANK, level))
        GUARD_FIND_AT(c, GUARD_PAYMENT_QUICK_BANK, level, {"new", x->value}, {"bank", str_c(quick)});
}

/* The same coordinate came from another counterparty before (P7). Group firms and factors do so honestly: with a change
 * it is what unmasks a mule, alone it is a word of caution. */
static void mule(struct guard_case *c, const struct guard_coord *x, bool changed)
{
    enum guard_level level = changed ? GUARD_STOP : GUARD_CAUTION;
    for (size_t i = 0; i < c->h->n_rows && !told(c, GUARD_PAYMENT_MULE, level); i++) {
        const struct guard_known *k = &c->h->rows[i];
        if (k->kind != KNOWN_IBAN || !str_eq(k->key, x->value) || str_eq(k->value, c->rel.key) ||
            str_eq(k->value, c->rel.claimed) || str_eq(k->value, c->rel.domain) ||
            guard_own_domain(c->in->policy, k->value))
            continue;
        GUARD_FIND_AT(c, GUARD_PAYMENT_MULE, level, {"new", x->value}, {"other", k->value},
                      {"since", guard_day(c->arena, k->first_ms)}, {"domain", c->rel.domain});
        return;
    }
}

static void changed(struct guard_case *c, enum guard_code code, struct str party, const struct guard_coord *x,
                    const struct guard_detail *old)
{
    if (code == GUARD_PAYMENT_DIFFERENT && told(c, code, GUARD_CAUTION))
        return;
    GUARD_FIND(c, code, {"domain", party}, {"old", old ? old->iban : STR("–")}, {"new", x->value},
               {"since", old ? guard_day(c->arena, old->first_ms) : STR("–")},
               {"count", guard_number(c->arena, old ? old->count : 0)}, {"country", iban_country(x->value)},
               {"old_country", old ? iban_country(old->iban) : STR("")});
}

static bool is_iban(struct str value)
{
    enum iban_check k = iban_check(value);
    return k == IBAN_OK || k == IBAN_BAD_NATIONAL;
}

/* Is the change of something on file to be stopped? A number without check digits beside an IBAN may be a customer's number:
 * it counts in full when such a number is what is on file, when a change is asked for, or when nothing proves the sender. */
static bool firm(struct guard_case *c, const struct guard_coord *x, const struct guard_detail *best, bool revoked)
{
    const struct guard_relation *r = &c->rel;
    bool sure = revoked || best->state == DETAIL_VERIFIED ||
                (best->state == DETAIL_LEARNED && details_of(c->h, r->key) < PLATFORM_DETAILS);
    if (!sure || x->kind != COORD_ACCOUNT || r->unproven || revoked)
        return sure;
    return !is_iban(best->iban) || (guard_asks(c) & ASKS_CHANGE);
}

/* True when it said something strong. */
static bool compare(struct guard_case *c, const struct guard_coord *x)
{
    const struct guard_relation *r = &c->rel;
    const struct guard_history *h = c->h;
    const struct guard_detail *best = guard_detail_best(h, r->key), *mine = guard_detail_get(h, r->key, x->value);
    bool revoked = mine && mine->state == DETAIL_REVOKED;
    if (guard_detail_good(h, r->key, x->value) || (r->claimed.n && guard_detail_good(h, r->claimed, x->value)))
        return false;
    if (best || revoked) {
        bool stop = firm(c, x, best, revoked);
        changed(c, stop ? GUARD_PAYMENT_CHANGED : GUARD_PAYMENT_DIFFERENT, r->key, x, best);
        about(c, x, best);
        mule(c, x, stop);
        return stop;
    }
    const struct guard_detail *theirs = r->claimed.n ? guard_detail_best(h, r->claimed) : NULL;
    if (theirs && theirs->state == DETAIL_SEEN && theirs->count == 0)
        theirs = NULL;
    if (theirs) {
        bool stop = guard_imitates(r);
        changed(c, stop ? GUARD_PAYMENT_CHANGED : GUARD_PAYMENT_DIFFERENT, r->claimed, x, theirs);
        about(c, x, theirs);
        mule(c, x, stop);
        return stop;
    }
    if (r->standing != STAND_STRANGER && !told(c, GUARD_PAYMENT_FIRST, GUARD_NOTE))
        GUARD_FIND(c, GUARD_PAYMENT_FIRST, {"domain", r->domain}, {"new", x->value},
                   {"country", iban_country(x->value)});
    about(c, x, NULL);
    mule(c, x, false);
    return false;
}

/* ---- P3: what one part says against another ---- */

static bool bits_meet(const struct guard_relation *r, unsigned place, unsigned other)
{
    bool in_place = false, in_other = false;
    for (size_t i = 0; i < r->n_coord; i++) {
        if (r->coord[i].kind != COORD_IBAN)
            continue;
        if ((r->coord[i].places & place) && (r->coord[i].places & other))
            return true;
        in_place = in_place || (r->coord[i].places & place);
        in_other = in_other || (r->coord[i].places & other);
    }
    return !in_place || !in_other;
}

static struct str first_at(const struct guard_relation *r, unsigned place)
{
    for (size_t i = 0; i < r->n_coord; i++)
        if (r->coord[i].kind == COORD_IBAN && (r->coord[i].places & place))
            return r->coord[i].value;
    return STR("");
}

static void contradiction(struct guard_case *c)
{
    static const unsigned text = 1u << WHERE_TEXT | 1u << WHERE_HTML | 1u << WHERE_SUBJECT,
                          paper = 1u << WHERE_PDF | 1u << WHERE_OFFICE | 1u << WHERE_ATTACHMENT;
    static const struct {
        unsigned one, two;
        bool machine; /* one of them is read by programs alone: nobody sees the difference */
    } pairs[] = {{1u << WHERE_QR, text | paper, true},
                 {1u << WHERE_XML, text | paper, true},
                 {1u << WHERE_QR, 1u << WHERE_XML, true},
                 {text, paper, false}};
    const struct guard_relation *r = &c->rel;
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
        if (!bits_meet(r, pairs[i].one, pairs[i].two)) {
            GUARD_FIND_AT(c, GUARD_PAYMENT_CONTRADICTION, pairs[i].machine ? GUARD_STOP : GUARD_CAUTION,
                          {"one", first_at(r, pairs[i].one)}, {"two", first_at(r, pairs[i].two)});
            return;
        }
}

/* ---- an invoice whose account nobody and nothing can read, where all earlier ones had it ---- */

static bool only_picture(const struct facts_insight *in, struct str *name)
{
    for (size_t i = 0; i < in->n_attachments; i++) {
        const struct facts_attachment *f = &in->attachments[i];
        bool picture = str_eq(f->kind, STR("png")) || str_eq(f->kind, STR("jpeg")) || str_eq(f->kind, STR("tiff"));
        bool locked = (f->flags & (ATT_ENCRYPTED | ATT_OPENED)) == ATT_ENCRYPTED;
        if (locked || (f->flags & (ATT_PDF_PICTURE | ATT_UNREADABLE)) || (picture && !(f->flags & ATT_INLINE))) {
            *name = f->name;
            return true;
        }
    }
    return false;
}

static void unreadable(struct guard_case *c)
{
    struct str party = c->rel.key, name = STR("");
    const struct guard_detail *best = guard_detail_best(c->h, party);
    if (!best || best->state < DETAIL_LEARNED || guard_coords_shown(c->in, c->h) ||
        !only_picture(c->in->insight, &name))
        return;
    if (guard_known_value(c->h, KNOWN_HABIT, party, STR("invoice:none")) || !guard_invoice_like(c->in, c->arena))
        return;
    /* Who wrote the account in the text of his mails and never on a paper has no habit of papers: a word of caution. */
    bool papers = guard_known_value(c->h, KNOWN_HABIT, party, STR("invoice:iban"));
    if (!papers && best->count < GUARD_HABIT_MAILS)
        return;
    bool money = guard_asks(c) & (ASKS_PAYMENT | ASKS_CHANGE);
    GUARD_FIND_AT(c, GUARD_PAYMENT_UNREADABLE, money && papers ? GUARD_STOP : GUARD_CAUTION, {"file", name},
                  {"domain", c->rel.domain}, {"old", best->iban}, {"count", guard_number(c->arena, best->count)},
                  {"since", guard_day(c->arena, best->first_ms)});
}

/* A true sender quotes an account that nobody ever gave: his own earlier mail, altered. A word of caution, because what is
 * quoted may be anybody's. */
static void quoted(struct guard_case *c, const struct guard_coord *x)
{
    const struct guard_detail *best = guard_detail_best(c->h, c->rel.key);
    if (!best || best->state < DETAIL_LEARNED || guard_detail_get(c->h, c->rel.key, x->value) ||
        guard_known_find(c->h, KNOWN_IBAN, x->value) || x->kind != COORD_IBAN)
        return;
    changed(c, GUARD_PAYMENT_DIFFERENT, c->rel.key, x, best);
}

void guard_payment(struct guard_case *c)
{
    size_t strong = 0;
    if (!c->in->insight || c->rel.key.n == 0 || (c->rel.own && !c->rel.unproven))
        return;
    for (size_t i = 0; i < c->rel.n_coord && i < GUARD_COORDS_MAX && strong < FINDINGS_MAX; i++)
        if (c->rel.coord[i].quoted)
            quoted(c, &c->rel.coord[i]);
        else
            strong += compare(c, &c->rel.coord[i]);
    contradiction(c);
    unreadable(c);
}

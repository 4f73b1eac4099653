/* Who the sender is to us: standing, whom he looks like, whose name and thread he uses, what he wants paid where. */
#include "guard/detect.h"

#define STAND_MS GUARD_LEARN_MS

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

/* ---- coordinates ---- */

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

/* What stands in quoted lines was said before, by somebody else: it counts in full when this sender is a stranger and the
 * mail he quotes is none of ours, because then he wrote it himself. */
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

static void coords(const struct guard_input *in, const struct guard_history *h, struct guard_relation *r)
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

/* ---- whom it looks like ---- */

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
static bool counterparty(const struct guard_history *h, const struct guard_known *k, const struct guard_relation *r)
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
            guard_own_domain(in->policy, k->key) || !counterparty(h, k, r))
            continue;
        enum guard_likeness like = guard_near_with(&x, r->domain, k->key);
        if (like == LIKE_NONE)
            like = left_like(left, joined, k->key);
        if (like != LIKE_NONE)
            near_add(r, k->key, like, k);
    }
}

/* ---- whose name ---- */

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

static const struct guard_party *staff_named(const struct guard_input *in, struct arena *a, const struct str *keys,
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
            !guard_own_domain(in->policy, k->key) && counterparty(h, k, r) &&
            (r->freemail || guard_detail_best(h, k->key)) && holds_label(a, in, k->key)) {
            r->named_party = k->key;
            r->named_firm = true;
            return;
        }
    }
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

static void compare_coords(const struct guard_history *h, struct guard_relation *r)
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
        r->staff = staff_named(in, a, keys, n);
        if (r->fresh && !r->freemail) {
            near_own(in, a, r);
            near_known(in, h, a, r);
        }
        named(in, h, a, keys, n, r);
        firm_in_address(in, h, a, r);
        claimed(in, h, a, r);
    }
    coords(in, h, r);
    compare_coords(h, r);
}

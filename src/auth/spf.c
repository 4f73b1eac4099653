/* check_host (RFC 7208 section 4 and 5), as a function of the answers that are known: it runs again from the start when
 * more have come, which costs microseconds, and so needs no state between rounds. */
#include "auth/job.h"

#include <stdlib.h>

#define NOT_YET (-1) /* beside enum auth_result */
#define INCLUDE_DEPTH_MAX AUTH_SPF_LOOKUPS_MAX

struct check {
    struct auth_work *w;
    struct auth_dns *dns;
    struct arena *arena;
    struct auth_spf_macros macros; /* domain changes with include and redirect */
    unsigned lookups, voids, depth;
    const char *reason;
    struct str mechanism;
    struct str explain_spec, explain_domain; /* of the record that decided */
};
enum match { MATCH_NO, MATCH_YES, MATCH_WAIT, MATCH_TEMPERROR, MATCH_PERMERROR };

static int check_host(struct check *c, struct str domain);

bool auth_ip_match(const struct auth_ip *ip, const void *bytes, bool v6, unsigned prefix)
{
    const uint8_t *other = bytes;
    if (ip->v6 != v6)
        return false;
    unsigned whole = prefix / 8, bits = prefix % 8;
    if (whole && memcmp(ip->b, other, whole) != 0)
        return false;
    return bits == 0 || ((ip->b[whole] ^ other[whole]) >> (8 - bits)) == 0;
}

static bool permerror(struct check *c, const char *why)
{
    c->reason = why;
    return false;
}

/* 4.6.4: look-ups that found nothing. false: too many. */
static bool count_void(struct check *c, const struct auth_rr *rr)
{
    if (!auth_rr_failed(rr) && rr->n == 0 && ++c->voids > AUTH_SPF_VOIDS_MAX)
        return permerror(c, "more than 2 look-ups found nothing");
    return true;
}

static bool count_lookup(struct check *c)
{
    return ++c->lookups <= AUTH_SPF_LOOKUPS_MAX || permerror(c, "more than 10 look-ups");
}

static enum auth_rr_type address_type(const struct check *c) { return c->macros.ip.v6 ? AUTH_RR_AAAA : AUTH_RR_A; }

/* ---- the name of the client (5.5) ---- */

static struct str reverse_name(struct check *c)
{
    AUTO(buf) struct buf b;
    buf_init(&b, AUTH_SPF_EXPAND_MAX);
    struct str spec = STR("%{ir}.%{v}.arpa");
    if (!auth_spf_macro_expand(&b, spec, &c->macros))
        return STR("");
    return arena_str(c->arena, buf_str(&b));
}

static bool same_or_below(struct str name, struct str domain)
{
    return str_ieq(name, domain) || (name.n > domain.n && name.p[name.n - domain.n - 1] == '.' &&
                                     str_ieq(str_from(name, name.n - domain.n), domain));
}

/* MATCH_YES: a name whose address is the client's; within domain, or with any: the best there is. Errors are no match. */
static enum match validated_name(struct check *c, struct str domain, bool any, struct str *out)
{
    const struct auth_rr *names = auth_dns_get(c->dns, AUTH_RR_PTR, reverse_name(c));
    bool wait = false;
    int best = 0;
    if (!names)
        return MATCH_WAIT;
    for (size_t i = 0; i < names->n && i < AUTH_SPF_PTR_MAX; i++) {
        struct str name = names->record[i];
        int rank = str_ieq(name, domain) ? 3 : same_or_below(name, domain) ? 2 : any ? 1 : 0;
        const struct auth_rr *rr = rank > 0 ? auth_dns_get(c->dns, address_type(c), name) : NULL;
        wait |= rank > 0 && !rr;
        for (size_t k = 0; rr && k < rr->n && rank > best; k++)
            if (auth_ip_match(&c->macros.ip, rr->record[k].p, c->macros.ip.v6, c->macros.ip.v6 ? 128 : 32)) {
                best = rank;
                *out = name;
            }
    }
    return wait ? MATCH_WAIT : best ? MATCH_YES : MATCH_NO;
}

/* ---- domain-spec ---- */

/* 7.3: of a name over 253 bytes whole labels are cut from the left. */
static struct str name_cut(struct str s)
{
    while (s.n && s.p[s.n - 1] == '.' && s.n > 1)
        s.n--;
    while (s.n > AUTH_DNS_NAME_MAX) {
        ptrdiff_t dot = str_chr(s, '.', 0);
        s = dot < 0 ? str_from(s, s.n) : str_from(s, (size_t)dot + 1);
    }
    return s;
}

static enum match expand(struct check *c, struct str spec, struct str *out)
{
    AUTO(buf) struct buf b = {0};
    if (spec.p == NULL) {
        *out = c->macros.domain;
        return MATCH_YES;
    }
    buf_init(&b, AUTH_SPF_EXPAND_MAX);
    c->macros.validated = STR_NULL;
    if (auth_spf_macro_uses(spec, 'p') && validated_name(c, c->macros.domain, true, &c->macros.validated) == MATCH_WAIT)
        return MATCH_WAIT;
    if (!auth_spf_macro_expand(&b, spec, &c->macros))
        return MATCH_NO;
    *out = arena_str(c->arena, name_cut(buf_str(&b)));
    return MATCH_YES;
}

/* ---- mechanisms ---- */

static bool any_address(const struct check *c, const struct auth_rr *rr, const struct auth_spf_term *t)
{
    bool v6 = c->macros.ip.v6;
    for (size_t i = 0; i < rr->n; i++)
        if (auth_ip_match(&c->macros.ip, rr->record[i].p, v6, v6 ? t->cidr6 : t->cidr4))
            return true;
    return false;
}

static enum match match_a(struct check *c, const struct auth_spf_term *t, struct str name)
{
    const struct auth_rr *rr = auth_dns_get(c->dns, address_type(c), name);
    if (!rr)
        return MATCH_WAIT;
    if (auth_rr_failed(rr))
        return MATCH_TEMPERROR;
    if (!count_void(c, rr))
        return MATCH_PERMERROR;
    return any_address(c, rr, t) ? MATCH_YES : MATCH_NO;
}

static enum match match_mx(struct check *c, const struct auth_spf_term *t, struct str name)
{
    const struct auth_rr *mx = auth_dns_get(c->dns, AUTH_RR_MX, name);
    bool wait = false;
    if (!mx)
        return MATCH_WAIT;
    if (auth_rr_failed(mx))
        return MATCH_TEMPERROR;
    if (!count_void(c, mx))
        return MATCH_PERMERROR;
    if (mx->n > AUTH_SPF_MX_MAX) {
        c->reason = "more than 10 mail exchangers";
        return MATCH_PERMERROR;
    }
    for (size_t i = 0; i < mx->n; i++) /* all at once */
        wait |= mx->record[i].n > 0 && !auth_dns_get(c->dns, address_type(c), mx->record[i]);
    if (wait)
        return MATCH_WAIT;
    for (size_t i = 0; i < mx->n; i++) {
        if (mx->record[i].n == 0)
            continue; /* RFC 7505 */
        enum match m = match_a(c, t, mx->record[i]);
        if (m != MATCH_NO)
            return m;
    }
    return MATCH_NO;
}

static enum match match_exists(struct check *c, struct str name)
{
    const struct auth_rr *rr = auth_dns_get(c->dns, AUTH_RR_A, name);
    if (!rr)
        return MATCH_WAIT;
    if (auth_rr_failed(rr))
        return MATCH_TEMPERROR;
    if (!count_void(c, rr))
        return MATCH_PERMERROR;
    return rr->n > 0 ? MATCH_YES : MATCH_NO;
}

/* 5.2: the table of what a result of the other record means here. */
static enum match match_include(struct check *c, struct str name)
{
    struct str outer = c->macros.domain;
    int r = check_host(c, name);
    c->macros.domain = outer;
    if (r != AUTHRES_PASS)
        c->mechanism = STR_NULL;
    c->explain_spec = STR_NULL; /* exp= of an included record does not count (6.2) */
    switch (r) {
    case NOT_YET: return MATCH_WAIT;
    case AUTHRES_PASS: return MATCH_YES;
    case AUTHRES_TEMPERROR: return MATCH_TEMPERROR;
    case AUTHRES_NONE: c->reason = "an included domain has no record"; return MATCH_PERMERROR;
    case AUTHRES_PERMERROR: return MATCH_PERMERROR;
    default: return MATCH_NO;
    }
}

static enum match match_term(struct check *c, const struct auth_spf_term *t)
{
    struct str name = STR(""), ignored;
    switch (t->kind) {
    case AUTH_SPF_ALL: return MATCH_YES;
    case AUTH_SPF_IP4:
    case AUTH_SPF_IP6: {
        bool v6 = t->kind == AUTH_SPF_IP6;
        return auth_ip_match(&c->macros.ip, t->ip.b, v6, v6 ? t->cidr6 : t->cidr4) ? MATCH_YES : MATCH_NO;
    }
    default: break;
    }
    if (!count_lookup(c))
        return MATCH_PERMERROR;
    enum match m = expand(c, t->spec, &name);
    if (m != MATCH_YES)
        return m;
    switch (t->kind) {
    case AUTH_SPF_INCLUDE: return match_include(c, name);
    case AUTH_SPF_A: return match_a(c, t, name);
    case AUTH_SPF_MX: return match_mx(c, t, name);
    case AUTH_SPF_PTR: return validated_name(c, name, false, &ignored);
    case AUTH_SPF_EXISTS: return match_exists(c, name);
    default: return MATCH_NO;
    }
}

/* ---- check_host ---- */

/* Asks already what the rest of the record would ask next, so that a round answers all of it. Nothing is counted. */
static void ask_ahead(struct check *c, const struct auth_spf_record *rec, size_t from)
{
    static const enum auth_rr_type types[] = {[AUTH_SPF_INCLUDE] = AUTH_RR_TXT, [AUTH_SPF_MX] = AUTH_RR_MX};
    struct str name;
    unsigned left = AUTH_SPF_LOOKUPS_MAX > c->lookups ? AUTH_SPF_LOOKUPS_MAX - c->lookups : 0;
    for (size_t i = from; i < rec->n && left > 0; i++) {
        const struct auth_spf_term *t = &rec->term[i];
        bool asks = t->kind == AUTH_SPF_INCLUDE || t->kind == AUTH_SPF_A || t->kind == AUTH_SPF_MX;
        if (t->kind == AUTH_SPF_ALL)
            return;
        if (!asks || (t->spec.p && auth_spf_macro_uses(t->spec, 'p')) || expand(c, t->spec, &name) != MATCH_YES)
            continue;
        left--;
        (void)!auth_dns_get(c->dns, t->kind == AUTH_SPF_A ? address_type(c) : types[t->kind], name);
    }
    if (left > 0 && rec->redirect.p && !auth_spf_macro_uses(rec->redirect, 'p') &&
        expand(c, rec->redirect, &name) == MATCH_YES)
        (void)!auth_dns_get(c->dns, AUTH_RR_TXT, name);
}

/* 4.3: a domain that cannot have a record: no dot, a literal, an impossible name. */
static bool domain_usable(struct str s)
{
    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    return str_chr(s, '.', 0) > 0 && auth_dns_name_possible(s) && s.p[0] != '[';
}

/* 4.4, 4.5. NOT_YET, AUTHRES_PASS when there is exactly one, else the result. */
static int record_text(struct check *c, struct str domain, struct str *out)
{
    const struct auth_rr *rr = auth_dns_get(c->dns, AUTH_RR_TXT, domain);
    size_t n = 0;
    if (!rr)
        return NOT_YET;
    if (auth_rr_failed(rr)) {
        c->reason = "the record could not be looked up";
        return AUTHRES_TEMPERROR;
    }
    for (size_t i = 0; i < rr->n; i++)
        if (auth_spf_is(rr->record[i])) {
            *out = rr->record[i];
            n++;
        }
    c->reason = n > 1 ? "there is more than one record" : NULL;
    return n == 1 ? AUTHRES_PASS : n == 0 ? AUTHRES_NONE : AUTHRES_PERMERROR;
}

static int redirect(struct check *c, const struct auth_spf_record *rec)
{
    struct str name = STR("");
    if (!count_lookup(c))
        return AUTHRES_PERMERROR;
    enum match m = expand(c, rec->redirect, &name);
    if (m == MATCH_WAIT)
        return NOT_YET;
    int r = m == MATCH_YES ? check_host(c, name) : AUTHRES_NONE;
    if (r == AUTHRES_NONE)
        c->reason = "the domain of redirect= has no record";
    return r == AUTHRES_NONE ? AUTHRES_PERMERROR : r;
}

static int check_record(struct check *c, const struct auth_spf_record *rec)
{
    for (size_t i = 0; i < rec->n; i++) {
        switch (match_term(c, &rec->term[i])) {
        case MATCH_NO: break;
        case MATCH_YES:
            c->mechanism = rec->term[i].text;
            c->explain_spec = rec->explain;
            c->explain_domain = c->macros.domain;
            return (int)rec->term[i].qualifier;
        case MATCH_WAIT: ask_ahead(c, rec, i); return NOT_YET;
        case MATCH_TEMPERROR: c->reason = "a look-up failed"; return AUTHRES_TEMPERROR;
        case MATCH_PERMERROR: return AUTHRES_PERMERROR;
        }
    }
    return rec->redirect.p ? redirect(c, rec) : AUTHRES_NEUTRAL;
}

static int check_host(struct check *c, struct str domain)
{
    struct auth_spf_record rec;
    struct str text;
    if (!domain_usable(domain))
        return AUTHRES_NONE;
    if (domain.p[domain.n - 1] == '.')
        domain.n--;
    if (c->depth > INCLUDE_DEPTH_MAX)
        return AUTHRES_PERMERROR;
    int r = record_text(c, domain, &text);
    if (r != AUTHRES_PASS)
        return r;
    if (!auth_spf_record_parse(c->arena, text, &rec, &c->reason))
        return AUTHRES_PERMERROR;
    c->depth++;
    c->macros.domain = domain;
    r = check_record(c, &rec);
    c->depth--;
    return r;
}

/* ---- exp= (6.2): whatever is wrong with it, there is just no explanation ---- */

static bool printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return true;
}

/* false: not known yet. */
static bool explain(struct check *c, struct str *out)
{
    AUTO(buf) struct buf b = {0};
    struct str name = STR("");
    *out = STR_NULL;
    if (!c->explain_spec.p)
        return true;
    c->macros.domain = c->explain_domain;
    enum match m = expand(c, c->explain_spec, &name);
    const struct auth_rr *rr = m == MATCH_YES ? auth_dns_get(c->dns, AUTH_RR_TXT, name) : NULL;
    if (m == MATCH_WAIT || (m == MATCH_YES && !rr))
        return false;
    if (!rr || rr->n != 1 || !printable(rr->record[0]) || !auth_spf_macro_valid(rr->record[0], true))
        return true;
    c->macros.validated = STR_NULL;
    if (auth_spf_macro_uses(rr->record[0], 'p') &&
        validated_name(c, c->macros.domain, true, &c->macros.validated) == MATCH_WAIT)
        return false;
    buf_init(&b, AUTH_SPF_EXPLAIN_MAX);
    if (auth_spf_macro_expand(&b, rr->record[0], &c->macros) && printable(buf_str(&b)))
        *out = arena_str(c->w->arena, buf_str(&b));
    return true;
}

/* ---- in a job ---- */

/* 2.4: the reverse-path; without one, postmaster at the HELO name. */
static void identity(struct auth_work *w, struct auth_spf_macros *m)
{
    struct str sender = w->in.mail_from;
    ptrdiff_t at = str_rchr(sender, '@');
    w->out->spf.helo = sender.n == 0;
    m->local = at > 0 ? str_upto(sender, (size_t)at) : STR("postmaster");
    m->sender_domain = sender.n == 0 ? w->in.helo : at >= 0 ? str_from(sender, (size_t)at + 1) : sender;
    m->sender = arena_printf(w->arena, "%.*s@%.*s", STRF(m->local), STRF(m->sender_domain));
}

bool auth_spf_step(struct auth_work *w)
{
    struct auth_spf *out = &w->out->spf;
    AUTO(arena) struct arena scratch;
    struct mime_domain d;
    arena_init(&scratch, ARENA_NO_LIMIT);
    struct check c = {.w = w, .dns = &w->dns, .arena = &scratch};
    c.macros =
        (struct auth_spf_macros){.ip = w->in.ip, .helo = w->in.helo, .receiver = w->in.receiver, .now_s = w->in.now_s};
    if (!w->in.has_ip || (w->in.flags & AUTH_NO_SPF))
        return true;
    identity(w, &c.macros);
    mime_domain_read(w->arena, NULL, c.macros.sender_domain, &d);
    out->domain = d.ascii;
    if (d.flags & MIME_DOMAIN_LITERAL)
        return true;
    int r = check_host(&c, d.ascii);
    if (r == NOT_YET || (r == AUTHRES_FAIL && (w->in.flags & AUTH_EXPLAIN) && !explain(&c, &out->explain)))
        return false;
    out->result = (enum auth_result)r;
    out->mechanism = arena_str(w->arena, c.mechanism);
    out->reason = r == AUTHRES_PERMERROR || r == AUTHRES_TEMPERROR ? c.reason : NULL;
    out->lookups = c.lookups;
    out->voids = c.voids;
    return true;
}

#include "auth/job.h"
#include "core/hash.h"

#define SAMPLE_BYTES 4096u /* of the message: its header, more or less */

static bool policy_read(struct str text, enum auth_policy *out)
{
    for (enum auth_policy p = AUTH_POLICY_NONE; p <= AUTH_POLICY_REJECT; p++)
        if (str_ieq(text, str_c(auth_policy_name(p)))) {
            *out = p;
            return true;
        }
    return false;
}

/* "v" WSP* "=" WSP* "DMARC1", then ";" or the end (6.4). */
static bool version_first(struct str text)
{
    struct str first, rest, name, value;
    str_cut(text, ';', &first, &rest);
    return str_cut(first, '=', &name, &value) && str_eq(str_trim(name), STR("v")) &&
           str_eq(str_trim(value), STR("DMARC1"));
}

enum auth_dmarc_parse auth_dmarc_record_parse(struct str text, struct auth_dmarc_record *out)
{
    struct str rest = text, one, name, value, sp = STR_NULL, np = STR_NULL;
    bool has_policy = false, bad_sub = false;
    *out = (struct auth_dmarc_record){.pct = 100};
    if (!version_first(text))
        return AUTH_DMARC_OTHER;
    if (text.n > AUTH_DMARC_TEXT_MAX)
        return AUTH_DMARC_BAD;
    /* Errors in other tags than p and sp are discarded (6.3), so this is looser than a tag list of DKIM. */
    while (str_token(&rest, ';', &one)) {
        uint64_t n;
        if (!str_cut(one, '=', &name, &value))
            continue;
        name = str_trim(name);
        value = str_trim(value);
        if (str_ieq(name, STR("p")))
            has_policy = policy_read(value, &out->policy);
        else if (str_ieq(name, STR("sp")))
            sp = value;
        else if (str_ieq(name, STR("np")))
            np = value;
        else if (str_ieq(name, STR("adkim")))
            out->strict_dkim = str_ieq(value, STR("s"));
        else if (str_ieq(name, STR("aspf")))
            out->strict_spf = str_ieq(value, STR("s"));
        else if (str_ieq(name, STR("pct")) && str_u64(value, &n) && n <= 100)
            out->pct = (unsigned)n;
        else if (str_ieq(name, STR("rua")))
            out->reports = str_ifind(value, STR("mailto:"), 0) >= 0;
    }
    if (sp.p)
        bad_sub = !policy_read(sp, &out->sub);
    if (!has_policy || bad_sub) {
        /* 6.6.3 step 6: with somewhere to report to it counts as p=none. */
        out->policy = out->sub = out->absent = AUTH_POLICY_NONE;
        return out->reports ? AUTH_DMARC_OK : AUTH_DMARC_BAD;
    }
    if (!sp.p)
        out->sub = out->policy;
    out->has_absent = np.p && policy_read(np, &out->absent);
    if (!out->has_absent)
        out->absent = out->sub;
    return AUTH_DMARC_OK;
}

bool auth_aligned(const struct auth_kit *kit, struct str from, struct str domain, bool strict)
{
    if (from.n == 0 || domain.n == 0)
        return false;
    return strict || str_ieq(from, domain) ? str_ieq(from, domain)
                                           : str_ieq(auth_org_domain(kit, from), auth_org_domain(kit, domain));
}

/* ---- in a job ---- */

enum found { FOUND_NOT_YET, FOUND_ONE, FOUND_NONE, FOUND_MANY, FOUND_BAD, FOUND_ERROR };

static enum found record_at(struct auth_work *w, struct str domain, struct auth_dmarc_record *out)
{
    const struct auth_rr *rr = auth_dns_get(&w->dns, AUTH_RR_TXT, arena_printf(w->arena, "_dmarc.%.*s", STRF(domain)));
    enum found found = FOUND_NONE;
    size_t records = 0;
    if (!rr)
        return FOUND_NOT_YET;
    if (auth_rr_failed(rr))
        return FOUND_ERROR;
    for (size_t i = 0; i < rr->n; i++) {
        struct auth_dmarc_record one;
        enum auth_dmarc_parse p = auth_dmarc_record_parse(rr->record[i], &one);
        if (p == AUTH_DMARC_OTHER)
            continue;
        records++;
        found = p == AUTH_DMARC_OK ? FOUND_ONE : FOUND_BAD;
        *out = one;
    }
    return records > 1 ? FOUND_MANY : found;
}

static enum found record_find(struct auth_work *w, struct auth_dmarc_record *out)
{
    struct auth_dmarc *d = &w->out->dmarc;
    bool is_org = str_eq(d->from_domain, d->org_domain);
    enum found f = record_at(w, d->from_domain, out);
    struct auth_dmarc_record org = {0};
    enum found above = is_org ? FOUND_NONE : record_at(w, d->org_domain, &org); /* asked at once */
    /* 6.6.3 step 5: more than one, and none applies; nor does the organisation's, since there was something. */
    if (f == FOUND_MANY || (f == FOUND_NONE && above == FOUND_MANY))
        return FOUND_NONE;
    if (f != FOUND_NONE) {
        d->record_domain = d->from_domain;
        return f;
    }
    *out = org;
    if (above == FOUND_ONE || above == FOUND_BAD)
        d->record_domain = d->org_domain;
    return above;
}

/* RFC 9091 2.7: neither A nor AAAA nor MX. 1 it does not exist, 0 it does, -1 not known yet. */
static int absent_domain(struct auth_work *w)
{
    static const enum auth_rr_type types[] = {AUTH_RR_A, AUTH_RR_AAAA, AUTH_RR_MX};
    bool unknown = false, there = false;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct auth_rr *rr = auth_dns_get(&w->dns, types[i], w->out->dmarc.from_domain);
        unknown |= !rr;
        there |= rr && (rr->n > 0 || auth_rr_failed(rr));
    }
    return there ? 0 : unknown ? -1 : 1;
}

/* 6.6.4: by the message itself, so that a retry gets the same answer, and no random is needed. */
static bool in_sample(const struct auth_work *w, unsigned pct)
{
    return pct >= 100 || hash64(str_upto(w->in.message, SAMPLE_BYTES)) % 100 < pct;
}

static void identifiers(struct auth_work *w, const struct auth_dmarc_record *rec)
{
    struct auth_results *out = w->out;
    struct auth_dmarc *d = &out->dmarc;
    out->spf.aligned =
        out->spf.result == AUTHRES_PASS && auth_aligned(w->kit, d->from_domain, out->spf.domain, rec->strict_spf);
    d->spf_aligned = out->spf.aligned;
    for (size_t i = 0; i < out->n_dkim; i++) {
        struct auth_signature *s = &out->dkim[i];
        s->aligned = auth_aligned(w->kit, d->from_domain, s->domain, rec->strict_dkim);
        if (s->aligned && s->result == AUTHRES_PASS && !d->dkim_aligned) {
            d->dkim_aligned = true;
            d->dkim_domain = s->domain;
        }
    }
}

/* Would it pass, had the resolver answered? */
static bool temporary(const struct auth_work *w, const struct auth_dmarc_record *rec)
{
    const struct auth_results *out = w->out;
    if (out->spf.result == AUTHRES_TEMPERROR &&
        auth_aligned(w->kit, out->dmarc.from_domain, out->spf.domain, rec->strict_spf))
        return true;
    for (size_t i = 0; i < out->n_dkim; i++)
        if (out->dkim[i].result == AUTHRES_TEMPERROR && out->dkim[i].aligned)
            return true;
    return false;
}

static bool finish(struct auth_dmarc *d, enum auth_result result, const char *why)
{
    d->result = result;
    d->reason = why;
    return true;
}

/* true: from_domain and org_domain are set. */
static bool from_domain(struct auth_work *w)
{
    static const char *const reasons[MIME_FROM_COUNT] = {
        [MIME_FROM_MISSING] = "there is no From",
        [MIME_FROM_FIELDS] = "there is more than one From",
        [MIME_FROM_ADDRESSES] = "From has more than one address",
        [MIME_FROM_UNREADABLE] = "From has no address",
        [MIME_FROM_GROUP] = "From is a group",
        [MIME_FROM_AMBIGUOUS] = "From can be read in two ways",
        [MIME_FROM_DOMAIN] = "From has no domain",
        [MIME_FROM_LOCAL] = "From is no address",
    };
    struct auth_dmarc *d = &w->out->dmarc;
    const struct mime_identity *who = w->in.who;
    if (who->from_state != MIME_FROM_OK) {
        finish(d, AUTHRES_PERMERROR, reasons[who->from_state]);
        return false;
    }
    if (who->from.flags & (MIME_ADDR_LITERAL | MIME_ADDR_NO_DOMAIN | MIME_ADDR_BAD_DOMAIN)) {
        finish(d, AUTHRES_NONE, "From has no domain name");
        return false;
    }
    d->from_domain = who->from.domain;
    d->org_domain = auth_org_domain(w->kit, d->from_domain);
    return true;
}

bool auth_dmarc_step(struct auth_work *w, bool inputs_done)
{
    struct auth_dmarc *d = &w->out->dmarc;
    struct auth_dmarc_record rec = {0};
    if (!from_domain(w))
        return true;
    enum found f = record_find(w, &rec);
    if (f == FOUND_NOT_YET || !inputs_done)
        return false;
    identifiers(w, &rec);
    if (f == FOUND_ERROR)
        return finish(d, AUTHRES_TEMPERROR, "the record could not be looked up");
    if (f == FOUND_BAD)
        return finish(d, AUTHRES_PERMERROR, "the record is unusable");
    if (f == FOUND_NONE)
        return finish(d, AUTHRES_NONE, NULL);
    bool below = !str_eq(d->record_domain, d->from_domain);
    int absent = below && rec.has_absent ? absent_domain(w) : 0;
    if (absent < 0)
        return false;
    d->policy = absent ? rec.absent : below ? rec.sub : rec.policy;
    d->pct = rec.pct;
    d->applied = d->policy;
    if (d->applied != AUTH_POLICY_NONE && !in_sample(w, d->pct))
        d->applied--;
    if (d->spf_aligned || d->dkim_aligned)
        return finish(d, AUTHRES_PASS, NULL);
    if (temporary(w, &rec))
        return finish(d, AUTHRES_TEMPERROR, "SPF or DKIM could not be looked up");
    return finish(d, AUTHRES_FAIL, NULL);
}

#include "guard/detect.h"
#include "core/hash.h"

/* A mail is innocent until evidence says otherwise: -7 nats is one fraud in about a thousand. */
#define GUARD_PRIOR_MILLINATS (-7000)

/* In order of harm: see guard_find. */
static guard_detector *const families[] = {guard_payment, guard_person};

void guard_keys(const struct guard_input *in, struct guard_keys *out)
{
    *out = (struct guard_keys){in->from_addr, in->from_domain};
}

static void mix_detail(struct buf *b, const struct guard_detail *d)
{
    buf_vstr(b, d->iban);
    buf_u8(b, (uint8_t)d->state);
    buf_u64(b, (uint64_t)d->first_ms);
    buf_u64(b, (uint64_t)d->count);
}

uint64_t guard_history_version(const struct guard_history *h)
{
    AUTO(buf) struct buf b;
    buf_init(&b, FACTS_ENCODED_MAX);
    for (size_t i = 0; i < h->n_details; i++)
        mix_detail(&b, &h->details[i]);
    buf_u8(&b, 0xff);
    for (size_t i = 0; i < h->n_own; i++)
        mix_detail(&b, &h->own[i]);
    buf_u8(&b, h->sender_count > 0);
    buf_u8(&b, h->domain_count > 0);
    buf_vstr(&b, h->party_name);
    return hash64(buf_str(&b));
}

void guard_find(struct guard_case *c, enum guard_code code, const struct guard_fact *facts, size_t n)
{
    struct guard_verdict *v = c->v;
    if (v->n_findings == GUARD_FINDINGS_MAX)
        return;
    struct guard_finding *f = &v->findings[v->n_findings++];
    *f = (struct guard_finding){.code = code, .level = guard_table[code].level, .weight = guard_table[code].weight};
    for (size_t i = 0; i < n && i < GUARD_FACTS_MAX; i++)
        f->facts[f->n_facts++] = facts[i];
    v->score += f->weight;
}

struct str guard_day(struct arena *a, int64_t ms)
{
    /* Civil date from days since 1970 (proleptic Gregorian, era of 400 years): no libc time here, the guard has no time
     * zone. */
    int64_t days = ms / 86400000 - (ms % 86400000 < 0), z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    unsigned month = mp < 10 ? mp + 3 : mp - 9, day = doy - (153 * mp + 2) / 5 + 1;
    return arena_printf(a, "%04lld-%02u-%02u", (long long)(yoe + era * 400 + (month <= 2)), month, day);
}

static enum guard_action action_of(const struct guard_verdict *v)
{
    enum guard_action action = GUARD_ACCEPT;
    for (size_t i = 0; i < v->n_findings; i++) {
        if (v->findings[i].level == GUARD_STOP)
            return GUARD_HOLD;
        if (v->findings[i].level == GUARD_CAUTION)
            action = GUARD_ACT_CAUTION;
    }
    return action;
}

void guard_judge(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                 struct guard_verdict *out)
{
    struct guard_case c = {in, h, a, out};
    out->n_findings = 0;
    out->score = GUARD_PRIOR_MILLINATS;
    if (in->scan_failed || (in->insight && (in->insight->flags & FACTS_UNREADABLE)))
        GUARD_FIND(&c, GUARD_MESSAGE_UNREADABLE,
                   {"reason", str_c(in->scan_reason ? in->scan_reason : "unreadable part")});
    for (size_t i = 0; i < N_ELEMENTS(families); i++)
        families[i](&c);
    out->action = action_of(out);
}

#include "guard/detect.h"
#include "core/hash.h"

/* A mail is innocent until evidence says otherwise: -7 nats is one fraud in about a thousand. */
#define GUARD_PRIOR_MILLINATS (-7000)

/* In order of harm: see guard_find. */
static guard_detector *const families[] = {guard_payment, guard_person};

static void key_add(struct guard_keys *k, enum guard_known_kind kind, struct str key)
{
    if (key.n > 0 && key.n <= GUARD_KEY_MAX && k->n < GUARD_KEYS_MAX)
        k->v[k->n++] = (struct guard_key){kind, key};
}

void guard_keys(const struct guard_input *in, const struct guard_history *h, int round, struct arena *a,
                struct guard_keys *out)
{
    (void)h;
    (void)a;
    out->n = 0;
    if (round > 0)
        return;
    key_add(out, KNOWN_ADDRESS, in->from_addr);
    if (in->insight && in->insight->n_payments > 0)
        key_add(out, KNOWN_DETAIL, in->from_domain);
}

void guard_lessons(const struct guard_input *in, const struct guard_history *h, const struct guard_verdict *v,
                   struct arena *a, struct guard_lessons *out)
{
    (void)h;
    (void)a;
    out->n = out->n_details = 0;
    bool accepted = in->outgoing || v->action == GUARD_ACCEPT || v->action == GUARD_ACT_CAUTION;
    if (!accepted || in->from_addr.n == 0)
        return;
    out->v[out->n++] = (struct guard_known){KNOWN_ADDRESS,        in->from_addr,       STR(""), in->now_ms, in->now_ms,
                                            in->outgoing ? 0 : 1, in->outgoing ? 1 : 0};
    for (size_t i = 0; in->insight && i < in->insight->n_payments && out->n_details < GUARD_IBANS_MAX; i++) {
        const struct facts_payment *p = &in->insight->payments[i];
        if (p->kind == COORD_IBAN && !p->quoted)
            out->details[out->n_details++] =
                (struct guard_detail){in->from_domain, p->value, DETAIL_SEEN, in->now_ms, in->now_ms, 1};
    }
}

const struct guard_known *guard_known_find(const struct guard_history *h, enum guard_known_kind kind, struct str key)
{
    for (size_t i = 0; i < h->n_rows; i++)
        if (h->rows[i].kind == kind && str_eq(h->rows[i].key, key))
            return &h->rows[i];
    return NULL;
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
    for (size_t i = 0; i < h->n_rows; i++) {
        buf_u8(&b, (uint8_t)h->rows[i].kind);
        buf_vstr(&b, h->rows[i].key);
        buf_vstr(&b, h->rows[i].value);
    }
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

/* 1 / (1 + e^-x) for x = 0, 0.5 ... 8 in millionths; between them a straight line, which errs by less than 0.4 %. */
static const uint32_t logistic[] = {500000, 622459, 731059, 817574, 880797, 924142, 952574, 970688, 982014,
                                    989013, 993307, 995930, 997527, 998499, 999089, 999447, 999665};

uint32_t guard_probability(int32_t score)
{
    uint32_t x = score < 0 ? 0u - (uint32_t)score : (uint32_t)score, step = x / 500, rest = x % 500;
    uint32_t p = 999999;
    if (step + 1 < N_ELEMENTS(logistic))
        p = logistic[step] + (logistic[step + 1] - logistic[step]) * rest / 500;
    return score < 0 ? 1000000 - p : p;
}

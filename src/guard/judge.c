#include "guard/content.h"
#include "core/hash.h"

/* A mail is innocent until evidence says otherwise: -4.2 nats is one in seventy, about what reaches a firm's people
 * unasked. */
#define GUARD_PRIOR_MILLINATS (-4200)

/* In order of harm; what the card shows first is sorted anyway. */
static guard_detector *const families[] = {guard_payment, guard_lookalike, guard_person,
                                           guard_habit,   guard_thread,    guard_content};

static uint64_t mix(struct buf *b)
{
    uint64_t v = hash64(buf_str(b));
    buf_clear(b);
    return v;
}

static uint64_t mix_detail(struct buf *b, uint8_t whose, const struct guard_detail *d)
{
    buf_u8(b, whose);
    buf_vstr(b, d->domain);
    buf_vstr(b, d->iban);
    buf_u8(b, (uint8_t)d->state);
    buf_u64(b, (uint64_t)d->first_ms);
    buf_u64(b, (uint64_t)d->count);
    return mix(b);
}

/* A sum, so that the order of the rows does not matter. */
uint64_t guard_history_version(const struct guard_history *h)
{
    AUTO(buf) struct buf b;
    buf_init(&b, FACTS_ENCODED_MAX);
    buf_vstr(&b, h->party_name);
    uint64_t v = mix(&b);
    for (size_t i = 0; i < h->n_details; i++)
        v += mix_detail(&b, 1, &h->details[i]);
    for (size_t i = 0; i < h->n_own; i++)
        v += mix_detail(&b, 2, &h->own[i]);
    for (size_t i = 0; i < h->n_rows; i++) {
        buf_u8(&b, (uint8_t)h->rows[i].kind);
        buf_vstr(&b, h->rows[i].key);
        buf_vstr(&b, h->rows[i].value);
        v += mix(&b);
    }
    return v;
}

static bool stronger(const struct guard_finding *x, const struct guard_finding *y)
{
    return x->level > y->level || (x->level == y->level && x->weight > y->weight);
}

/* A free place, or that of the weakest finding when this one says more: a sender who provokes many small findings must not
 * crowd out the one that stops him. NULL: none. */
static struct guard_finding *place_for(struct guard_verdict *v, const struct guard_finding *f)
{
    if (v->n_findings < GUARD_FINDINGS_MAX)
        return &v->findings[v->n_findings++];
    struct guard_finding *weakest = &v->findings[0];
    for (size_t i = 1; i < v->n_findings; i++)
        if (stronger(weakest, &v->findings[i]))
            weakest = &v->findings[i];
    if (!stronger(f, weakest))
        return NULL;
    v->score -= weakest->weight;
    return weakest;
}

void guard_find_as(struct guard_case *c, enum guard_code code, enum guard_level level, int32_t weight,
                   const struct guard_fact *facts, size_t n)
{
    struct guard_finding new = {.code = code, .level = level, .weight = weight};
    struct guard_finding *f = place_for(c->v, &new);
    if (!f)
        return;
    for (size_t i = 0; i < n && i < GUARD_FACTS_MAX; i++)
        new.facts[new.n_facts++] = facts[i];
    *f = new;
    c->v->score += weight;
}

void guard_find_at(struct guard_case *c, enum guard_code code, enum guard_level level, const struct guard_fact *facts,
                   size_t n)
{
    /* What is said more softly than its row weighs less: a level is about one nat and a half. */
    const struct guard_row *row = &guard_table[code];
    int32_t weight = row->weight - 1500 * ((int)row->level - (int)level);
    guard_find_as(c, code, level, weight > 100 ? weight : 100, facts, n);
}

void guard_find(struct guard_case *c, enum guard_code code, const struct guard_fact *facts, size_t n)
{
    guard_find_at(c, code, guard_table[code].level, facts, n);
}

struct str guard_number(struct arena *a, int64_t n) { return arena_printf(a, "%lld", (long long)n); }

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
        if (v->findings[i].code == GUARD_TOTAL_JUNK)
            action = GUARD_JUNK;
        if (v->findings[i].level == GUARD_CAUTION && action == GUARD_ACCEPT)
            action = GUARD_ACT_CAUTION;
    }
    return action;
}

/* The highest first: the card shows one, the others are counted. */
static void in_order(struct guard_verdict *v)
{
    for (size_t i = 1; i < v->n_findings; i++) {
        struct guard_finding f = v->findings[i];
        size_t at = i;
        for (; at > 0; at--) {
            const struct guard_finding *g = &v->findings[at - 1];
            if (g->level > f.level || (g->level == f.level && g->weight >= f.weight))
                break;
            v->findings[at] = *g;
        }
        v->findings[at] = f;
    }
}

/* The message itself; what could not be read in one attachment is that attachment's finding. */
static bool unreadable(const struct facts_insight *in)
{
    if (!in || !(in->flags & FACTS_UNREADABLE))
        return false;
    for (size_t i = 0; i < in->n_attachments; i++)
        if (in->attachments[i].flags & (ATT_UNREADABLE | ATT_BOMB))
            return false;
    return true;
}

void guard_judge(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                 struct guard_verdict *out)
{
    struct guard_case c = {.in = in, .h = h, .arena = a, .v = out};
    out->n_findings = 0;
    out->score = GUARD_PRIOR_MILLINATS;
    if (in->scan_failed || unreadable(in->insight))
        GUARD_FIND(&c, GUARD_MESSAGE_UNREADABLE,
                   {"reason", str_c(in->scan_reason ? in->scan_reason : "unreadable part")});
    guard_relate(in, h, a, &c.rel);
    for (size_t i = 0; i < N_ELEMENTS(families); i++)
        families[i](&c);
    in_order(out);
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

#include "guard/record.h"
#include "core/err.h"
#include "facts/codec.h"

#define RECORD_ONE_OF 100u /* accepted mails of which one is kept */
#define RECORD_TEXT 512u   /* of one field */
#define RECORD_CODE 64u
#define RECORD_LISTS 64u /* own domains and people */

/* How much of the facts goes in, from the whole to next to nothing: the first that fits is taken. */
static const struct {
    size_t text, links, attachments;
} sizes[] = {{8192, 60, 40}, {4096, 30, 20}, {1500, 12, 8}, {300, 4, 4}, {0, 0, 0}};

/* Header text may be any bytes: what is not UTF-8 ends it. */
static void label(struct codec *c, struct str *s)
{
    if (c->out)
        *s = str_upto(*s, str_utf8_valid(*s));
    codec_text(c, s, RECORD_TEXT);
}

static void party_walk(struct codec *c, struct guard_party *p)
{
    label(c, &p->name);
    label(c, &p->addr);
    label(c, &p->domain);
}

static void auth_walk(struct codec *c, struct guard_authentication *a)
{
    enum guard_auth *const results[] = {&a->spf, &a->dkim, &a->dmarc, &a->arc};
    for (size_t i = 0; i < N_ELEMENTS(results); i++)
        *results[i] = (enum guard_auth)codec_number(c, *results[i], AUTH_PERMERROR);
    label(c, &a->spf_domain);
    label(c, &a->dkim_domain);
    label(c, &a->policy);
}

/* Lists are const for the guard: a copy is walked. */
static void parties(struct codec *c, const struct guard_party **list, size_t *n)
{
    struct guard_party *v = (struct guard_party *)(uintptr_t)*list;
    if (c->out) {
        *n = *n < RECORD_LISTS ? *n : RECORD_LISTS;
        v = arena_array(c->arena, struct guard_party, *n + 1);
        for (size_t i = 0; i < *n; i++)
            v[i] = (*list)[i];
    }
    CODEC_LIST(c, v, *n, struct guard_party, RECORD_LISTS, party_walk);
    *list = v;
}

static void strings(struct codec *c, const struct str **list, size_t *n)
{
    struct str *v = (struct str *)(uintptr_t)*list;
    if (c->out) {
        *n = *n < RECORD_LISTS ? *n : RECORD_LISTS;
        v = arena_array(c->arena, struct str, *n + 1);
        for (size_t i = 0; i < *n; i++)
            v[i] = (*list)[i];
    }
    CODEC_LIST(c, v, *n, struct str, RECORD_LISTS, label);
    *list = v;
}

static void policy_walk(struct codec *c, struct guard_input *in)
{
    struct guard_policy *p = arena_new(c->arena, struct guard_policy);
    if (c->out && in->policy)
        *p = *in->policy;
    strings(c, &p->domains, &p->n_domains);
    parties(c, &p->staff, &p->n_staff);
    in->policy = p;
}

static void insight_walk(struct codec *c, struct guard_input *in)
{
    bool has = in->insight != NULL;
    codec_flag(c, &has);
    if (!has || (c->in && c->in->err))
        return;
    if (c->out) {
        AUTO(buf) struct buf b;
        buf_init(&b, GUARD_RECORD_MAX);
        facts_insight_put(&b, in->insight);
        buf_vstr(c->out, buf_str(&b));
        c->out->err |= b.err;
        return;
    }
    struct facts_insight *facts = arena_new(c->arena, struct facts_insight);
    if (facts_insight_get(c->arena, rd_vstr(c->in), facts) != 0)
        codec_fail(c);
    in->insight = facts;
}

static void input_walk(struct codec *c, struct guard_input *in)
{
    struct str *const texts[] = {&in->from_name, &in->from_addr,  &in->from_domain, &in->envelope,
                                 &in->helo,      &in->client,     &in->network,     &in->country,
                                 &in->subject,   &in->message_id, &in->list_id,     &in->agent};
    bool *const flags[] = {&in->from_ambiguous, &in->from_broken,      &in->report,
                           &in->unsubscribe,    &in->automatic,        &in->outgoing,
                           &in->has_date,       &in->duplicate_fields, &in->scan_failed};
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        label(c, texts[i]);
    for (size_t i = 0; i < N_ELEMENTS(flags); i++)
        codec_flag(c, flags[i]);
    party_walk(c, &in->sender);
    parties(c, &in->reply_to, &in->n_reply_to);
    parties(c, &in->to, &in->n_to);
    parties(c, &in->cc, &in->n_cc);
    strings(c, &in->references, &in->n_references);
    int64_t zone = in->date_zone;
    codec_signed(c, &zone);
    in->date_zone = (int)zone;
    codec_signed(c, &in->date_ms);
    codec_signed(c, &in->now_ms);
    struct str reason = str_c(in->scan_reason);
    label(c, &reason);
    if (c->in)
        in->scan_reason = reason.n ? arena_z(c->arena, reason) : NULL;
    auth_walk(c, &in->auth);
    policy_walk(c, in);
    insight_walk(c, in);
}

static void known_walk(struct codec *c, struct guard_known *k)
{
    k->kind = (enum guard_known_kind)codec_number(c, k->kind, KNOWN_LAST);
    label(c, &k->key);
    label(c, &k->value);
    int64_t *const numbers[] = {&k->first_ms, &k->last_ms, &k->received, &k->sent};
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        codec_signed(c, numbers[i]);
}

static void detail_walk(struct codec *c, struct guard_detail *d)
{
    label(c, &d->domain);
    label(c, &d->iban);
    d->state = (enum guard_detail_state)codec_number(c, d->state, DETAIL_REVOKED);
    int64_t *const numbers[] = {&d->first_ms, &d->last_ms, &d->count};
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        codec_signed(c, numbers[i]);
}

static void history_walk(struct codec *c, struct guard_history *h)
{
    CODEC_LIST(c, h->rows, h->n_rows, struct guard_known, GUARD_KEYS_MAX * 64u, known_walk);
    CODEC_LIST(c, h->details, h->n_details, struct guard_detail, 4096u, detail_walk);
    CODEC_LIST(c, h->own, h->n_own, struct guard_detail, 4096u, detail_walk);
    label(c, &h->party_name);
}

static void put(struct buf *b, const struct guard_input *in, const struct guard_history *h,
                const struct guard_verdict *v, struct arena *a)
{
    struct codec c = {.out = b, .arena = a};
    struct guard_input input = *in; /* the walk only reads what it points to */
    struct guard_history history = *h;
    buf_u16(b, GUARD_RECORD_VERSION);
    buf_varint(b, GUARD_VERSION);
    buf_varint(b, v->action);
    int64_t score = v->score;
    codec_signed(&c, &score);
    buf_varint(b, v->n_findings);
    for (size_t i = 0; i < v->n_findings; i++) {
        struct str code = str_c(guard_table[v->findings[i].code].code);
        codec_text(&c, &code, RECORD_CODE);
    }
    input_walk(&c, &input);
    history_walk(&c, &history);
}

void guard_record_put(struct buf *b, const struct guard_input *in, const struct guard_history *h,
                      const struct guard_verdict *v)
{
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf one;
        struct guard_input cut = *in;
        struct facts_insight facts;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&one, GUARD_RECORD_MAX);
        if (in->insight) {
            facts = *in->insight;
            facts.text = str_utf8_cut(facts.text, sizes[i].text);
            facts.attached = STR("");
            facts.n_links = facts.n_links < sizes[i].links ? facts.n_links : sizes[i].links;
            facts.n_attachments =
                facts.n_attachments < sizes[i].attachments ? facts.n_attachments : sizes[i].attachments;
            cut.insight = &facts;
        }
        put(&one, &cut, h, v, &a);
        if (!one.err) {
            buf_adds(b, buf_str(&one));
            return;
        }
    }
    b->err = BUF_FULL;
}

static void get_codes(struct codec *c, struct guard_record *r)
{
    uint64_t n = codec_number(c, 0, GUARD_FINDINGS_MAX);
    for (uint64_t i = 0; i < n && !c->in->err; i++) {
        struct str code;
        codec_text(c, &code, RECORD_CODE);
        for (int k = 0; k < GUARD_CODES; k++)
            if (str_eq(code, str_c(guard_table[k].code)))
                r->codes[r->n_codes++] = (enum guard_code)k;
    }
}

int guard_record_get(struct arena *a, struct str bytes, struct guard_record *out)
{
    struct rd r = rd_of(bytes);
    struct codec c = {.in = &r, .arena = a};
    int64_t score = 0;
    uint16_t version = rd_u16(&r);
    if (!r.err && version > GUARD_RECORD_VERSION)
        return ERR_VERSION;
    *out =
        (struct guard_record){.input = arena_new(a, struct guard_input), .history = arena_new(a, struct guard_history)};
    out->guard_version = (uint32_t)codec_number(&c, 0, UINT32_MAX);
    out->action = (enum guard_action)codec_number(&c, 0, GUARD_REJECT);
    codec_signed(&c, &score);
    out->score = (int32_t)score;
    get_codes(&c, out);
    if (!r.err)
        input_walk(&c, out->input);
    if (!r.err)
        history_walk(&c, out->history);
    if (!rd_done(&r) || version != GUARD_RECORD_VERSION || score < INT32_MIN || score > INT32_MAX)
        return ERR_CORRUPT;
    out->history->version = guard_history_version(out->history);
    return 0;
}

bool guard_record_wanted(const struct guard_verdict *v, uint64_t accepted_hash)
{
    return v->action != GUARD_ACCEPT || accepted_hash % RECORD_ONE_OF == 0;
}

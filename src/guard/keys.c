/* What must be known before a message is judged, in rounds, and what an accepted message teaches. */
#include "guard/detect.h"
#include "core/hash.h"

#define REFERENCES_ASKED 4u
#define IBANS_ASKED 8u
#define SAID_ASKED 6u
#define SAID_TAUGHT 16u
#define SAID_MIN 24u       /* letters of a line that says something */
#define SAID_READ 16384u   /* bytes of text that are looked at for lines */
#define RECIPIENTS_MAX 24u /* of an outgoing message, that are taught */
#define HABITS_MAX 24u     /* of one party: a party with more has none */
#define NAME_CROWD 8u      /* addresses under one name */
#define HOUR_MS 3600000LL

static void key_add(struct guard_keys *k, enum guard_known_kind kind, struct str key)
{
    if (key.n == 0 || key.n > GUARD_KEY_MAX || k->n == GUARD_KEYS_MAX)
        return;
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].kind == kind && str_eq(k->v[i].key, key))
            return;
    k->v[k->n++] = (struct guard_key){kind, key};
}

static bool has_coords(const struct guard_input *in)
{
    return in->insight && (in->insight->n_payments > 0 || in->insight->n_attachments > 0);
}

static void ask_words_of(const struct guard_input *in, struct arena *a, struct guard_keys *out)
{
    struct str rest = guard_addr_local(in->from_addr);
    for (size_t n = 0; rest.n > 0 && n < 4; n++) {
        size_t end = 0;
        while (end < rest.n && rest.p[end] != '.' && rest.p[end] != '_' && rest.p[end] != '+')
            end++;
        key_add(out, KNOWN_NEAR, guard_near_word(a, str_upto(rest, end)));
        rest = str_from(rest, end + 1);
    }
}

static void round_0(const struct guard_input *in, struct arena *a, struct guard_keys *out)
{
    struct str domain = guard_registrable(in->lists, in->from_domain), names[GUARD_NAME_PARTS];
    struct str party = guard_party_key(in, a);
    key_add(out, KNOWN_ADDRESS, in->from_addr);
    key_add(out, KNOWN_DOMAIN, domain);
    key_add(out, KNOWN_HABIT, party);
    size_t n = guard_sender_names(in, a, names);
    for (size_t i = 0; i < n; i++)
        key_add(out, KNOWN_NAME, names[i]);
    for (size_t i = 0; i < in->n_references && i < REFERENCES_ASKED; i++)
        key_add(out, KNOWN_MESSAGE, in->references[i]);
    for (size_t i = 0, had = out->n; in->insight && i < in->insight->n_payments && out->n < had + IBANS_ASKED; i++)
        if (in->insight->payments[i].kind != COORD_PHONE && in->insight->payments[i].kind != COORD_BIC)
            key_add(out, KNOWN_IBAN, in->insight->payments[i].value);
    for (size_t i = 0; i < in->n_reply_to && i < GUARD_REPLIES_MAX; i++) {
        key_add(out, KNOWN_ADDRESS, in->reply_to[i].addr);
        key_add(out, KNOWN_DOMAIN, guard_registrable(in->lists, in->reply_to[i].domain));
    }
    if (has_coords(in))
        key_add(out, KNOWN_DETAIL, party);
    if (in->policy && in->policy->n_domains > 0)
        key_add(out, KNOWN_DOMAIN, in->policy->domains[0]);
}

/* ---- lines that we wrote ---- */

/* Letters and digits of a line, without the marks of quoting; empty when it says too little. */
static struct str line_key(struct arena *a, struct str line)
{
    while (line.n > 0 && (line.p[0] == '>' || line.p[0] == ' '))
        line = str_from(line, 1);
    struct str words = guard_text_fold(a, line, 400);
    return words.n < SAID_MIN ? STR("") : arena_printf(a, "%016llx", (unsigned long long)hash64(words));
}

static size_t lines(const struct guard_input *in, struct arena *a, bool quoted, struct str *out, size_t max)
{
    struct str rest = in->insight ? str_upto(in->insight->text, SAID_READ) : STR(""), line;
    size_t n = 0;
    while (rest.n > 0 && n < max) {
        str_token(&rest, '\n', &line);
        line = str_trim(line);
        if ((line.n > 0 && line.p[0] == '>') != quoted)
            continue;
        struct str key = line_key(a, line);
        if (key.n > 0)
            out[n++] = key;
    }
    return n;
}

size_t guard_said(const struct guard_input *in, struct arena *a, struct str *out, size_t max)
{
    return lines(in, a, true, out, max < SAID_ASKED ? max : SAID_ASKED);
}

static void round_1(const struct guard_input *in, const struct guard_relation *r, struct arena *a,
                    struct guard_keys *out)
{
    struct str said[SAID_ASKED];
    if (r->domain.n == 0 || !r->fresh)
        return;
    if (!r->thread) {
        size_t n = guard_said(in, a, said, SAID_ASKED);
        for (size_t i = 0; i < n; i++)
            key_add(out, KNOWN_SAID, said[i]);
    }
    if (in->insight && in->insight->n_payments > 0)
        guard_near_ask_name(a, in->from_name, out);
    if (r->freemail) {
        ask_words_of(in, a, out);
        return;
    }
    guard_near_ask(a, r->domain, out);
    struct str left =
        str_upto(in->from_domain, in->from_domain.n > r->domain.n ? in->from_domain.n - r->domain.n - 1 : 0);
    struct str inner = guard_registrable(in->lists, left), token;
    if (str_chr(inner, '.', 0) > 0)
        key_add(out, KNOWN_DOMAIN, inner);
    guard_near_ask_within(a, guard_near_joined(a, left, r->domain), out);
    for (size_t i = 0; left.n > 0 && i < 6; i++) {
        str_token(&left, '.', &token);
        key_add(out, KNOWN_NEAR, guard_near_word(a, token));
    }
}

struct found {
    struct str domain[GUARD_NEAR_MAX + 4];
    enum guard_likeness like[GUARD_NEAR_MAX];
    size_t n;
};

/* Keeps the GUARD_NEAR_MAX most alike. */
static void found_near(struct found *f, struct str domain, enum guard_likeness like)
{
    size_t at = f->n;
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->domain[i], domain))
            return;
    while (at > 0 && f->like[at - 1] > like)
        at--;
    if (at == GUARD_NEAR_MAX)
        return;
    f->n += f->n < GUARD_NEAR_MAX;
    for (size_t i = f->n - 1; i > at; i--) {
        f->domain[i] = f->domain[i - 1];
        f->like[i] = f->like[i - 1];
    }
    f->domain[at] = domain;
    f->like[at] = like;
}

/* Domains that the pieces led to and that truly look alike. A word of a local part or a left label is exact: its key
 * begins with "=". */
static void near_found(const struct guard_history *h, const struct guard_relation *r, struct found *f)
{
    struct guard_label x;
    guard_label_read(guard_label(r->domain), &x);
    for (size_t i = 0; i < h->n_rows; i++) {
        const struct guard_known *k = &h->rows[i];
        if (k->kind != KNOWN_NEAR || str_eq(k->value, r->domain))
            continue;
        enum guard_likeness like = guard_near_with(&x, r->domain, k->value);
        if (like == LIKE_NONE && k->key.n > 0 && k->key.p[0] == '=')
            like = LIKE_SUBDOMAIN;
        if (like != LIKE_NONE)
            found_near(f, k->value, like);
    }
}

static void round_2(const struct guard_input *in, const struct guard_history *h, const struct guard_relation *r,
                    struct arena *a, struct guard_keys *out)
{
    struct found f = {.n = 0};
    if (r->own || r->domain.n == 0)
        return;
    bool look = r->fresh;
    if (look)
        near_found(h, r, &f);
    if (r->named_party.n > 0) {
        f.domain[f.n++] = r->named_party;
        key_add(out, KNOWN_ADDRESS, r->named);
    }
    if (r->thread_party.n > 0)
        f.domain[f.n++] = r->thread_party;
    for (size_t i = 0; i < h->n_rows && look && f.n < N_ELEMENTS(f.domain); i++) /* left labels asked for by name */
        if (h->rows[i].kind == KNOWN_DOMAIN && !str_eq(h->rows[i].key, r->domain))
            f.domain[f.n++] = h->rows[i].key;
    for (size_t i = 0; i < f.n; i++) {
        key_add(out, KNOWN_DOMAIN, f.domain[i]);
        if (has_coords(in))
            key_add(out, KNOWN_DETAIL, f.domain[i]);
        key_add(out, KNOWN_ADDRESS,
                arena_printf(a, "%.*s@%.*s", STRF(guard_addr_local(in->from_addr)), STRF(f.domain[i])));
    }
}

void guard_keys(const struct guard_input *in, const struct guard_history *h, int round, struct arena *a,
                struct guard_keys *out)
{
    struct guard_relation r;
    out->n = 0;
    if (round == 0 || !h) {
        round_0(in, a, out);
        return;
    }
    guard_relate(in, h, a, &r);
    if (round == 1)
        round_1(in, &r, a, out);
    else if (round == 2)
        round_2(in, h, &r, a, out);
}

/* ---- lessons ---- */

struct teach {
    const struct guard_input *in;
    const struct guard_history *h;
    struct arena *a;
    struct guard_lessons *out;
};

static void teach(struct teach *t, enum guard_known_kind kind, struct str key, struct str value, int received, int sent)
{
    struct guard_lessons *l = t->out;
    if (key.n == 0 || key.n > GUARD_KEY_MAX || value.n > GUARD_KEY_MAX || l->n == GUARD_LESSONS_MAX)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == kind && str_eq(l->v[i].key, key) && str_eq(l->v[i].value, value))
            return;
    l->v[l->n++] = (struct guard_known){kind, key, value, t->in->now_ms, t->in->now_ms, received, sent};
}

static size_t values_of(const struct teach *t, enum guard_known_kind kind, struct str key)
{
    size_t n = 0;
    for (size_t i = 0; i < t->h->n_rows; i++)
        n += t->h->rows[i].kind == kind && str_eq(t->h->rows[i].key, key);
    return n;
}

/* A row that is only made when it is not there, and not in a crowd. */
static void teach_new(struct teach *t, enum guard_known_kind kind, struct str key, struct str value, size_t crowd)
{
    if (!guard_known_value(t->h, kind, key, value) && values_of(t, kind, key) < crowd)
        teach(t, kind, key, value, 0, 0);
}

static void teach_near(struct teach *t, struct str domain)
{
    struct str keys[GUARD_NEAR_TEACH_MAX];
    if (guard_is_freemail(domain) || guard_is_mailer(domain) || guard_own_domain(t->in->policy, domain))
        return;
    size_t n = guard_near_teach(t->a, domain, keys);
    for (size_t i = 0; i < n; i++)
        teach_new(t, KNOWN_NEAR, keys[i], domain, GUARD_NEAR_CROWD);
}

static void teach_person(struct teach *t, const struct guard_party *p)
{
    struct str domain = guard_registrable(t->in->lists, p->domain);
    struct str name = guard_name_key(t->a, p->name);
    if (name.n > 0)
        teach_new(t, KNOWN_NAME, name, p->addr, NAME_CROWD);
    if (!guard_known_find(t->h, KNOWN_DOMAIN, domain))
        teach_near(t, domain);
}

/* Author first, then who received it, as many as fit. */
static void teach_message(struct teach *t)
{
    const struct guard_input *in = t->in;
    AUTO(buf) struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, in->from_addr);
    for (size_t f = 0; f < 2; f++) {
        const struct guard_party *v = f == 0 ? in->to : in->cc;
        size_t n = f == 0 ? in->n_to : in->n_cc;
        for (size_t i = 0; i < n && b.n + 1 + v[i].addr.n <= GUARD_KEY_MAX; i++)
            if (v[i].addr.n > 0 && str_chr(v[i].addr, ' ', 0) < 0)
                buf_printf(&b, " %.*s", STRF(v[i].addr));
    }
    teach(t, KNOWN_MESSAGE, in->message_id, arena_str(t->a, str_upto(buf_str(&b), GUARD_KEY_MAX)), 0, 0);
}

static void habit(struct teach *t, struct str party, const char *kind, struct str value)
{
    if (value.n > 0 && value.n <= 80)
        teach_new(t, KNOWN_HABIT, party, arena_printf(t->a, "%s:%.*s", kind, STRF(value)), HABITS_MAX);
}

/* The program without its version: "Roundcube Webmail/1.4.8" -> "Roundcube Webmail". */
struct str guard_agent(struct str agent)
{
    size_t n = 0;
    while (n < agent.n && n < 40 && agent.p[n] != '/' && agent.p[n] != '(' && !ascii_is_digit(agent.p[n]))
        n++;
    return str_trim(str_upto(agent, n));
}

struct str guard_hours(struct arena *a, int64_t ms)
{
    int64_t hour = ms / HOUR_MS % 24;
    return arena_printf(a, "%lld", (long long)((hour < 0 ? hour + 24 : hour) / 4));
}

static void teach_habits(struct teach *t, struct str party)
{
    const struct guard_input *in = t->in;
    habit(t, party, "net", in->network);
    habit(t, party, "country", in->country);
    habit(t, party, "agent", guard_agent(in->agent));
    if (in->has_date)
        habit(t, party, "hours", guard_hours(t->a, in->now_ms));
    if (in->auth.dmarc == AUTH_PASS || in->auth.dkim == AUTH_PASS)
        habit(t, party, "proven", STR("yes"));
    for (size_t i = 0; in->insight && i < in->insight->n_attachments; i++) {
        const struct facts_attachment *f = &in->insight->attachments[i];
        if (!str_eq(f->kind, STR("pdf")))
            continue;
        habit(t, party, "pdf", f->tool);
        habit(t, party, "author", f->author);
    }
    if (guard_invoice_like(in, t->a))
        habit(t, party, "invoice", guard_coords_shown(in, t->h) ? STR("iban") : STR("none"));
}

static bool said_here(const struct facts_insight *in, struct str value)
{
    for (size_t i = 0; i < in->n_payments; i++)
        if (!in->payments[i].quoted && str_eq(in->payments[i].value, value))
            return true;
    return false;
}

static void teach_coords(struct teach *t, struct str party)
{
    struct guard_relation r;
    guard_relate(t->in, t->h, t->a, &r);
    for (size_t i = 0; i < r.n_coord && t->out->n_details < GUARD_IBANS_MAX; i++) {
        struct str value = r.coord[i].value;
        if (r.coord[i].quoted || !said_here(t->in->insight, value))
            continue;
        t->out->details[t->out->n_details++] =
            (struct guard_detail){party, value, DETAIL_SEEN, t->in->now_ms, t->in->now_ms, 1};
        if (!guard_known_value(t->h, KNOWN_IBAN, value, party))
            teach(t, KNOWN_IBAN, value, party, 0, 0);
    }
}

static void outgoing(struct teach *t)
{
    const struct guard_input *in = t->in;
    struct str said[SAID_TAUGHT];
    teach(t, KNOWN_DOMAIN, guard_registrable(in->lists, in->from_domain), STR(""), 0, 1);
    for (size_t f = 0; f < 2; f++) {
        const struct guard_party *v = f == 0 ? in->to : in->cc;
        size_t n = f == 0 ? in->n_to : in->n_cc;
        for (size_t i = 0; i < n && i < RECIPIENTS_MAX; i++) {
            if (v[i].addr.n == 0 || guard_own_domain(in->policy, v[i].domain))
                continue;
            teach(t, KNOWN_ADDRESS, v[i].addr, STR(""), 0, 1);
            teach(t, KNOWN_DOMAIN, guard_registrable(in->lists, v[i].domain), STR(""), 0, 1);
            teach_person(t, &v[i]);
        }
    }
    /* What we wrote down ourselves may be quoted back to us. */
    for (size_t i = 0, before = t->out->n;
         in->insight && i < in->insight->n_payments && t->out->n < before + IBANS_ASKED; i++)
        if (in->insight->payments[i].kind == COORD_IBAN)
            teach(t, KNOWN_IBAN, in->insight->payments[i].value, guard_registrable(in->lists, in->from_domain), 0, 0);
    teach_message(t);
    size_t n = lines(in, t->a, false, said, SAID_TAUGHT);
    for (size_t i = 0; i < n; i++)
        teach(t, KNOWN_SAID, said[i], STR(""), 0, 0);
}

/* Whoever passes for another, and was let through with a warning, is counted but makes no name for himself. */
static bool doubtful(const struct guard_verdict *v)
{
    for (size_t i = 0; i < v->n_findings; i++) {
        struct str code = str_c(guard_table[v->findings[i].code].code);
        if (v->findings[i].level >= GUARD_CAUTION && v->findings[i].code != GUARD_PERSON_FIRST_PAYMENT &&
            (str_starts(code, STR("lookalike.")) || str_starts(code, STR("person.")) ||
             str_starts(code, STR("thread."))))
            return true;
    }
    return false;
}

void guard_lessons(const struct guard_input *in, const struct guard_history *h, const struct guard_verdict *v,
                   struct arena *a, struct guard_lessons *out)
{
    struct teach t = {in, h, a, out};
    struct guard_relation r;
    out->n = out->n_details = 0;
    if (in->from_addr.n == 0)
        return;
    if (in->outgoing) {
        outgoing(&t);
        return;
    }
    guard_relate(in, &(struct guard_history){0}, a, &r);
    if (r.unproven || r.own || (v->action != GUARD_ACCEPT && v->action != GUARD_ACT_CAUTION))
        return;
    teach(&t, KNOWN_ADDRESS, in->from_addr, STR(""), 1, 0);
    teach(&t, KNOWN_DOMAIN, r.domain, STR(""), 1, 0);
    if (doubtful(v))
        return;
    const struct guard_party from = {in->from_name, in->from_addr, in->from_domain};
    if (!r.mailer)
        teach_person(&t, &from);
    teach_message(&t);
    teach_habits(&t, r.key);
    teach_coords(&t, r.key);
}

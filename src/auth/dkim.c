#include "auth/job.h"

#include <stdlib.h>

/* Fields that a reader shows or obeys and that RFC 5322 3.6 and RFC 2045 allow once. */
static const struct {
    struct str name;
} once[] = {{{"From", 4}},
            {{"Sender", 6}},
            {{"Reply-To", 8}},
            {{"To", 2}},
            {{"Cc", 2}},
            {{"Subject", 7}},
            {{"Date", 4}},
            {{"Message-ID", 10}},
            {{"In-Reply-To", 11}},
            {{"References", 10}},
            {{"MIME-Version", 12}},
            {{"Content-Type", 12}},
            {{"Content-Transfer-Encoding", 25}}};

uint32_t auth_field_key(struct str name)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)ascii_lower(name.p[i])) * 16777619u;
    return h;
}

void auth_message_read(struct arena *a, struct str message, struct auth_message *out)
{
    struct mime_header h;
    struct mime_field f;
    size_t n = 0;
    mime_header_init(&h, message);
    while (mime_header_next(&h, &f))
        n++;
    out->field = arena_array(a, struct auth_field, n + 1);
    out->n = 0;
    out->body = str_from(message, h.body);
    mime_header_rewind(&h);
    while (out->n < n && mime_header_next(&h, &f))
        out->field[out->n++] = (struct auth_field){.name = f.name,
                                                   .value = f.value,
                                                   .whole = str_n(message.p + f.offset, f.length),
                                                   .key = auth_field_key(f.name)};
}

/* ---- keys ---- */

enum auth_result auth_key_find(struct arena *a, struct auth_dns *d, const struct auth_sig *sig,
                               struct auth_key_record *out, const char **why)
{
    struct str name = arena_printf(a, "%.*s._domainkey.%.*s", STRF(sig->selector), STRF(sig->domain));
    const struct auth_rr *rr = auth_dns_get(d, AUTH_RR_TXT, name);
    if (!rr)
        return AUTHRES_NONE;
    *why = "the key could not be looked up";
    if (auth_rr_failed(rr))
        return AUTHRES_TEMPERROR;
    *why = "there is no key";
    /* Several records: undefined (RFC 6376 3.6.2.2); the first that is a key is taken. */
    for (size_t i = 0; i < rr->n; i++) {
        if (!auth_key_record_parse(a, rr->record[i], out, why))
            continue;
        *why = "the key was revoked";
        return out->revoked ? AUTHRES_PERMERROR : AUTHRES_PASS;
    }
    return AUTHRES_PERMERROR;
}

enum auth_result auth_key_fits(const struct auth_sig *sig, const struct auth_key_record *key, const char **why)
{
    *why = "the key is of another kind than a=";
    if (key->kind != sig->key)
        return AUTHRES_PERMERROR;
    *why = "the key does not allow SHA-256";
    if (!key->rsa_sha256)
        return AUTHRES_PERMERROR;
    *why = "the key is not for mail";
    if (!key->email)
        return AUTHRES_PERMERROR;
    *why = "the key does not allow i= below d=";
    if (key->strict && sig->kind == AUTH_SIG_DKIM && !str_eq(sig->identity_domain, sig->domain))
        return AUTHRES_PERMERROR;
    *why = "the key is shorter than 1024 bits";
    if (key->kind == AUTH_KEY_RSA && key->key.bits < AUTH_RSA_BITS_MIN)
        return AUTHRES_POLICY;
    *why = "the key is longer than 4096 bits";
    if (key->kind == AUTH_KEY_RSA && key->key.bits > AUTH_RSA_BITS_MAX)
        return AUTHRES_POLICY;
    *why = NULL;
    return AUTHRES_PASS;
}

/* ---- header hash ---- */

/* The last field of that name that no earlier entry of h= took (5.4.2). NULL: null input, which signs absence. */
static const struct auth_field *take_field(const struct auth_message *m, struct str name, bool *taken)
{
    uint32_t key = auth_field_key(name);
    for (size_t i = m->n; i-- > 0;) {
        if (m->field[i].key != key || taken[i] || !str_ieq(m->field[i].name, name))
            continue;
        taken[i] = true;
        return &m->field[i];
    }
    return NULL;
}

void auth_sig_header_hash(const struct auth_kit *kit, const struct auth_message *m, const struct auth_sig *sig,
                          const struct auth_field *field, struct arena *scratch, uint8_t out[AUTH_SHA256_BYTES])
{
    bool *taken = arena_array(scratch, bool, m->n + 1);
    struct auth_hash h;
    auth_hash_begin(&h, kit);
    /* It was not in the message when h= was read by the signer, so h= can never mean it. */
    taken[field - m->field] = true;
    for (size_t i = 0; i < sig->n_signed; i++) {
        const struct auth_field *f = take_field(m, sig->signed_field[i], taken);
        if (f)
            auth_canon_field(&h, f->whole, sig->header_relaxed, STR_NULL, true);
    }
    auth_canon_field(&h, field->whole, sig->header_relaxed, sig->b, false);
    auth_hash_end(&h, out);
}

/* ---- the signatures of a message ---- */

size_t auth_bodies_want(struct auth_bodies *b, const struct auth_sig *sig)
{
    uint64_t limit = sig->has_length ? sig->length : AUTH_BODY_NO_LIMIT;
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].relaxed == sig->body_relaxed && b->v[i].limit == limit)
            return i;
    b->v[b->n] = (struct auth_body_hash){.relaxed = sig->body_relaxed, .limit = limit};
    return b->n++;
}

static void result_set(struct auth_work *w, size_t i, enum auth_result result, const char *why)
{
    w->out->dkim[i].result = result;
    w->out->dkim[i].reason = why;
    w->dkim.one[i].done = true;
}

/* A second Subject above the signed one is what people see, and it is not signed (RFC 6376 8.15). */
static bool field_added(const struct auth_message *m, const struct auth_sig *sig)
{
    for (size_t k = 0; k < N_ELEMENTS(once); k++) {
        size_t listed = 0, there = 0;
        uint32_t key = auth_field_key(once[k].name);
        for (size_t i = 0; i < sig->n_signed; i++)
            listed += str_ieq(sig->signed_field[i], once[k].name);
        for (size_t i = 0; listed && i < m->n; i++)
            there += m->field[i].key == key && str_ieq(m->field[i].name, once[k].name);
        if (there > listed)
            return true;
    }
    return false;
}

static bool wrong_time(const struct auth_work *w, const struct auth_sig *sig, const char **why)
{
    if (w->in.flags & AUTH_ANY_CLOCK)
        return false;
    *why = "the signature has expired";
    if (sig->expires_s && sig->expires_s < w->in.now_s - AUTH_CLOCK_SKEW_S)
        return true;
    *why = "the signature is from the future";
    return sig->signed_s > w->in.now_s + AUTH_CLOCK_SKEW_S;
}

static void describe(struct auth_signature *out, struct arena *a, const struct auth_sig *sig)
{
    struct str b = auth_squeeze(a, sig->b);
    *out = (struct auth_signature){.domain = sig->domain,
                                   .selector = sig->selector,
                                   .identity = sig->identity,
                                   .algorithm = sig->algorithm,
                                   .sample = str_upto(b, 8),
                                   .signed_s = sig->signed_s};
}

void auth_dkim_begin(struct auth_work *w, struct auth_bodies *bodies)
{
    const struct auth_message *m = &w->message;
    struct str name = STR("DKIM-Signature");
    uint32_t key = auth_field_key(name);
    for (size_t i = 0; i < m->n; i++) {
        if (m->field[i].key != key || !str_ieq(m->field[i].name, name))
            continue;
        w->out->dkim_seen++;
        if (w->dkim.n == AUTH_SIGNATURES_MAX)
            continue;
        size_t at = w->dkim.n++;
        struct auth_dkim_one *one = &w->dkim.one[at];
        const char *why;
        one->field = &m->field[i];
        enum auth_result r = auth_sig_parse(w->arena, AUTH_SIG_DKIM, m->field[i].value, &one->sig, &why);
        describe(&w->out->dkim[at], w->arena, &one->sig);
        if (r != AUTHRES_NONE)
            result_set(w, at, r, why);
        else if (wrong_time(w, &one->sig, &why))
            result_set(w, at, AUTHRES_POLICY, why);
        else
            one->body = auth_bodies_want(bodies, &one->sig);
    }
    w->out->n_dkim = w->dkim.n;
}

void auth_dkim_bodies(struct auth_work *w, const struct auth_bodies *bodies)
{
    for (size_t i = 0; i < w->dkim.n; i++) {
        struct auth_dkim_one *one = &w->dkim.one[i];
        if (one->done)
            continue;
        uint64_t total = bodies->total[one->sig.body_relaxed];
        if (one->sig.has_length && one->sig.length > total)
            result_set(w, i, AUTHRES_FAIL, "l= is longer than the body");
        else if (memcmp(bodies->v[one->body].digest, one->sig.body_hash.p, AUTH_SHA256_BYTES) != 0)
            result_set(w, i, AUTHRES_FAIL, "the body was changed");
        else if (one->sig.has_length && one->sig.length < total)
            w->out->dkim[i].flags |= AUTH_SIG_PARTIAL;
    }
}

/* The body hash matches already. */
static enum auth_result judge(struct auth_work *w, size_t i, const struct auth_key_record *key, const char **why)
{
    struct auth_dkim_one *one = &w->dkim.one[i];
    struct auth_signature *out = &w->out->dkim[i];
    uint8_t digest[AUTH_SHA256_BYTES];
    out->bits = key->kind == AUTH_KEY_RSA ? key->key.bits : 0;
    out->flags |= key->testing ? (unsigned)AUTH_SIG_TESTING : 0u;
    enum auth_result r = auth_key_fits(&one->sig, key, why);
    if (r != AUTHRES_PASS)
        return r;
    auth_sig_header_hash(w->kit, &w->message, &one->sig, one->field, w->arena, digest);
    if (!auth_key_verify(w->kit, &key->key, digest, one->sig.signature)) {
        /* RFC 6376 3.6.1 t=y: a broken signature is as good as none. */
        *why = key->testing ? "the signature does not match, its key is for tests" : "the signature does not match";
        return key->testing ? AUTHRES_NEUTRAL : AUTHRES_FAIL;
    }
    *why = "l= leaves a part of the body unsigned";
    if (out->flags & AUTH_SIG_PARTIAL)
        return AUTHRES_POLICY;
    *why = "a field was added above the signed one of the same name";
    if (field_added(&w->message, &one->sig))
        return AUTHRES_POLICY;
    *why = NULL;
    return AUTHRES_PASS;
}

/* Of several signatures the best counts; "pass" of any is a pass (RFC 6376 6.1). */
static enum auth_result best(const struct auth_results *out)
{
    static const enum auth_result order[] = {AUTHRES_PASS,    AUTHRES_TEMPERROR, AUTHRES_POLICY,
                                             AUTHRES_NEUTRAL, AUTHRES_FAIL,      AUTHRES_PERMERROR};
    for (size_t k = 0; k < N_ELEMENTS(order); k++)
        for (size_t i = 0; i < out->n_dkim; i++)
            if (out->dkim[i].result == order[k])
                return order[k];
    return AUTHRES_NONE;
}

bool auth_dkim_step(struct auth_work *w)
{
    bool done = true;
    for (size_t i = 0; i < w->dkim.n; i++) {
        struct auth_dkim_one *one = &w->dkim.one[i];
        struct auth_key_record key;
        const char *why = NULL;
        if (one->done)
            continue;
        enum auth_result r = auth_key_find(w->arena, &w->dns, &one->sig, &key, &why);
        if (r == AUTHRES_NONE)
            done = false;
        else
            result_set(w, i, r == AUTHRES_PASS ? judge(w, i, &key, &why) : r, why);
        if (one->done)
            w->out->dkim[i].reason = why;
    }
    if (done)
        w->out->dkim_best = best(w->out);
    return done;
}

#include "auth/job.h"
#include "auth/authres.h"

static const struct {
    struct str name;
} fields[AUTH_ARC_FIELDS] = {
    [AUTH_ARC_RESULTS] = {{"ARC-Authentication-Results", 26}},
    [AUTH_ARC_MESSAGE] = {{"ARC-Message-Signature", 21}},
    [AUTH_ARC_SEAL] = {{"ARC-Seal", 8}},
};

/* RFC 8617 4.1.1: arc-info = instance [CFWS] ";" authres-payload */
bool auth_arc_instance(struct str value, unsigned *instance, struct str *rest)
{
    struct str first, name, number;
    uint64_t i;
    if (!str_cut(value, ';', &first, rest) || !str_cut(first, '=', &name, &number) || !str_eq(str_trim(name), STR("i")))
        return false;
    number = str_trim(number);
    if (number.n > 2 || !str_u64(number, &i) || i == 0 || i > AUTH_ARC_SETS_MAX)
        return false;
    *instance = (unsigned)i;
    return true;
}

/* Which of the three names a field has; AUTH_ARC_FIELDS for others. */
static enum auth_arc_field kind_of(const struct auth_field *f)
{
    enum auth_arc_field k = AUTH_ARC_RESULTS;
    if (f->name.n < 8 || !str_istarts(f->name, STR("ARC-")))
        return AUTH_ARC_FIELDS;
    while (k < AUTH_ARC_FIELDS && !str_ieq(f->name, fields[k].name))
        k++;
    return k;
}

static int refuse(const char **why, const char *text)
{
    *why = text;
    return 1;
}

static int place(struct arena *a, const struct auth_field *f, enum auth_arc_field kind, struct auth_arc_work *out,
                 const char **why)
{
    struct auth_sig sig = {0};
    struct str rest;
    unsigned i = 0;
    const char *inner;
    if (kind == AUTH_ARC_RESULTS) {
        if (!auth_arc_instance(f->value, &i, &rest))
            return refuse(why, "ARC-Authentication-Results has no instance from 1 to 50");
    } else {
        enum auth_result r =
            auth_sig_parse(a, kind == AUTH_ARC_SEAL ? AUTH_SIG_SEAL : AUTH_SIG_MESSAGE, f->value, &sig, &inner);
        if (r != AUTHRES_NONE || sig.instance == 0)
            return refuse(why, inner ? inner : "a signature has no instance");
        i = sig.instance;
    }
    struct auth_arc_set *set = &out->set[i - 1];
    if (set->field[kind])
        return refuse(why, "a field of a set is there twice");
    set->field[kind] = f;
    if (kind == AUTH_ARC_SEAL)
        set->seal = sig;
    else if (kind == AUTH_ARC_MESSAGE)
        set->message = sig;
    out->n = i > out->n ? i : out->n;
    return 0;
}

/* 4.1.2: seals are made after the message signature, and sign it, not the other way round. */
static bool signs_a_seal(const struct auth_sig *sig)
{
    for (size_t i = 0; i < sig->n_signed; i++)
        if (str_ieq(sig->signed_field[i], fields[AUTH_ARC_SEAL].name))
            return true;
    return false;
}

/* 5.2 step 3. */
static int chain_check(const struct auth_arc_work *w, const char **why)
{
    for (unsigned i = 0; i < w->n; i++) {
        const struct auth_arc_set *s = &w->set[i];
        for (enum auth_arc_field k = AUTH_ARC_RESULTS; k < AUTH_ARC_FIELDS; k++)
            if (!s->field[k])
                return refuse(why, "a set is not complete, or the chain has a gap");
        if (!str_ieq(s->seal.seal, i == 0 ? STR("none") : STR("pass")))
            return refuse(why, str_ieq(s->seal.seal, STR("fail")) ? "the chain was sealed as failed"
                                                                  : "cv= is wrong for its place in the chain");
        if (signs_a_seal(&s->message))
            return refuse(why, "a message signature signs a seal");
    }
    return 0;
}

int auth_arc_read(struct arena *a, const struct auth_message *m, struct auth_arc_work *out, const char **why)
{
    *out = (struct auth_arc_work){0};
    *why = NULL;
    for (size_t i = 0; i < m->n; i++) {
        enum auth_arc_field kind = kind_of(&m->field[i]);
        if (kind == AUTH_ARC_FIELDS)
            continue;
        if (!out->set)
            out->set = arena_array(a, struct auth_arc_set, AUTH_ARC_SETS_MAX);
        if (place(a, &m->field[i], kind, out, why) != 0) {
            out->n = out->n ? out->n : 1;
            return 1;
        }
    }
    return out->n ? chain_check(out, why) : 0;
}

/* ---- in a job ---- */

static void settle(struct auth_work *w, enum auth_result r, const char *why)
{
    w->out->arc.result = r;
    w->out->arc.reason = why;
    w->arc.done = true;
}

static void hops(struct auth_work *w)
{
    struct auth_arc *out = &w->out->arc;
    out->n = w->arc.n;
    out->hop = arena_array(w->arena, struct auth_arc_hop, out->n + 1);
    for (unsigned i = 0; i < out->n; i++) {
        const struct auth_arc_set *s = &w->arc.set[i];
        unsigned instance;
        out->hop[i].domain = s->seal.domain;
        if (s->field[AUTH_ARC_RESULTS])
            (void)!auth_arc_instance(s->field[AUTH_ARC_RESULTS]->value, &instance, &out->hop[i].results);
    }
}

void auth_arc_begin(struct auth_work *w, struct auth_bodies *bodies)
{
    const char *why;
    int r = auth_arc_read(w->arena, &w->message, &w->arc, &why);
    if (w->arc.n == 0) {
        settle(w, AUTHRES_NONE, NULL);
        return;
    }
    hops(w);
    if (r != 0)
        settle(w, AUTHRES_FAIL, why);
    else
        w->arc.body = auth_bodies_want(bodies, &w->arc.set[w->arc.n - 1].message);
}

void auth_arc_bodies(struct auth_work *w, const struct auth_bodies *bodies)
{
    if (w->arc.done)
        return;
    const struct auth_sig *sig = &w->arc.set[w->arc.n - 1].message;
    uint64_t total = bodies->total[sig->body_relaxed];
    if (sig->has_length && sig->length != total)
        settle(w, AUTHRES_FAIL, "l= of the last message signature is not the whole body");
    else if (memcmp(bodies->v[w->arc.body].digest, sig->body_hash.p, AUTH_SHA256_BYTES) != 0)
        settle(w, AUTHRES_FAIL, "the body was changed after the last seal");
}

/* 5.1.1: the sets in order, each results, message signature, seal; the last seal without b= and line end. One running
 * hash serves all seals, so the chain costs what it is long, not the square. */
static bool seals_match(struct auth_work *w, const struct auth_key_record *key)
{
    struct auth_hash running;
    bool ok = true;
    auth_hash_begin(&running, w->kit);
    for (unsigned i = 0; i < w->arc.n && ok; i++) {
        const struct auth_arc_set *s = &w->arc.set[i];
        struct auth_hash one;
        uint8_t digest[AUTH_SHA256_BYTES];
        auth_canon_field(&running, s->field[AUTH_ARC_RESULTS]->whole, true, STR_NULL, true);
        auth_canon_field(&running, s->field[AUTH_ARC_MESSAGE]->whole, true, STR_NULL, true);
        auth_hash_copy(&one, &running);
        auth_canon_field(&one, s->field[AUTH_ARC_SEAL]->whole, true, s->seal.b, false);
        auth_hash_end(&one, digest);
        ok = auth_key_verify(w->kit, &key[i].key, digest, s->seal.signature);
        auth_canon_field(&running, s->field[AUTH_ARC_SEAL]->whole, true, STR_NULL, true);
    }
    auth_hash_drop(&running);
    return ok;
}

static bool message_matches(struct auth_work *w, const struct auth_key_record *key)
{
    const struct auth_arc_set *s = &w->arc.set[w->arc.n - 1];
    uint8_t digest[AUTH_SHA256_BYTES];
    auth_sig_header_hash(w->kit, &w->message, &s->message, s->field[AUTH_ARC_MESSAGE], w->arena, digest);
    return auth_key_verify(w->kit, &key->key, digest, s->message.signature);
}

static bool is_trusted(const struct auth_work *w, struct str domain)
{
    for (size_t i = 0; i < w->in.n_sealers; i++)
        if (str_ieq(w->in.sealers[i], domain))
            return true;
    return false;
}

/* Walks down from us while the sealers are trusted; the first of them saw the message come from the outside. */
static void original_results(struct auth_work *w)
{
    struct auth_arc *out = &w->out->arc;
    struct auth_results_read read;
    unsigned i = out->n;
    while (i > 0 && is_trusted(w, out->hop[i - 1].domain))
        i--;
    if (i == out->n)
        return;
    out->trusted = i + 1;
    if (!auth_results_read(w->arena, out->hop[i].results, &read))
        return;
    for (size_t k = 0; k < read.n; k++) {
        enum auth_result *at = str_ieq(read.v[k].method, STR("spf"))     ? &out->spf
                               : str_ieq(read.v[k].method, STR("dkim"))  ? &out->dkim
                               : str_ieq(read.v[k].method, STR("dmarc")) ? &out->dmarc
                                                                         : NULL;
        if (at && *at != AUTHRES_PASS)
            *at = read.v[k].result;
    }
}

/* All keys are looked for before any signature is checked: one round. true: none is missing any more. */
static bool keys_find(struct auth_work *w, struct auth_key_record *key, bool *good)
{
    bool have_all = true;
    *good = true;
    for (unsigned i = 0; i <= w->arc.n; i++) {
        const struct auth_sig *sig = i < w->arc.n ? &w->arc.set[i].seal : &w->arc.set[w->arc.n - 1].message;
        const char *why = NULL;
        enum auth_result r = auth_key_find(w->arena, &w->dns, sig, &key[i], &why);
        if (r == AUTHRES_NONE) {
            have_all = false;
            continue;
        }
        if (r == AUTHRES_PASS)
            r = auth_key_fits(sig, &key[i], &why);
        if (r != AUTHRES_PASS) {
            settle(w, r == AUTHRES_TEMPERROR ? AUTHRES_TEMPERROR : AUTHRES_FAIL, why);
            *good = false;
            return true;
        }
    }
    return have_all;
}

bool auth_arc_step(struct auth_work *w)
{
    bool good;
    if (w->arc.done)
        return true;
    struct auth_key_record *key = arena_array(w->arena, struct auth_key_record, w->arc.n + 1);
    if (!keys_find(w, key, &good))
        return false;
    if (!good)
        return true;
    if (!message_matches(w, &key[w->arc.n])) {
        settle(w, AUTHRES_FAIL, "the last message signature does not match");
    } else if (!seals_match(w, key)) {
        settle(w, AUTHRES_FAIL, "a seal does not match");
    } else {
        settle(w, AUTHRES_PASS, NULL);
        w->out->arc.oldest_pass = w->arc.n;
        original_results(w);
    }
    return true;
}

/* Signature fields and key records: reading only. */
#include "auth/dkim.h"
#include "core/hash.h"

static bool tag_number(struct str text, int64_t *out)
{
    /* RFC 6376 3.5: up to 76 digits; what does not fit is far in the future. */
    for (size_t i = 0; i < text.n; i++)
        if (!ascii_is_digit(text.p[i]))
            return false;
    if (text.n == 0 || text.n > 76)
        return false;
    if (!str_i64(text, out))
        *out = INT64_MAX;
    return true;
}

static bool domain_read(struct arena *a, struct str text, struct str *out)
{
    struct mime_domain d;
    mime_domain_read(a, NULL, text, &d);
    *out = d.ascii;
    return text.n > 0 && !(d.flags & (MIME_DOMAIN_BAD | MIME_DOMAIN_LITERAL));
}

static bool same_or_below(struct str name, struct str domain)
{
    return str_eq(name, domain) ||
           (name.n > domain.n && str_ends(name, domain) && name.p[name.n - domain.n - 1] == '.');
}

static bool algorithm_read(struct str text, struct auth_sig *out)
{
    static const struct {
        const char *name;
        enum auth_key_kind key;
        bool sha1;
    } known[] = {{"rsa-sha256", AUTH_KEY_RSA, false},
                 {"ed25519-sha256", AUTH_KEY_ED25519, false},
                 {"rsa-sha1", AUTH_KEY_RSA, true}};
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        if (str_ieq(text, str_c(known[i].name))) {
            out->algorithm = known[i].name;
            out->key = known[i].key;
            out->sha1 = known[i].sha1;
            return true;
        }
    return false;
}

/* c= header/body; the body alone defaults to simple (RFC 6376 3.5). */
static bool canonicalisation_read(struct str text, struct auth_sig *out)
{
    struct str head, body;
    if (text.p == NULL) {
        /* RFC 8617 4.1.2 takes c= from DKIM, with its default. */
        return true;
    }
    if (!str_cut(text, '/', &head, &body))
        body = STR("simple");
    out->header_relaxed = str_ieq(head, STR("relaxed"));
    out->body_relaxed = str_ieq(body, STR("relaxed"));
    return (out->header_relaxed || str_ieq(head, STR("simple"))) && (out->body_relaxed || str_ieq(body, STR("simple")));
}

static bool signed_fields_read(struct arena *a, struct str list, struct auth_sig *out)
{
    struct str one, rest = list;
    out->signed_field = arena_array(a, struct str, AUTH_SIGNED_FIELDS_MAX);
    while (str_token(&rest, ':', &one)) {
        one = str_trim(one);
        if (one.n == 0)
            continue;
        if (out->n_signed == AUTH_SIGNED_FIELDS_MAX)
            return false;
        out->signed_field[out->n_signed++] = one;
    }
    return out->n_signed > 0;
}

static bool signs(const struct auth_sig *sig, struct str name)
{
    for (size_t i = 0; i < sig->n_signed; i++)
        if (str_ieq(sig->signed_field[i], name))
            return true;
    return false;
}

static bool decoded(struct arena *a, struct str text, size_t max, struct str *out)
{
    struct str squeezed = auth_squeeze(a, text);
    return squeezed.n > 0 && squeezed.n <= max * 4 / 3 + 4 && base64_get(a, squeezed, out) && out->n <= max;
}

/* i= is an address whose domain is d= or below it; the local part may be dkim-quoted-printable and is not judged. */
static bool identity_read(struct arena *a, struct str text, struct auth_sig *out)
{
    if (text.p == NULL) {
        out->identity = arena_printf(a, "@%.*s", STRF(out->domain));
        out->identity_domain = out->domain;
        return true;
    }
    ptrdiff_t at = str_rchr(text, '@');
    out->identity = text;
    return at >= 0 && domain_read(a, str_from(text, (size_t)at + 1), &out->identity_domain) &&
           same_or_below(out->identity_domain, out->domain);
}

static bool times_read(const struct auth_tags *tags, struct auth_sig *out)
{
    struct str t = auth_tag_value(tags, STR("t")), x = auth_tag_value(tags, STR("x"));
    if ((t.p && !tag_number(t, &out->signed_s)) || (x.p && !tag_number(x, &out->expires_s)))
        return false;
    return !t.p || !x.p || out->expires_s > out->signed_s;
}

/* What only DKIM-Signature and ARC-Message-Signature have. */
static enum auth_result message_part(struct arena *a, const struct auth_tags *tags, struct auth_sig *out,
                                     const char **why)
{
    struct str h = auth_tag_value(tags, STR("h")), bh = auth_tag_value(tags, STR("bh")),
               l = auth_tag_value(tags, STR("l")), q = auth_tag_value(tags, STR("q"));
    int64_t length = 0;
    if (!h.p || !bh.p) {
        *why = "h= or bh= is missing";
        return AUTHRES_PERMERROR;
    }
    *why = "c= is unknown";
    if (!canonicalisation_read(auth_tag_value(tags, STR("c")), out))
        return AUTHRES_NEUTRAL;
    *why = "h= is empty or too long";
    if (!signed_fields_read(a, h, out))
        return AUTHRES_NEUTRAL;
    *why = "bh= is no SHA-256";
    if (!decoded(a, bh, AUTH_SHA256_BYTES, &out->body_hash))
        return AUTHRES_NEUTRAL;
    *why = "l= is no number";
    out->has_length = l.p != NULL;
    if (l.p && !tag_number(l, &length))
        return AUTHRES_NEUTRAL;
    out->length = (uint64_t)length;
    *why = "q= offers no way that is known";
    if (q.p && !auth_list_has(q, ':', STR("dns/txt")) && !auth_list_has(q, ':', STR("dns")))
        return AUTHRES_PERMERROR;
    *why = "From is not signed";
    if (!signs(out, STR("From")))
        return AUTHRES_PERMERROR;
    return AUTHRES_NONE;
}

static bool instance_read(const struct auth_tags *tags, struct auth_sig *out)
{
    uint64_t i;
    struct str text = auth_tag_value(tags, STR("i"));
    if (!text.p || text.n > 2 || !str_u64(text, &i) || i == 0 || i > AUTH_ARC_SETS_MAX)
        return false;
    out->instance = (unsigned)i;
    return true;
}

static enum auth_result names_read(struct arena *a, const struct auth_tags *tags, struct auth_sig *out,
                                   const char **why)
{
    struct str d = auth_tag_value(tags, STR("d")), s = auth_tag_value(tags, STR("s"));
    *why = "d= or s= is missing or no name";
    if (!d.p || !s.p)
        return AUTHRES_PERMERROR;
    if (!domain_read(a, d, &out->domain) || !domain_read(a, s, &out->selector))
        return AUTHRES_NEUTRAL;
    return AUTHRES_NONE;
}

enum auth_result auth_sig_parse(struct arena *a, enum auth_signature_kind kind, struct str value, struct auth_sig *out,
                                const char **why)
{
    struct auth_tags tags;
    *out = (struct auth_sig){.kind = kind, .algorithm = ""};
    *why = "not a tag list";
    if (!auth_tags_parse(value, &tags))
        return AUTHRES_NEUTRAL;
    enum auth_result r = names_read(a, &tags, out, why);
    const struct auth_tag *b = auth_tag_find(&tags, STR("b"));
    struct str algorithm = auth_tag_value(&tags, STR("a"));
    bool known = algorithm_read(algorithm, out);
    if (r != AUTHRES_NONE)
        return r;
    *why = "v= is not 1";
    if (kind == AUTH_SIG_DKIM && !str_eq(auth_tag_value(&tags, STR("v")), STR("1")))
        return AUTHRES_PERMERROR;
    *why = "a= or b= is missing";
    if (!b || !algorithm.p)
        return AUTHRES_PERMERROR;
    out->b = b->span;
    *why = "b= is no signature";
    if (!decoded(a, b->value, AUTH_SIGNATURE_BYTES_MAX, &out->signature))
        return AUTHRES_NEUTRAL;
    *why = "i= is not within d=";
    if (kind == AUTH_SIG_DKIM ? !identity_read(a, auth_tag_value(&tags, STR("i")), out) : !instance_read(&tags, out))
        return AUTHRES_NEUTRAL;
    *why = "t= or x= is no time, or x= is not after t=";
    if (!times_read(&tags, out))
        return AUTHRES_NEUTRAL;
    if (kind != AUTH_SIG_SEAL && (r = message_part(a, &tags, out, why)) != AUTHRES_NONE)
        return r;
    out->seal = auth_tag_value(&tags, STR("cv"));
    *why = "cv= is missing, or h= is there";
    if (kind == AUTH_SIG_SEAL && (!out->seal.p || auth_tag_find(&tags, STR("h"))))
        return AUTHRES_PERMERROR;
    *why = "the algorithm is unknown";
    if (!known)
        return AUTHRES_PERMERROR;
    /* RFC 8301 3.1 */
    *why = "SHA-1 is no longer accepted";
    if (out->sha1)
        return AUTHRES_POLICY;
    *why = "bh= is no SHA-256";
    if (kind != AUTH_SIG_SEAL && out->body_hash.n != AUTH_SHA256_BYTES)
        return AUTHRES_NEUTRAL;
    *why = NULL;
    return AUTHRES_NONE;
}

bool auth_key_record_parse(struct arena *a, struct str text, struct auth_key_record *out, const char **why)
{
    struct auth_tags tags;
    *out = (struct auth_key_record){.kind = AUTH_KEY_RSA, .rsa_sha256 = true, .email = true};
    *why = "the key record is unreadable";
    if (text.n > AUTH_KEY_TEXT_MAX || !auth_tags_parse(text, &tags))
        return false;
    struct str v = auth_tag_value(&tags, STR("v")), k = auth_tag_value(&tags, STR("k")),
               h = auth_tag_value(&tags, STR("h")), s = auth_tag_value(&tags, STR("s")),
               t = auth_tag_value(&tags, STR("t")), p = auth_tag_value(&tags, STR("p")), der;
    /* RFC 6376 3.6.1: v= is optional, and first where it is. */
    if ((v.p && (!str_eq(v, STR("DKIM1")) || !str_eq(tags.v[0].name, STR("v")))) || !p.p)
        return false;
    *why = "the key is of an unknown kind";
    if (k.p && str_ieq(k, STR("ed25519")))
        out->kind = AUTH_KEY_ED25519;
    else if (k.p && !str_ieq(k, STR("rsa")))
        return false;
    out->rsa_sha256 = !h.p || auth_list_has(h, ':', STR("sha256"));
    out->email = !s.p || auth_list_has(s, ':', STR("email")) || auth_list_has(s, ':', STR("*"));
    out->testing = t.p && auth_list_has(t, ':', STR("y"));
    out->strict = t.p && auth_list_has(t, ':', STR("s"));
    out->revoked = p.n == 0;
    *why = "the key is no key";
    return out->revoked || (decoded(a, p, AUTH_KEY_TEXT_MAX, &der) && auth_key_parse(out->kind, der, &out->key));
}

/* Reading a record: RFC 7208 section 12. */
#include "auth/spf.h"

#include <arpa/inet.h>

bool auth_ip_parse(struct str text, struct auth_ip *out)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    char z[INET6_ADDRSTRLEN + 1];
    *out = (struct auth_ip){0};
    if (text.n == 0 || text.n >= sizeof z || str_chr(text, '\0', 0) >= 0)
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET, z, out->b) == 1)
        return true;
    if (inet_pton(AF_INET6, z, out->b) != 1)
        return false;
    out->v6 = memcmp(out->b, mapped, sizeof mapped) != 0;
    if (!out->v6) {
        memmove(out->b, out->b + 12, 4);
        memset(out->b + 4, 0, 12);
    }
    return true;
}

bool auth_spf_is(struct str text) { return str_istarts(text, STR("v=spf1")) && (text.n == 6 || text.p[6] == ' '); }

/* "/" digits at the end of s: cut off. 1 there was one, 0 none, -1 not a number of that range. */
static int prefix_cut(struct str *s, unsigned most, unsigned *out)
{
    size_t at = s->n;
    uint64_t n;
    while (at > 0 && ascii_is_digit(s->p[at - 1]))
        at--;
    if (at == s->n || at == 0 || s->p[at - 1] != '/')
        return 0;
    struct str digits = str_from(*s, at);
    if (!str_u64(digits, &n) || n > most || (digits.n > 1 && digits.p[0] == '0'))
        return -1;
    *out = (unsigned)n;
    s->n = at - 1;
    return 1;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static bool dual_prefix(struct str *s, struct auth_spf_term *t)
{
    unsigned n = 128;
    struct str before = *s;
    int found = prefix_cut(s, 128, &n);
    if (found <= 0)
        return found == 0;
    if (s->n > 0 && s->p[s->n - 1] == '/') {
        t->cidr6 = n;
        s->n--;
        before = *s;
    }
    *s = before;
    return prefix_cut(s, 32, &t->cidr4) >= 0;
}

static bool network_read(struct str s, struct auth_spf_term *t)
{
    bool v6 = t->kind == AUTH_SPF_IP6;
    char z[INET6_ADDRSTRLEN + 1];
    if (prefix_cut(&s, v6 ? 128 : 32, v6 ? &t->cidr6 : &t->cidr4) < 0 || s.n == 0 || s.n >= sizeof z)
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    t->ip.v6 = v6;
    return inet_pton(v6 ? AF_INET6 : AF_INET, z, t->ip.b) == 1;
}

enum shape { SHAPE_ALONE, SHAPE_DOMAIN, SHAPE_MAYBE_DOMAIN, SHAPE_DUAL, SHAPE_NETWORK };
static const struct {
    struct str name;
    enum shape shape;
} mechanisms[] = {
    [AUTH_SPF_ALL] = {{"all", 3}, SHAPE_ALONE},
    [AUTH_SPF_INCLUDE] = {{"include", 7}, SHAPE_DOMAIN},
    [AUTH_SPF_A] = {{"a", 1}, SHAPE_DUAL},
    [AUTH_SPF_MX] = {{"mx", 2}, SHAPE_DUAL},
    [AUTH_SPF_PTR] = {{"ptr", 3}, SHAPE_MAYBE_DOMAIN},
    [AUTH_SPF_IP4] = {{"ip4", 3}, SHAPE_NETWORK},
    [AUTH_SPF_IP6] = {{"ip6", 3}, SHAPE_NETWORK},
    [AUTH_SPF_EXISTS] = {{"exists", 6}, SHAPE_DOMAIN},
};

/* rest: what follows the name, with its ":" or "/". */
static bool argument_read(enum shape shape, struct str rest, struct auth_spf_term *t)
{
    bool colon = rest.n > 0 && rest.p[0] == ':';
    struct str spec = colon ? str_from(rest, 1) : rest;
    switch (shape) {
    case SHAPE_ALONE: return rest.n == 0;
    case SHAPE_NETWORK: return colon && network_read(spec, t);
    case SHAPE_DOMAIN:
        if (!colon)
            return false;
        break;
    case SHAPE_MAYBE_DOMAIN:
        if (rest.n == 0)
            return true;
        if (!colon)
            return false;
        break;
    case SHAPE_DUAL:
        if (!dual_prefix(&spec, t))
            return false;
        if (!colon)
            return spec.n == 0;
        break;
    }
    t->spec = spec;
    return auth_spf_domain_valid(spec);
}

static bool directive_read(struct str word, struct auth_spf_term *t)
{
    static const struct {
        char c;
        enum auth_result result;
    } qualifiers[] = {{'+', AUTHRES_PASS}, {'-', AUTHRES_FAIL}, {'~', AUTHRES_SOFTFAIL}, {'?', AUTHRES_NEUTRAL}};
    *t = (struct auth_spf_term){.qualifier = AUTHRES_PASS, .cidr4 = 32, .cidr6 = 128, .text = word};
    for (size_t i = 0; i < N_ELEMENTS(qualifiers); i++)
        if (word.p[0] == qualifiers[i].c) {
            t->qualifier = qualifiers[i].result;
            word = str_from(word, 1);
            break;
        }
    size_t n = 0;
    while (n < word.n && word.p[n] != ':' && word.p[n] != '/')
        n++;
    for (size_t k = 0; k < N_ELEMENTS(mechanisms); k++) {
        if (!str_ieq(str_upto(word, n), mechanisms[k].name))
            continue;
        t->kind = (enum auth_spf_mechanism)k;
        return argument_read(mechanisms[k].shape, str_from(word, n), t);
    }
    return false;
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), then "=" */
static bool is_modifier(struct str word, struct str *name, struct str *value)
{
    if (!str_cut(word, '=', name, value) || name->n == 0 || !ascii_is_alpha(name->p[0]))
        return false;
    for (size_t i = 1; i < name->n; i++)
        if (!(ascii_is_alpha(name->p[i]) || ascii_is_digit(name->p[i]) || strchr("-_.", name->p[i])))
            return false;
    return true;
}

static bool modifier_read(struct str name, struct str value, struct auth_spf_record *out)
{
    struct str *known = str_ieq(name, STR("redirect")) ? &out->redirect
                        : str_ieq(name, STR("exp"))    ? &out->explain
                                                       : NULL;
    if (!known)
        return auth_spf_macro_valid(value, false);
    if (known->p || !auth_spf_domain_valid(value))
        return false;
    *known = value;
    return true;
}

bool auth_spf_record_parse(struct arena *a, struct str text, struct auth_spf_record *out, const char **why)
{
    struct str rest = str_from(text, 6), word, name, value;
    *out = (struct auth_spf_record){0};
    *why = "the record is too long";
    if (text.n > AUTH_SPF_RECORD_MAX)
        return false;
    size_t words = 1;
    for (size_t i = 0; i < text.n; i++)
        words += text.p[i] == ' ';
    out->term = arena_array(a, struct auth_spf_term, words);
    while (str_token(&rest, ' ', &word)) {
        if (word.n == 0)
            continue;
        *why = "the record has more terms than are read";
        if (out->n == AUTH_SPF_TERMS_MAX)
            return false;
        *why = "the record has a syntax error";
        if (is_modifier(word, &name, &value)) {
            if (!modifier_read(name, value, out))
                return false;
        } else if (!directive_read(word, &out->term[out->n++])) {
            return false;
        }
    }
    *why = NULL;
    return true;
}

#include "auth/authres.h"

#define LINE_BYTES_WANTED 78u

/* ---- writing ---- */

static bool token_char(char c)
{
    /* RFC 2045 token, and "@" so that an address stays readable (pvalue allows it). */
    return c > ' ' && c < 0x7F && !strchr("()<>,;:\\\"/[]?=", c);
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!token_char(s.p[i]))
            return false;
    return s.n > 0;
}

static void put_value(struct buf *b, struct str s)
{
    if (is_token(s)) {
        buf_adds(b, s);
        return;
    }
    size_t valid = str_utf8_valid(s);
    buf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        /* The last three are legal here, but many readers split at every ";". */
        if ((unsigned char)c < ' ' || c == 0x7F || ((unsigned char)c >= 0x80 && i >= valid) || c == ';' || c == '(' ||
            c == ')') {
            buf_addc(b, '?');
            continue;
        }
        if (c == '"' || c == '\\')
            buf_addc(b, '\\');
        buf_addc(b, c);
    }
    buf_addc(b, '"');
}

/* RFC 5322 2.2.3; one property must not be longer than a line may be (names are at most 255 bytes). */
#define VALUE_BYTES_MAX 400u

struct line {
    struct buf *b;
    size_t from; /* where the line begins in b */
};

static void put_word(struct line *l, const char *key, struct str value)
{
    size_t room = strlen(key) + value.n + 2;
    if (l->b->n - l->from + room > LINE_BYTES_WANTED) {
        buf_addz(l->b, "\r\n\t");
        l->from = l->b->n;
    } else {
        buf_addc(l->b, ' ');
    }
    buf_addz(l->b, key);
    if (value.p)
        put_value(l->b, str_utf8_cut(value, VALUE_BYTES_MAX));
}

static void put_method(struct line *l, const char *method, enum auth_result r, const char *reason)
{
    buf_addz(l->b, ";\r\n\t");
    l->from = l->b->n;
    buf_printf(l->b, "%s=%s", method, auth_result_name(r));
    if (reason)
        put_word(l, "reason=", str_c(reason));
}

static struct str domain_of(struct str address) { return str_from(address, (size_t)(str_rchr(address, '@') + 1)); }

static void put_spf(struct line *l, const struct auth_input *in, const struct auth_results *r)
{
    put_method(l, "spf", r->spf.result, r->spf.reason);
    if (r->spf.helo && in->helo.n)
        put_word(l, "smtp.helo=", in->helo);
    else if (in->mail_from.n)
        put_word(l, "smtp.mailfrom=", is_token(in->mail_from) ? in->mail_from : domain_of(in->mail_from));
}

static void put_dkim(struct line *l, const struct auth_signature *s)
{
    put_method(l, "dkim", s->result, s->reason);
    if (s->domain.n)
        put_word(l, "header.d=", s->domain);
    if (s->selector.n)
        put_word(l, "header.s=", s->selector);
    if (s->algorithm[0])
        put_word(l, "header.a=", str_c(s->algorithm));
    if (s->sample.n)
        put_word(l, "header.b=", s->sample);
}

static void put_dmarc(struct line *l, const struct auth_results *r)
{
    const struct auth_dmarc *d = &r->dmarc;
    put_method(l, "dmarc", d->result, d->reason);
    if (d->from_domain.n)
        put_word(l, "header.from=", d->from_domain);
    if (d->record_domain.n && d->result != AUTHRES_PERMERROR && d->result != AUTHRES_NONE)
        put_word(l, "policy.dmarc=", str_c(auth_policy_name(d->policy)));
}

static void put_arc(struct line *l, const struct auth_results *r)
{
    const struct auth_arc *a = &r->arc;
    /* RFC 8617 10.1 registers none, pass and fail only. */
    enum auth_result shown = a->result == AUTHRES_TEMPERROR ? AUTHRES_FAIL : a->result;
    if (a->result == AUTHRES_NONE)
        return;
    put_method(l, "arc", shown, a->reason);
    if (a->n && a->hop[a->n - 1].domain.n)
        put_word(l, "header.d=", a->hop[a->n - 1].domain);
    if (a->oldest_pass) {
        /* RFC 8617 5.2: zero says that all of them hold. */
        unsigned lowest = a->n > 1 ? a->oldest_pass : 0;
        char text[2] = {(char)('0' + lowest / 10), (char)('0' + lowest % 10)};
        put_word(l, "header.oldest-pass=", str_from(str_n(text, 2), lowest < 10 ? 1 : 0));
    }
}

void auth_results_put(struct buf *b, struct str authserv_id, const struct auth_input *in, const struct auth_results *r)
{
    struct line l = {b, b->n};
    buf_addz(b, "Authentication-Results: ");
    put_value(b, authserv_id);
    put_spf(&l, in, r);
    for (size_t i = 0; i < r->n_dkim; i++)
        put_dkim(&l, &r->dkim[i]);
    if (r->n_dkim == 0)
        put_method(&l, "dkim", AUTHRES_NONE, NULL);
    put_dmarc(&l, r);
    put_arc(&l, r);
    buf_addz(b, "\r\n");
}

/* ---- reading ---- */

struct reader {
    struct str s;
    size_t at;
    struct arena *a;
};

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* [CFWS]; comments nest. */
static void skip(struct reader *r)
{
    size_t depth = 0;
    for (; r->at < r->s.n; r->at++) {
        char c = r->s.p[r->at];
        if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (c == '\\' && depth > 0)
            r->at++;
        else if (depth == 0 && !is_space(c))
            return;
    }
    r->at = r->s.n;
}

static bool take(struct reader *r, char c)
{
    skip(r);
    if (r->at == r->s.n || r->s.p[r->at] != c)
        return false;
    r->at++;
    return true;
}

static struct str quoted(struct reader *r)
{
    char *p = arena_alloc(r->a, r->s.n - r->at + 1);
    size_t n = 0;
    for (; r->at < r->s.n && r->s.p[r->at] != '"'; r->at++) {
        if (r->s.p[r->at] == '\\' && r->at + 1 < r->s.n)
            r->at++;
        if (!strchr("\r\n", r->s.p[r->at]) || r->s.p[r->at] == '\0')
            p[n++] = r->s.p[r->at];
    }
    if (r->at < r->s.n)
        r->at++;
    return str_n(p, n);
}

/* A token or quoted string; ends at what `stop` names. */
static struct str word(struct reader *r, const char *stop)
{
    skip(r);
    if (r->at < r->s.n && r->s.p[r->at] == '"') {
        r->at++;
        return quoted(r);
    }
    size_t from = r->at;
    while (r->at < r->s.n && !is_space(r->s.p[r->at]) && r->s.p[r->at] != '(' && r->s.p[r->at] != '"' &&
           (r->s.p[r->at] == '\0' || !strchr(stop, r->s.p[r->at])))
        r->at++;
    return str_n(r->s.p + from, r->at - from);
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    return str_n(p, s.n);
}

static bool result_of(struct str s, enum auth_result *out)
{
    for (int r = AUTHRES_NONE; r < AUTHRES_COUNT; r++)
        if (str_ieq(s, str_c(auth_result_name((enum auth_result)r)))) {
            *out = (enum auth_result)r;
            return true;
        }
    /* Names of older RFCs that are still written. */
    *out = AUTHRES_FAIL;
    return str_ieq(s, STR("hardfail"));
}

static void property(struct auth_result_read *out, struct str name, struct str value)
{
    ptrdiff_t at = str_rchr(value, '@');
    if (str_ieq(name, STR("reason")))
        out->reason = value;
    else if (str_ieq(name, STR("header.d")) || str_ieq(name, STR("header.from")))
        out->domain = value;
    else if (str_ieq(name, STR("smtp.mailfrom")) || str_ieq(name, STR("smtp.mfrom")) || str_ieq(name, STR("smtp.helo")))
        out->domain = str_from(value, (size_t)(at + 1));
    else if (str_ieq(name, STR("header.i")) && out->domain.n == 0)
        out->domain = str_from(value, (size_t)(at + 1));
    else if (str_ieq(name, STR("policy.dmarc")))
        out->policy = value;
}

/* To the ";" that ends this method. */
static void rest_of_method(struct reader *r)
{
    for (skip(r); r->at < r->s.n && r->s.p[r->at] != ';'; skip(r)) {
        size_t before = r->at;
        (void)!word(r, ";").n;
        r->at += r->at == before;
    }
}

/* method [ "/" version ] "=" result *( property "=" value ) */
static bool method(struct reader *r, struct auth_result_read *out)
{
    *out = (struct auth_result_read){.method = lower(r->a, word(r, "=/;"))};
    if (take(r, '/'))
        (void)!word(r, "=;").n;
    bool ok = out->method.n > 0 && take(r, '=') && result_of(word(r, ";="), &out->result);
    for (skip(r); ok && r->at < r->s.n && r->s.p[r->at] != ';'; skip(r)) {
        struct str name = word(r, "=;");
        if (name.n == 0 || !take(r, '='))
            break;
        property(out, name, word(r, ";"));
    }
    rest_of_method(r);
    return ok;
}

bool auth_results_read(struct arena *a, struct str value, struct auth_results_read *out)
{
    struct reader r = {value, 0, a};
    out->n = 0;
    out->none = false;
    out->authserv_id = lower(a, word(&r, ";="));
    if (out->authserv_id.n == 0)
        return false;
    rest_of_method(&r); /* a version */
    while (out->n < AUTH_RESULTS_MAX && take(&r, ';')) {
        skip(&r);
        size_t before = r.at;
        if (str_ieq(word(&r, ";=/"), STR("none")) && (skip(&r), r.at == r.s.n || r.s.p[r.at] == ';')) {
            out->none = true;
            continue;
        }
        r.at = before;
        if (method(&r, &out->v[out->n]))
            out->n++;
    }
    return true;
}

/* ---- forged ones ---- */

/* What stands before the first ";", without white space, comments and quotes, in out; its length, 0 when too long.
 * open: a comment has no end. */
static size_t squeezed_id(struct str value, char *out, size_t cap, bool *open)
{
    size_t n = 0, depth = 0;
    *open = false;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (depth > 0) {
            if (c == '\\')
                i++;
            else if (c == '(')
                depth++;
            else if (c == ')')
                depth--;
            continue;
        }
        if (c == ';')
            break;
        if (c == '(')
            depth++;
        else if (!is_space(c) && c != '"' && c != '\\' && c != '\0') {
            if (n == cap)
                return 0;
            out[n++] = ascii_lower(c);
        }
    }
    *open = depth > 0;
    return n;
}

bool auth_results_claims(struct str value, struct str authserv_id)
{
    char id[512];
    bool open;
    struct str s = str_n(id, squeezed_id(value, id, sizeof id, &open)), rest;
    if (authserv_id.n == 0)
        return false;
    if (!str_istarts(s, authserv_id))
        /* Our name behind a comment without an end, or with nothing of the grammar round it: others may see it. */
        return (open || str_chr(value, ';', 0) < 0) && str_ifind(value, authserv_id, 0) >= 0;
    rest = str_from(s, authserv_id.n);
    /* A last dot, a version (digits), or the methods without ";" before them. */
    return rest.n == 0 || !(ascii_is_alpha(rest.p[0]) || rest.p[0] == '-' ||
                            (rest.p[0] == '.' && rest.n > 1 && !ascii_is_digit(rest.p[1])));
}

size_t auth_results_strip(struct str message, struct str authserv_id, char *out)
{
    struct mime_header h;
    struct mime_field f;
    size_t n = 0, from = 0;
    mime_header_init(&h, message);
    while (mime_header_next(&h, &f)) {
        if (!str_ieq(f.name, STR("Authentication-Results")) || !auth_results_claims(f.value, authserv_id))
            continue;
        memcpy(out + n, message.p + from, f.offset - from);
        n += f.offset - from;
        from = f.offset + f.length;
    }
    if (message.n > from)
        memcpy(out + n, message.p + from, message.n - from);
    return n + message.n - from;
}

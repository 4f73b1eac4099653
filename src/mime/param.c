#include "mime/param.h"
#include "mime/addr_lex.h"
#include "mime/word.h"

#define SPECIALS ";="

/* One name=value as written. base*index* of RFC 2231: index -1 without one. */
struct piece {
    struct str name; /* lower case base */
    int index;
    bool extended; /* value is percent-encoded, and with index < 1 has charset'language' in front */
    bool quoted;
    struct str value;
    bool used;
};

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] > ' ')
            p[n++] = ascii_lower(s.p[i]);
    return str_n(p, n);
}

static struct str unquote(struct arena *a, struct str s)
{
    if (!s.n || (!memchr(s.p, '\\', s.n) && !memchr(s.p, '\n', s.n)))
        return s;
    char *p = arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n')
            continue;
        /* Only \" and \\ are read as quoted pairs: senders write "C:\dir\file" unescaped. */
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
            i++;
        p[n++] = s.p[i];
    }
    return str_n(p, n);
}

/* initial-section, other-sections (RFC 2231 7): name "*" index ["*"] or name "*". */
static void split_name(struct str name, struct piece *p)
{
    uint64_t index;
    struct str base, mark;
    p->index = -1;
    p->name = name;
    if (!str_cut(name, '*', &base, &mark) || !base.n)
        return;
    if (mark.n && mark.p[mark.n - 1] == '*') {
        p->extended = true;
        mark.n--;
    } else if (!mark.n) {
        p->extended = true;
    }
    if (mark.n && (mark.n > 2 || !str_u64(mark, &index)))
        return;
    if (mark.n)
        p->index = (int)index;
    p->name = base;
}

/* An unquoted value ends at ";" — but "name=my file.pdf" means all of it, and in "charset=x format=y" a ";" was
 * forgotten. */
static struct str bare_value(struct mime_lex *lx)
{
    size_t from = lx->start, end = lx->end;
    for (;;) {
        struct mime_lex ahead = *lx, peek;
        if (mime_lex_next(&ahead) == MIME_TOK_END || mime_lex_is(&ahead, ';'))
            break;
        peek = ahead;
        if (ahead.tok == MIME_TOK_ATOM && ahead.space && mime_lex_next(&peek) == MIME_TOK_SPECIAL &&
            mime_lex_is(&peek, '='))
            break;
        *lx = ahead;
        end = lx->end;
    }
    return str_n(lx->s.p + from, end - from);
}

/* parameter = attribute "=" value; false at the end. A piece without name was junk. */
static bool piece_read(struct arena *a, struct mime_lex *lx, struct piece *p)
{
    *p = (struct piece){0};
    while (mime_lex_next(lx) == MIME_TOK_SPECIAL && mime_lex_is(lx, ';'))
        continue;
    if (lx->tok == MIME_TOK_END)
        return false;
    if (lx->tok != MIME_TOK_ATOM)
        return true;
    struct str name = lower(a, lx->text);
    struct mime_lex after = *lx;
    if (mime_lex_next(&after) != MIME_TOK_SPECIAL || !mime_lex_is(&after, '='))
        return true;
    *lx = after;
    split_name(name, p);
    after = *lx;
    if (mime_lex_next(&after) == MIME_TOK_END || mime_lex_is(&after, ';'))
        return true; /* name= with nothing */
    *lx = after;
    p->quoted = lx->tok == MIME_TOK_QUOTED;
    p->value = p->quoted ? unquote(a, lx->text) : bare_value(lx);
    return true;
}

static int hex_value(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void percent_decode(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' && i + 2 < s.n && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0) {
            buf_addc(out, (char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2])));
            i += 2;
        } else if (s.p[i] != '\r' && s.p[i] != '\n') {
            buf_addc(out, s.p[i]);
        }
    }
}

/* extended-initial-value = [charset] "'" [language] "'" value (RFC 2231 7). */
static struct str take_charset(struct str *value)
{
    struct str charset, rest, lang;
    if (!str_cut(*value, '\'', &charset, &rest) || !str_cut(rest, '\'', &lang, &rest))
        return STR_NULL;
    *value = rest;
    return charset;
}

struct reader {
    struct arena *a;
    struct mime_charsets *cs;
    struct mime_params *out;
    struct piece v[MIME_PARAMS_MAX];
    size_t n;
};

static struct piece *piece_find(struct reader *r, struct str name, int index)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].index == index && !r->v[i].used && str_eq(r->v[i].name, name))
            return &r->v[i];
    return NULL;
}

static struct str extended_value(struct reader *r, struct piece *p)
{
    AUTO(buf) struct buf raw;
    struct str charset = STR_NULL, name = p->name;
    unsigned odd = 0;
    buf_init(&raw, MIME_PARAM_TEXT_MAX);
    for (int i = p->index; p; p = i >= 0 ? piece_find(r, name, ++i) : NULL) {
        struct str value = p->value;
        p->used = true;
        if (p->extended && p->index < 1)
            charset = take_charset(&value);
        if (p->extended)
            percent_decode(value, &raw);
        else
            buf_adds(&raw, value);
    }
    struct str text = mime_charset_text(r->a, r->cs, charset, buf_str(&raw), MIME_PARAM_TEXT_MAX * 3, &odd);
    if ((odd & (MIME_CS_UNKNOWN | MIME_CS_REPLACED)) || raw.err)
        r->out->flags |= MIME_PARAMS_CHARSET;
    return mime_text_clean(r->a, text, NULL);
}

static struct str plain_value(struct reader *r, struct piece *p)
{
    unsigned odd = 0;
    p->used = true;
    struct str text = mime_words_decode(r->a, r->cs, str_upto(p->value, MIME_PARAM_TEXT_MAX), &odd);
    if (odd)
        r->out->flags |= MIME_PARAMS_CHARSET;
    return text;
}

static bool have(const struct mime_params *out, struct str name)
{
    for (size_t i = 0; i < out->n; i++)
        if (str_eq(out->v[i].name, name))
            return true;
    return false;
}

/* The RFC 2231 form of a name goes before its plain form (RFC 6266 4.3 says it for HTTP; mailers send both for old
 * readers). */
static void join(struct reader *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct piece *p = &r->v[i], *first;
        if (p->used)
            continue;
        if (have(r->out, p->name)) {
            if (p->index < 0 && !p->extended)
                r->out->flags |= MIME_PARAMS_DUPLICATE;
            else
                r->out->flags |= MIME_PARAMS_JUNK;
            continue;
        }
        struct str name = p->name, value;
        if ((first = piece_find(r, name, 0)) != NULL) {
            value = extended_value(r, first);
        } else {
            first = p;
            for (size_t k = i; k < r->n; k++)
                if (r->v[k].extended && r->v[k].index < 0 && str_eq(r->v[k].name, name))
                    first = &r->v[k];
            if (first->index > 0)
                r->out->flags |= MIME_PARAMS_JUNK; /* continuation without its beginning: shown from what is there */
            value = first->extended || first->index > 0 ? extended_value(r, first) : plain_value(r, first);
        }
        for (size_t k = i; k < r->n; k++) /* the plain form beside it is no duplicate */
            if (r->v[k].index < 0 && r->v[k].extended != first->extended && str_eq(r->v[k].name, name))
                r->v[k].used = true;
        r->out->v[r->out->n++] = (struct mime_param){name, value};
    }
}

void mime_params_parse(struct arena *a, struct mime_charsets *cs, struct str raw, struct mime_params *out)
{
    struct reader r = {.a = a, .cs = cs, .out = out};
    struct mime_lex lx = mime_lex_of(raw, ";");
    struct piece p;
    struct str comment;
    out->n = 0;
    out->flags = 0;
    while (mime_lex_next(&lx) != MIME_TOK_END && lx.tok != MIME_TOK_SPECIAL)
        continue;
    out->value = lower(a, str_n(raw.p, lx.start));
    (void)str_cut(out->value, '(', &out->value, &comment);
    lx.specials = SPECIALS;
    while (piece_read(a, &lx, &p)) {
        if (!p.name.n) {
            out->flags |= MIME_PARAMS_JUNK;
        } else if (r.n == MIME_PARAMS_MAX) {
            out->flags |= MIME_PARAMS_MANY;
            break;
        } else {
            r.v[r.n++] = p;
        }
    }
    join(&r);
}

struct str mime_param_get(const struct mime_params *params, struct str name)
{
    for (size_t i = 0; i < params->n; i++)
        if (str_eq(params->v[i].name, name))
            return params->v[i].value;
    return STR_NULL;
}

void mime_type_of(const struct mime_params *params, struct mime_type *out)
{
    out->defaulted = !str_cut(params->value, '/', &out->type, &out->subtype) || !out->type.n || !out->subtype.n;
    if (out->defaulted)
        *out = (struct mime_type){STR("text"), STR("plain"), true};
}

struct str mime_filename(const struct mime_params *disposition, const struct mime_params *type)
{
    struct str s = disposition ? mime_param_get(disposition, STR("filename")) : STR_NULL;
    if (!s.n && type)
        s = mime_param_get(type, STR("name"));
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') {
            s = str_from(s, i);
            break;
        }
    s = str_trim(s);
    return s.n ? str_utf8_cut(s, MIME_FILENAME_MAX) : STR_NULL;
}

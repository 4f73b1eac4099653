#include "mime/address.h"
#include "mime/addr_lex.h"
#include "mime/word.h"

#define SPECIALS "<>@,;:"

/* One entry of a list as the scan found it: spans of `s`. */
struct entry {
    struct str all, phrase, spec;
    bool angle, closed;
    size_t at_before; /* "@" outside of angle brackets */
    char delim;       /* , ; : or 0 at the end */
    struct str comment;
    unsigned flags;
};

struct reader {
    struct arena *a;
    struct mime_charsets *cs;
    struct mime_lex lx;
    struct mime_addrs *out;
    struct str group;
};

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct str span(const struct mime_lex *lx, size_t from, size_t to)
{
    return str_n(lx->s.p + from, to > from ? to - from : 0);
}

/* "Rossi @ Azienda <x@y>" is a name; "ceo@good.example <x@evil.example>" has an address where a name should be. */
static bool glued_at(const struct mime_lex *lx)
{
    size_t i = lx->start;
    return i > 0 && !is_space(lx->s.p[i - 1]) && lx->end < lx->s.n && !is_space(lx->s.p[lx->end]);
}

static void entry_special(struct mime_lex *lx, struct entry *e, size_t start, size_t *spec_from)
{
    char c = lx->text.p[0];
    if (c == '<') {
        if (e->angle) {
            e->flags |= MIME_ADDR_AMBIGUOUS;
            return;
        }
        e->angle = true;
        e->phrase = span(lx, start, lx->start);
        *spec_from = lx->end;
    } else if (c == '>') {
        if (!e->angle || e->closed) {
            e->flags |= MIME_ADDR_LOOSE;
            return;
        }
        e->closed = true;
        e->spec = span(lx, *spec_from, lx->start);
    } else if (c == '@' && !e->angle && glued_at(lx)) {
        e->at_before++;
    } else if (c == '@' && e->closed) {
        e->flags |= MIME_ADDR_AMBIGUOUS;
    }
}

/* Reads up to the delimiter at top level and leaves the lexer behind it. */
static void entry_scan(struct reader *r, struct entry *e)
{
    struct mime_lex *lx = &r->lx;
    size_t start = lx->at, spec_from = 0, end = 0;
    *e = (struct entry){0};
    lx->odd = 0;
    lx->comment = STR_NULL;
    for (;;) {
        enum mime_tok tok = mime_lex_next(lx);
        end = lx->start;
        if (tok == MIME_TOK_END)
            break;
        if (tok != MIME_TOK_SPECIAL) {
            if (e->closed)
                e->flags |= MIME_ADDR_LOOSE;
            continue;
        }
        char c = lx->text.p[0];
        bool route = e->angle && !e->closed && spec_from < lx->s.n && lx->s.p[spec_from] == '@';
        if (c == ';' || (c == ',' && !route) || (c == ':' && !e->angle && !e->at_before && !r->group.p)) {
            e->delim = c;
            break;
        }
        if (c == ':' && !route)
            e->flags |= MIME_ADDR_LOOSE;
        entry_special(lx, e, start, &spec_from);
    }
    e->all = str_trim(span(lx, start, end));
    e->comment = lx->comment;
    if (!e->angle)
        e->spec = e->all;
    else if (!e->closed) {
        e->spec = span(lx, spec_from, end);
        e->flags |= MIME_ADDR_LOOSE;
    }
    if (lx->odd & (MIME_LEX_UNCLOSED | MIME_LEX_WORD_ADDR))
        e->flags |= MIME_ADDR_AMBIGUOUS;
    if (lx->odd & (MIME_LEX_STRAY | MIME_LEX_WORD_ODD))
        e->flags |= MIME_ADDR_LOOSE;
    if (lx->odd & MIME_LEX_DEEP)
        r->out->flags |= MIME_ADDRS_DEEP;
}

/* quoted-pair (RFC 5322 3.2.1) and folding inside of quotes or comments. */
static struct str unescape(struct arena *a, struct str s)
{
    size_t i = 0, n = 0;
    while (i < s.n && s.p[i] != '\\' && s.p[i] != '\r' && s.p[i] != '\n')
        i++;
    if (i == s.n)
        return s;
    char *out = arena_alloc(a, s.n);
    for (i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n')
            continue;
        if (s.p[i] == '\\' && i + 1 < s.n)
            i++;
        out[n++] = s.p[i];
    }
    return str_n(out, n);
}

/* Words of a phrase (RFC 5322 3.2.5) to text. Runs outside of quotes are decoded as one, so that adjacent encoded words
 * join. */
static struct str phrase_text(struct reader *r, struct str phrase)
{
    phrase = str_trim(phrase);
    if (!phrase.n || (!memchr(phrase.p, '"', phrase.n) && !memchr(phrase.p, '(', phrase.n)))
        return mime_words_decode(r->a, r->cs, phrase, NULL);
    struct mime_lex lx = mime_lex_of(phrase, SPECIALS);
    AUTO(buf) struct buf b;
    buf_init(&b, MIME_WORDS_TEXT_MAX);
    size_t run = 0, run_end = 0, comments = 0;
    bool in_run = false;
    for (;;) {
        enum mime_tok tok = mime_lex_next(&lx);
        bool splits = tok == MIME_TOK_END || tok == MIME_TOK_QUOTED || lx.comments != comments;
        if (in_run && splits) {
            buf_adds(&b, mime_words_decode(r->a, r->cs, span(&lx, run, run_end), NULL));
            in_run = false;
        }
        comments = lx.comments;
        if (tok == MIME_TOK_END)
            break;
        if (splits && lx.space && b.n)
            buf_addc(&b, ' ');
        if (tok == MIME_TOK_QUOTED) {
            buf_adds(&b, mime_words_decode(r->a, r->cs, unescape(r->a, lx.text), NULL));
            continue;
        }
        if (!in_run && !splits && lx.space && b.n)
            buf_addc(&b, ' ');
        if (!in_run)
            run = lx.start;
        in_run = true;
        run_end = lx.end;
    }
    return str_trim(arena_str(r->a, buf_str(&b)));
}

/* word *("." word) with comments and white space between (RFC 5322 4.4 obs-local-part, obs-domain): tokens up to `stop`
 * or the end. A gap between two words without a dot is where a new text begins: *gap says where. */
static struct str joined(struct arena *a, struct mime_lex *lx, bool *quoted, bool *gap, size_t *gap_at)
{
    struct str one = STR_NULL;
    char *buf = NULL;
    size_t n = 0;
    bool dot = true;
    for (; mime_lex_next(lx) != MIME_TOK_END && lx->tok != MIME_TOK_SPECIAL;
         dot = lx->text.n && lx->text.p[lx->text.n - 1] == '.') {
        bool is_quoted = lx->tok == MIME_TOK_QUOTED;
        struct str t = is_quoted ? unescape(a, lx->text) : lx->text;
        if (one.p && !dot && !(t.n && t.p[0] == '.' && !is_quoted)) {
            *gap = true;
            *gap_at = lx->start;
            one = STR_NULL;
            *quoted = false;
        }
        *quoted |= is_quoted;
        if (!one.p) {
            one = t;
            continue;
        }
        if (!buf) /* once a text: as large as all of it */
            buf = arena_alloc(a, lx->s.n);
        if (one.p != buf) {
            memmove(buf, one.p, one.n);
            n = one.n;
        }
        memcpy(buf + n, t.p, t.n);
        n += t.n;
        one = str_n(buf, n);
    }
    return one;
}

static unsigned local_flags(struct str s, bool quoted)
{
    unsigned flags = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7F)
            flags |= MIME_ADDR_BAD_LOCAL;
        if (c >= 0x80)
            flags |= MIME_ADDR_UTF8;
        if (!quoted && c == '.' && (i == 0 || i + 1 == s.n || s.p[i + 1] == '.'))
            flags |= MIME_ADDR_BAD_LOCAL;
    }
    if (s.n > MIME_LOCAL_READ_MAX || ((flags & MIME_ADDR_UTF8) && str_utf8_valid(s) != s.n))
        flags |= MIME_ADDR_BAD_LOCAL;
    return flags;
}

static unsigned domain_set(struct reader *r, struct str text, struct mime_addr *m)
{
    struct mime_domain d;
    mime_domain_read(r->a, r->cs, text, &d);
    m->domain = d.ascii;
    m->udomain = d.unicode;
    return (d.flags & MIME_DOMAIN_BAD ? (unsigned)MIME_ADDR_BAD_DOMAIN : 0u) |
           (d.flags & MIME_DOMAIN_LITERAL ? (unsigned)MIME_ADDR_LITERAL : 0u) |
           (d.flags & MIME_DOMAIN_IDN ? (unsigned)MIME_ADDR_IDN : 0u);
}

/* addr-spec = local-part "@" domain (RFC 5322 3.4.1). false: no address in it. *gap_at: where the local part begins
 * after foreign words. */
static bool spec_read(struct reader *r, struct str spec, struct mime_addr *m, size_t *gap_at)
{
    struct mime_lex lx = mime_lex_of(spec, SPECIALS);
    bool quoted = false, gap = false, dgap = false, dquoted = false;
    size_t unused;
    *gap_at = 0;
    if (spec.n && spec.p[0] == '@') { /* route: "@a,@b:" (RFC 5322 4.4 obs-route), ignored */
        ptrdiff_t colon = str_chr(spec, ':', 0);
        if (colon < 0)
            return false;
        m->flags |= MIME_ADDR_ROUTE;
        lx.at = (size_t)colon + 1;
    }
    m->local = joined(r->a, &lx, &quoted, &gap, gap_at);
    if (!m->local.p || (!m->local.n && !quoted))
        return false;
    m->flags |= local_flags(m->local, quoted) | (quoted ? (unsigned)MIME_ADDR_QUOTED : 0u);
    m->domain = m->udomain = STR_NULL;
    if (lx.tok == MIME_TOK_END) {
        m->flags |= MIME_ADDR_NO_DOMAIN;
        return !gap && m->local.n > 0 && !(m->flags & MIME_ADDR_AMBIGUOUS);
    }
    if (gap)
        m->flags |= MIME_ADDR_AMBIGUOUS;
    if (!mime_lex_is(&lx, '@'))
        return false;
    struct str domain = joined(r->a, &lx, &dquoted, &dgap, &unused);
    m->flags |= domain.n ? domain_set(r, domain, m) : (unsigned)MIME_ADDR_NO_DOMAIN | MIME_ADDR_LOOSE;
    if (lx.tok != MIME_TOK_END || dgap || dquoted)
        m->flags |= MIME_ADDR_AMBIGUOUS;
    return m->local.n > 0;
}

static void push(struct reader *r, const struct mime_addr *m)
{
    struct mime_addrs *out = r->out;
    if (out->n == MIME_ADDRS_MAX) {
        out->flags |= MIME_ADDRS_MANY;
        return;
    }
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 4 : 2;
        struct mime_addr *v = arena_array(r->a, struct mime_addr, cap);
        if (out->n)
            memcpy(v, out->v, out->n * sizeof *v);
        out->v = v;
        out->cap = cap;
    }
    out->v[out->n++] = *m;
}

/* A name that is itself an address is harmless only when it is the same address ("info@a.example <info@a.example>"). */
static void phrase_check(struct reader *r, const struct entry *e, struct mime_addr *m)
{
    struct mime_addr other = {0};
    size_t gap_at;
    m->flags |= MIME_ADDR_LOOSE;
    if (!spec_read(r, str_trim(e->phrase), &other, &gap_at) || (other.flags & MIME_ADDR_AMBIGUOUS) ||
        !mime_addr_same(r->a, &other, m))
        m->flags |= MIME_ADDR_AMBIGUOUS;
}

static void entry_read(struct reader *r, const struct entry *e)
{
    struct mime_addr m = {.raw = e->all, .group = r->group, .flags = e->flags};
    size_t gap_at;
    if (!e->all.n)
        return;
    if (!spec_read(r, str_trim(e->spec), &m, &gap_at)) {
        r->out->flags |= MIME_ADDRS_JUNK;
        return;
    }
    if (e->angle) {
        if (e->at_before)
            phrase_check(r, e, &m);
        m.name = phrase_text(r, e->phrase);
    } else if (gap_at) {
        m.name = phrase_text(r, str_upto(e->spec, gap_at));
    } else if (e->comment.p) {
        m.name = mime_words_decode(r->a, r->cs, unescape(r->a, e->comment), NULL);
        m.flags |= MIME_ADDR_NAME_COMMENT;
    }
    push(r, &m);
}

void mime_addrs_parse(struct arena *a, struct mime_charsets *cs, struct str value, struct mime_addrs *out)
{
    struct reader r = {.a = a, .cs = cs, .lx = mime_lex_of(value, SPECIALS), .out = out};
    struct entry e;
    do {
        if (out->flags & MIME_ADDRS_MANY)
            return;
        entry_scan(&r, &e);
        if (e.delim == ':') {
            out->flags |= MIME_ADDRS_GROUPS;
            r.group = phrase_text(&r, e.all);
            if (!r.group.p)
                r.group = STR("");
            continue;
        }
        entry_read(&r, &e);
        if (e.delim == ';')
            r.group = STR_NULL;
    } while (e.delim);
}

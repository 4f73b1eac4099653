#include "mime/word.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void mime_q_decode(struct str in, struct buf *out)
{
    char *o = buf_room(out, in.n);
    if (!o)
        return;
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '_') {
            c = ' ';
        } else if (c == '=' && i + 2 < in.n && hex_value(in.p[i + 1]) >= 0 && hex_value(in.p[i + 2]) >= 0) {
            c = (char)(hex_value(in.p[i + 1]) << 4 | hex_value(in.p[i + 2]));
            i += 2;
        }
        o[n++] = c;
    }
    out->n += n;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void mime_base64_decode(struct str in, struct buf *out)
{
    char *o = buf_room(out, in.n);
    if (!o)
        return;
    size_t n = 0;
    unsigned acc = 0, bits = 0;
    for (size_t i = 0; i < in.n; i++) {
        int v = base64_value(in.p[i]);
        if (in.p[i] == '=') /* padding in the middle: words joined by a sender; begin a new group */
            acc = bits = 0;
        if (v < 0)
            continue;
        acc = (acc << 6 | (unsigned)v) & 0xFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            o[n++] = (char)(acc >> bits & 0xFF);
        }
    }
    out->n += n;
}

/* encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" (RFC 2047 2, RFC 2231 5) */
size_t mime_word_scan(struct str s, bool spaces, struct mime_word *w)
{
    if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?')
        return 0;
    size_t i = 2;
    while (i < s.n && i - 2 <= MIME_CHARSET_LABEL_MAX && s.p[i] != '?' && s.p[i] > ' ' && s.p[i] != '=')
        i++;
    if (i + 3 >= s.n || i == 2 || s.p[i] != '?' || s.p[i + 2] != '?')
        return 0;
    struct str charset = str_n(s.p + 2, i - 2), lang;
    char enc = (char)(s.p[i + 1] & ~0x20);
    if (enc != 'B' && enc != 'Q')
        return 0;
    (void)str_cut(charset, '*', &charset, &lang);
    size_t from = i + 3;
    for (i = from; i + 1 < s.n; i++) {
        if (s.p[i] == '?' && s.p[i + 1] == '=') {
            *w = (struct mime_word){charset, enc, str_n(s.p + from, i - from)};
            return i + 2;
        }
        if (!spaces && is_space(s.p[i]))
            return 0;
    }
    return 0;
}

/* Decoding in two steps: bytes of adjacent words of one charset gather in `bytes` and are converted together. */
struct decoder {
    struct mime_charsets *cs;
    struct buf text, bytes;
    struct str charset;
    unsigned flags;
};

static void flush(struct decoder *d)
{
    if (d->bytes.n)
        d->flags |= mime_charset_utf8(d->cs, d->charset, buf_str(&d->bytes), &d->text);
    buf_clear(&d->bytes);
}

static void add_word(struct decoder *d, const struct mime_word *w)
{
    if (!str_ieq(d->charset, w->charset)) {
        flush(d);
        d->charset = w->charset;
    }
    if (w->encoding == 'B')
        mime_base64_decode(w->text, &d->bytes);
    else
        mime_q_decode(w->text, &d->bytes);
}

static void add_literal(struct decoder *d, struct str s)
{
    flush(d);
    d->flags |= mime_charset_utf8(NULL, STR("us-ascii"), s, &d->text);
}

static void decode(struct decoder *d, struct str raw)
{
    size_t lit = 0;     /* start of text not yet given out */
    ptrdiff_t mark = 0; /* the first "?=" that was not before the place last asked about; -1: no more */
    bool after_word = false;
    for (size_t i = 0; i + 1 < raw.n; i++) {
        const char *eq = memchr(raw.p + i, '=', raw.n - i);
        if (!eq)
            break;
        i = (size_t)(eq - raw.p);
        struct mime_word w;
        if (i + 1 >= raw.n || raw.p[i + 1] != '?')
            continue;
        /* Without any "?=" ahead no later word can end either; each is looked for once, which keeps the scan linear. */
        if (mark >= 0 && (size_t)mark < i + 2)
            mark = str_find(raw, STR("?="), i + 2);
        if (mark < 0)
            break;
        size_t n = mime_word_scan(str_from(raw, i), true, &w);
        if (!n)
            continue;
        bool gap = true; /* RFC 2047 6.2: white space between adjacent words is not shown */
        for (size_t k = lit; k < i && gap; k++)
            gap = is_space(raw.p[k]);
        if (!after_word || !gap)
            add_literal(d, str_n(raw.p + lit, i - lit));
        add_word(d, &w);
        after_word = true;
        lit = i + n;
        i = lit - 1;
    }
    add_literal(d, str_from(raw, lit));
}

/* Puts text on one line: folding and control characters. */
static struct str one_line(struct arena *a, struct str s, unsigned *flags)
{
    size_t i = 0, odd = 0;
    s = str_trim(s);
    for (size_t k = 0; k < s.n; k++)
        odd += (unsigned char)s.p[k] < 0x20 || s.p[k] == 0x7F;
    if (!odd)
        return s;
    char *out = arena_alloc(a, s.n + 2 * odd);
    size_t n = 0;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (is_space(c)) {
            bool folded = (c == '\r' || c == '\n') && i + 1 < s.n && is_space(s.p[i + 1]);
            if (!folded)
                out[n++] = ' ';
        } else if ((unsigned char)c < 0x20 || c == 0x7F) {
            memcpy(out + n, "\xEF\xBF\xBD", 3);
            n += 3;
            *flags |= MIME_CS_REPLACED;
        } else {
            out[n++] = c;
        }
    }
    return str_n(out, n);
}

struct str mime_text_clean(struct arena *a, struct str raw, unsigned *flags)
{
    unsigned none = 0, *f = flags ? flags : &none;
    return one_line(a, mime_charset_guess(a, raw, f), f);
}

struct str mime_words_decode(struct arena *a, struct mime_charsets *cs, struct str raw, unsigned *flags)
{
    if (str_find(raw, STR("=?"), 0) < 0)
        return mime_text_clean(a, str_trim(raw), flags);
    struct decoder d = {.cs = cs, .charset = STR_NULL};
    unsigned none = 0, *f = flags ? flags : &none;
    buf_init(&d.text, MIME_WORDS_TEXT_MAX);
    buf_init(&d.bytes, MIME_WORDS_TEXT_MAX);
    decode(&d, str_trim(raw));
    struct str s = arena_str(a, one_line(a, buf_str(&d.text), &d.flags));
    *f |= d.flags;
    buf_free(&d.text);
    buf_free(&d.bytes);
    return s;
}

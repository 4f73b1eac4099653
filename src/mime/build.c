#include "mime/build.h"
#include "core/hash.h"
#include "mime/date.h"

#define LINE_MAX_BYTES 998u
#define WORD_RAW_MAX 42u /* bytes of text in one B word: 42 -> 56 characters, 75 with "=?utf-8?B?" and "?=" at most */
#define QP_LINE_MAX 76u
#define BASE64_LINE_RAW 57u

static void fail(struct mime_build *b, enum mime_build_err err)
{
    if (!b->err)
        b->err = err;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return false;
    return str_utf8_valid(s) == s.n;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static bool name_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 33 || s.p[i] > 126 || s.p[i] == ':')
            return false;
    return s.n > 0 && s.n < MIME_FOLD_AT;
}

void mime_build_init(struct mime_build *b, struct buf *out) { *b = (struct mime_build){.out = out}; }

/* "Name: " plus words separated by single spaces in `value`, folded before a word that would pass MIME_FOLD_AT. */
static void field_put(struct mime_build *b, struct str name, struct str value)
{
    size_t col = name.n + 1;
    struct str word;
    if (b->body || !name_valid(name) || !is_text(value))
        fail(b, MIME_BUILD_BAD);
    if (b->err)
        return;
    buf_adds(b->out, name);
    buf_addc(b->out, ':');
    while (str_token(&value, ' ', &word)) {
        if (word.n + 1 > LINE_MAX_BYTES)
            fail(b, MIME_BUILD_LONG);
        /* An empty word is a second space: a fold there could make a line of white space only. */
        if (word.n && col + 1 + word.n > MIME_FOLD_AT && col > name.n + 1) {
            buf_addz(b->out, "\r\n");
            col = 0;
        }
        buf_addc(b->out, ' ');
        buf_adds(b->out, word);
        col += 1 + word.n;
    }
    buf_addz(b->out, "\r\n");
}

/* Characters as encoded words of at most 75 bytes, none split (RFC 2047 5). */
static void words_put(struct buf *out, struct str utf8)
{
    for (bool first = true; utf8.n; first = false) {
        struct str part = str_utf8_cut(utf8, WORD_RAW_MAX);
        buf_addz(out, first ? "=?utf-8?B?" : " =?utf-8?B?");
        base64_put(out, part);
        buf_addz(out, "?=");
        utf8 = str_from(utf8, part.n);
    }
}

/* Text that a reader would change: words that look encoded, runs of spaces at folding places, words over a line. */
static bool needs_words(struct str s)
{
    if (!is_ascii(s) || str_find(s, STR("=?"), 0) >= 0 || str_find(s, STR("  "), 0) >= 0 ||
        (s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ')))
        return true;
    struct str word;
    while (str_token(&s, ' ', &word))
        if (word.n > MIME_FOLD_AT)
            return true;
    return false;
}

void mime_build_text(struct mime_build *b, struct str name, struct str utf8)
{
    AUTO(buf) struct buf v;
    buf_init(&v, utf8.n * 3 + 128);
    if (!is_text(utf8))
        fail(b, MIME_BUILD_BAD);
    else if (needs_words(utf8))
        words_put(&v, utf8);
    else
        buf_adds(&v, utf8);
    field_put(b, name, buf_str(&v));
}

void mime_build_raw(struct mime_build *b, struct str name, struct str ascii)
{
    if (!is_ascii(ascii))
        fail(b, MIME_BUILD_BAD);
    field_put(b, name, ascii);
}

void mime_phrase_put(struct buf *out, struct str utf8)
{
    bool plain = utf8.n > 0;
    if (needs_words(utf8)) {
        words_put(out, utf8);
        return;
    }
    for (size_t i = 0; i < utf8.n; i++)
        plain &= ascii_is_alpha(utf8.p[i]) || ascii_is_digit(utf8.p[i]) || strchr(" !#$%&'*+-/=?^_`{|}~", utf8.p[i]);
    if (plain) {
        buf_adds(out, utf8);
        return;
    }
    buf_addc(out, '"');
    for (size_t i = 0; i < utf8.n; i++) {
        if (utf8.p[i] == '"' || utf8.p[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, utf8.p[i]);
    }
    buf_addc(out, '"');
}

void mime_build_addrs(struct mime_build *b, struct str name, const struct mime_addr *v, size_t n)
{
    AUTO(buf) struct buf text;
    buf_init(&text, b->out->max);
    for (size_t i = 0; i < n; i++) {
        if (!is_text(v[i].name) || !is_text(v[i].local) || !is_text(v[i].domain) || !v[i].local.n)
            fail(b, MIME_BUILD_BAD);
        if (i)
            buf_addz(&text, ", ");
        if (v[i].name.n) {
            mime_phrase_put(&text, v[i].name);
            buf_addz(&text, " <");
        }
        mime_addr_spec_put(&text, &v[i]);
        if (v[i].name.n)
            buf_addc(&text, '>');
    }
    if (text.err)
        fail(b, MIME_BUILD_FULL);
    if (n)
        field_put(b, name, buf_str(&text));
}

void mime_build_date(struct mime_build *b, struct str name, int64_t wall_ms, int zone_minutes)
{
    char text[MIME_DATE_TEXT_MAX];
    field_put(b, name, mime_date_text(wall_ms, zone_minutes, text));
}

void mime_build_msgids(struct mime_build *b, struct str name, const struct str *ids, size_t n)
{
    AUTO(buf) struct buf text;
    buf_init(&text, b->out->max);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < ids[i].n; k++)
            if ((unsigned char)ids[i].p[k] <= ' ' || ids[i].p[k] == '<' || ids[i].p[k] == '>')
                fail(b, MIME_BUILD_BAD);
        if (!ids[i].n)
            fail(b, MIME_BUILD_BAD);
        buf_addz(&text, i ? " <" : "<");
        buf_adds(&text, ids[i]);
        buf_addc(&text, '>');
    }
    if (n)
        field_put(b, name, buf_str(&text));
}

static void body_begin(struct mime_build *b)
{
    if (b->body)
        fail(b, MIME_BUILD_BAD);
    b->body = true;
    if (!b->err)
        buf_addz(b->out, "\r\n");
}

/* 7bit as it is: ASCII text in short lines, nothing that a transport would change. "From " at a line start is quoted by
 * mbox writers. */
static bool plain_enough(struct str s)
{
    size_t line = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') {
            line = 0;
            continue;
        }
        bool eol = c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
        if ((c < ' ' && c != '\t' && !eol) || c >= 0x7F || ++line > MIME_FOLD_AT + 1)
            return false;
        if (line == 1 && str_starts(str_from(s, i), STR("From ")))
            return false;
    }
    return true;
}

static void crlf_put(struct buf *out, struct str s)
{
    struct str line;
    while (s.n) {
        bool ended = str_cut(s, '\n', &line, &s);
        if (ended && line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_adds(out, line);
        buf_addz(out, "\r\n");
    }
}

static void qp_line(struct buf *out, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t col = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool last = i + 1 == s.n;
        bool safe = (c > ' ' && c < 0x7F && c != '=' && !(col == 0 && (c == 'F' || c == '.'))) ||
                    ((c == ' ' || c == '\t') && !last);
        size_t n = safe ? 1 : 3;
        if (col + n > QP_LINE_MAX - 1) { /* room for the soft line break */
            buf_addz(out, "=\r\n");
            col = 0;
            safe = safe && c != 'F' && c != '.';
            n = safe ? 1 : 3;
        }
        if (safe) {
            buf_addc(out, (char)c);
        } else {
            buf_addc(out, '=');
            buf_addc(out, hex[c >> 4]);
            buf_addc(out, hex[c & 15]);
        }
        col += n;
    }
}

void mime_qp_put(struct buf *out, struct str text)
{
    struct str line;
    while (text.n) {
        bool ended = str_cut(text, '\n', &line, &text);
        if (ended && line.n && line.p[line.n - 1] == '\r')
            line.n--;
        qp_line(out, line);
        buf_addz(out, ended ? "\r\n" : text.n ? "" : "=\r\n"); /* RFC 2045 6.7 (5): no line end is added to the text */
    }
}

void mime_base64_lines_put(struct buf *out, struct str bytes)
{
    for (; bytes.n; bytes = str_from(bytes, BASE64_LINE_RAW)) {
        base64_put(out, str_upto(bytes, BASE64_LINE_RAW));
        buf_addz(out, "\r\n");
    }
}

static void version_put(struct mime_build *b)
{
    if (b->depth == 0)
        field_put(b, STR("MIME-Version"), STR("1.0"));
}

void mime_build_body(struct mime_build *b, struct str subtype, struct str utf8)
{
    bool plain = plain_enough(utf8);
    AUTO(buf) struct buf type;
    buf_init(&type, 256);
    buf_printf(&type, "text/%.*s; charset=%s", STRF(subtype), plain ? "us-ascii" : "utf-8");
    if (str_utf8_valid(utf8) != utf8.n || !name_valid(subtype) || (utf8.n && memchr(utf8.p, 0, utf8.n)))
        fail(b, MIME_BUILD_BAD);
    version_put(b);
    field_put(b, STR("Content-Type"), buf_str(&type));
    field_put(b, STR("Content-Transfer-Encoding"), plain ? STR("7bit") : STR("quoted-printable"));
    body_begin(b);
    if (b->err)
        return;
    if (plain)
        crlf_put(b->out, utf8);
    else
        mime_qp_put(b->out, utf8);
}

/* RFC 2231 4 where ASCII is not enough; the plain form else. */
static void filename_put(struct buf *out, struct str name)
{
    static const char hex[] = "0123456789ABCDEF";
    bool quoted = is_ascii(name) && name.n < MIME_FOLD_AT - 20;
    buf_addz(out, quoted ? "attachment; filename=\"" : "attachment; filename*=utf-8''");
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (quoted) {
            if (c == '"' || c == '\\')
                buf_addc(out, '\\');
            buf_addc(out, (char)c);
        } else if (ascii_is_alpha((char)c) || ascii_is_digit((char)c) || c == '.' || c == '-' || c == '_') {
            buf_addc(out, (char)c);
        } else {
            buf_addc(out, '%');
            buf_addc(out, hex[c >> 4]);
            buf_addc(out, hex[c & 15]);
        }
    }
    if (quoted)
        buf_addc(out, '"');
}

void mime_build_bytes(struct mime_build *b, struct str type, struct str filename, struct str bytes)
{
    AUTO(buf) struct buf disposition;
    buf_init(&disposition, 4096);
    if (!is_text(filename) || filename.n > 255)
        fail(b, MIME_BUILD_BAD);
    if (filename.n)
        filename_put(&disposition, filename);
    version_put(b);
    mime_build_raw(b, STR("Content-Type"), type);
    field_put(b, STR("Content-Disposition"), filename.n ? buf_str(&disposition) : STR("inline"));
    field_put(b, STR("Content-Transfer-Encoding"), STR("base64"));
    body_begin(b);
    if (!b->err)
        mime_base64_lines_put(b->out, bytes);
}

/* RFC 2046 5.1.1 bchars without space and without what would need care inside of quotes. */
static bool boundary_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && !strchr("'()+_,-./:=?", s.p[i])))
            return false;
    return s.n > 0 && s.n <= MIME_BOUNDARY_MAX;
}

void mime_build_multipart(struct mime_build *b, struct str subtype, struct str boundary)
{
    AUTO(buf) struct buf type;
    buf_init(&type, 256);
    buf_printf(&type, "multipart/%.*s; boundary=\"%.*s\"", STRF(subtype), STRF(boundary));
    if (!boundary_valid(boundary) || !name_valid(subtype) || b->depth == MIME_NEST_MAX)
        fail(b, MIME_BUILD_BAD);
    version_put(b);
    field_put(b, STR("Content-Type"), buf_str(&type));
    body_begin(b);
    if (!b->err)
        b->boundary[b->depth++] = boundary;
}

void mime_build_part(struct mime_build *b)
{
    if (!b->depth || !b->body)
        fail(b, MIME_BUILD_BAD);
    if (b->err)
        return;
    buf_printf(b->out, "\r\n--%.*s\r\n", STRF(b->boundary[b->depth - 1]));
    b->body = false;
}

void mime_build_multipart_end(struct mime_build *b)
{
    if (!b->depth || !b->body)
        fail(b, MIME_BUILD_BAD);
    if (b->err)
        return;
    buf_printf(b->out, "\r\n--%.*s--\r\n", STRF(b->boundary[b->depth - 1]));
    b->depth--;
}

enum mime_build_err mime_build_end(struct mime_build *b)
{
    if (!b->body || b->depth)
        fail(b, MIME_BUILD_BAD);
    if (b->out->err)
        fail(b, MIME_BUILD_FULL);
    return b->err;
}

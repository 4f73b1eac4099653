#include "mime/header.h"

#define BLANK_CR_MAX 2u /* CRs a blank line may hold: CR CR LF comes from text-mode double conversion */

static bool is_wsp(char c) { return c == ' ' || c == '\t'; }

/* Length of a blank line at `at` (CR{0,2} LF), 0 when there is none. */
static size_t blank_line(struct str s, size_t at)
{
    size_t i = at;
    while (i < s.n && i - at < BLANK_CR_MAX && s.p[i] == '\r')
        i++;
    return i < s.n && s.p[i] == '\n' ? i + 1 - at : 0;
}

size_t mime_header_end(struct str bytes, size_t from)
{
    /* LF CR CR | LF: the three bytes before what is new may belong to the blank line. */
    size_t at = from > BLANK_CR_MAX + 1 ? from - (BLANK_CR_MAX + 1) : 0;
    if (at == 0) {
        size_t n = blank_line(bytes, 0);
        if (n)
            return n;
    }
    while (at < bytes.n) {
        const char *lf = memchr(bytes.p + at, '\n', bytes.n - at);
        if (!lf)
            break;
        at = (size_t)(lf - bytes.p) + 1;
        size_t n = blank_line(bytes, at);
        if (n)
            return at + n;
    }
    return MIME_NO_END;
}

/* Offset after the line that begins at `at`. */
static size_t line_end(struct str s, size_t at, char eol)
{
    const char *e = memchr(s.p + at, eol, s.n - at);
    return e ? (size_t)(e - s.p) + 1 : s.n;
}

static bool has_8bit(struct str s)
{
    uint64_t any = 0, w;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, 8);
        any |= w;
    }
    for (; i < s.n; i++)
        any |= (unsigned char)s.p[i];
    return any & 0x8080808080808080u;
}

static unsigned block_flags(struct str block, char eol)
{
    unsigned flags = 0;
    if (has_8bit(block))
        flags |= MIME_H_8BIT;
    if (block.n && memchr(block.p, 0, block.n))
        flags |= MIME_H_NUL;
    for (size_t at = 0, next; at < block.n; at = next) {
        next = line_end(block, at, eol);
        size_t n = next - at;
        if (n > MIME_LINE_BYTES_MAX + 2)
            flags |= MIME_H_LONG_LINE;
        if (eol == '\r')
            continue;
        const char *cr = memchr(block.p + at, '\r', n);
        if (block.p[next - 1] != '\n') { /* last line of an unfinished block */
            if (cr && cr != block.p + block.n - 1)
                flags |= MIME_H_BARE_CR;
        } else if (!cr) {
            flags |= MIME_H_BARE_LF;
        } else if (cr != block.p + next - 2) {
            flags |= MIME_H_BARE_CR;
        }
    }
    return flags;
}

/* "From sender date" of an mbox file; "From : a@b" is the field in its obsolete form (RFC 5322 4.5.2). */
static bool mbox_line(struct str s)
{
    size_t i = s.n && s.p[0] == '>' ? 1 : 0;
    if (!str_starts(str_from(s, i), STR("From ")))
        return false;
    for (i += 5; i < s.n && is_wsp(s.p[i]);)
        i++;
    return i == s.n || s.p[i] != ':';
}

void mime_header_init(struct mime_header *h, struct str message)
{
    struct str head = str_upto(message, MIME_HEADER_BYTES_MAX);
    char eol = '\n';
    *h = (struct mime_header){.block = head, .body = message.n};
    size_t end = mime_header_end(head, 0);
    if (end == MIME_NO_END && head.n && !memchr(head.p, '\n', head.n) && memchr(head.p, '\r', head.n)) {
        h->flags |= MIME_H_CR_LINES | MIME_H_BARE_CR;
        eol = '\r';
        ptrdiff_t at = str_find(head, STR("\r\r"), 0);
        end = head.p[0] == '\r' ? 1 : at >= 0 ? (size_t)at + 2 : MIME_NO_END;
    }
    if (end == MIME_NO_END) {
        h->flags |= message.n > head.n ? MIME_H_TRUNCATED : MIME_H_NO_END;
    } else {
        h->body = end;
        size_t n = end - 1; /* back over the blank line to the end of the last field */
        while (eol == '\n' && n > 0 && head.p[n - 1] == '\r')
            n--;
        h->block.n = n;
    }
    h->flags |= block_flags(h->block, eol);
    mime_header_rewind(h);
}

void mime_header_rewind(struct mime_header *h)
{
    h->at = 0;
    h->line = 1;
    h->count = 0;
    if (mbox_line(h->block)) {
        h->flags |= MIME_H_MBOX;
        h->at = line_end(h->block, 0, h->flags & MIME_H_CR_LINES ? '\r' : '\n');
        h->line = 2;
    }
}

/* RFC 5322 3.6.8: ftext is %d33-57 / %d59-126. */
static bool name_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 33 || (unsigned char)s.p[i] > 126)
            return false;
    return s.n > 0;
}

static void field_split(struct mime_header *h, struct mime_field *f, struct str all, size_t first_line)
{
    struct str name, value;
    f->name = (struct str){all.p, 0};
    f->value = all;
    if (!str_cut(str_upto(all, first_line), ':', &name, &value)) {
        h->flags |= MIME_H_JUNK;
    } else {
        size_t written = name.n;
        while (name.n && is_wsp(name.p[name.n - 1]))
            name.n--;
        if (name_valid(name)) {
            if (name.n != written)
                h->flags |= MIME_H_SPACE_COLON;
            f->name = name;
            f->value = str_from(all, written + 1);
        } else {
            h->flags |= MIME_H_JUNK;
        }
    }
    if (f->value.n > MIME_FIELD_BYTES_MAX) {
        f->value.n = MIME_FIELD_BYTES_MAX;
        h->flags |= MIME_H_LONG_FIELD;
    }
}

bool mime_header_next(struct mime_header *h, struct mime_field *f)
{
    struct str s = h->block;
    char eol = h->flags & MIME_H_CR_LINES ? '\r' : '\n';
    if (h->at >= s.n)
        return false;
    if (h->count == MIME_HEADER_FIELDS_MAX) {
        h->flags |= MIME_H_MANY;
        return false;
    }
    h->count++;
    size_t start = h->at, first = line_end(s, start, eol), end = first;
    f->offset = start;
    f->line = h->line++;
    while (end < s.n && is_wsp(s.p[end])) {
        end = line_end(s, end, eol);
        h->line++;
    }
    h->at = end;
    f->length = end - start;
    while (end > start && (s.p[end - 1] == '\n' || s.p[end - 1] == '\r'))
        end--;
    field_split(h, f, str_n(s.p + start, end - start), first - start);
    return true;
}

bool mime_header_find(struct mime_header *h, struct str name, struct mime_field *f)
{
    mime_header_rewind(h);
    while (mime_header_next(h, f))
        if (f->name.n && str_ieq(f->name, name))
            return true;
    return false;
}

struct str mime_unfold(struct arena *a, struct str value)
{
    struct str s = str_trim(value);
    size_t i = 0;
    while (i < s.n && s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != 0)
        i++;
    if (i == s.n)
        return s;
    char *out = arena_alloc(a, s.n);
    size_t n = i;
    memcpy(out, s.p, i);
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\r' || c == '\n') {
            bool folded = i + 1 < s.n && (is_wsp(s.p[i + 1]) || s.p[i + 1] == '\n' || s.p[i + 1] == '\r');
            if (!folded)
                out[n++] = ' ';
        } else {
            out[n++] = c ? c : ' ';
        }
    }
    return str_n(out, n);
}

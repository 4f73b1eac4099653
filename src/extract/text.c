/* Text as it is compared and searched: normal form KC, nothing invisible in it, one kind of line end. */
#include "extract/chars.h"
#include "extract/job.h"
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define TEXT_NFKC_MAX 65536 /* UTF-16 units normalised at a time */

/* Code points that NFKC leaves alone and that do not combine: the letters and marks of ordinary European text. A text
 * of these alone need not be normalised. */
static bool inert(uint32_t c)
{
    if (c < 0x180)
        return c >= 0xC0 && c != 0x132 && c != 0x133 && c != 0x13F && c != 0x140 && c != 0x149 && c != 0x17F;
    if (c < 0x370)
        return false;
    if (c < 0x530)
        return (c >= 0x386 && c <= 0x3CE && c != 0x387) || (c >= 0x400 && c <= 0x482) || c >= 0x48A;
    return (c >= 0x2018 && c <= 0x201E) || c == 0x2013 || c == 0x2014 || c == 0x2022 || c == 0x20AC ||
           (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30F6) ||
           (c >= 0xAC00 && c <= 0xD7A3);
}

static void put_control(struct str in, size_t i, struct buf *out)
{
    char c = in.p[i];
    if (c == '\r') {
        if (i + 1 >= in.n || in.p[i + 1] != '\n')
            buf_addc(out, '\n');
        return;
    }
    buf_addc(out, c == '\n' || c == '\t' ? c : ' ');
}

/* White space that is not ASCII, as ASCII; line and paragraph separators end lines. */
static char plain_of(uint32_t c)
{
    if (c == 0x2010 || c == 0x2011 || c == 0x2212)
        return '-'; /* hyphens that part the groups of numbers */
    if (c == 0x85 || c == 0x2028 || c == 0x2029)
        return '\n';
    return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x2800 ||
                   c == 0x3000
               ? ' '
               : '\0';
}

/* The line to normal form KC; false when there is not the memory or it is too long: then it stays as it is. */
static bool normalise(struct extract_job *j, struct str line, struct buf *out)
{
    int32_t n16 = 0, m16;
    UErrorCode e = U_ZERO_ERROR;
    if (line.n > TEXT_NFKC_MAX)
        return false;
    UChar *src = malloc((line.n + 1) * sizeof *src), *dst = malloc((line.n + 1) * 4 * sizeof *dst);
    bool ok = src && dst;
    if (ok) {
        u_strFromUTF8(src, (int32_t)line.n + 1, &n16, line.p, (int32_t)line.n, &e);
        m16 = unorm2_normalize(j->ctx->nfkc, src, n16, dst, (int32_t)(line.n + 1) * 4, &e);
        ok = U_SUCCESS(e);
        char *room = ok ? buf_room(out, (size_t)m16 * 3) : NULL;
        int32_t n8 = 0;
        if (room) {
            u_strToUTF8(room, m16 * 3, &n8, dst, m16, &e);
            out->n += U_SUCCESS(e) ? (size_t)n8 : 0;
        }
        ok = room && U_SUCCESS(e);
    }
    free(src);
    free(dst);
    return ok;
}

/* One line without its end: what is invisible goes, spaces of any kind become one byte. True when it is not in normal
 * form yet. */
static bool clean_line(struct extract_job *j, struct str in, struct buf *out)
{
    size_t run = 0, i = 0;
    bool odd = false;
    while (i < in.n) {
        unsigned char b = (unsigned char)in.p[i];
        if ((b >= 0x20 && b < 0x7F) || b == '\t') {
            i++;
            continue;
        }
        uint32_t c;
        size_t n = chars_next(in.p + i, &c);
        if (c >= 0xFE00 && c <= 0xFE0F) { /* choose the look of an emoji: nothing is hidden by them */
            buf_adds(out, str_n(in.p + run, i - run));
            i += n;
            run = i;
            continue;
        }
        bool drop = chars_invisible(c), control = c < 0x20 || (c >= 0x7F && c < 0xA0);
        char space = c >= 0x80 ? plain_of(c) : '\0';
        if (c == EXTRACT_MARK || !(drop || control || space)) {
            odd = odd || (c >= 0x80 && !inert(c));
            i += n;
            continue;
        }
        buf_adds(out, str_n(in.p + run, i - run));
        run = i + n;
        if (space)
            buf_addc(out, space);
        else if (control)
            put_control(in, i, out);
        else
            buf_addc(out, EXTRACT_MARK);
        if (drop)
            j->insight.flags |= FACTS_ZERO_WIDTH;
        i += n;
    }
    buf_adds(out, str_n(in.p + run, in.n - run));
    return odd;
}

/* After U+202E letters are drawn from the last to the first, up to U+202C or the end of the line: the line as the eye
 * reads it, in scratch. */
static struct str turned_back(struct extract_job *j, struct str line)
{
    static const struct str turn = {"\xE2\x80\xAE", 3}, end = {"\xE2\x80\xAC", 3};
    char *p = arena_alloc(&j->scratch, line.n + 1);
    size_t n = 0, i = 0;
    for (ptrdiff_t at; i < line.n && (at = str_find(line, turn, i)) >= 0;) {
        size_t from = (size_t)at + turn.n;
        ptrdiff_t stop = str_find(line, end, from);
        size_t to = stop < 0 ? line.n : (size_t)stop;
        memcpy(p + n, line.p + i, (size_t)at - i);
        n += (size_t)at - i;
        for (size_t k = to; k > from;) {
            size_t last = k--;
            while (k > from && ((unsigned char)line.p[k] & 0xC0) == 0x80)
                k--;
            memcpy(p + n, line.p + k, last - k);
            n += last - k;
        }
        i = stop < 0 ? line.n : to + end.n;
    }
    memcpy(p + n, line.p + i, line.n - i);
    j->insight.flags |= FACTS_ZERO_WIDTH | FACTS_CUT_WORDS;
    return str_n(p, n + line.n - i);
}

void extract_clean(struct extract_job *j, struct str in, struct buf *out)
{
    struct str rest = in, line;
    AUTO(buf) struct buf form;
    buf_init(&form, EXTRACT_TEXT_PART_MAX * 2u);
    bool turns = str_find(in, STR("\xE2\x80\xAE"), 0) >= 0;
    while (rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        line = str_upto(rest, end ? (size_t)(end - rest.p) : rest.n);
        rest = str_from(rest, end ? line.n + 1 : line.n);
        size_t from = out->n;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (turns && str_find(line, STR("\xE2\x80\xAE"), 0) >= 0)
            line = turned_back(j, line);
        if (clean_line(j, line, out)) {
            buf_clear(&form);
            if (normalise(j, str_from(buf_str(out), from), &form)) {
                out->n = from;
                buf_adds(out, buf_str(&form));
            }
        }
        if (end)
            buf_addc(out, '\n');
    }
}

void extract_unmark(struct extract_job *j, struct buf *text)
{
    char *at = text->n ? memchr(text->p, EXTRACT_MARK, text->n) : NULL;
    if (!at)
        return;
    size_t w = (size_t)(at - text->p);
    for (size_t i = w; i < text->n; i++) {
        if (text->p[i] != EXTRACT_MARK) {
            text->p[w++] = text->p[i];
            continue;
        }
        if (w > 0 && i + 1 < text->n && chars_alnum(text->p[w - 1]) && chars_alnum(text->p[i + 1]))
            j->insight.flags |= FACTS_CUT_WORDS;
    }
    text->n = w;
}

/* The first words of the sender's own text: quoted lines are left out, white space is one space. */
struct str extract_preview(struct arena *a, struct str text)
{
    AUTO(buf) struct buf b;
    struct str rest = text, line;
    buf_init(&b, FACTS_PREVIEW_MAX * 4);
    while (b.n < FACTS_PREVIEW_MAX && str_token(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '>')
            continue;
        if (b.n)
            buf_addc(&b, ' ');
        bool space = false;
        for (size_t i = 0; i < line.n && b.n < FACTS_PREVIEW_MAX; i++) {
            bool s = line.p[i] == ' ' || line.p[i] == '\t';
            if (!s || !space)
                buf_addc(&b, s ? ' ' : line.p[i]);
            space = s;
        }
    }
    /* Gathered byte by byte, so the last character may be cut in two: only whole ones are kept. */
    return arena_str(a, str_upto(buf_str(&b), str_utf8_valid(buf_str(&b))));
}

struct str extract_utf8_str(struct extract_job *j, struct str s, size_t max)
{
    struct str u = str_utf8_cut(mime_charset_guess(j->arena, str_upto(s, max * 2), NULL), max);
    return arena_str(j->arena, u); /* it may still be a view of bytes that some library soon frees */
}

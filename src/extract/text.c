#include "extract/job.h"

/* Characters that a person does not see: zero width, joiners, soft hyphen, direction marks and overrides, BOM. */
static bool invisible(uint32_t c)
{
    return c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

/* One code point of valid UTF-8. */
static size_t next(const unsigned char *p, uint32_t *c)
{
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] < 0xE0) {
        *c = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (p[0] < 0xF0) {
        *c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        return 3;
    }
    *c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    return 4;
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

void extract_clean(struct extract_job *j, struct str in, struct buf *out)
{
    size_t run = 0, i = 0;
    while (i < in.n) {
        unsigned char b = (unsigned char)in.p[i];
        if (b >= 0x20 && b < 0x7F) {
            i++;
            continue;
        }
        uint32_t c;
        size_t n = next((const unsigned char *)in.p + i, &c);
        bool drop = invisible(c), control = c < 0x20 || (c >= 0x7F && c < 0xA0);
        if (drop || control) {
            buf_adds(out, str_n(in.p + run, i - run));
            run = i + n;
        }
        if (drop)
            j->insight.flags |= FACTS_ZERO_WIDTH;
        else if (control)
            put_control(in, i, out);
        i += n;
    }
    buf_adds(out, str_n(in.p + run, in.n - run));
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

#include "admin/print.h"

/* Bytes of the character at i; a lone byte when it is no UTF-8. */
static size_t width(struct str s, size_t i)
{
    size_t n = 1;
    while ((unsigned char)s.p[i] >= 0xC0 && n < 4 && i + n < s.n && ((unsigned char)s.p[i + n] & 0xC0) == 0x80)
        n++;
    return n;
}

static bool shown(struct str c)
{
    const unsigned char *p = (const unsigned char *)c.p;
    if (c.n == 1)
        return p[0] >= 0x20 && p[0] < 0x7F;
    if (c.n == 2)
        return !(p[0] == 0xC2 && p[1] < 0xA0);    /* C1 */
    if (c.n == 3 && p[0] == 0xE2 && p[1] == 0x80) /* marks and overrides of direction, line and paragraph separators */
        return !(p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE));
    return !(c.n == 3 && p[0] == 0xE2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9); /* isolates */
}

size_t admin_print(FILE *out, struct str s, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < max; n++) {
        struct str c = str_n(s.p + i, width(s, i));
        if (shown(c))
            fwrite(c.p, 1, c.n, out);
        else
            fputc(' ', out);
        i += c.n;
    }
    return n;
}

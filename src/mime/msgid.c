#include "mime/msgid.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static bool id_clean(struct arena *a, struct str s, struct str *out)
{
    s = str_trim(s);
    size_t i = 0;
    while (i < s.n && (unsigned char)s.p[i] > ' ' && s.p[i] != 0x7F)
        i++;
    if (i < s.n) {
        char *p = arena_alloc(a, s.n);
        size_t n = 0;
        for (i = 0; i < s.n; i++)
            if ((unsigned char)s.p[i] > ' ' && s.p[i] != 0x7F)
                p[n++] = s.p[i];
        s = str_n(p, n);
    }
    *out = s;
    return s.n > 0 && s.n <= MIME_MSGID_BYTES_MAX;
}

static void keep(struct str id, struct str *out, size_t *n, size_t max)
{
    if (*n == max) { /* drop the second oldest */
        memmove(out + 1, out + 2, (max - 2) * sizeof *out);
        --*n;
    }
    out[(*n)++] = id;
}

size_t mime_msgids(struct arena *a, struct str value, struct str *out, size_t max)
{
    size_t n = 0;
    struct str id;
    for (ptrdiff_t at = 0; (at = str_chr(value, '<', (size_t)at)) >= 0;) {
        ptrdiff_t end = str_chr(value, '>', (size_t)at + 1);
        if (end < 0)
            break;
        struct str inside = str_n(value.p + at + 1, (size_t)(end - at - 1));
        ptrdiff_t again = str_rchr(inside, '<'); /* "<a <b>": the inner one is whole */
        if (again >= 0)
            inside = str_from(inside, (size_t)again + 1);
        if (id_clean(a, inside, &id))
            keep(id, out, &n, max);
        at = end + 1;
    }
    if (n)
        return n;
    for (size_t i = 0; i < value.n;) {
        while (i < value.n && (is_space(value.p[i]) || value.p[i] == ','))
            i++;
        size_t from = i;
        while (i < value.n && !is_space(value.p[i]) && value.p[i] != ',')
            i++;
        while (from < i && value.p[from] == '<') /* never closed */
            from++;
        struct str word = str_n(value.p + from, i - from);
        if (str_chr(word, '@', 0) > 0 && id_clean(a, word, &id))
            keep(id, out, &n, max);
    }
    return n;
}

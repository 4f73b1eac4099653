#include "core/str.h"

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    if (d)
        return d;
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix) { return s.n >= prefix.n && str_eq(str_upto(s, prefix.n), prefix); }

bool str_istarts(struct str s, struct str prefix) { return s.n >= prefix.n && str_ieq(str_upto(s, prefix.n), prefix); }

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

ptrdiff_t str_chr(struct str s, char c, size_t from)
{
    if (from >= s.n)
        return -1;
    const char *at = memchr(s.p + from, c, s.n - from);
    return at ? at - s.p : -1;
}

ptrdiff_t str_rchr(struct str s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return (ptrdiff_t)(i - 1);
    return -1;
}

ptrdiff_t str_find(struct str hay, struct str needle, size_t from)
{
    if (from > hay.n)
        return -1;
    if (needle.n == 0)
        return (ptrdiff_t)from;
    if (from == hay.n)
        return -1;
    const char *at = memmem(hay.p + from, hay.n - from, needle.p, needle.n);
    return at ? at - hay.p : -1;
}

ptrdiff_t str_ifind(struct str hay, struct str needle, size_t from)
{
    if (from > hay.n || needle.n > hay.n - from)
        return -1;
    for (size_t i = from; i + needle.n <= hay.n; i++)
        if (str_ieq((struct str){hay.p + i, needle.n}, needle))
            return (ptrdiff_t)i;
    return -1;
}

bool str_cut(struct str s, char c, struct str *left, struct str *right)
{
    ptrdiff_t at = str_chr(s, c, 0);
    if (at < 0) {
        *left = s;
        *right = (struct str){s.p ? s.p + s.n : NULL, 0};
        return false;
    }
    *left = str_upto(s, (size_t)at);
    *right = str_from(s, (size_t)at + 1);
    return true;
}

bool str_token(struct str *rest, char c, struct str *tok)
{
    /* A NULL pointer marks the end, so that "a," still yields its last, empty token. */
    if (!rest->p)
        return false;
    struct str all = *rest;
    if (!str_cut(all, c, tok, rest))
        *rest = STR_NULL;
    return true;
}

bool str_u64(struct str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]))
            return false;
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

bool str_i64(struct str s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    uint64_t v;
    if (!str_u64(minus ? str_from(s, 1) : s, &v))
        return false;
    if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return false;
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool str_eq_ct(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    volatile unsigned char diff = 0;
    for (size_t i = 0; i < a.n; i++)
        diff = (unsigned char)(diff | (unsigned char)(a.p[i] ^ b.p[i]));
    return diff == 0;
}

/* Length of the well-formed sequence at p (Unicode 15, table 3-7), 0 when ill-formed or cut short. */
static size_t utf8_len(const unsigned char *p, size_t n)
{
    unsigned char c = p[0], low = 0x80, high = 0xBF;
    size_t need;
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    need = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (need > n)
        return 0;
    if (c == 0xE0)
        low = 0xA0; /* overlong */
    else if (c == 0xED)
        high = 0x9F; /* surrogates */
    else if (c == 0xF0)
        low = 0x90; /* overlong */
    else if (c == 0xF4)
        high = 0x8F; /* above U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

size_t str_utf8_valid(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    while (i < s.n) {
        /* Eight ASCII bytes at a time: nearly all text that passes here. */
        uint64_t w;
        if (s.n - i >= sizeof w && (memcpy(&w, p + i, sizeof w), (w & 0x8080808080808080ull) == 0)) {
            i += sizeof w;
            continue;
        }
        size_t k = utf8_len(p + i, s.n - i);
        if (k == 0)
            break;
        i += k;
    }
    return i;
}

struct str str_utf8_cut(struct str s, size_t n)
{
    if (s.n <= n)
        return s;
    /* At most three continuation bytes can be cut off; more of them is not UTF-8 and is cut where asked. */
    for (size_t back = 0; back <= 3 && back <= n; back++)
        if (((unsigned char)s.p[n - back] & 0xC0) != 0x80)
            return str_upto(s, n - back);
    return str_upto(s, n);
}

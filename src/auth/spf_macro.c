/* Macros of RFC 7208 section 7. */
#include "auth/spf.h"

#include <arpa/inet.h>
#include <stdio.h>

#define MACRO_PARTS_MAX 128u

struct macro {
    char letter; /* lower case */
    bool escape; /* it was upper case */
    unsigned keep;
    bool reverse;
    struct str delimiters; /* "" is "." */
};

static bool is_delimiter(char c) { return c != '\0' && strchr(".-+,/_=", c) != NULL; }

/* Reads "%{..}" at `at`; returns the bytes it takes, 0 when it is none. */
static size_t macro_read(struct str s, size_t at, bool explain, struct macro *m)
{
    size_t i = at + 2;
    *m = (struct macro){0};
    if (i >= s.n || s.p[at] != '%' || s.p[at + 1] != '{')
        return 0;
    m->letter = ascii_lower(s.p[i]);
    m->escape = m->letter != s.p[i];
    if (m->letter == '\0' || !strchr(explain ? "slodiphvcrt" : "slodiphv", m->letter))
        return 0;
    bool digits = false;
    for (i++; i < s.n && ascii_is_digit(s.p[i]); i++) {
        digits = true;
        if (m->keep < 1000)
            m->keep = m->keep * 10 + (unsigned)(s.p[i] - '0');
    }
    if (digits && m->keep == 0)
        return 0; /* 7.1: the number is not zero */
    if (i < s.n && ascii_lower(s.p[i]) == 'r') {
        m->reverse = true;
        i++;
    }
    size_t from = i;
    while (i < s.n && is_delimiter(s.p[i]))
        i++;
    m->delimiters = str_n(s.p + from, i - from);
    return i < s.n && s.p[i] == '}' ? i + 1 - at : 0;
}

/* Length of one element of a macro-string at `at`, 0 when there is none. macro: it was an expansion. */
static size_t element(struct str s, size_t at, bool explain, bool *macro)
{
    struct macro m;
    unsigned char c = (unsigned char)s.p[at];
    *macro = false;
    if (c != '%')
        return (c >= 0x21 && c <= 0x7E) || (explain && c == ' ') ? 1 : 0;
    *macro = true;
    if (at + 1 < s.n && (s.p[at + 1] == '%' || s.p[at + 1] == '_' || s.p[at + 1] == '-'))
        return 2;
    return macro_read(s, at, explain, &m);
}

bool auth_spf_macro_valid(struct str text, bool explain)
{
    bool macro;
    for (size_t i = 0, n; i < text.n; i += n)
        if ((n = element(text, i, explain, &macro)) == 0)
            return false;
    return true;
}

/* toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum ) */
static bool toplabel_valid(struct str s)
{
    bool alpha = false, hyphen = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '-')
            hyphen = true;
        else if (ascii_is_alpha(s.p[i]))
            alpha = true;
        else if (!ascii_is_digit(s.p[i]))
            return false;
    }
    return s.n > 0 && s.p[0] != '-' && s.p[s.n - 1] != '-' && (alpha || hyphen);
}

bool auth_spf_domain_valid(struct str text)
{
    bool macro = false;
    size_t literal = 0; /* where the literal tail begins */
    for (size_t i = 0, n; i < text.n; i += n) {
        if ((n = element(text, i, false, &macro)) == 0)
            return false;
        if (macro)
            literal = i + n;
    }
    if (text.n == 0)
        return false;
    if (literal == text.n)
        return text.p[text.n - 1] == '}'; /* domain-end = macro-expand: "%%" is none */
    struct str tail = str_from(text, literal);
    if (tail.p[tail.n - 1] == '.')
        tail.n--;
    ptrdiff_t dot = str_rchr(tail, '.');
    return dot >= 0 && toplabel_valid(str_from(tail, (size_t)dot + 1));
}

bool auth_spf_macro_uses(struct str text, char letter)
{
    struct macro m;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%')
            continue;
        if (macro_read(text, i, true, &m) && m.letter == letter)
            return true;
        i++;
    }
    return false;
}

/* 7.3: IPv6 as dotted nibbles. */
static void put_ip(struct buf *b, const struct auth_ip *ip, bool readable)
{
    char text[INET6_ADDRSTRLEN];
    if (!ip->v6 || readable) {
        if (inet_ntop(ip->v6 ? AF_INET6 : AF_INET, ip->b, text, sizeof text))
            buf_addz(b, text);
        return;
    }
    for (size_t i = 0; i < 32; i++)
        buf_printf(b, "%s%X", i ? "." : "", i % 2 ? ip->b[i / 2] & 15 : ip->b[i / 2] >> 4);
}

static void put_value(struct buf *b, char letter, const struct auth_spf_macros *m)
{
    switch (letter) {
    case 's': buf_adds(b, m->sender); break;
    case 'l': buf_adds(b, m->local); break;
    case 'o': buf_adds(b, m->sender_domain); break;
    case 'd': buf_adds(b, m->domain); break;
    case 'i': put_ip(b, &m->ip, false); break;
    case 'c': put_ip(b, &m->ip, true); break;
    case 'p': buf_adds(b, m->validated.p ? m->validated : STR("unknown")); break;
    case 'v': buf_addz(b, m->ip.v6 ? "ip6" : "in-addr"); break;
    case 'h': buf_adds(b, m->helo); break;
    case 'r': buf_adds(b, m->receiver.n ? m->receiver : STR("unknown")); break;
    case 't': buf_printf(b, "%lld", (long long)m->now_s); break;
    default: break;
    }
}

static void put_escaped(struct buf *b, struct str s, bool escape)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]) || (c && strchr("-._~", c));
        if (escape && !plain)
            buf_printf(b, "%%%02X", c);
        else
            buf_addc(b, s.p[i]);
    }
}

static bool splits_at(const struct macro *m, char c)
{
    return m->delimiters.n ? str_chr(m->delimiters, c, 0) >= 0 : c == '.';
}

static void put_macro(struct buf *out, const struct macro *m, const struct auth_spf_macros *values)
{
    AUTO(buf) struct buf text, joined;
    struct str part[MACRO_PARTS_MAX];
    size_t n = 0, from = 0;
    buf_init(&text, AUTH_SPF_EXPAND_MAX);
    buf_init(&joined, AUTH_SPF_EXPAND_MAX);
    put_value(&text, m->letter, values);
    struct str s = buf_str(&text);
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && (!splits_at(m, s.p[i]) || n == MACRO_PARTS_MAX - 1))
            continue;
        part[n++] = str_n(s.p ? s.p + from : "", i - from);
        from = i + 1;
    }
    size_t first = m->keep && m->keep < n ? n - m->keep : 0;
    for (size_t i = first; i < n; i++) {
        /* Reversed, the right-hand parts that are kept are the left-hand ones of the text. */
        buf_adds(&joined, m->reverse ? part[n - 1 - i] : part[i]);
        if (i + 1 < n)
            buf_addc(&joined, '.');
    }
    put_escaped(out, buf_str(&joined), m->escape);
    if (text.err || joined.err)
        out->err = BUF_FULL;
}

bool auth_spf_macro_expand(struct buf *out, struct str text, const struct auth_spf_macros *values)
{
    for (size_t i = 0; i < text.n && !out->err;) {
        struct macro m;
        char next = i + 1 < text.n ? text.p[i + 1] : '\0';
        size_t n = 1;
        if (text.p[i] != '%') {
            buf_addc(out, text.p[i]);
        } else if (next == '%' || next == '_' || next == '-') {
            buf_addz(out, next == '%' ? "%" : next == '_' ? " " : "%20");
            n = 2;
        } else if ((n = macro_read(text, i, true, &m)) != 0) {
            put_macro(out, &m, values);
        } else {
            return false;
        }
        i += n;
    }
    return !out->err;
}

#include "mime/path.h"

#include <arpa/inet.h>

/* RFC 5321 4.1.2 atext (RFC 5322 3.2.3); 8-bit by RFC 6531 3.3. */
static bool atext(unsigned char c)
{
    return ascii_is_alpha((char)c) || ascii_is_digit((char)c) || c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Dot-string = Atom *("." Atom). Length read, 0 when it is none. */
static size_t dot_string(struct str s)
{
    size_t i = 0;
    bool dot = true;
    for (; i < s.n && (atext((unsigned char)s.p[i]) || s.p[i] == '.'); i++) {
        if (s.p[i] == '.' && dot)
            return 0;
        dot = s.p[i] == '.';
    }
    return dot ? 0 : i;
}

/* Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE. Length with quotes, 0 when it is none; *text is the
 * content. */
static size_t quoted_string(struct arena *a, struct str s, struct str *text)
{
    char *out = arena_alloc(a, MIME_PATH_BYTES_MAX);
    size_t n = 0;
    for (size_t i = 1; i < s.n && n < MIME_PATH_BYTES_MAX; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"') {
            *text = str_n(out, n);
            return n ? i + 1 : 0; /* "" would give an address without local part */
        }
        if (c == '\\' && ++i < s.n)
            c = (unsigned char)s.p[i];
        if (c < 32 || c == 127)
            return 0;
        out[n++] = (char)c;
    }
    return 0;
}

/* address-literal = "[" ( IPv4 / "IPv6:" IPv6 ) "]" (RFC 5321 4.1.3); other tags are not registered. */
static bool literal_valid(struct str s)
{
    char z[INET6_ADDRSTRLEN];
    unsigned char bin[16];
    bool six = str_istarts(s, STR("[IPv6:"));
    struct str in = six ? str_n(s.p + 6, s.n - 7) : str_n(s.p + 1, s.n - 2);
    if (in.n == 0 || in.n >= sizeof z || memchr(in.p, 0, in.n))
        return false;
    memcpy(z, in.p, in.n);
    z[in.n] = 0;
    return inet_pton(six ? AF_INET6 : AF_INET, z, bin) == 1;
}

static bool has_8bit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

static enum mime_path_result domain_read(struct arena *a, struct mime_charsets *cs, struct str text,
                                         struct mime_addr *m)
{
    struct mime_domain d;
    if (!text.n || text.p[text.n - 1] == '.')
        return MIME_PATH_SYNTAX;
    if (text.n > MIME_DOMAIN_BYTES_MAX)
        return MIME_PATH_LONG;
    mime_domain_read(a, cs, text, &d);
    if ((d.flags & MIME_DOMAIN_BAD) || ((d.flags & MIME_DOMAIN_LITERAL) && !literal_valid(d.ascii)))
        return MIME_PATH_SYNTAX;
    if (d.flags & MIME_DOMAIN_LITERAL)
        m->flags |= MIME_ADDR_LITERAL;
    if (d.flags & MIME_DOMAIN_IDN)
        m->flags |= MIME_ADDR_IDN;
    m->domain = d.ascii;
    m->udomain = d.unicode;
    return MIME_PATH_OK;
}

static enum mime_path_result mailbox_read(struct arena *a, struct mime_charsets *cs, struct str s, unsigned allow,
                                          struct mime_addr *m)
{
    size_t n = s.p[0] == '"' ? quoted_string(a, s, &m->local) : dot_string(s);
    if (!n)
        return MIME_PATH_SYNTAX;
    if (s.p[0] == '"')
        m->flags |= MIME_ADDR_QUOTED;
    else
        m->local = str_upto(s, n);
    if (n > MIME_LOCAL_BYTES_MAX)
        return MIME_PATH_LONG;
    if (has_8bit(m->local))
        m->flags |= MIME_ADDR_UTF8;
    if (n == s.n && (allow & MIME_PATH_POSTMASTER) && str_ieq(m->local, STR("postmaster"))) {
        m->flags |= MIME_ADDR_NO_DOMAIN;
        return MIME_PATH_OK;
    }
    return n < s.n && s.p[n] == '@' ? domain_read(a, cs, str_from(s, n + 1), m) : MIME_PATH_SYNTAX;
}

/* Offset of the ">" that ends the path; quotes hide it. 0 when there is none. */
static size_t path_end(struct str s)
{
    bool quoted = false;
    for (size_t i = 1; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == '>' && !quoted)
            return i;
    }
    return 0;
}

enum mime_path_result mime_path_parse(struct arena *a, struct mime_charsets *cs, struct str text, unsigned allow,
                                      struct mime_path *out, struct str *rest)
{
    struct mime_path p = {0};
    size_t end = text.n && text.p[0] == '<' ? path_end(text) : 0;
    if (!end || (!rest && end + 1 != text.n))
        return MIME_PATH_SYNTAX;
    p.raw = str_n(text.p + 1, end - 1);
    if (end + 1 > MIME_PATH_BYTES_MAX)
        return MIME_PATH_LONG;
    if (p.raw.n == 0) {
        if (!(allow & MIME_PATH_NULL))
            return MIME_PATH_SYNTAX;
        p.null = true;
    } else if (p.raw.p[0] == '@') {
        return MIME_PATH_ROUTE;
    } else {
        if (has_8bit(p.raw) && (!(allow & MIME_PATH_UTF8) || str_utf8_valid(p.raw) != p.raw.n))
            return MIME_PATH_8BIT;
        enum mime_path_result r = mailbox_read(a, cs, p.raw, allow, &p.addr);
        if (r)
            return r;
    }
    *out = p;
    if (rest)
        *rest = str_from(text, end + 1);
    return MIME_PATH_OK;
}

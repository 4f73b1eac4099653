#include "guard/url.h"

#define URL_READ_MAX 4096u

static int hex(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent signs undone once; "+" stays. */
static struct str unescape(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = high >= 0 ? hex(s.p[i + 2]) : -1;
        if (low >= 0) {
            p[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            p[n++] = s.p[i];
        }
    }
    return str_n(p, n);
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    return str_n(p, s.n);
}

/* Browsers drop tabs and line ends inside a URL and spaces at its ends. */
static struct str squeeze(struct arena *a, struct str s)
{
    s = str_upto(str_trim(s), URL_READ_MAX);
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            p[n++] = s.p[i];
    return str_n(p, n);
}

/* Decimal, octal, hexadecimal, one to four groups: all are addresses to a browser. */
static bool is_number(struct str host)
{
    struct str rest = host, group;
    size_t groups = 0;
    if (host.n && str_chr(host, ':', 0) >= 0)
        return true;
    while (str_token(&rest, '.', &group)) {
        bool hexa = str_istarts(group, STR("0x"));
        struct str digits = hexa ? str_from(group, 2) : group;
        if (group.n == 0)
            return false;
        for (size_t i = 0; i < digits.n; i++)
            if (hexa ? hex(digits.p[i]) < 0 : !ascii_is_digit(digits.p[i]))
                return false;
        groups++;
    }
    return groups >= 1 && groups <= 4;
}

/* Only a name that could be a host deceives: "anna.rossi@azienda.it" behind "https://" is a slip. */
static bool passes_for_host(struct str userinfo)
{
    ptrdiff_t dot = str_rchr(userinfo, '.');
    struct str last = str_from(userinfo, (size_t)(dot + 1));
    return dot > 0 &&
           (last.n == 2 || str_ieq(last, STR("com")) || str_ieq(last, STR("net")) || str_ieq(last, STR("org")));
}

static void read_host(struct arena *a, struct str authority, struct guard_url *out)
{
    ptrdiff_t at = str_rchr(authority, '@');
    if (at >= 0) {
        out->userinfo = passes_for_host(str_upto(authority, (size_t)at));
        authority = str_from(authority, (size_t)at + 1);
    }
    if (authority.n && authority.p[0] == '[') {
        ptrdiff_t end = str_chr(authority, ']', 0);
        out->host = lower(a, str_n(authority.p + 1, end > 1 ? (size_t)end - 1 : 0));
        out->ip = out->host.n > 0;
        return;
    }
    ptrdiff_t colon = str_rchr(authority, ':');
    if (colon >= 0) {
        struct str port = str_from(authority, (size_t)colon + 1);
        out->port = port.n > 0 && !str_eq(port, STR("80")) && !str_eq(port, STR("443"));
        authority = str_upto(authority, (size_t)colon);
    }
    out->encoded_host = str_chr(authority, '%', 0) >= 0;
    out->host = lower(a, out->encoded_host ? unescape(a, authority) : authority);
    if (out->host.n && out->host.p[out->host.n - 1] == '.')
        out->host.n--;
    out->ip = is_number(out->host);
}

void guard_url_read(struct arena *a, struct str text, struct guard_url *out)
{
    struct str s = squeeze(a, text);
    *out = (struct guard_url){.scheme = STR(""), .host = STR(""), .path = STR("")};
    size_t i = 0;
    while (i < s.n &&
           (ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.'))
        i++;
    if (i == 0 || i == s.n || s.p[i] != ':')
        return;
    out->scheme = lower(a, str_upto(s, i));
    bool web = str_eq(out->scheme, STR("http")) || str_eq(out->scheme, STR("https")) || str_eq(out->scheme, STR("ftp"));
    i++;
    if (!web) {
        out->path = str_from(s, i);
        return;
    }
    while (i < s.n && (s.p[i] == '/' || s.p[i] == '\\'))
        i++;
    size_t end = i;
    while (end < s.n && s.p[end] != '/' && s.p[end] != '\\' && s.p[end] != '?' && s.p[end] != '#' && s.p[end] != '<' &&
           s.p[end] != '>' && s.p[end] != '"' && s.p[end] != ' ')
        end++;
    read_host(a, str_n(s.p + i, end - i), out);
    out->path = str_from(s, end);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (ascii_is_digit(c))
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static struct str base64(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < s.n; i++) {
        int v = base64_value(s.p[i]);
        if (v < 0)
            break;
        bits = bits << 6 | (uint32_t)v;
        if ((have += 6) >= 8) {
            have -= 8;
            p[n++] = (char)(bits >> have & 0xff);
        }
    }
    return str_n(p, n);
}

static bool web_start(struct str s) { return str_istarts(s, STR("http://")) || str_istarts(s, STR("https://")); }

static bool ends_value(char c) { return c == '&' || c == '#' || c == '"' || c == '<' || c == ' '; }

/* base64 of "http" at a border of three bytes. */
static ptrdiff_t base64_web(struct str s)
{
    ptrdiff_t at = str_find(s, STR("aHR0c"), 0);
    return at;
}

bool guard_url_nested(struct arena *a, const struct guard_url *u, struct guard_url *out)
{
    if (u->host.n == 0 || u->path.n < 12)
        return false;
    struct str s = u->path;
    for (int times = 0; times < GUARD_URL_NESTED_MAX; times++) {
        ptrdiff_t at = str_ifind(s, STR("http"), 1);
        for (; at > 0; at = str_ifind(s, STR("http"), (size_t)at + 1)) {
            struct str rest = str_from(s, (size_t)at);
            size_t n = 0;
            if (!web_start(rest))
                continue;
            while (n < rest.n && !ends_value(rest.p[n]))
                n++;
            guard_url_read(a, str_upto(rest, n), out);
            if (out->host.n && str_chr(out->host, '.', 0) > 0 && !str_eq(out->host, u->host))
                return true;
        }
        s = unescape(a, s);
    }
    ptrdiff_t at = base64_web(s);
    if (at < 0)
        return false;
    struct str inner = base64(a, str_from(s, (size_t)at));
    if (!web_start(inner))
        return false;
    guard_url_read(a, inner, out);
    return out->host.n > 0 && !str_eq(out->host, u->host);
}

bool guard_url_names(struct arena *a, const struct guard_url *u, struct str address)
{
    if (address.n < 6 || u->host.n == 0)
        return false;
    struct str plain = unescape(a, u->path);
    if (str_ifind(plain, address, 0) >= 0)
        return true;
    /* base64 shifts with the position: each run of its letters is read at its four beginnings. */
    size_t i = 0;
    while (i < plain.n) {
        size_t from = i;
        while (i < plain.n && base64_value(plain.p[i]) >= 0)
            i++;
        struct str run = str_n(plain.p + from, i - from);
        for (size_t k = 0; run.n * 3 >= address.n * 4 && k < 4 && k < run.n; k++)
            if (str_ifind(base64(a, str_from(run, k)), address, 0) >= 0)
                return true;
        i++;
    }
    return false;
}

static bool host_byte(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

struct str guard_url_claimed(struct arena *a, struct str shown)
{
    struct guard_url u;
    shown = str_trim(shown);
    if (web_start(shown)) {
        guard_url_read(a, shown, &u);
        return u.host;
    }
    size_t n = 0;
    while (n < shown.n && host_byte(shown.p[n]))
        n++;
    bool whole = n == shown.n || shown.p[n] == '/' || shown.p[n] == '?';
    if (!whole || n < 4 || n > 253 || str_chr(shown, '@', 0) >= 0)
        return STR("");
    struct str host = lower(a, str_upto(shown, n));
    ptrdiff_t dot = str_rchr(host, '.');
    size_t tld = dot > 0 ? host.n - (size_t)dot - 1 : 0;
    for (size_t i = host.n - tld; i < host.n; i++)
        if (!ascii_is_alpha(host.p[i]))
            return STR("");
    return tld >= 2 ? host : STR("");
}

#include "http/parse.h"

static bool is_tchar(char c) /* RFC 9110 5.6.2 */
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_tchar(s.p[i]))
            return false;
    return s.n > 0;
}

static const struct {
    struct str name;
    enum http_method method;
} methods[] = {
    {STR("GET"), HTTP_GET}, {STR("HEAD"), HTTP_HEAD},     {STR("POST"), HTTP_POST},
    {STR("PUT"), HTTP_PUT}, {STR("DELETE"), HTTP_DELETE},
};

/* Length of the head with its empty line; 0: not complete; -1: a line does not end with CRLF. */
static ptrdiff_t head_length(struct str in)
{
    for (size_t at = 0, line = 0; at < in.n; at++) {
        if (in.p[at] != '\n')
            continue;
        if (at == line || in.p[at - 1] != '\r')
            return -1;
        if (at - line == 1)
            return (ptrdiff_t)at + 1;
        line = at + 1;
    }
    return 0;
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112 3). 0 or a status. */
static int request_line(struct str line, struct http_head *h)
{
    struct str method, version;
    if (!str_cut(line, ' ', &method, &line) || !str_cut(line, ' ', &h->target, &version) || !is_token(method))
        return 400;
    if (h->target.n > HTTP_TARGET_MAX)
        return 414;
    if (h->target.n == 0 || h->target.p[0] != '/')
        return 400; /* absolute-form and authority-form are for proxies */
    for (size_t i = 0; i < h->target.n; i++)
        if (h->target.p[i] < '!' || h->target.p[i] > '~' || h->target.p[i] == '#')
            return 400;
    if (str_eq(version, STR("HTTP/1.0")))
        h->http10 = true;
    else if (!str_eq(version, STR("HTTP/1.1")))
        return version.n == 8 && str_starts(version, STR("HTTP/")) && version.p[6] == '.' ? 505 : 400;
    if (!str_cut(h->target, '?', &h->path, &h->query))
        h->query = STR_NULL;
    for (size_t i = 0; i < N_ELEMENTS(methods); i++)
        if (str_eq(methods[i].name, method)) {
            h->method = methods[i].method;
            return 0;
        }
    return 501;
}

static int field_line(struct str line, struct http_head *h)
{
    if (line.p[0] == ' ' || line.p[0] == '\t')
        return 400; /* obs-fold: RFC 9112 5.2 */
    if (h->n_fields == HTTP_HEADERS_MAX)
        return 431;
    struct http_field *f = &h->field[h->n_fields];
    if (!str_cut(line, ':', &f->name, &f->value) || !is_token(f->name))
        return 400;
    for (size_t i = 0; i < f->value.n; i++)
        if (((unsigned char)f->value.p[i] < ' ' && f->value.p[i] != '\t') || f->value.p[i] == 127)
            return 400;
    f->value = str_trim(f->value);
    h->n_fields++;
    return 0;
}

static size_t count(const struct http_head *h, struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_fields; i++)
        n += str_ieq(h->field[i].name, name);
    return n;
}

/* What decides where this message ends and who it is for (RFC 9112 6.3, 7.2). 0 or a status. */
static int framing(struct http_head *h)
{
    static const struct str once[] = {STR("Host"),         STR("Content-Length"), STR("Transfer-Encoding"),
                                      STR("Content-Type"), STR("Authorization"),  STR("Origin"),
                                      STR("Expect"),       STR("Cookie")};
    for (size_t i = 0; i < N_ELEMENTS(once); i++)
        if (count(h, once[i]) > 1)
            return 400;
    h->host = http_field(h, STR("Host"));
    if (!h->http10 && h->host.n == 0)
        return 400;
    for (size_t i = 0; i < h->host.n; i++)
        if (!ascii_is_alpha(h->host.p[i]) && !ascii_is_digit(h->host.p[i]) && !strchr(".-_:[]", h->host.p[i]))
            return 400;
    struct str te = http_field(h, STR("Transfer-Encoding")), cl = http_field(h, STR("Content-Length"));
    if (te.p) {
        if (cl.p || h->http10)
            return 400;
        if (!str_ieq(te, STR("chunked")))
            return 501;
        h->chunked = true;
    }
    if (cl.p) {
        if (cl.n > 18 || !str_u64(cl, &h->length))
            return 400;
        h->has_length = true;
    }
    struct str expect = http_field(h, STR("Expect"));
    if (expect.p && !str_ieq(expect, STR("100-continue")))
        return 417;
    h->expect_continue = expect.p && !h->http10;
    struct str connection = http_field(h, STR("Connection"));
    h->keep_alive = h->http10 ? false : !http_list_has(connection, STR("close"));
    return 0;
}

static int read_head(struct str head, struct http_head *h)
{
    struct str line;
    bool first = true;
    while (str_cut(head, '\n', &line, &head)) {
        line.n--; /* CR */
        if (line.n == 0)
            return first ? 400 : framing(h);
        if (str_chr(line, '\r', 0) >= 0)
            return 400;
        int status = first ? request_line(line, h) : field_line(line, h);
        if (status)
            return status;
        first = false;
    }
    return 400;
}

enum parse http_head_parse(struct str in, struct http_head *out, size_t *used, int *status)
{
    struct str window = str_upto(in, HTTP_HEAD_MAX);
    ptrdiff_t n = head_length(window);
    *status = 0;
    if (n < 0) {
        *status = 400;
        return PARSE_BAD;
    }
    if (n == 0) {
        if (in.n < HTTP_HEAD_MAX)
            return PARSE_MORE;
        *status = str_chr(window, '\n', 0) < 0 ? 414 : 431;
        return PARSE_BAD;
    }
    memset(out, 0, sizeof *out);
    *used = (size_t)n;
    *status = read_head(str_upto(in, (size_t)n), out);
    return *status ? PARSE_BAD : PARSE_OK;
}

struct str http_field(const struct http_head *h, struct str name)
{
    for (size_t i = 0; i < h->n_fields; i++)
        if (str_ieq(h->field[i].name, name))
            return h->field[i].value;
    return STR_NULL;
}

bool http_has_field(const struct http_head *h, struct str name) { return http_field(h, name).p != NULL; }

bool http_list_has(struct str list, struct str token)
{
    struct str item, params;
    while (list.n > 0) {
        if (!str_cut(list, ',', &item, &list))
            list = STR_NULL;
        str_cut(item, ';', &item, &params);
        params = str_trim(params);
        bool never = str_istarts(params, STR("q=0")) && str_trim(str_from(params, 3)).n == 0;
        if (str_ieq(str_trim(item), token) && !never)
            return true;
    }
    return false;
}

struct str http_cookie(struct str cookies, struct str name)
{
    struct str item, key, value, found = STR_NULL;
    while (cookies.n > 0) {
        if (!str_cut(cookies, ';', &item, &cookies))
            cookies = STR_NULL;
        if (!str_cut(str_trim(item), '=', &key, &value) || !str_eq(key, name))
            continue;
        if (found.p)
            return STR_NULL;
        found = value;
    }
    return found;
}

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct arena *a, struct str s, struct str *out)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            p[n++] = s.p[i];
            continue;
        }
        bool whole = s.n - i > 2;
        int hi = whole ? hex_digit(s.p[i + 1]) : -1, lo = whole ? hex_digit(s.p[i + 2]) : -1;
        if (hi < 0 || lo < 0 || hi + lo == 0)
            return false;
        p[n++] = (char)(hi * 16 + lo);
        i += 2;
    }
    p[n] = 0;
    *out = str_n(p, n);
    return true;
}

struct str http_query(struct arena *a, struct str query, struct str key)
{
    struct str item, k, v, out;
    while (query.n > 0) {
        if (!str_cut(query, '&', &item, &query))
            query = STR_NULL;
        str_cut(item, '=', &k, &v);
        if (str_eq(k, key))
            return http_decode(a, v, &out) ? out : STR_NULL;
    }
    return STR_NULL;
}

enum { CHUNK_SIZE, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF, CHUNK_END_CR, CHUNK_END_LF };

/* One byte outside of chunk data. 0 go on, 1 the end, -1 bad. */
static int chunk_byte(struct http_chunked *c, char b)
{
    switch (c->state) {
    case CHUNK_SIZE:
        if (b == '\r' && c->digits > 0) {
            c->state = CHUNK_SIZE_LF;
            return 0;
        }
        if (hex_digit(b) < 0 || c->digits == HTTP_CHUNK_DIGITS)
            return -1;
        c->digits++;
        c->left = c->left * 16 + (uint64_t)hex_digit(b);
        return 0;
    case CHUNK_SIZE_LF:
        c->state = c->left ? CHUNK_DATA : CHUNK_END_CR;
        c->digits = 0;
        return b == '\n' ? 0 : -1;
    case CHUNK_DATA_CR: c->state = CHUNK_DATA_LF; return b == '\r' ? 0 : -1;
    case CHUNK_DATA_LF: c->state = CHUNK_SIZE; return b == '\n' ? 0 : -1;
    case CHUNK_END_CR: c->state = CHUNK_END_LF; return b == '\r' ? 0 : -1; /* anything else would be a trailer */
    default: return b == '\n' ? 1 : -1;
    }
}

enum parse http_chunked_feed(struct http_chunked *c, struct str in, size_t *used, http_emit *emit, void *ctx)
{
    size_t at = 0;
    while (at < in.n) {
        if (c->state == CHUNK_DATA) {
            size_t n = in.n - at < c->left ? in.n - at : (size_t)c->left;
            emit(ctx, str_n(in.p + at, n));
            at += n;
            c->left -= n;
            if (c->left == 0)
                c->state = CHUNK_DATA_CR;
            continue;
        }
        int r = chunk_byte(c, in.p[at++]);
        if (r < 0)
            return PARSE_BAD;
        if (r > 0) {
            *used = at;
            return PARSE_OK;
        }
    }
    *used = in.n;
    return PARSE_MORE;
}

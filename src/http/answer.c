/* The head of an answer: status, lengths, caching, and the fields that every answer of ours has. */
#include "http/serve.h"
#include "core/date.h"
#include "core/log.h"

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};
static const char security[] =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()\r\n";

static const char *reason(int status)
{
    for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "";
}

/* IMF-fixdate, RFC 9110 5.6.7. */
void http_put_date(struct buf *b, int64_t wall_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct date d;
    date_from_ms(wall_ms, &d);
    buf_printf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * d.weekday, d.day,
               months + 3 * (d.month - 1), d.year, d.hour, d.minute, d.second);
}

static void put_csp(struct buf *b, const struct http_answer *a)
{
    if (a->flags & HTTP_PAGE)
        buf_printf(b,
                   "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%.*s'; "
                   /* https: lets the panel show a mail's pictures when asked: a frame may not do more than its page,
                      and its own policy allows none until then. */
                   "img-src 'self' data: blob: https:; font-src 'self'; "
                   "connect-src 'self'; manifest-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action "
                   "'self'; frame-ancestors 'none'\r\n",
                   STRF(a->nonce));
    else
        buf_printf(b,
                   "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action "
                   "'none'%s\r\n",
                   a->flags & HTTP_OWN ? "" : "; sandbox");
}

void http_put_security(struct buf *out, const struct http_conn *hc, bool https)
{
    buf_addz(out, security);
    if (hc->tls || https)
        buf_addz(out, "Strict-Transport-Security: max-age=31536000\r\n");
}

static bool bodyless(int status) { return status == 304 || status == 204; }

static void put_length(struct buf *out, const struct http_txn *t)
{
    if (t->in_chunks)
        buf_addz(out, "Transfer-Encoding: chunked\r\n");
    else if (!t->no_length && t->end != HTTP_SIZE_UNKNOWN && !bodyless(t->answer.status))
        buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)(t->end - t->at));
}

static void put_caching(struct buf *out, const struct http_answer *a)
{
    buf_addz(out, a->flags & HTTP_CACHE_FOREVER ? "Cache-Control: public, max-age=31536000, immutable\r\n"
                  : a->flags & HTTP_CACHE_CHECK ? "Cache-Control: no-cache\r\n"
                                                : "Cache-Control: no-store\r\n");
    /* A compressed form is equal in meaning, not in bytes: its tag is weak (RFC 9110 8.8.3.3). */
    if (a->etag.n)
        buf_printf(out, "ETag: %s%.*s\r\n", a->gzip ? "W/" : "", STRF(a->etag));
    buf_addz(out, "Vary: Accept-Encoding\r\n");
}

/* What a handler adds must be whole lines of text: a name out of a message must not become a field, or a second answer. */
static bool lines_sound(struct str s)
{
    struct str line;
    while (s.n > 0) {
        if (!str_cut(s, '\n', &line, &s) || line.n < 2 || line.p[line.n - 1] != '\r')
            return false;
        for (size_t i = 0; i + 1 < line.n; i++)
            if ((unsigned char)line.p[i] < ' ' || line.p[i] == 127)
                return false;
    }
    return true;
}

void http_answer_head(struct http_txn *t)
{
    const struct http_answer *a = &t->answer;
    struct buf *out = conn_out(t->hc->conn);
    size_t before = out->n;
    buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, reason(a->status));
    http_put_date(out, env_wall_ms(net_loop_env(t->req.server->loop)));
    put_length(out, t);
    if (a->type)
        buf_printf(out, "Content-Type: %s\r\n", a->type);
    if (a->gzip)
        buf_addz(out, "Content-Encoding: gzip\r\n");
    if ((a->flags & HTTP_RANGES) && !bodyless(a->status))
        buf_addz(out, "Accept-Ranges: bytes\r\n");
    put_caching(out, a);
    http_put_security(out, t->hc, str_istarts(t->req.base, STR("https:")));
    put_csp(out, a);
    if (lines_sound(a->headers))
        buf_adds(out, a->headers);
    else
        log_error("http.fields_left_out", L_S("path", t->req.head.path));
    buf_addz(out, t->close ? "Connection: close\r\n\r\n" : "\r\n");
    t->ended = t->head_only || bodyless(a->status) || t->at == t->end;
    if (t->ended && t->in_chunks && !t->head_only && !bodyless(a->status))
        buf_addz(out, "0\r\n\r\n");
    t->taken += out->n - before;
    conn_written(t->hc->conn);
}

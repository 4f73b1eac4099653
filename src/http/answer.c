#include "http/serve.h"
#include "core/date.h"
#include "core/json.h"

#define STEP (32u * 1024) /* bytes of a body put into the connection's output at once */

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
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
static const char security[] = "X-Content-Type-Options: nosniff\r\n"
                               "Referrer-Policy: no-referrer\r\n"
                               "X-Frame-Options: DENY\r\n"
                               "Cross-Origin-Opener-Policy: same-origin\r\n"
                               "Cross-Origin-Resource-Policy: same-origin\r\n"
                               "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()\r\n";

static const char *reason(int status)
{
    for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "";
}

/* IMF-fixdate, RFC 9110 5.6.7. */
static void put_date(struct buf *b, int64_t wall_ms)
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
                   "img-src 'self' data: blob:; font-src 'self'; "
                   "connect-src 'self'; manifest-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action "
                   "'self'; frame-ancestors 'none'\r\n",
                   STRF(a->nonce));
    else
        buf_addz(b, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action "
                    "'none'; sandbox\r\n");
}

static struct str body_of(const struct http_answer *a) { return a->body.p ? buf_str(&a->body) : a->view; }

void http_answer_begin(struct http_txn *t)
{
    const struct http_answer *a = &t->answer;
    struct buf *out = conn_out(t->hc->conn);
    buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, reason(a->status));
    put_date(out, env_wall_ms(net_loop_env(t->req.server->loop)));
    if (a->status != 304 && a->status != 204)
        buf_printf(out, "Content-Length: %zu\r\n", body_of(a).n);
    if (a->type)
        buf_printf(out, "Content-Type: %s\r\n", a->type);
    if (a->gzip)
        buf_addz(out, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
    buf_addz(out, a->flags & HTTP_CACHE_FOREVER ? "Cache-Control: public, max-age=31536000, immutable\r\n"
                  : a->flags & HTTP_CACHE_CHECK ? "Cache-Control: no-cache\r\n"
                                                : "Cache-Control: no-store\r\n");
    buf_addz(out, security);
    put_csp(out, a);
    if (t->req.server->conf.tls)
        buf_addz(out, "Strict-Transport-Security: max-age=31536000\r\n");
    buf_adds(out, a->headers);
    buf_addz(out, t->close ? "Connection: close\r\n\r\n" : "\r\n");
    if (t->head_only || a->status == 304 || a->status == 204)
        t->sent = body_of(a).n;
    conn_written(t->hc->conn);
}

bool http_answer_more(struct http_txn *t)
{
    struct str left = str_from(body_of(&t->answer), t->sent);
    while (left.n > 0 && conn_out_pending(t->hc->conn) < CONN_OUT_HIGH) {
        struct str part = str_upto(left, STEP);
        conn_write(t->hc->conn, part);
        t->sent += part.n;
        left = str_from(left, part.n);
    }
    return left.n == 0;
}

void http_reply_json(struct http_server *s, uint64_t id, int status, struct buf *json)
{
    struct http_answer a = {.status = status, .type = "application/json", .body = *json};
    buf_init(json, 0);
    http_reply(s, id, &a);
}

static void put_problem(struct buf *b, int status, const char *code, const char *it, const char *en)
{
    struct json_w w;
    json_init(&w, b);
    json_obj(&w);
    json_kstr(&w, "type", str_c(code));
    json_kint(&w, "status", status);
    json_kstr(&w, "title", str_c(en));
    json_kstr(&w, "title_it", str_c(it));
    json_kstr(&w, "title_en", str_c(en));
    json_obj_end(&w);
}

void http_reply_error(struct http_server *s, uint64_t id, int status, const char *code, const char *it, const char *en)
{
    http_answer_why(s, id, status, &(struct http_why){code, it, en});
}

void http_answer_why(struct http_server *s, uint64_t id, int status, const struct http_why *why)
{
    struct http_answer a = {.status = status, .type = "application/problem+json"};
    buf_init(&a.body, 4096);
    put_problem(&a.body, status, why->code, why->it, why->en);
    struct http_txn *t = imap_get(&s->pending, id);
    /* A browser's own password window is for programs and curious people, never for the panel's requests. */
    if (status == 401 && t && t->req.secure && !http_has_field(&t->req.head, STR("X-Sigillo")) &&
        !http_has_field(&t->req.head, STR("Sec-Fetch-Mode")))
        a.headers = STR("WWW-Authenticate: Basic realm=\"Sigillo\", charset=\"UTF-8\"\r\n");
    if (status == 405)
        a.headers = STR("Allow: GET, HEAD, POST\r\n");
    http_reply(s, id, &a);
}

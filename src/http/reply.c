/* From a handler's answer to what is sent of it: nothing (304), a part (206), all; as it is or compressed. */
#include "http/serve.h"
#include "http/range.h"
#include "core/json.h"
#include "core/log.h"

#define GZIP_LEAST 1024u           /* shorter bodies fit into a packet or two anyway */
#define GZIP_AT_ONCE (128u * 1024) /* longer ones are compressed as they are sent */

static bool compressible(const char *type);
static uint64_t size_of(const struct http_answer *a);
static void body_drop(struct http_answer *a);
static void shape_range(struct http_txn *t);
static void shape_gzip(struct http_txn *t);

static bool compressible(const char *type)
{
    static const char *const types[] = {"application/json",
                                        "application/problem+json",
                                        "application/manifest+json",
                                        "application/javascript",
                                        "text/javascript",
                                        "text/css",
                                        "text/html",
                                        "text/plain",
                                        "image/svg+xml"};
    for (size_t i = 0; type && i < N_ELEMENTS(types); i++)
        if (str_istarts(str_c(type), str_c(types[i])))
            return true;
    return false;
}

static uint64_t size_of(const struct http_answer *a)
{
    return a->source.pull ? a->source.size : a->body.p ? a->body.n : a->view.n;
}

void http_source_end(struct http_answer *a)
{
    if (a->source.pull && a->source.free)
        a->source.free(a->source.arg);
    a->source = (struct http_source){0};
}

static void body_drop(struct http_answer *a)
{
    http_source_end(a);
    if (a->body.p)
        buf_free(&a->body);
    buf_init(&a->body, 0);
    a->view = STR_NULL;
    a->type = NULL;
}

static void shape_range(struct http_txn *t)
{
    struct http_answer *a = &t->answer;
    struct str range = http_field(&t->req.head, STR("Range")), only = http_field(&t->req.head, STR("If-Range"));
    uint64_t from = 0, to = 0;
    bool seeks = !a->source.pull || (a->source.seek && a->source.size != HTTP_SIZE_UNKNOWN);
    if (!range.p || !seeks || (only.p && !http_etag_is(only, a->etag)))
        return;
    switch (http_range_parse(range, t->end, &from, &to)) {
    case HTTP_RANGE_NONE: return;
    case HTTP_RANGE_BEYOND:
        a->headers = arena_printf(&t->arena, "%.*sContent-Range: bytes */%llu\r\n", STRF(a->headers),
                                  (unsigned long long)t->end);
        a->status = 416;
        body_drop(a);
        t->end = 0;
        return;
    case HTTP_RANGE_PART: break;
    }
    if (a->source.pull && from > 0 && a->source.seek(a->source.arg, from) != 0)
        return;
    a->status = 206;
    a->headers = arena_printf(&t->arena, "%.*sContent-Range: bytes %llu-%llu/%llu\r\n", STRF(a->headers),
                              (unsigned long long)from, (unsigned long long)to - 1, (unsigned long long)t->end);
    t->at = from;
    t->end = to;
}

static void shape_gzip(struct http_txn *t)
{
    struct http_answer *a = &t->answer;
    if (a->gzip || t->head_only || a->status == 206 || !compressible(a->type) || t->end - t->at < GZIP_LEAST)
        return;
    /* BREACH: the length of a compressed secret tells of it, where a stranger chose what stands beside. */
    if ((a->flags & HTTP_PRIVATE) || str_ifind(a->headers, STR("Set-Cookie:"), 0) >= 0)
        return;
    if (!http_accepts_gzip(http_field(&t->req.head, STR("Accept-Encoding"))))
        return;
    a->gzip = true;
    t->gzip = http_gzip_new();
    if (a->source.pull || t->end > GZIP_AT_ONCE) {
        t->in_chunks = true; /* how long it will be is not known yet */
        return;
    }
    struct buf small;
    buf_init(&small, 4 * GZIP_AT_ONCE);
    http_gzip_add(t->gzip, a->body.p ? buf_str(&a->body) : a->view, true, &small);
    http_gzip_free(STEAL(t->gzip));
    if (a->body.p)
        buf_free(&a->body);
    a->body = small;
    t->end = small.n;
}

void http_reply_shape(struct http_txn *t)
{
    struct http_answer *a = &t->answer;
    enum http_method m = t->req.head.method;
    t->at = 0;
    t->end = size_of(a);
    if (a->status == 200 && (m == HTTP_GET || m == HTTP_HEAD)) {
        if (http_etag_in(http_field(&t->req.head, STR("If-None-Match")), a->etag)) {
            a->status = 304;
            body_drop(a);
            t->end = 0;
            return;
        }
        if (a->flags & HTTP_RANGES)
            shape_range(t);
    }
    shape_gzip(t);
    if (t->end == HTTP_SIZE_UNKNOWN)
        t->in_chunks = true;
    if (t->in_chunks && t->req.head.http10) { /* RFC 9112 6.1: no chunks there, the end of the stream is the end */
        t->in_chunks = false;
        t->no_length = t->close = true;
    }
}

void http_reply(struct http_server *s, uint64_t id, struct http_answer *a)
{
    struct http_txn *t = imap_del(&s->pending, id);
    if (!t || !t->hc) {
        if (!t)
            log_bug("http.reply_twice", L_I("status", a->status));
        if (a->body.p)
            buf_free(&a->body);
        http_source_end(a);
        if (t)
            http_txn_free(t);
        if (s->stopping)
            net_later(s->loop, &s->stop_later);
        return;
    }
    t->answer = *a;
    buf_init(&a->body, 0);
    a->source = (struct http_source){0};
    t->close = t->close || (a->flags & HTTP_CLOSE) || s->stopping;
    http_set_state(t->hc, HTTP_ANSWERING);
    http_reply_shape(t);
    if (t->answer.source.pull)
        imap_put(&s->pulling, id, t);
    s->counts.answers[t->answer.status / 100 % 6]++;
    http_answer_head(t);
    if (http_answer_more(t))
        http_request_end(t->hc);
}

void http_pull_again(struct http_server *s, uint64_t id)
{
    struct http_txn *t = imap_get(&s->pulling, id);
    if (!t || !t->hc || t->hc->state != HTTP_ANSWERING || !t->pull_waits)
        return;
    t->pull_waits = false;
    if (http_answer_more(t))
        http_request_end(t->hc);
}

void http_reply_json(struct http_server *s, uint64_t id, int status, struct buf *json)
{
    struct http_answer a = {.status = status, .type = "application/json", .body = *json};
    buf_init(json, 0);
    http_reply(s, id, &a);
}

static void put_problem(struct buf *b, int status, const struct http_why *why)
{
    struct json_w w;
    json_init(&w, b);
    json_obj(&w);
    json_kstr(&w, "type", str_c(why->code));
    json_kint(&w, "status", status);
    json_kstr(&w, "title", str_c(why->en));
    json_kstr(&w, "title_it", str_c(why->it));
    json_kstr(&w, "title_en", str_c(why->en));
    if (why->limit)
        json_kstr(&w, "limit", str_c(why->limit));
    if (why->status)
        json_kstr(&w, "detail", str_c(why->en));
    json_obj_end(&w);
}

void http_reply_error(struct http_server *s, uint64_t id, int status, const char *code, const char *it, const char *en)
{
    http_answer_why(s, id, status, &(struct http_why){.code = code, .it = it, .en = en});
}

void http_answer_wait(struct http_txn *t, int status, int64_t seconds, const struct http_why *why)
{
    struct http_answer a = {.status = status,
                            .type = "application/problem+json",
                            .headers = arena_printf(&t->arena, "Retry-After: %lld\r\n", (long long)seconds)};
    buf_init(&a.body, 4096);
    put_problem(&a.body, status, why);
    http_reply(t->req.server, t->req.id, &a);
}

/* Of the methods that some route has at this path (RFC 9110 15.5.6). */
static struct str allow_of(struct http_txn *t)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{HTTP_GET, "GET, HEAD"}, {HTTP_POST, "POST"}, {HTTP_PUT, "PUT"}, {HTTP_DELETE, "DELETE"}};
    struct str out = STR("Allow: ");
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (http_route_methods(t->req.server, t->req.head.path) & names[i].bit)
            out = arena_printf(&t->arena, "%.*s%s%s", STRF(out), out.n > 7 ? ", " : "", names[i].name);
    return arena_printf(&t->arena, "%.*s\r\n", STRF(out));
}

void http_answer_why(struct http_server *s, uint64_t id, int status, const struct http_why *why)
{
    struct http_answer a = {.status = status, .type = "application/problem+json"};
    buf_init(&a.body, 4096);
    put_problem(&a.body, status, why);
    struct http_txn *t = imap_get(&s->pending, id);
    bool bearer = t && str_istarts(http_field(&t->req.head, STR("Authorization")), STR("Bearer "));
    if (status == 401 && bearer)
        a.headers = STR("WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
    /* A browser's own password window is for programs and curious people, never for the panel's requests. */
    else if (status == 401 && t && t->req.secure && !http_has_field(&t->req.head, STR("X-Sigillo")) &&
             !http_has_field(&t->req.head, STR("Sec-Fetch-Mode")))
        a.headers = STR("WWW-Authenticate: Basic realm=\"Sigillo\", charset=\"UTF-8\"\r\n");
    if (status == 405 && t)
        a.headers = allow_of(t);
    if (status == 503)
        a.headers = STR("Retry-After: 2\r\n");
    http_reply(s, id, &a);
}

/* One connection's life: head, who asks, body, handler, answer; then the next request. */
#include "http/serve.h"
#include "core/log.h"
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define SPILL_MS 2000 /* an answer that is not taken by then leaves memory */

static size_t on_data(struct conn *c, struct str in);
static void on_drained(struct conn *c);
static void on_timeout(struct conn *c);
static void on_secured(struct conn *c);
static void on_closed(struct conn *c, enum conn_end why);
static void bad_request(struct http_conn *hc, int status);
static size_t begin_request(struct http_conn *hc, struct str in, size_t used);
static size_t body_bytes(struct http_txn *t, struct str in);
static void handle(struct http_txn *t);

static const struct conn_ops http_ops = {on_data, on_drained, on_timeout, on_secured, on_closed};

#define BIT(state) (1u << (state))
static const uint8_t legal[HTTP_STATES] = {
    [HTTP_WAITING] = BIT(HTTP_VERIFYING) | BIT(HTTP_BODY) | BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_VERIFYING] = BIT(HTTP_BODY) | BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_BODY] = BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_HANDLING] = BIT(HTTP_ANSWERING) | BIT(HTTP_EVENTS) | BIT(HTTP_ENDED),
    [HTTP_ANSWERING] = BIT(HTTP_WAITING) | BIT(HTTP_ENDED),
    [HTTP_EVENTS] = BIT(HTTP_ENDED),
    [HTTP_ENDED] = 0,
};
static const int64_t deadline_ms[HTTP_STATES] = {
    [HTTP_WAITING] = HTTP_IDLE_MS,    [HTTP_VERIFYING] = HTTP_HANDLE_MS, [HTTP_BODY] = HTTP_BODY_MS,
    [HTTP_HANDLING] = HTTP_HANDLE_MS, [HTTP_ANSWERING] = SPILL_MS,       [HTTP_EVENTS] = HTTP_SEND_MS,
};

void http_set_state(struct http_conn *hc, enum http_state to)
{
    assert(legal[hc->state] & BIT(to));
    hc->state = (uint8_t)to;
    hc->head_begun = false;
    if (to != HTTP_ENDED)
        conn_deadline(hc->conn, deadline_ms[to]);
}

struct conn *http_conn_open(struct http_server *s, int fd, const struct net_peer *peer, struct net_tls *tls)
{
    struct http_conn *hc = calloc(1, sizeof *hc);
    if (!hc)
        abort();
    hc->server = s;
    hc->tls = tls != NULL;
    hc->conn = conn_new(s->loop, fd, peer, tls, &http_ops, hc);
    list_add(&s->conns, &hc->node);
    s->n_conns++;
    s->counts.connections_total++;
    conn_deadline(hc->conn, tls ? HTTP_HANDSHAKE_MS : HTTP_IDLE_MS);
    return hc->conn;
}

static void on_secured(struct conn *c)
{
    struct http_conn *hc = conn_user(c);
    hc->server->counts.tls_connections++;
    conn_deadline(c, HTTP_IDLE_MS);
}

static struct http_txn *txn_new(struct http_conn *hc)
{
    struct http_txn *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    arena_init(&t->arena, HTTP_ARENA_MAX);
    buf_init(&t->mem, HTTP_BODY_MEMORY);
    t->hc = hc;
    t->req = (struct http_req){.id = net_next_id(hc->server->loop),
                               .server = hc->server,
                               .arena = &t->arena,
                               .body_fd = -1,
                               .peer = *conn_peer(hc->conn)};
    hc->txn = t;
    imap_put(&hc->server->pending, t->req.id, t);
    return t;
}

void http_txn_free(struct http_txn *t)
{
    if (t->req.body_fd >= 0)
        close(t->req.body_fd);
    if (t->answer.source.pull)
        imap_del(&t->req.server->pulling, t->req.id);
    http_source_end(&t->answer);
    http_gzip_free(t->gzip);
    http_limits_leave(t->req.server->limits, &t->slot);
    if (t->answer.body.p)
        buf_free(&t->answer.body);
    buf_free(&t->mem);
    arena_free(&t->arena);
    free(t);
}

static size_t on_data(struct conn *c, struct str in)
{
    struct http_conn *hc = conn_user(c);
    if (hc->state == HTTP_BODY)
        return body_bytes(hc->txn, in);
    if (hc->state == HTTP_EVENTS) {
        http_stream_data(hc->stream, in);
        return in.n;
    }
    if (hc->state != HTTP_WAITING)
        return 0;
    struct http_head head;
    size_t used = 0;
    int status = 0;
    switch (http_head_parse(in, &head, &used, &status)) {
    case PARSE_OK: return begin_request(hc, in, used);
    case PARSE_MORE:
        if (!hc->head_begun) /* once: dripping bytes does not buy time */
            conn_deadline(hc->conn, HTTP_HEAD_MS);
        hc->head_begun = true;
        return 0;
    case PARSE_BAD: break;
    }
    bad_request(hc, status);
    return in.n;
}

/* Bytes that are no request, or that never became one. */
static void bad_request(struct http_conn *hc, int status)
{
    struct http_txn *t = txn_new(hc);
    t->close = true;
    hc->server->counts.bad++;
    conn_pause(hc->conn);
    if (status == 408)
        http_reply_error(hc->server, t->req.id, status, "timeout", "La richiesta non è arrivata in tempo.",
                         "The request did not arrive in time.");
    else
        http_reply_error(hc->server, t->req.id, status, "badRequest", "Richiesta HTTP non valida.",
                         "Not a valid HTTP request.");
}

void http_refuse(struct http_txn *t, int status, const struct http_why *why)
{
    const struct http_head *h = &t->req.head;
    bool unread = h->chunked || h->length > t->req.body_size;
    if (unread || status == 421 || t->hc->state == HTTP_BODY)
        t->close = true; /* what follows is a body nobody will read, or speaks to somebody else */
    conn_pause(t->hc->conn);
    http_answer_why(t->req.server, t->req.id, status, why);
}

static size_t begin_request(struct http_conn *hc, struct str in, size_t used)
{
    struct http_txn *t = txn_new(hc);
    size_t again = 0;
    int status = 0;
    const struct http_why *why = NULL;
    struct str copy = arena_str(&t->arena, str_upto(in, used));
    if (http_head_parse(copy, &t->req.head, &again, &status) != PARSE_OK)
        abort(); /* it parsed a moment ago */
    const struct http_head *h = &t->req.head;
    t->close = !h->keep_alive || hc->server->stopping;
    t->head_only = h->method == HTTP_HEAD;
    hc->server->counts.requests++;
    status = http_rules_host(t, &why);
    if (!status)
        status = http_rules_route(hc->server, t, &why);
    if (status)
        http_refuse(t, status, why);
    else
        http_settle_person(t);
    return used;
}

/* The route's class has no room for this person: answered. */
static bool enter_class(struct http_txn *t)
{
    static const struct http_why why = {"tooManyRequests", "Troppe richieste insieme: riprova tra poco.",
                                        "Too many requests at once: try again soon."};
    struct http_server *s = t->req.server;
    int64_t wait = http_limits_enter(s->limits, t->route->flags, t->req.person, &t->req.peer, &t->slot);
    if (!wait)
        return false;
    s->counts.limited++;
    if (t->req.head.chunked || t->req.head.length > 0)
        t->close = true;
    conn_pause(t->hc->conn);
    http_answer_wait(t, 429, wait, &why);
    return true;
}

/* The route and the person are known: rules, then the body. */
void http_after_person(struct http_txn *t)
{
    struct http_conn *hc = t->hc;
    const struct http_why *why = NULL;
    int status = http_rules_person(t, &why);
    if (!status)
        status = http_rules_body(t->req.server, t, &why);
    if (!status && enter_class(t))
        return;
    if (status) {
        http_refuse(t, status, why);
        return;
    }
    const struct http_head *h = &t->req.head;
    if (!h->chunked && h->length == 0) {
        handle(t);
        return;
    }
    http_set_state(hc, HTTP_BODY);
    if (h->expect_continue)
        conn_write(hc->conn, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    conn_resume(hc->conn);
}

static size_t body_bytes(struct http_txn *t, struct str in)
{
    static const struct http_why bad = {"badRequest", "Corpo della richiesta non valido.",
                                        "The request's body is not valid."};
    static const struct http_why storage = {"storage", "Spazio o disco non disponibile: nulla è stato salvato.",
                                            "Storage is not available: nothing was kept."};
    size_t used = 0;
    enum parse r;
    if (t->req.head.chunked) {
        r = http_chunked_feed(&t->chunked, in, &used, http_body_add, t);
    } else {
        uint64_t left = t->req.head.length - t->req.body_size;
        used = in.n < left ? in.n : (size_t)left;
        http_body_add(t, str_upto(in, used));
        r = !t->body_status && t->req.body_size == t->req.head.length ? PARSE_OK : PARSE_MORE;
    }
    if (r == PARSE_BAD || t->body_status) {
        const struct http_why *large = http_why_large(t);
        http_refuse(t,
                    r == PARSE_BAD          ? 400
                    : t->body_status == 413 ? large->status
                                            : t->body_status,
                    r == PARSE_BAD          ? &bad
                    : t->body_status == 413 ? large
                                            : &storage);
        return in.n;
    }
    if (r == PARSE_OK)
        handle(t);
    return used;
}

static void handle(struct http_txn *t)
{
    t->req.body = buf_str(&t->mem);
    conn_pause(t->hc->conn);
    http_set_state(t->hc, HTTP_HANDLING);
    t->route->handle(&t->req, t->route_ctx);
}

void http_request_end(struct http_conn *hc)
{
    struct http_txn *t = STEAL(hc->txn);
    bool close_it = t->close;
    http_txn_free(t);
    if (close_it) {
        http_set_state(hc, HTTP_ENDED);
        conn_finish(hc->conn);
        return;
    }
    http_set_state(hc, HTTP_WAITING);
    conn_resume(hc->conn);
}

static void on_drained(struct conn *c)
{
    struct http_conn *hc = conn_user(c);
    if (hc->state == HTTP_EVENTS)
        http_stream_drained(hc->stream);
    else if (hc->state == HTTP_ANSWERING && !hc->txn->pull_waits && http_answer_more(hc->txn))
        http_request_end(hc);
}

/* A body must come at some speed, whatever its length: else ten thousand of them hold the server's memory for nothing. */
static void body_late(struct http_txn *t)
{
    static const struct http_why why = {"timeout", "La richiesta non è arrivata in tempo.",
                                        "The request did not arrive in time."};
    if (t->req.body_size - t->body_mark >= HTTP_BODY_LEAST) {
        t->body_mark = t->req.body_size;
        conn_deadline(t->hc->conn, HTTP_BODY_MS);
        return;
    }
    t->req.server->counts.slow_dropped++;
    http_refuse(t, 408, &why);
}

static void on_timeout(struct conn *c)
{
    struct http_conn *hc = conn_user(c);
    switch ((enum http_state)hc->state) {
    case HTTP_WAITING:
        if (hc->head_begun)
            bad_request(hc, 408);
        else
            conn_drop(c);
        return;
    case HTTP_BODY: body_late(hc->txn); return;
    case HTTP_ANSWERING:
        if (!http_send_alive(hc->txn))
            conn_drop(c);
        return;
    case HTTP_EVENTS: http_stream_timeout(hc->stream); return;
    case HTTP_VERIFYING:
    case HTTP_HANDLING: log_error("http.handler_late", L_S("path", hc->txn->req.head.path)); break;
    case HTTP_ENDED:
    case HTTP_STATES: break;
    }
    conn_drop(c);
}

static void on_closed(struct conn *c, enum conn_end why)
{
    (void)why;
    struct http_conn *hc = conn_user(c);
    struct http_txn *t = STEAL(hc->txn);
    if (t && (hc->state == HTTP_HANDLING || hc->state == HTTP_VERIFYING)) {
        t->hc = NULL; /* somebody still works with it: freed by its reply */
    } else if (t) {
        imap_del(&hc->server->pending, t->req.id);
        http_txn_free(t);
    }
    if (hc->stream)
        http_stream_closed(STEAL(hc->stream));
    http_conn_leave(hc);
    free(hc);
}

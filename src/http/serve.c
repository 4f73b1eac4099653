/* One connection's life: head, who asks, body, handler, answer; then the next request. */
#include "http/serve.h"
#include "core/hash.h"
#include "core/log.h"
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define BASIC_MAX 1024u /* base64 of address and password */

static size_t on_data(struct conn *c, struct str in);
static void on_drained(struct conn *c);
static void on_timeout(struct conn *c);
static void on_closed(struct conn *c, enum conn_end why);
static size_t begin_request(struct http_conn *hc, struct str in, size_t used);
static void settle_person(struct http_txn *t);
static void after_person(struct http_txn *t);
static size_t body_bytes(struct http_txn *t, struct str in);
static void handle(struct http_txn *t);
static void request_end(struct http_conn *hc);

static const struct conn_ops http_ops = {on_data, on_drained, on_timeout, NULL, on_closed};

#define BIT(state) (1u << (state))
static const uint8_t legal[HTTP_STATES] = {
    [HTTP_WAITING] = BIT(HTTP_VERIFYING) | BIT(HTTP_BODY) | BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_VERIFYING] = BIT(HTTP_BODY) | BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_BODY] = BIT(HTTP_HANDLING) | BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_HANDLING] = BIT(HTTP_ANSWERING) | BIT(HTTP_ENDED),
    [HTTP_ANSWERING] = BIT(HTTP_WAITING) | BIT(HTTP_ENDED),
    [HTTP_ENDED] = 0,
};
static const int64_t deadline_ms[HTTP_STATES] = {
    [HTTP_WAITING] = HTTP_IDLE_MS,    [HTTP_VERIFYING] = HTTP_HANDLE_MS, [HTTP_BODY] = HTTP_BODY_MS,
    [HTTP_HANDLING] = HTTP_HANDLE_MS, [HTTP_ANSWERING] = HTTP_SEND_MS,
};

void http_set_state(struct http_conn *hc, enum http_state to)
{
    assert(legal[hc->state] & BIT(to));
    hc->state = (uint8_t)to;
    hc->head_begun = false;
    if (to != HTTP_ENDED)
        conn_deadline(hc->conn, deadline_ms[to]);
}

struct conn *http_conn_new(struct http_server *s, int fd, const struct net_peer *peer)
{
    struct http_conn *hc = calloc(1, sizeof *hc);
    if (!hc)
        abort();
    hc->server = s;
    hc->conn = conn_new(s->loop, fd, peer, s->conf.tls, &http_ops, hc);
    list_add(&s->conns, &hc->node);
    s->n_conns++;
    conn_deadline(hc->conn, HTTP_IDLE_MS);
    return hc->conn;
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
    struct http_txn *t = txn_new(hc);
    t->close = true;
    conn_pause(hc->conn);
    http_reply_error(hc->server, t->req.id, status, "badRequest", "Richiesta HTTP non valida.",
                     "Not a valid HTTP request.");
    return in.n;
}

static void refuse(struct http_txn *t, int status, const struct http_why *why)
{
    const struct http_head *h = &t->req.head;
    if (h->chunked || h->length > 0 || status == 421)
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
    status = http_rules_host(t, &why);
    if (!status)
        status = http_rules_route(hc->server, t, &why);
    if (status)
        refuse(t, status, why);
    else
        settle_person(t);
    return used;
}

/* Authorization: Basic (RFC 7617). False when the field is not one. */
static bool basic_of(struct http_txn *t, struct str *address, struct str *password)
{
    struct str v = http_field(&t->req.head, STR("Authorization")), plain;
    if (!str_istarts(v, STR("Basic ")) || v.n > BASIC_MAX)
        return false;
    return base64_get(&t->arena, str_trim(str_from(v, 6)), &plain) && str_cut(plain, ':', address, password);
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    p[s.n] = 0;
    return str_n(p, s.n);
}

static void too_many(struct http_txn *t, int64_t seconds)
{
    struct http_answer a = {.status = 429,
                            .type = "application/problem+json",
                            .headers = arena_printf(&t->arena, "Retry-After: %lld\r\n", (long long)seconds)};
    buf_init(&a.body, 4096);
    buf_addz(&a.body, "{\"type\":\"tooManyTries\",\"status\":429,\"title\":\"Too many tries. Wait, then try "
                      "again.\",\"title_it\":\"Troppi tentativi. "
                      "Attendi e riprova.\",\"title_en\":\"Too many tries. Wait, then try again.\"}");
    http_reply(t->req.server, t->req.id, &a);
}

/* Sends the credentials to the pool unless limits or the cache answer at once: HTTP_VERIFY_OK (person set), or -1: an
 * answer will come. */
int http_credentials(struct http_txn *t, struct str address, struct str password)
{
    struct http_server *s = t->req.server;
    t->login_key = lower(&t->arena, str_trim(address));
    http_cred_key(s->auth, t->login_key, password, t->cred);
    const struct http_person *p = http_cred_find(s->auth, t->cred);
    if (p) {
        http_person_copy(&t->arena, &t->person, p);
        t->req.person = &t->person;
        return HTTP_VERIFY_OK;
    }
    int64_t wait = http_fail_wait(s->auth, t->login_key, &t->req.peer);
    if (wait > 0) {
        t->close = true;
        too_many(t, wait);
    } else if (!s->conf.verify) {
        http_verified(s, t->req.id, HTTP_VERIFY_DOWN, NULL);
    } else {
        s->conf.verify(s->conf.verify_ctx, t->req.id, t->login_key, password);
    }
    return -1;
}

static void settle_person(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    struct str address, password;
    const struct http_person *p =
        http_session_find(s->auth, http_cookie(http_field(&t->req.head, STR("Cookie")), STR("sigillo")));
    if (p) {
        http_person_copy(&t->arena, &t->person, p);
        t->req.person = &t->person;
        t->req.by_cookie = true;
    } else if (t->req.secure && !(t->route->flags & HTTP_OPEN) && basic_of(t, &address, &password)) {
        conn_pause(t->hc->conn);
        http_set_state(t->hc, HTTP_VERIFYING);
        if (http_credentials(t, address, password) != HTTP_VERIFY_OK)
            return;
    }
    after_person(t);
}

static void basic_verified(struct http_txn *t, enum http_verdict v)
{
    static const struct http_why wrong = {"unauthorised", "Indirizzo o password non corretti.",
                                          "Address or password is wrong."};
    static const struct http_why busy = {"busy", "Troppi accessi in questo momento, riprova tra poco.",
                                         "Too many log-ins at the moment, try again soon."};
    switch (v) {
    case HTTP_VERIFY_OK: after_person(t); return;
    case HTTP_VERIFY_NO: refuse(t, 401, &wrong); return;
    case HTTP_VERIFY_BUSY:
    case HTTP_VERIFY_DOWN: refuse(t, 503, &busy); return;
    }
}

void http_verified(struct http_server *s, uint64_t id, enum http_verdict v, const struct http_person *person)
{
    struct http_txn *t = imap_get(&s->pending, id);
    if (!t)
        return;
    if (v == HTTP_VERIFY_OK && person) {
        http_person_copy(&t->arena, &t->person, person);
        t->req.person = &t->person;
        http_cred_keep(s->auth, t->cred, person);
        http_fail_clear(s->auth, t->login_key);
    } else if (v == HTTP_VERIFY_NO) {
        char ip[NET_PEER_TEXT];
        http_fail_note(s->auth, t->login_key, &t->req.peer);
        log_info("http.login_refused", L_S("address", t->login_key), L_S("peer", net_peer_text(&t->req.peer, ip)));
    }
    if (t->login) {
        http_login_verified(t, v);
        return;
    }
    if (!t->hc) {
        imap_del(&s->pending, id);
        http_txn_free(t);
        return;
    }
    basic_verified(t, v);
}

/* The route and the person are known: rules, then the body. */
static void after_person(struct http_txn *t)
{
    struct http_conn *hc = t->hc;
    const struct http_why *why = NULL;
    int status = http_rules_person(t, &why);
    if (!status)
        status = http_rules_body(t->req.server, t, &why);
    if (status) {
        refuse(t, status, why);
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
    static const struct http_why large = {"tooLarge", "La richiesta è troppo grande.", "The request is too large."};
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
        refuse(t, r == PARSE_BAD ? 400 : t->body_status,
               r == PARSE_BAD          ? &bad
               : t->body_status == 413 ? &large
                                       : &storage);
        return in.n;
    }
    if (r == PARSE_OK)
        handle(t);
    else
        conn_deadline(t->hc->conn, HTTP_BODY_MS);
    return used;
}

static void handle(struct http_txn *t)
{
    t->req.body = buf_str(&t->mem);
    conn_pause(t->hc->conn);
    http_set_state(t->hc, HTTP_HANDLING);
    t->route->handle(&t->req, t->route_ctx);
}

void http_reply(struct http_server *s, uint64_t id, struct http_answer *a)
{
    struct http_txn *t = imap_del(&s->pending, id);
    if (!t || !t->hc) {
        if (!t)
            log_bug("http.reply_twice", L_I("status", a->status));
        if (a->body.p)
            buf_free(&a->body);
        if (t)
            http_txn_free(t);
        if (s->stopping)
            net_later(s->loop, &s->stop_later);
        return;
    }
    t->answer = *a;
    buf_init(&a->body, 0);
    t->close = t->close || (a->flags & HTTP_CLOSE) || s->stopping;
    http_set_state(t->hc, HTTP_ANSWERING);
    http_answer_begin(t);
    if (http_answer_more(t))
        request_end(t->hc);
}

static void request_end(struct http_conn *hc)
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
    if (hc->state != HTTP_ANSWERING)
        return;
    conn_deadline(c, HTTP_SEND_MS);
    if (http_answer_more(hc->txn))
        request_end(hc);
}

static void on_timeout(struct conn *c)
{
    struct http_conn *hc = conn_user(c);
    if (hc->state == HTTP_HANDLING || hc->state == HTTP_VERIFYING)
        log_error("http.handler_late", L_S("path", hc->txn->req.head.path));
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
    http_conn_leave(hc);
    free(hc);
}

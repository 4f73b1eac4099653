/* One event client: RFC 8620 7.3 over text/event-stream. While it waits it owns a connection without buffers and this little struct, no request. At most one
 * event is on its way to it: what changes meanwhile is told together when that one was taken. */
#include "http/push.h"
#include "core/hash.h"
#include "core/json.h"
#include <stdlib.h>

#define EVENT_MAX (16u * 1024)

struct wanted { /* of the query */
    struct str types;
    int64_t ping_s;
    bool close_after;
};

static bool read_query(struct http_req *r, struct wanted *w);
static struct http_stream *stream_new(struct http_txn *t, const struct wanted *w);
static void put_head(struct http_txn *t);
static void arm(struct http_stream *st);
static void check_login(struct http_stream *st);

static bool read_query(struct http_req *r, struct wanted *w)
{
    struct str close = http_query(r->arena, r->head.query, STR("closeafter"));
    struct str ping = http_query(r->arena, r->head.query, STR("ping"));
    uint64_t s = 0;
    w->types = http_query(r->arena, r->head.query, STR("types"));
    if (str_eq(w->types, STR("*")))
        w->types = STR_NULL;
    w->close_after = str_eq(close, STR("state"));
    if (w->types.n > PUSH_TYPES_TEXT_MAX || (close.n && !w->close_after && !str_eq(close, STR("no"))) ||
        (ping.n && !str_u64(ping, &s)))
        return false;
    w->ping_s = s == 0                  ? 0
                : s < PUSH_PING_LEAST_S ? PUSH_PING_LEAST_S
                : s > PUSH_PING_MOST_S  ? PUSH_PING_MOST_S
                                        : (int64_t)s;
    return true;
}

static struct http_stream *stream_new(struct http_txn *t, const struct wanted *w)
{
    struct http_server *s = t->req.server;
    struct http_stream *st = calloc(1, sizeof *st + w->types.n + 3);
    struct str last = http_field(&t->req.head, STR("Last-Event-ID"));
    uint8_t raw[8];
    if (!st)
        abort();
    if (w->types.n) {
        st->types[0] = ',';
        memcpy(st->types + 1, w->types.p, w->types.n);
        st->types[w->types.n + 1] = ',';
    }
    st->hc = t->hc;
    st->server = s;
    st->login = t->login;
    st->slot = t->slot;
    t->slot = (struct http_slot){0};
    st->ping_ms = w->ping_s * 1000;
    st->begun_ms = st->checked_ms = net_now_ms(s->loop);
    st->address = hash64(t->person.address);
    st->close_after = w->close_after;
    st->has_last = hex_get(last, raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++)
        st->last_id = st->last_id << 8 | raw[i];
    /* What changed between the client's last reading and now would be lost, so all states are told at once; but one that ends at the first event would come
     * again and again: it is told only when its last id shows that it missed something. */
    st->full = st->has_last || !w->close_after;
    return st;
}

/* No length: the end of the stream is the end of the connection. */
static void put_head(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    struct buf *out = conn_out(t->hc->conn);
    buf_addz(out, "HTTP/1.1 200 OK\r\n");
    http_put_date(out, env_wall_ms(net_loop_env(s->loop)));
    buf_addz(out,
             "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
    http_put_security(out, t->hc, str_istarts(t->req.base, STR("https:")));
    buf_addz(out, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\n"
                  "Connection: close\r\n\r\nretry: 3000\n\n");
    conn_written(t->hc->conn);
}

void http_events(struct http_req *r, void *ctx)
{
    struct http_server *s = ctx;
    struct wanted w;
    struct http_txn *t = imap_get(&s->pending, r->id);
    if (!read_query(r, &w)) {
        http_reply_error(s, r->id, 400, "badRequest", "Parametri non validi: types, closeafter (state o no), ping.",
                         "Parameters are not valid: types, closeafter (state or no), ping.");
        return;
    }
    if (!s->push->ask || s->stopping || t->head_only) {
        struct http_answer a = {.status = t->head_only ? 200 : 503, .type = "text/event-stream; charset=utf-8"};
        http_reply(s, r->id, &a);
        return;
    }
    struct http_conn *hc = t->hc;
    struct http_stream *st = stream_new(t, &w);
    put_head(t);
    s->counts.answers[2]++;
    imap_del(&s->pending, r->id);
    hc->txn = NULL;
    hc->stream = st;
    http_set_state(hc, HTTP_EVENTS);
    conn_send_buffer(hc->conn, PUSH_SNDBUF);
    conn_resume(hc->conn); /* so that its end is seen */
    s->push->n_clients++;
    list_init(&st->node);
    st->account = push_account_get(s->push, r->person);
    list_add(&st->account->clients, &st->node);
    st->baseline = !st->full;
    http_txn_free(t);
    arm(st);
    if (st->account->version > 0)
        stream_tell(st);
}

static void arm(struct http_stream *st) { conn_deadline(st->hc->conn, st->ping_ms ? st->ping_ms : PUSH_QUIET_MS); }

static bool wants(const struct http_stream *st, const char *type)
{
    size_t n = strlen(type);
    if (!st->types[0])
        return true;
    for (const char *p = st->types; (p = strstr(p, type)); p++)
        if (p[-1] == ',' && p[n] == ',')
            return true;
    return false;
}

/* {"@type": "StateChange", "changed": {account: {type: state}}} (RFC 8620 7.1). False: nothing that this client wants. */
static bool put_states(struct http_stream *st, struct buf *b)
{
    const struct push_account *a = st->account;
    struct json_w w;
    char id[ID_TEXT_MAX + 1];
    bool any = false;
    json_init(&w, b);
    json_obj(&w);
    json_kstr(&w, "@type", STR("StateChange"));
    json_keyz(&w, "changed");
    json_obj(&w);
    json_key(&w, str_n(id, id_text(a->key[2], id)));
    json_obj(&w);
    for (size_t i = 0; i < a->n; i++) {
        if (!(st->full || a->state[i].since > st->told) || !wants(st, a->state[i].type))
            continue;
        json_kstr(&w, a->state[i].type, str_c(a->state[i].state));
        any = true;
    }
    json_obj_end(&w);
    json_obj_end(&w);
    json_obj_end(&w);
    return any;
}

void stream_tell(struct http_stream *st)
{
    struct push_account *a = st->account;
    struct conn *c = st->hc->conn;
    check_login(st); /* here too: one that is told often never comes to its ping */
    if (st->hc->state != HTTP_EVENTS || a->version == 0 || (!st->full && st->told >= a->version))
        return;
    if (st->baseline) {
        st->baseline = false;
        st->told = a->version;
        return;
    }
    if (conn_out_pending(c) > 0)
        return; /* when that was taken: http_stream_drained */
    uint64_t id = push_account_id(a);
    bool known = st->has_last && st->last_id == id;
    st->has_last = false;
    AUTO(buf) struct buf b;
    buf_init(&b, EVENT_MAX);
    bool any = !known && put_states(st, &b);
    st->full = false;
    st->told = a->version;
    if (!any || b.err)
        return;
    struct buf *out = conn_out(c);
    buf_printf(out, "event: state\nid: %016llx\ndata: ", (unsigned long long)id);
    buf_adds(out, buf_str(&b));
    buf_addz(out, "\n\n");
    conn_written(c);
    st->server->counts.events_sent++;
    arm(st);
    if (st->close_after)
        stream_end(st);
}

void http_stream_drained(struct http_stream *st) { stream_tell(st); }

void stream_end(struct http_stream *st)
{
    if (st->hc->state != HTTP_EVENTS)
        return;
    st->server->push->n_clients--;
    http_set_state(st->hc, HTTP_ENDED);
    conn_finish(st->hc->conn);
}

/* A client has nothing to say any more. */
void http_stream_data(struct http_stream *st, struct str in)
{
    (void)st;
    (void)in;
}

/* Is the session still good? Another process may have ended it. */
static void check_login(struct http_stream *st)
{
    struct http_server *s = st->server;
    int64_t now = net_now_ms(s->loop);
    bool password = st->login.kind == HTTP_LOGIN_PASSWORD;
    if (password && now - st->begun_ms > PUSH_BASIC_MS) {
        stream_end(st);
        return;
    }
    if ((password && !st->login.password_ms) || !s->conf.logins || st->check || now - st->checked_ms < PUSH_CHECK_MS)
        return;
    st->checked_ms = now;
    st->check = net_next_id(s->loop);
    imap_put(&s->push->checks, st->check, st);
    s->conf.logins->find(s->conf.logins->ctx, st->check, &st->login);
}

void http_stream_checked(struct http_push *p, uint64_t ticket, enum http_verdict v)
{
    struct http_stream *st = imap_del(&p->checks, ticket);
    if (!st)
        return;
    st->check = 0;
    if (v == HTTP_VERIFY_NO)
        stream_end(st);
}

void http_stream_timeout(struct http_stream *st)
{
    struct conn *c = st->hc->conn;
    if (conn_out_pending(c) > 0) { /* did not take one event all the while */
        st->server->counts.streams_dropped++;
        conn_drop(c);
        return;
    }
    check_login(st);
    if (st->hc->state != HTTP_EVENTS)
        return;
    if (st->ping_ms)
        buf_printf(conn_out(c), "event: ping\ndata: {\"interval\":%lld}\n\n", (long long)(st->ping_ms / 1000));
    else
        buf_addz(conn_out(c), ":\n\n");
    conn_written(c);
    arm(st);
}

void http_stream_closed(struct http_stream *st)
{
    struct http_server *s = st->server;
    if (st->check)
        imap_del(&s->push->checks, st->check);
    list_del(&st->node);
    push_account_leave(s->push, st->account);
    if (st->hc->state == HTTP_EVENTS)
        s->push->n_clients--;
    http_limits_leave(s->limits, &st->slot);
    free(st);
}

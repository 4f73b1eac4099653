/* From the last octet of a message to the reply: what may begin, how fast it must come, intake, its answer. */
#include "smtp/session.h"
#include "core/fault.h"
#include "core/log.h"
#include <stdlib.h>

static void on_done(void *ctx, uint64_t session, const struct intake_reply *r);

int smtp_message_begin(struct smtp_session *s)
{
    struct smtp_server *srv = s->server;
    if (atomic_load_explicit(&srv->flowing, memory_order_relaxed) >= SMTP_IN_DATA_MAX)
        return REPLY_BUSY_DATA;
    if (!smtp_firm_take(s, s->txn->rcpt[0].at.org))
        return REPLY_FIRM_RATE;
    s->txn->data_from_ms = net_now_ms(srv->loop);
    return 0;
}

void smtp_flow(struct smtp_session *s, bool on)
{
    struct smtp_server *srv = s->server;
    if (on != s->flowing)
        atomic_fetch_add_explicit(&srv->flowing, on ? 1 : -1, memory_order_relaxed);
    s->flowing = on;
    if (on)
        atomic_store_explicit(&srv->last_data_ms, net_now_ms(srv->loop), memory_order_relaxed);
}

bool smtp_pace(struct smtp_session *s, size_t n)
{
    struct smtp_server *srv = s->server;
    const struct smtp_conf *c = &srv->conf;
    struct smtp_txn *t = s->txn;
    int64_t now = net_now_ms(srv->loop);
    atomic_store_explicit(&srv->last_data_ms, now, memory_order_relaxed);
    if (!t || t->data_from_ms == 0) { /* a drained chunk without a transaction: the session's own life bounds it */
        if (now - s->since_ms <= c->session_ms)
            return true;
        smtp_say_last(s, REPLY_TOO_OLD);
        return false;
    }
    t->got += n;
    int64_t took = now - t->data_from_ms;
    if (took > c->data_ms)
        smtp_say_last(s, REPLY_TIMEOUT_DATA);
    else if (c->min_rate > 0 && took > SMTP_RATE_GRACE_MS && (int64_t)t->got < c->min_rate * (took / 1000))
        smtp_say_last(s, REPLY_TOO_SLOW); /* slow-loris: a place in DATA costs memory */
    else if (t->got > smtp_drain_max(c))
        smtp_say_last(s, REPLY_TOO_LARGE); /* he does not mind SIZE: no more of it is read */
    else
        return true;
    return false;
}

int smtp_data_refused(const struct smtp_txn *t)
{
    if ((t->dot.seen | t->chunk.seen) & SMTP_DOT_REFUSED)
        return REPLY_BARE_BYTES;
    switch (t->spool.failed) {
    case 0: return 0;
    case ERR_LIMIT: return REPLY_TOO_LARGE;
    case ERR_FULL: return REPLY_SPOOL_FULL;
    default: return REPLY_SPOOL_IO;
    }
}

void smtp_hand_over(struct smtp_session *s)
{
    struct smtp_txn *t = s->txn;
    struct smtp_server *srv = s->server;
    struct str message;
    (void)fault_point("smtp.dot");
    int refused = intake_spool_view(&t->spool, &message) == 0 ? smtp_headers_check(s, message) : REPLY_SPOOL_IO;
    if (refused) {
        smtp_say_bad(s, (enum smtp_reply_id)refused);
        if (s->state != SMTP_ENDED) {
            smtp_txn_drop(s);
            smtp_set_state(s, SMTP_READY);
        }
        if (srv->stopping && s->state != SMTP_ENDED)
            smtp_say_last(s, REPLY_STOPPING);
        return;
    }
    smtp_set_state(s, SMTP_COMMIT);
    char ip[NET_PEER_TEXT];
    t->in.client = arena_str(&t->arena, net_peer_text(conn_peer(s->conn), ip));
    t->in.helo = arena_str(&t->arena, str_c(s->helo));
    t->in.tls = conn_is_tls(s->conn);
    t->in.esmtp = s->esmtp;
    t->in.spool = &t->spool;
    t->id = net_next_id(srv->loop);
    imap_put(&srv->commits, t->id, t);
    conn_pause(s->conn);
    srv->conf.road.begin(srv->conf.road.ctx, &t->in, on_done, srv, t->id);
}

/* intake's text in one safe line. */
static void say_intake(struct smtp_session *s, const struct intake_reply *r)
{
    struct buf *out = conn_out(s->conn);
    buf_printf(out, "%d %s ", r->code, r->enhanced);
    for (const char *p = r->text; *p && p < r->text + INTAKE_TEXT_MAX; p++)
        buf_addc(out, (unsigned char)*p < ' ' || *p == 127 ? ' ' : *p);
    buf_addz(out, "\r\n");
    conn_written(s->conn);
}

static void mark_replied(struct smtp_session *s, const struct smtp_txn *t, const struct intake_reply *r)
{
    struct smtp_replied *mark = calloc(1, sizeof *mark);
    if (!mark)
        abort();
    *mark = (struct smtp_replied){s->replied, t->rcpt[0].at.cell, t->rcpt[0].at.org, {0}};
    memcpy(mark->id, r->id, sizeof mark->id - 1);
    s->replied = mark;
    s->idle = 0;
    s->bad = 0;
}

static void on_done(void *ctx, uint64_t id, const struct intake_reply *r)
{
    struct smtp_server *srv = ctx;
    struct smtp_txn *t = imap_del(&srv->commits, id);
    if (!t)
        return;
    struct smtp_session *s = t->session;
    (void)fault_point("smtp.reply"); /* committed, not yet answered */
    if (r->code == 250)
        srv->counts.accepted++;
    else
        smtp_keep_refused(s, t, r);
    if (!s) { /* the peer left: the row stays unreplied, its resend will be recognised */
        smtp_txn_free(t);
        if (srv->stopping)
            net_later(srv->loop, &srv->stop_later);
        return;
    }
    if (r->code == 250)
        mark_replied(s, t, r);
    s->txn = NULL;
    smtp_txn_free(t);
    smtp_set_state(s, SMTP_READY);
    say_intake(s, r);
    conn_resume(s->conn);
    if (srv->stopping)
        smtp_say_last(s, REPLY_STOPPING);
}

void smtp_txn_free(struct smtp_txn *t)
{
    intake_spool_free(&t->spool);
    arena_free(&t->arena);
    free(t);
}

void smtp_txn_drop(struct smtp_session *s)
{
    struct smtp_txn *t = STEAL(s->txn);
    smtp_flow(s, false);
    if (t && s->state == SMTP_COMMIT) {
        t->session = NULL; /* intake reads it until done */
        return;
    }
    if (t)
        smtp_txn_free(t);
    if (s->state == SMTP_MAIL || s->state == SMTP_RCPT || s->state == SMTP_DATA || s->state == SMTP_CHUNKED)
        smtp_set_state(s, SMTP_READY);
}

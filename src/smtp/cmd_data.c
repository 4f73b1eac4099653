/* DATA: streaming into the spool, the final dot, intake, the reply. */
#include "smtp/session.h"
#include "core/fault.h"
#include "core/log.h"
#include <stdlib.h>

static void on_done(void *ctx, uint64_t session, const struct intake_reply *r);
static void finish_data(struct smtp_session *s);

void smtp_cmd_data(struct smtp_session *s, struct str args)
{
    (void)args;
    if (s->state != SMTP_RCPT) {
        smtp_say_bad(s, s->txn && s->txn->refused_rcpt ? REPLY_RCPT_FIRST
                        : s->txn                       ? REPLY_RCPT_FIRST
                                                       : REPLY_MAIL_FIRST);
        return;
    }
    struct smtp_server *srv = s->server;
    if (atomic_load_explicit(&srv->flowing, memory_order_relaxed) >= SMTP_IN_DATA_MAX) {
        smtp_say(s, REPLY_BUSY_DATA);
        return;
    }
    struct smtp_txn *t = s->txn;
    smtp_dot_init(&t->dot);
    t->data_until_ms = net_now_ms(srv->loop) + SMTP_DATA_MS;
    atomic_fetch_add_explicit(&srv->flowing, 1, memory_order_relaxed);
    atomic_store_explicit(&srv->last_data_ms, net_now_ms(srv->loop), memory_order_relaxed);
    smtp_set_state(s, SMTP_DATA);
    smtp_say(s, REPLY_GO_DATA);
}

static void emit(void *ctx, struct str bytes) { intake_spool_add(ctx, bytes); }

size_t smtp_data_bytes(struct smtp_session *s, struct str in)
{
    struct smtp_txn *t = s->txn;
    struct smtp_server *srv = s->server;
    int64_t now = net_now_ms(srv->loop);
    size_t used = 0;
    enum parse r = smtp_dot_feed(&t->dot, in, &used, emit, &t->spool);
    atomic_store_explicit(&srv->last_data_ms, now, memory_order_relaxed);
    if (r == PARSE_OK)
        finish_data(s);
    else if (now > t->data_until_ms)
        smtp_say_last(s, REPLY_TIMEOUT);
    else
        conn_deadline(s->conn, srv->conf.timeout_ms);
    return used;
}

/* 0, or why this message is not for intake. */
static int data_refused(const struct smtp_txn *t)
{
    if (t->dot.seen & SMTP_DOT_REFUSED)
        return REPLY_BARE_BYTES;
    switch (t->spool.failed) {
    case 0: return 0;
    case ERR_LIMIT: return REPLY_TOO_LARGE;
    case ERR_FULL: return REPLY_SPOOL_FULL;
    default: return REPLY_SPOOL_IO;
    }
}

static void finish_data(struct smtp_session *s)
{
    struct smtp_txn *t = s->txn;
    struct smtp_server *srv = s->server;
    (void)fault_point("smtp.dot");
    int refused = data_refused(t);
    if (refused) {
        log_info("smtp.data_refused", L_I("reply", refused), L_I("spool", t->spool.failed),
                 L_I("bytes", t->spool.size));
        smtp_txn_drop(s);
        smtp_say_bad(s, (enum smtp_reply_id)refused);
        if (srv->stopping && s->state != SMTP_ENDED)
            smtp_say_last(s, REPLY_STOPPING);
        return;
    }
    atomic_fetch_sub_explicit(&srv->flowing, 1, memory_order_relaxed);
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
    if (!s) { /* the peer left: the row stays unreplied, its resend will be recognised */
        smtp_txn_free(t);
        if (srv->stopping)
            net_later(srv->loop, &srv->stop_later);
        return;
    }
    if (r->code == 250) {
        struct smtp_replied *mark = calloc(1, sizeof *mark);
        if (!mark)
            abort();
        *mark = (struct smtp_replied){s->replied, t->rcpt[0].at.cell, t->rcpt[0].at.org, {0}};
        memcpy(mark->id, r->id, sizeof mark->id - 1);
        s->replied = mark;
        s->idle = 0;
        s->bad = 0;
    }
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
    if (t && s->state == SMTP_COMMIT) {
        t->session = NULL; /* intake reads it until done */
        return;
    }
    if (s->state == SMTP_DATA)
        atomic_fetch_sub_explicit(&s->server->flowing, 1, memory_order_relaxed);
    if (t)
        smtp_txn_free(t);
    if (s->state == SMTP_MAIL || s->state == SMTP_RCPT || s->state == SMTP_DATA)
        smtp_set_state(s, SMTP_READY);
}

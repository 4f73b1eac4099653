/* What is said: one line for each reply of reply.def; refusals get an id and are kept. */
#include "smtp/session.h"
#include "core/log.h"
#include <stdlib.h>

#define LINE_BYTES_MAX 512u /* RFC 5321 4.5.3.1.5 */

struct reply_row {
    int code;
    const char *enhanced;
    bool kept;
    const char *text;
};
static const struct reply_row rows[] = {
#define SMTP_REPLY(id, code, enhanced, kept, text) [REPLY_##id] = {code, enhanced, kept, text},
#include "smtp/reply.def"
#undef SMTP_REPLY
};
_Static_assert(N_ELEMENTS(rows) == REPLY_COUNT, "every reply has its row");

static void print(struct buf *out, const struct reply_row *r, const char *id)
{
    buf_printf(out, "%d %s%s%s", r->code, r->enhanced, r->enhanced[0] ? " " : "", r->text);
    if (id[0])
        buf_printf(out, " (%s)", id);
    buf_addz(out, "\r\n");
}

/* Who and what, as far as the session knows it. */
static struct intake_refusal refusal_of(const struct smtp_session *s, const struct smtp_about *about,
                                        char ip[NET_PEER_TEXT])
{
    const struct smtp_txn *t = s->txn;
    struct intake_refusal k = {.client = net_peer_text(conn_peer(s->conn), ip), .helo = str_c(s->helo)};
    if (t) {
        k.reverse_path = t->in.reverse_path;
        k.bytes = t->got;
    }
    if (t && t->in.n_rcpt > 0) {
        k.cell = t->rcpt[0].at.cell;
        k.org = t->rcpt[0].at.org;
        k.recipient = t->in.n_rcpt == 1 ? t->rcpt[0].address : STR("");
    }
    if (about) {
        k.recipient = about->recipient;
        k.cell = about->org ? about->cell : k.cell;
        k.org = about->org ? about->org : 0;
    }
    return k;
}

static void make_line(struct smtp_session *s, enum smtp_reply_id id, const struct smtp_about *about, struct buf *out)
{
    const struct reply_row *r = &rows[id];
    const struct smtp_road *road = &s->server->conf.road;
    char ref[INTAKE_ID_MAX + 1] = "", ip[NET_PEER_TEXT];
    if (r->kept) {
        struct intake_refusal k = refusal_of(s, about, ip);
        road->new_id(road->ctx, k.org, ref);
        k.id = str_c(ref);
        k.code = r->code;
        k.enhanced = r->enhanced;
        k.reply = str_c(r->text);
        road->refused(road->ctx, &k);
        s->server->counts.refused++;
    }
    print(out, r, ref);
}

void smtp_say_about(struct smtp_session *s, enum smtp_reply_id id, const struct smtp_about *about)
{
    make_line(s, id, about, conn_out(s->conn));
    conn_written(s->conn);
}

void smtp_say(struct smtp_session *s, enum smtp_reply_id id) { smtp_say_about(s, id, NULL); }

/* The wait costs this connection its timer and nobody else anything; nothing is read meanwhile. */
void smtp_say_slowly(struct smtp_session *s, enum smtp_reply_id id, const struct smtp_about *about)
{
    if (s->server->conf.tarpit_ms == 0 || s->exempt || s->held) {
        smtp_say_about(s, id, about);
        return;
    }
    AUTO(buf) struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    make_line(s, id, about, &line);
    s->held = strndup(line.p, line.n);
    if (!s->held)
        abort();
    conn_pause(s->conn);
    conn_deadline(s->conn, s->server->conf.tarpit_ms);
}

bool smtp_say_held(struct smtp_session *s)
{
    char *line = STEAL(s->held);
    if (!line)
        return false;
    conn_write(s->conn, str_c(line));
    free(line);
    conn_deadline(s->conn, s->server->conf.timeout_ms);
    conn_resume(s->conn);
    return true;
}

void smtp_say_bad(struct smtp_session *s, enum smtp_reply_id id)
{
    if (!rows[id].kept)
        s->server->counts.refused++;
    if (++s->bad > s->server->conf.max_errors)
        smtp_say_last(s, REPLY_TOO_MANY_ERRORS);
    else
        smtp_say_slowly(s, id, NULL);
}

void smtp_say_last(struct smtp_session *s, enum smtp_reply_id id)
{
    if (s->held) { /* its turn comes now */
        (void)smtp_say_held(s);
    }
    smtp_say(s, id);
    smtp_txn_drop(s);
    smtp_set_state(s, SMTP_ENDED);
    conn_finish(s->conn);
}

void smtp_refuse_line(struct smtp_server *s, const struct net_peer *peer, enum smtp_reply_id id, struct buf *out)
{
    const struct reply_row *r = &rows[id];
    char ref[INTAKE_ID_MAX + 1] = "", ip[NET_PEER_TEXT];
    if (r->kept) {
        struct intake_refusal k = {
            .client = net_peer_text(peer, ip), .code = r->code, .enhanced = r->enhanced, .reply = str_c(r->text)};
        s->conf.road.new_id(s->conf.road.ctx, 0, ref);
        k.id = str_c(ref);
        s->conf.road.refused(s->conf.road.ctx, &k);
        s->counts.refused++;
    }
    print(out, r, ref);
}

void smtp_keep_refused(struct smtp_session *s, const struct smtp_txn *t, const struct intake_reply *r)
{
    const struct smtp_road *road = &t->server->conf.road;
    struct intake_refusal k = {.cell = t->rcpt[0].at.cell,
                               .org = t->rcpt[0].at.org,
                               .id = str_c(r->id),
                               .client = t->in.client,
                               .helo = t->in.helo,
                               .reverse_path = t->in.reverse_path,
                               .recipient = t->in.n_rcpt == 1 ? t->rcpt[0].address : STR(""),
                               .bytes = t->spool.size,
                               .code = r->code,
                               .enhanced = r->enhanced,
                               .reply = str_c(r->text)};
    (void)s;
    if (r->id[0])
        road->refused(road->ctx, &k);
    t->server->counts.refused++;
}

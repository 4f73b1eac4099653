/* BDAT (RFC 3030). Exactly the octets it names are its chunk, whatever the session thinks of them: a refused chunk is drained, so that its content is
 * never read as commands; where the size cannot be known the connection ends. */
#include "smtp/session.h"

static void chunk_done(struct smtp_session *s);

static void emit(void *ctx, struct str bytes) { intake_spool_add(ctx, bytes); }

/* Why this chunk is not wanted (0: it is). What ends the transaction ends it here. */
static int chunk_refused(struct smtp_session *s, uint64_t size)
{
    struct smtp_txn *t = s->txn;
    int refused = 0;
    switch ((enum smtp_state)s->state) {
    case SMTP_CONNECTED: return REPLY_HELO_FIRST;
    case SMTP_MAIL: return REPLY_RCPT_FIRST;
    case SMTP_RCPT:
    case SMTP_CHUNKED: break;
    default: return REPLY_MAIL_FIRST;
    }
    if (!s->esmtp)
        refused = REPLY_NOT_OFFERED;
    else if (size > s->server->conf.max_size || t->got + size > s->server->conf.max_size)
        refused = REPLY_TOO_LARGE;
    else if (s->state == SMTP_RCPT)
        refused = smtp_message_begin(s);
    return refused;
}

void smtp_cmd_bdat(struct smtp_session *s, struct str args)
{
    uint64_t size;
    bool last;
    if (!smtp_chunk_args(args, &size, &last)) {
        smtp_say_last(s, REPLY_BDAT_SYNTAX);
        return;
    }
    int refused = chunk_refused(s, size);
    if (size > smtp_drain_max(&s->server->conf)) {
        smtp_say_last(s, REPLY_TOO_LARGE);
        return;
    }
    bool first = s->state == SMTP_RCPT;
    s->drain = (uint8_t)refused;
    s->after = s->state == SMTP_CONNECTED || s->state == SMTP_MAIL ? s->state : SMTP_READY;
    s->chunk_left = size;
    s->last_chunk = last;
    if (!refused && first)
        smtp_chunk_init(&s->txn->chunk);
    smtp_set_state(s, SMTP_BDAT);
    if (size == 0)
        chunk_done(s);
    else
        smtp_flow(s, true);
}

static void chunk_done(struct smtp_session *s)
{
    struct smtp_txn *t = s->txn;
    int refused = s->drain;
    if (!refused && s->last_chunk)
        smtp_chunk_end(&t->chunk, emit, &t->spool);
    if (!refused)
        refused = smtp_data_refused(t);
    /* Between two chunks it still counts as receiving: its spool takes memory. */
    if (refused || s->last_chunk)
        smtp_flow(s, false);
    if (refused) { /* RFC 3030 2: after a failed chunk only RSET helps; further chunks are drained and get 503 */
        s->drain = 0;
        smtp_say_bad(s, (enum smtp_reply_id)refused);
        if (s->state == SMTP_ENDED)
            return;
        if (s->after != SMTP_MAIL)
            smtp_txn_drop(s);
        smtp_set_state(s, s->after);
        if (s->server->stopping)
            smtp_say_last(s, REPLY_STOPPING);
    } else if (s->last_chunk) {
        smtp_hand_over(s);
    } else {
        smtp_set_state(s, SMTP_CHUNKED);
        if (s->server->stopping)
            smtp_say_last(s, REPLY_STOPPING); /* more of it would not be waited for */
        else
            smtp_say(s, REPLY_OK_CHUNK);
    }
}

size_t smtp_bdat_bytes(struct smtp_session *s, struct str in)
{
    struct str mine = str_upto(in, s->chunk_left < in.n ? (size_t)s->chunk_left : in.n);
    if (s->drain == 0)
        smtp_chunk_feed(&s->txn->chunk, mine, emit, &s->txn->spool);
    s->chunk_left -= mine.n;
    if (s->chunk_left > 0) {
        if (smtp_pace(s, mine.n))
            conn_deadline(s->conn, s->server->conf.timeout_ms);
        return mine.n;
    }
    if (s->txn)
        s->txn->got += mine.n;
    chunk_done(s);
    return mine.n;
}

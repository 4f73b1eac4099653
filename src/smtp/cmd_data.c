/* DATA (RFC 5321 4.1.1.4): streaming into the spool up to the final dot. */
#include "smtp/session.h"

void smtp_cmd_data(struct smtp_session *s, struct str args)
{
    (void)args;
    if (s->state == SMTP_CHUNKED) { /* RFC 3030 2: not mixed */
        smtp_say_bad(s, REPLY_IN_CHUNKS);
        return;
    }
    if (s->state != SMTP_RCPT) {
        smtp_say_bad(s, s->txn ? REPLY_RCPT_FIRST : REPLY_MAIL_FIRST);
        return;
    }
    int refused = smtp_message_begin(s);
    if (refused) {
        smtp_say(s, (enum smtp_reply_id)refused);
        return;
    }
    smtp_dot_init(&s->txn->dot);
    smtp_set_state(s, SMTP_DATA);
    smtp_flow(s, true);
    smtp_say(s, REPLY_GO_DATA);
}

static void emit(void *ctx, struct str bytes) { intake_spool_add(ctx, bytes); }

static void finish(struct smtp_session *s)
{
    int refused = smtp_data_refused(s->txn);
    smtp_flow(s, false);
    if (!refused) {
        smtp_hand_over(s);
        return;
    }
    smtp_say_bad(s, (enum smtp_reply_id)refused); /* first: it is filed with the transaction */
    smtp_txn_drop(s);
    if (s->server->stopping && s->state != SMTP_ENDED)
        smtp_say_last(s, REPLY_STOPPING);
}

size_t smtp_data_bytes(struct smtp_session *s, struct str in)
{
    struct smtp_txn *t = s->txn;
    size_t used = 0;
    enum parse r = smtp_dot_feed(&t->dot, in, &used, emit, &t->spool);
    if (r == PARSE_OK) {
        t->got += used;
        finish(s);
    } else if (smtp_pace(s, used)) {
        conn_deadline(s->conn, s->server->conf.timeout_ms);
    }
    return used;
}

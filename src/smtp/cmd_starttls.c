/* STARTTLS (RFC 3207). All state and every buffered byte of the plain session is forgotten (4.2; CVE-2011-0411), also a message that was coming in by
 * chunks: what a session does with its bytes is its state alone, there are no callbacks that could outlive the change. */
#include "smtp/session.h"
#include <stdlib.h>

void smtp_cmd_starttls(struct smtp_session *s, struct str args)
{
    (void)args;
    struct net_tls *tls = s->server->conf.tls;
    if (conn_is_tls(s->conn)) {
        smtp_say_bad(s, REPLY_TLS_ALREADY);
        return;
    }
    if (!tls) {
        smtp_say_bad(s, REPLY_NOT_OFFERED);
        return;
    }
    smtp_say(s, REPLY_GO_TLS);
    smtp_txn_drop(s);
    free(STEAL(s->helo));
    s->esmtp = s->skip_line = s->last_chunk = false;
    s->chunk_left = 0;
    s->drain = s->after = 0;
    s->bad = s->idle = 0;
    smtp_set_state(s, SMTP_SECURING);
    conn_start_tls(s->conn, tls);
}

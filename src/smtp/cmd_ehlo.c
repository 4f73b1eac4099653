/* EHLO and HELO (RFC 5321 4.1.1.1), and what is announced. */
#include "smtp/session.h"
#include <stdlib.h>

/* RFC 5321 4.1.4: the name is not a reason to refuse mail; only bytes that would damage a log or be read as something else in Received are: space,
 * control, 8-bit (RFC 6531 wants A-labels here), and the specials of a header. */
static bool helo_good(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 127 || strchr("()<>@,;\"\\", name.p[i]))
            return false;
    return name.n > 0 && name.n <= SMTP_HELO_MAX;
}

static bool greet(struct smtp_session *s, struct str name)
{
    if (!helo_good(name)) {
        smtp_say_bad(s, REPLY_HELO_ARG);
        return false;
    }
    smtp_txn_drop(s); /* RFC 5321 4.1.4: EHLO in mid-session is a RSET */
    free(s->helo);
    s->helo = strndup(name.p, name.n);
    if (!s->helo)
        abort();
    smtp_set_state(s, SMTP_READY);
    return true;
}

void smtp_cmd_helo(struct smtp_session *s, struct str args)
{
    if (!greet(s, args))
        return;
    s->esmtp = false;
    buf_printf(conn_out(s->conn), "250 %.*s\r\n", STRF(s->server->conf.hostname));
    conn_written(s->conn);
}

void smtp_cmd_ehlo(struct smtp_session *s, struct str args)
{
    if (!greet(s, args))
        return;
    s->esmtp = true;
    const struct smtp_conf *c = &s->server->conf;
    struct buf *out = conn_out(s->conn);
    buf_printf(out, "250-%.*s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n",
               STRF(c->hostname), (unsigned long long)c->max_size);
    if (c->tls && !conn_is_tls(s->conn))
        buf_addz(out, "250-STARTTLS\r\n");
    /* RFC 9422. No RCPTDOMAINMAX: it counts over a whole session, ours is "one firm a transaction", and a firm may have several domains. */
    buf_printf(out, "250-LIMITS MAILMAX=%lld RCPTMAX=%lld\r\n250 ENHANCEDSTATUSCODES\r\n",
               (long long)c->max_transactions, (long long)c->max_rcpt);
    conn_written(s->conn);
}

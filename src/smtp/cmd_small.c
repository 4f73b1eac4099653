/* EHLO, HELO, RSET, NOOP, VRFY, HELP, QUIT and what is known but not offered. */
#include "smtp/session.h"
#include <stdlib.h>

/* RFC 5321 4.1.4: the name is not a reason to refuse mail; only bytes that would damage a log or a header are. */
static bool helo_good(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127)
            return false;
    return name.n > 0 && name.n <= SMTP_HELO_MAX && str_utf8_valid(name) == name.n;
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
    buf_printf(out, "250-%.*s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n",
               STRF(c->hostname), (unsigned long long)c->max_size);
    if (c->tls && !conn_is_tls(s->conn))
        buf_addz(out, "250-STARTTLS\r\n");
    buf_printf(out, "250-LIMITS RCPTMAX=%lld\r\n250 ENHANCEDSTATUSCODES\r\n",
               (long long)c->max_rcpt); /* LIMITS: RFC 9422 */
    conn_written(s->conn);
}

void smtp_cmd_rset(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_txn_drop(s);
    smtp_say(s, REPLY_OK);
}

void smtp_cmd_noop(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say(s, REPLY_OK);
}

void smtp_cmd_vrfy(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say(s, REPLY_VRFY);
}

void smtp_cmd_help(struct smtp_session *s, struct str args)
{
    (void)args;
    struct buf *out = conn_out(s->conn);
    for (size_t i = 0; i < smtp_commands_n; i++)
        if (smtp_commands[i].help)
            buf_printf(out, "214-2.0.0 %s\r\n", smtp_commands[i].help);
    buf_addz(out, "214 2.0.0 Accepted mail is on stable storage when you read 250\r\n");
    conn_written(s->conn);
}

void smtp_cmd_quit(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say_last(s, REPLY_BYE);
}

void smtp_cmd_not_offered(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say_bad(s, REPLY_NOT_OFFERED);
}

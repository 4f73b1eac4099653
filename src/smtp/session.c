#include "smtp/session.h"
#include "smtp/line.h"
#include "core/fault.h"
#include "core/log.h"
#include <assert.h>
#include <stdlib.h>

static size_t on_data(struct conn *c, struct str in);
static void on_drained(struct conn *c);
static void on_timeout(struct conn *c);
static void on_secured(struct conn *c);
static void on_closed(struct conn *c, enum conn_end why);
static size_t on_line(struct smtp_session *s, struct str in);
static void run_line(struct smtp_session *s, struct str line, struct str rest);

static const struct conn_ops session_ops = {on_data, on_drained, on_timeout, on_secured, on_closed};

#define BIT(state) (1u << (state))
static const uint16_t legal[SMTP_STATES] = {
    [SMTP_GREETING] = BIT(SMTP_CONNECTED) | BIT(SMTP_ENDED),
    [SMTP_CONNECTED] = BIT(SMTP_READY) | BIT(SMTP_BDAT) | BIT(SMTP_SECURING) | BIT(SMTP_ENDED),
    [SMTP_READY] = BIT(SMTP_READY) | BIT(SMTP_MAIL) | BIT(SMTP_BDAT) | BIT(SMTP_SECURING) | BIT(SMTP_ENDED),
    [SMTP_MAIL] = BIT(SMTP_READY) | BIT(SMTP_RCPT) | BIT(SMTP_BDAT) | BIT(SMTP_ENDED),
    [SMTP_RCPT] = BIT(SMTP_READY) | BIT(SMTP_DATA) | BIT(SMTP_BDAT) | BIT(SMTP_ENDED),
    [SMTP_DATA] = BIT(SMTP_READY) | BIT(SMTP_COMMIT) | BIT(SMTP_ENDED),
    [SMTP_BDAT] =
        BIT(SMTP_CONNECTED) | BIT(SMTP_READY) | BIT(SMTP_MAIL) | BIT(SMTP_CHUNKED) | BIT(SMTP_COMMIT) | BIT(SMTP_ENDED),
    [SMTP_CHUNKED] = BIT(SMTP_READY) | BIT(SMTP_BDAT) | BIT(SMTP_ENDED),
    [SMTP_COMMIT] = BIT(SMTP_READY) | BIT(SMTP_ENDED),
    [SMTP_SECURING] = BIT(SMTP_CONNECTED) | BIT(SMTP_ENDED),
    [SMTP_ENDED] = 0,
};

/* RFC 2920 3.1 names VRFY, HELP, NOOP and QUIT too as last of a group; refusing those would protect nobody. BDAT's octets follow it at once
 * (RFC 3030 4.2). */
const struct smtp_command smtp_commands[] = {
    {STR("EHLO"), smtp_cmd_ehlo, CMD_LAST | CMD_IDLE, "EHLO name"},
    {STR("HELO"), smtp_cmd_helo, CMD_LAST | CMD_IDLE, "HELO name"},
    {STR("MAIL"), smtp_cmd_mail, CMD_HELO | CMD_LONG, "MAIL FROM:<address> [SIZE=n] [BODY=8BITMIME] [SMTPUTF8]"},
    {STR("RCPT"), smtp_cmd_rcpt, CMD_HELO | CMD_LONG, "RCPT TO:<address>"},
    {STR("DATA"), smtp_cmd_data, CMD_HELO | CMD_NO_ARGS | CMD_LAST, "DATA"},
    {STR("BDAT"), smtp_cmd_bdat, 0, "BDAT size [LAST]"},
    {STR("RSET"), smtp_cmd_rset, CMD_NO_ARGS | CMD_IDLE, "RSET"},
    {STR("NOOP"), smtp_cmd_noop, CMD_IDLE, "NOOP"},
    {STR("QUIT"), smtp_cmd_quit, CMD_NO_ARGS, "QUIT"},
    {STR("STARTTLS"), smtp_cmd_starttls, CMD_HELO | CMD_NO_ARGS | CMD_LAST, "STARTTLS"},
    {STR("VRFY"), smtp_cmd_vrfy, CMD_IDLE, "VRFY name"},
    {STR("HELP"), smtp_cmd_help, CMD_IDLE, "HELP"},
    {STR("EXPN"), smtp_cmd_not_offered, CMD_IDLE, NULL},
    {STR("AUTH"), smtp_cmd_not_offered, CMD_IDLE, NULL},
    {STR("ETRN"), smtp_cmd_not_offered, CMD_IDLE, NULL},
    {STR("TURN"), smtp_cmd_not_offered, CMD_IDLE, NULL},
};
const size_t smtp_commands_n = N_ELEMENTS(smtp_commands);

/* Another protocol's first words (a browser made to speak to this port): nothing of it is read any further. */
static const struct str foreign_verbs[] = {STR("GET"),     STR("POST"),   STR("PUT"),   STR("HEAD"), STR("OPTIONS"),
                                           STR("CONNECT"), STR("DELETE"), STR("PATCH"), STR("Host")};

void smtp_set_state(struct smtp_session *s, enum smtp_state to)
{
    assert(legal[s->state] & BIT(to));
    s->state = (uint8_t)to;
    if (!s->held) /* the tarpit's wait stands */
        conn_deadline(s->conn, to == SMTP_COMMIT     ? SMTP_COMMIT_MS
                               : to == SMTP_SECURING ? SMTP_SECURING_MS
                                                     : s->server->conf.timeout_ms);
}

static void greet(struct smtp_session *s)
{
    smtp_set_state(s, SMTP_CONNECTED);
    buf_printf(conn_out(s->conn), "220 %.*s ESMTP\r\n", STRF(s->server->conf.hostname));
    conn_written(s->conn);
}

struct conn *smtp_session_new(struct smtp_server *srv, int fd, const struct net_peer *peer)
{
    struct smtp_session *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->server = srv;
    s->conn = conn_new(srv->loop, fd, peer, NULL, &session_ops, s);
    s->state = SMTP_GREETING;
    s->since_ms = net_now_ms(srv->loop);
    s->exempt = !peer || peer->family == AF_UNIX || smtp_networks_has(&srv->conf.exempt, peer);
    list_add(&srv->sessions, &s->node);
    srv->counts.connections++;
    conn_deadline(s->conn, srv->conf.timeout_ms);
    if (conn_has_more(s->conn, STR_NULL)) /* spoke before our greeting */
        smtp_say_last(s, REPLY_SYNC);
    else if (srv->conf.greeting_ms > 0 && !s->exempt)
        conn_deadline(s->conn, srv->conf.greeting_ms);
    else
        greet(s);
    return s->conn;
}

static size_t on_data(struct conn *c, struct str in)
{
    struct smtp_session *s = conn_user(c);
    switch ((enum smtp_state)s->state) {
    case SMTP_DATA: return smtp_data_bytes(s, in);
    case SMTP_BDAT: return smtp_bdat_bytes(s, in);
    case SMTP_ENDED: return in.n;
    case SMTP_GREETING: /* an early talker: no mail server speaks first */ smtp_say_last(s, REPLY_SYNC); return in.n;
    default: return on_line(s, in);
    }
}

static size_t on_line(struct smtp_session *s, struct str in)
{
    if (s->skip_line) {
        ptrdiff_t lf = str_chr(in, '\n', 0);
        s->skip_line = lf < 0;
        if (lf >= 0)
            smtp_say_bad(s, REPLY_LINE_LONG);
        return lf < 0 ? in.n : (size_t)lf + 1;
    }
    struct str line;
    size_t used = 0;
    enum smtp_line_fault fault;
    switch (smtp_line_take(in, &line, &used, &fault)) {
    case PARSE_MORE: return 0;
    case PARSE_BAD:
        if (fault == SMTP_LINE_LONG) {
            /* The end of this line may be in what is thrown away with it: then it has been answered too. */
            ptrdiff_t lf = str_chr(in, '\n', 0);
            s->skip_line = lf < 0;
            if (lf < 0)
                return used;
            used = (size_t)lf + 1;
            smtp_say_bad(s, REPLY_LINE_LONG);
        } else {
            smtp_say_bad(s, REPLY_LINE_BARE);
        }
        return used;
    case PARSE_OK: run_line(s, line, str_from(in, used)); return used;
    }
    return used;
}

static const struct smtp_command *command_find(struct str verb)
{
    for (size_t i = 0; i < smtp_commands_n; i++)
        if (str_ieq(smtp_commands[i].verb, verb))
            return &smtp_commands[i];
    return NULL;
}

static bool is_foreign(struct str verb)
{
    for (size_t i = 0; i < N_ELEMENTS(foreign_verbs); i++)
        if (str_eq(foreign_verbs[i], verb))
            return true;
    return false;
}

/* What ends a session before its command is looked at; 0: nothing. */
static int session_over(struct smtp_session *s, const struct smtp_command *cmd, struct str rest)
{
    const struct smtp_conf *c = &s->server->conf;
    /* RFC 2920; a relay that was fooled into another idea of where our input ends shows itself here (CVE-2023-51764 and kin). After HELO nobody was
     * told of PIPELINING. */
    if (((cmd->flags & CMD_LAST) || !s->esmtp) && conn_has_more(s->conn, rest))
        return REPLY_SYNC;
    if (++s->commands > c->max_commands)
        return REPLY_TOO_MANY_COMMANDS;
    if (net_now_ms(s->server->loop) - s->since_ms > c->session_ms)
        return REPLY_TOO_OLD;
    if ((cmd->flags & CMD_IDLE) && ++s->idle > SMTP_IDLE_COMMANDS_MAX)
        return REPLY_TOO_MANY_IDLE;
    return 0;
}

static void run_line(struct smtp_session *s, struct str line, struct str rest)
{
    struct str verb, args;
    smtp_line_verb(line, &verb, &args);
    conn_deadline(s->conn, s->server->conf.timeout_ms);
    const struct smtp_command *cmd = command_find(verb);
    if (!cmd) {
        if (is_foreign(verb))
            smtp_say_last(s, REPLY_PROTOCOL);
        else
            smtp_say_bad(s, REPLY_UNKNOWN);
        return;
    }
    int over = session_over(s, cmd, rest);
    if (over)
        smtp_say_last(s, (enum smtp_reply_id)over);
    else if (line.n + 2 > SMTP_LINE_PLAIN_MAX && !(cmd->flags & CMD_LONG))
        smtp_say_bad(s, REPLY_LINE_LONG);
    else if ((cmd->flags & CMD_NO_ARGS) && args.n > 0)
        smtp_say_bad(s, REPLY_NO_ARGS);
    else if ((cmd->flags & CMD_HELO) && s->state == SMTP_CONNECTED)
        smtp_say_bad(s, REPLY_HELO_FIRST);
    else
        cmd->run(s, args);
}

/* Everything written is in the socket: what was answered 250 is answered for good. */
static void on_drained(struct conn *c)
{
    struct smtp_session *s = conn_user(c);
    const struct smtp_road *road = &s->server->conf.road;
    if (s->replied)
        (void)fault_point(
            "smtp.replied"); /* 250 is in the socket, the row does not know it yet: the one allowed duplicate */
    while (s->replied) {
        struct smtp_replied *r = s->replied;
        s->replied = r->next;
        road->replied(road->ctx, r->cell, r->org, r->id);
        free(r);
    }
}

static void on_timeout(struct conn *c)
{
    struct smtp_session *s = conn_user(c);
    if (smtp_say_held(s))
        return;
    switch ((enum smtp_state)s->state) {
    case SMTP_GREETING: greet(s); return;
    case SMTP_COMMIT: smtp_say_last(s, REPLY_LATE); return;
    case SMTP_DATA:
    case SMTP_BDAT:
    case SMTP_CHUNKED: smtp_say_last(s, REPLY_TIMEOUT_DATA); return;
    default: smtp_say_last(s, REPLY_TIMEOUT);
    }
}

static void on_secured(struct conn *c)
{
    struct smtp_session *s = conn_user(c);
    smtp_set_state(s, SMTP_CONNECTED);
}

static void on_closed(struct conn *c, enum conn_end why)
{
    (void)why;
    struct smtp_session *s = conn_user(c);
    smtp_flow(s, false);
    smtp_txn_drop(s);
    while (s->replied) { /* never reached the socket: stays unreplied, a resend is recognised */
        struct smtp_replied *r = s->replied;
        s->replied = r->next;
        free(r);
    }
    smtp_session_leave(s);
    free(s->held);
    free(s->helo);
    free(s);
}

#include "smtp/session.h"

struct reply_row {
    int code;
    const char *enhanced, *text;
};
static const struct reply_row rows[] = {
#define SMTP_REPLY(id, code, enhanced, text) [REPLY_##id] = {code, enhanced, text},
#include "smtp/reply.def"
#undef SMTP_REPLY
};
_Static_assert(N_ELEMENTS(rows) == REPLY_COUNT, "every reply has its row");

void smtp_say(struct smtp_session *s, enum smtp_reply_id id)
{
    const struct reply_row *r = &rows[id];
    buf_printf(conn_out(s->conn), "%d %s%s%s\r\n", r->code, r->enhanced, r->enhanced[0] ? " " : "", r->text);
    conn_written(s->conn);
}

void smtp_say_bad(struct smtp_session *s, enum smtp_reply_id id)
{
    s->server->counts.refused++;
    if (++s->bad > SMTP_BAD_COMMANDS_MAX)
        smtp_say_last(s, REPLY_TOO_MANY_ERRORS);
    else
        smtp_say(s, id);
}

void smtp_say_last(struct smtp_session *s, enum smtp_reply_id id)
{
    smtp_say(s, id);
    smtp_txn_drop(s);
    smtp_set_state(s, SMTP_ENDED);
    conn_finish(s->conn);
}

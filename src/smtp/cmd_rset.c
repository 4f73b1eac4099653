/* RSET (RFC 5321 4.1.1.5). */
#include "smtp/session.h"

void smtp_cmd_rset(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_txn_drop(s);
    smtp_say(s, REPLY_OK);
}

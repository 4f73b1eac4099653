/* NOOP (RFC 5321 4.1.1.9): its argument is ignored. */
#include "smtp/session.h"

void smtp_cmd_noop(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say(s, REPLY_OK);
}

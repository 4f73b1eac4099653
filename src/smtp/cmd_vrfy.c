/* VRFY (RFC 5321 3.5.3, 7.3): tells nothing about anybody. */
#include "smtp/session.h"

void smtp_cmd_vrfy(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say(s, REPLY_VRFY);
}

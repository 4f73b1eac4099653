/* Known, but not offered here: EXPN, AUTH, ETRN, TURN. */
#include "smtp/session.h"

void smtp_cmd_not_offered(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say_bad(s, REPLY_NOT_OFFERED);
}

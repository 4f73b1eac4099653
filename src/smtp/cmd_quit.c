/* QUIT (RFC 5321 4.1.1.10). */
#include "smtp/session.h"

void smtp_cmd_quit(struct smtp_session *s, struct str args)
{
    (void)args;
    smtp_say_last(s, REPLY_BYE);
}

/* HELP (RFC 5321 4.1.1.8): the command table itself, or its row. */
#include "smtp/session.h"

void smtp_cmd_help(struct smtp_session *s, struct str args)
{
    struct buf *out = conn_out(s->conn);
    for (size_t i = 0; i < smtp_commands_n; i++)
        if (smtp_commands[i].help && (args.n == 0 || str_ieq(args, smtp_commands[i].verb)))
            buf_printf(out, "214-2.0.0 %s\r\n", smtp_commands[i].help);
    buf_addz(out, "214 2.0.0 Accepted mail is on stable storage when you read 250\r\n");
    conn_written(s->conn);
}

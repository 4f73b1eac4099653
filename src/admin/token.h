#pragma once
/* token add, list, revoke: app tokens of programs. Only a running server can make and know them, so these verbs always go through its control socket. */
#include "admin/verb.h"

int admin_token_add(struct admin_ctx *c, int argc, char **argv);
int admin_token_list(struct admin_ctx *c, int argc, char **argv);
int admin_token_revoke(struct admin_ctx *c, int argc, char **argv);

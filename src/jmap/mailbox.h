#pragma once
/* Inside jmap/: what the files of Mailbox share. */
#include "core/json.h"
#include "store/mailbox_set.h"
#include "store/read.h"

const char *mailbox_role_name(enum mail_role r);                /* NULL: none that JMAP knows */
void mailbox_put_rights(struct json_w *w, enum mail_role role); /* myRights */

#pragma once
/* `sigillo scan`: the judgement of the server without a server, over files, folders and mailboxes. */
#include "admin/verb.h"
extern const struct admin_verb admin_scan_verbs[];

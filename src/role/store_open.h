#pragma once
/* Store settings of a role, from its slice of the configuration. */
#include "os/role.h"
#include "store/store.h"

/* Views into r->conf: r must outlive the store. Hooks (post, more_coming) are left empty. */
void role_store_conf(const struct role_ctx *r, struct store_conf *out);
/* In init(): opens the sandbox for what the store needs beside the state folder: the spool of last resort, libpq's files and connections. */
void role_allow_store(struct role_ctx *r);

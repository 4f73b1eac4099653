#pragma once
#include "admin/verb.h"

/* init, and the verbs of firms, people and counterparties. */
extern const struct admin_verb admin_init_verbs[];
extern const struct admin_verb admin_people_verbs[];

#include "store/store.h"
/* The store's settings out of conf; strings stay conf's. */
void admin_store_conf(const struct admin_ctx *c, struct store_conf *out);

#pragma once
#include "admin/verb.h"

/* init, and the verbs of firms, people and counterparties. */
extern const struct admin_verb admin_init_verbs[];
extern const struct admin_verb admin_people_verbs[];

#include "admin/control.h"
#include "admin/people.h"
/* The store's settings out of conf; strings stay conf's. */
void admin_store_conf(const struct admin_ctx *c, struct store_conf *out);
/* Does what fn does: through the server when one runs on the state, else with the store opened here. The exit status. */
int admin_perform(struct admin_ctx *c, const char *verb, const struct control_field *f, size_t n,
                  int (*fn)(struct store *, const struct people_args *, struct err *), const struct people_args *p);

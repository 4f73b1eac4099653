#pragma once
/* held list, held release, user role, jmap docs. The work on a store is also done by control_handle inside a server. */
#include "admin/people.h"
#include "admin/verb.h"

extern const struct admin_verb admin_held_verbs[];
/* address, and id: the Email's id as the API gives it. */
int held_release(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_set_role(struct store *s, const struct people_args *p, struct err *e) MUST_USE; /* address, role */

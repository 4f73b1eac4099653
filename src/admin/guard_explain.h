#pragma once
/* Why a message was judged as it was, from what was kept or from a file; and what today's guard would say of what was kept. */
#include "admin/verb.h"
#include "guard/guard.h"
extern const struct admin_verb admin_explain_verbs[];
/* Facts, keys, history, findings, weights, verdict, for a person who wants to know. */
void admin_explain_print(FILE *out, const struct guard_input *in, const struct guard_history *h,
                         const struct guard_verdict *v, int lang);

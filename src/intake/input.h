#pragma once
/* What the guard hears of a message's header: every identity comes from mime/. Pure; for the road, for reading late mail
 * and for `sigillo scan`. */
#include "guard/guard.h"
#include "mime/identity.h"

/* Fills all that stands in the header; connection, authentication, facts, policy, lists and clock are the caller's.
 * raw: the message, or its header. Views of raw, of who and of the arena. */
void intake_input(struct arena *a, struct str raw, const struct mime_identity *who, struct guard_input *in);

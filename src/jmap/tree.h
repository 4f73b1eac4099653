#pragma once
/* Inside jmap/: body tree of bytes that no scan has read: uploads (Email/parse, Email/import), drafts made here, messages whose structure was lost.
 * Only for showing: what came from outside is judged by the scan role alone. Bounded by FACTS_PARTS_MAX and FACTS_DEPTH_MAX; tolerant, never fails:
 * what cannot be taken apart is one leaf. Part 0 is the message. */
#include "facts/facts.h"
#include "mime/charset.h"

void tree_read(struct arena *a, struct mime_charsets *cs, struct str raw, struct facts_structure *out);

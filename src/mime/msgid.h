#pragma once
/* Message ids (RFC 5322 3.6.4) of Message-ID, In-Reply-To and References. An id is kept without its angle brackets and
 * without the white space that folding put into it; it is compared byte by byte. */
#include "core/arena.h"

#define MIME_MSGIDS_MAX 100u      /* of one field: the first and the newest are kept, they hold a thread together */
#define MIME_MSGID_BYTES_MAX 998u /* a longer one is left out */

/* All ids of a field in order, at most max (>= 2) of them: with more, the first one and the last max - 1. Text outside
 * of angle brackets is skipped; when there are no brackets at all, words with an "@" are taken. */
size_t mime_msgids(struct arena *a, struct str value, struct str *out, size_t max);

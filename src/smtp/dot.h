#pragma once
/* DATA as it comes over the wire -> message text (RFC 5321 4.5.2). Streaming and pure; state is a few bytes.
 *
 * Only CRLF "." CRLF ends the data. What other servers may take for an end is where smuggling lives
 * (CVE-2023-51764/5/6), so:
 *   - a line that is a single dot between anything but CRLFs (LF.LF, LF.CRLF, CRLF.LF) makes the whole message refused;
 *   - a CR without LF makes the whole message refused (such bytes must never leave us again);
 *   - a bare LF elsewhere is normalised to CRLF, counted, and a dot after it is content: dots are removed only after a
 * true CRLF. A refused message is read to its true end, then answered 550 5.6.11. NUL and 8-bit bytes pass unchanged.
 */
#include "core/str.h"

enum { SMTP_DOT_BARE_CR = 1, SMTP_DOT_SMUGGLE = 2, SMTP_DOT_BARE_LF = 4 /* normalised, not refused */ };
#define SMTP_DOT_REFUSED (SMTP_DOT_BARE_CR | SMTP_DOT_SMUGGLE)

struct smtp_dot {
    uint8_t state;
    uint8_t seen; /* bits above */
};
typedef void smtp_dot_emit(void *ctx, struct str bytes);
static inline void smtp_dot_init(struct smtp_dot *d) { *d = (struct smtp_dot){0, 0}; }
/* Feeds bytes; emit gets message text (nothing any more once the message is refused). PARSE_OK: the end was seen, *used
 * tells where the next command begins. PARSE_MORE: all of it was taken. */
enum parse smtp_dot_feed(struct smtp_dot *d, struct str in, size_t *used, smtp_dot_emit *emit, void *ctx);

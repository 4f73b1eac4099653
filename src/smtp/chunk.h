#pragma once
/* The octets of BDAT chunks (RFC 3030) -> message text. Streaming and pure. No dot-stuffing, but the same rules for line ends as DATA (smtp/dot.h):
 * a bare CR, and a lone dot between line ends that are not both CRLF, make the message refused; a bare LF is normalised to CRLF. The rules see through
 * chunk borders: one state for all chunks of a message. */
#include "smtp/dot.h"

struct smtp_chunk {
    uint8_t state;
    uint8_t seen; /* SMTP_DOT_* */
};
static inline void smtp_chunk_init(struct smtp_chunk *c) { *c = (struct smtp_chunk){0, 0}; }
/* Takes all of `in` (the caller counts octets). emit as in smtp_dot_feed. */
void smtp_chunk_feed(struct smtp_chunk *c, struct str in, smtp_dot_emit *emit, void *ctx);
/* After the last octet of LAST. A line without its end gets one. */
void smtp_chunk_end(struct smtp_chunk *c, smtp_dot_emit *emit, void *ctx);
/* chunk-size [ SP "LAST" ]; false when it is not that. */
bool smtp_chunk_args(struct str args, uint64_t *size, bool *last);

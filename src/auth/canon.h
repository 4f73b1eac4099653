#pragma once
/* Canonicalisation (RFC 6376 3.4), into hashes. A lone LF counts as a line end, written as CRLF: a message read from a
 * file and the same message off the wire hash alike. */
#include "auth/crypto.h"

#define AUTH_BODY_NO_LIMIT UINT64_MAX

/* One body hash; those of the same canonicalisation are fed by one pass. */
struct auth_body_hash {
    bool relaxed;
    uint64_t limit; /* l=: only so many canonical bytes; AUTH_BODY_NO_LIMIT */
    uint8_t digest[AUTH_SHA256_BYTES];
    struct auth_hash hash; /* while the pass runs */
};
/* Fills digest of the hashes whose `relaxed` is the one given; total: length of the whole canonical body. */
void auth_canon_body(const struct auth_kit *kit, struct str body, bool relaxed, struct auth_body_hash *v, size_t n,
                     uint64_t *total);
/* A field as it stands in the message, with or without its last line end. without: a view into it that is left out (the
 * value of b=), or empty. end: write the final CRLF (not for the signature field itself). */
void auth_canon_field(struct auth_hash *h, struct str field, bool relaxed, struct str without, bool end);

#pragma once
/* Domains of addresses: one canonical ASCII form for look-ups and protocols (A-labels, lower case, no final dot; UTS 46
 * non-transitional) and one for people (U-labels). Address literals "[192.0.2.1]" stay as they are, in lower case. */
#include "mime/charset.h"

#define MIME_DOMAIN_BYTES_MAX 255u /* RFC 5321 4.5.3.1.2, of the ASCII form */

/* bits of mime_domain.flags */
enum {
    MIME_DOMAIN_BAD = 1 << 0,     /* not a domain name: odd bytes, empty label, too long, IDNA error; ascii and unicode
                                     hold the lower-cased text */
    MIME_DOMAIN_LITERAL = 1 << 1, /* [..] */
    MIME_DOMAIN_IDN = 1 << 2,     /* at least one A- or U-label */
};
struct mime_domain {
    struct str ascii, unicode;
    unsigned flags;
};
/* text: without white space or comments. The views are in the arena, or text itself when it is canonical already. cs
 * may be NULL. */
void mime_domain_read(struct arena *a, struct mime_charsets *cs, struct str text, struct mime_domain *out);

#pragma once
/* Envelope paths of SMTP (RFC 5321 4.1.2, RFC 6531 3.3), strictly: MAIL FROM:<..> and RCPT TO:<..>. */
#include "mime/address.h"

#define MIME_PATH_BYTES_MAX 256u /* RFC 5321 4.5.3.1.3, with the angle brackets */

/* bits of allow */
enum {
    MIME_PATH_NULL = 1 << 0,       /* "<>" */
    MIME_PATH_UTF8 = 1 << 1,       /* SMTPUTF8 was asked for */
    MIME_PATH_POSTMASTER = 1 << 2, /* "<Postmaster>" without domain (RFC 5321 4.1.1.3) */
};
enum mime_path_result {
    MIME_PATH_OK = 0,
    MIME_PATH_SYNTAX, /* 501 5.1.3 / 5.1.7 */
    MIME_PATH_LONG,   /* 501: local part over 64, domain over 255, path over 256 */
    MIME_PATH_ROUTE,  /* source route: RFC 5321 3.6.1 lets a server refuse it */
    MIME_PATH_8BIT,   /* not ASCII without MIME_PATH_UTF8, or invalid UTF-8: 553 5.6.7 */
};
struct mime_path {
    bool null;             /* <>; addr is zeroed */
    struct mime_addr addr; /* name, group and raw are empty; flags QUOTED, LITERAL, IDN, UTF8, NO_DOMAIN (postmaster) */
    struct str raw;        /* as written, without the angle brackets */
};

/* text begins with "<". rest (may be NULL): what follows ">", for ESMTP parameters; without it nothing may follow.
 * Control bytes, CR, LF, NUL and white space outside of quotes are refused everywhere. out and rest are set only on OK.
 * cs may be NULL. */
enum mime_path_result mime_path_parse(struct arena *a, struct mime_charsets *cs, struct str text, unsigned allow,
                                      struct mime_path *out, struct str *rest) MUST_USE;

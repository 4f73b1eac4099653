#pragma once
/* Authentication-Results (RFC 8601): written by us, read from ARC hops, and found where strangers forge ours. */
#include "auth/auth.h"

#define AUTH_RESULTS_MAX 64u
#define AUTH_RESULTS_FIELD_MAX 16384u

/* The whole field with its name and last CRLF, folded. No value of a stranger's can end a line, a comment or a quoted
 * string: what is no token is quoted, controls and 8-bit bytes that are no UTF-8 become "?". in: what was judged. */
void auth_results_put(struct buf *b, struct str authserv_id, const struct auth_input *in, const struct auth_results *r);

struct auth_result_read {
    struct str method; /* "spf" */
    enum auth_result result;
    struct str reason; /* unquoted; empty when absent */
    struct str domain; /* header.d, header.from, or the domain of smtp.mailfrom / smtp.helo; empty when absent */
    struct str policy; /* policy.dmarc, or what DMARC comments call p= ; empty when absent */
};
struct auth_results_read {
    struct str authserv_id; /* lower case */
    bool none;              /* "none": no method was tried */
    struct auth_result_read v[AUTH_RESULTS_MAX];
    size_t n;
};
/* value: of the field, or of an ARC one after its instance. Comments are skipped. false: no authserv-id. A method or
 * result that is not known, or a broken rest, ends or is left out; nothing else fails. Views are in the arena. */
bool auth_results_read(struct arena *a, struct str value, struct auth_results_read *out) MUST_USE;

/* Does a field of that name and value claim to be written by authserv_id? Wide on purpose (RFC 8601 5): odd spacing,
 * comments, quotes, case, a last dot, a version after it. */
bool auth_results_claims(struct str value, struct str authserv_id);
/* Writes the message without the header fields that claim our id (RFC 8601 5) to out, which has room for all of it;
 * returns the bytes written: message.n when there was none. */
size_t auth_results_strip(struct str message, struct str authserv_id, char *out);

#pragma once
/* Values with parameters: Content-Type, Content-Disposition (RFC 2045 5.1, RFC 2183) with RFC 2231 charsets and
 * continuations, and the encoded words that senders wrongly put there. Tolerant, never fails. */
#include "mime/charset.h"

#define MIME_PARAMS_MAX 64u /* pieces of continuations count one each */
#define MIME_PARAM_TEXT_MAX (16u * 1024u)

/* bits of mime_params.flags */
enum {
    MIME_PARAMS_MANY = 1 << 0,
    MIME_PARAMS_DUPLICATE = 1 << 1, /* first is kept */
    MIME_PARAMS_JUNK = 1 << 2,      /* text that is no parameter, or a piece missing in a continuation */
    MIME_PARAMS_CHARSET = 1 << 3,   /* text had to be guessed or replaced (MIME_CS_*) */
};
struct mime_param {
    struct str name;  /* lower case, without RFC 2231 marks */
    struct str value; /* UTF-8 on one line */
};
struct mime_params {
    struct str value; /* what stands before the first ";", lower case, white space and comments removed: "text/plain" */
    struct mime_param v[MIME_PARAMS_MAX];
    size_t n;
    unsigned flags;
};
void mime_params_parse(struct arena *a, struct mime_charsets *cs, struct str raw, struct mime_params *out);
/* p == NULL when absent. name in lower case. */
struct str mime_param_get(const struct mime_params *params, struct str name);

struct mime_type {
    struct str type, subtype; /* lower case; "text" "plain" when missing or unreadable (RFC 2045 5.2) */
    bool defaulted;
};
void mime_type_of(const struct mime_params *params, struct mime_type *out);
/* The name to show for an attachment: filename of Content-Disposition, else name of Content-Type; without folders ("/"
 * and "\"), cut to MIME_FILENAME_MAX bytes. p == NULL when there is none. Either may be NULL. */
#define MIME_FILENAME_MAX 255u
struct str mime_filename(const struct mime_params *disposition, const struct mime_params *type);

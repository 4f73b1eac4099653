#pragma once
/* Command lines (RFC 5321 4.1): finding a line, its verb, ESMTP parameters. Pure. Paths are read by mime/path.h. */
#include "core/str.h"

/* With CRLF. RFC 5321 4.5.3.1.4: 512 and what extensions add; a path may have 256 (UTF-8 ones as many octets), SIZE, BODY and SMTPUTF8 together 53. */
#define SMTP_LINE_PLAIN_MAX 512u /* commands without ESMTP parameters */
#define SMTP_LINE_MAX 1100u
#define SMTP_PARAMS_MAX 16u

enum smtp_line_fault { SMTP_LINE_FINE, SMTP_LINE_BARE /* not ended by CRLF, or CR or NUL inside */, SMTP_LINE_LONG };
/* The first line of `in`. PARSE_OK: *line without its end, *used with it; PARSE_BAD: *fault says why, *used bytes are
 * to be thrown away (for LONG that is all of `in`, and what follows up to the next LF belongs to the same line);
 * PARSE_MORE. */
enum parse smtp_line_take(struct str in, struct str *line, size_t *used, enum smtp_line_fault *fault);
/* Verb in letters (ends at the first other byte) and arguments without the space before them or white space at the end.
 */
void smtp_line_verb(struct str line, struct str *verb, struct str *args);

struct smtp_param {
    struct str key, value; /* value.p NULL: no "=" */
};
/* esmtp-param *( SP esmtp-param ) of RFC 5321 4.1.2. Returns the number, -1 when not that grammar, a keyword stands
 * twice, or there are more than max. */
int smtp_params(struct str text, struct smtp_param *v, size_t max);

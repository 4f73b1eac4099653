#pragma once
/* Writer of mail that we generate ourselves (stubs, notices): RFC 5322 header, RFC 2047 words, text bodies as
 * quoted-printable or base64, multipart. All lines end in CRLF. Whatever would break out of its field or line (CR, LF,
 * NUL) is refused: the error is sticky, check mime_build_end() once. Time, ids and boundaries are arguments. */
#include "mime/address.h"

#define MIME_FOLD_AT 78u      /* preferred line length, RFC 5322 2.1.1; never over 998 */
#define MIME_BOUNDARY_MAX 70u /* RFC 2046 5.1.1 */
#define MIME_NEST_MAX 4u

enum mime_build_err {
    MIME_BUILD_OK = 0,
    MIME_BUILD_BAD,  /* CR, LF, NUL or other control, invalid UTF-8, bad name or boundary, calls out of order */
    MIME_BUILD_LONG, /* one word longer than a line may be, and it may not be encoded */
    MIME_BUILD_FULL, /* out reached its maximum */
};
struct mime_build {
    struct buf *out;
    enum mime_build_err err; /* first error wins */
    bool body;               /* header of the current entity is closed */
    unsigned depth;
    struct str boundary[MIME_NEST_MAX]; /* must live until mime_build_end */
};
void mime_build_init(struct mime_build *b, struct buf *out);
/* Unstructured text (Subject): UTF-8, encoded where needed. */
void mime_build_text(struct mime_build *b, struct str name, struct str utf8);
/* Structured ASCII value as it is (Auto-Submitted, Content-Type): folded at spaces only. */
void mime_build_raw(struct mime_build *b, struct str name, struct str ascii);
/* Addresses: display names quoted or encoded; UTF-8 local parts stay (RFC 6532). Nothing is written for n == 0. */
void mime_build_addrs(struct mime_build *b, struct str name, const struct mime_addr *v, size_t n);
void mime_build_date(struct mime_build *b, struct str name, int64_t wall_ms, int zone_minutes);
/* Message ids without brackets (Message-ID, In-Reply-To, References). Nothing is written for n == 0. */
void mime_build_msgids(struct mime_build *b, struct str name, const struct str *ids, size_t n);
/* Body of the current entity and its Content-* fields. subtype "plain" or "html". utf8: LF or CRLF line ends. US-ASCII
 * text with short lines stays 7bit, else quoted-printable. */
void mime_build_body(struct mime_build *b, struct str subtype, struct str utf8);
/* Attachment or other bytes: base64. filename may be empty. type "application/pdf". */
void mime_build_bytes(struct mime_build *b, struct str type, struct str filename, struct str bytes);
/* multipart/SUBTYPE; then for each part: mime_build_part(), Content fields by body/bytes/multipart; then
 * mime_build_multipart_end(). */
void mime_build_multipart(struct mime_build *b, struct str subtype, struct str boundary);
void mime_build_part(struct mime_build *b);
void mime_build_multipart_end(struct mime_build *b);
enum mime_build_err mime_build_end(struct mime_build *b) MUST_USE;

/* Pieces for others (drafts, JMAP): a phrase as it may stand before "<": atoms, quoted string or encoded words. */
void mime_phrase_put(struct buf *out, struct str utf8);
/* Quoted-printable (RFC 2045 6.7) of text; line ends become CRLF. */
void mime_qp_put(struct buf *out, struct str text);
/* base64 in lines of 76 with CRLF. */
void mime_base64_lines_put(struct buf *out, struct str bytes);

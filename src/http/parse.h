#pragma once
/* HTTP/1.1 requests (RFC 9110, RFC 9112), strictly: what two servers could read differently is refused, not mended.
 * Pure functions over bytes. head    origin-form targets only; one Host; one Content-Length or Transfer-Encoding:
 * chunked, never both, never in HTTP/1.0; no obs-fold; no white space before the colon; no control bytes; every line
 * ends with CRLF chunked sizes of at most 8 hex digits, no extensions, no trailers */
#include "core/arena.h"

#define HTTP_HEAD_MAX \
    16384u /* request line and header fields; more: 431 (414 when the request line alone is longer)  \
                              */
#define HTTP_TARGET_MAX 8000u /* RFC 9112 3 asks for 8000 */
#define HTTP_HEADERS_MAX 100u
#define HTTP_CHUNK_DIGITS 8u

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_DELETE = 16
}; /* bits; another token: 501 */

struct http_field {
    struct str name, value; /* value without white space around it */
};
struct http_head {
    enum http_method method;
    struct str target, path, query; /* as sent; query without "?", p NULL when there is none */
    bool http10;
    struct http_field field[HTTP_HEADERS_MAX];
    size_t n_fields;
    bool chunked, has_length, keep_alive, expect_continue;
    uint64_t length;
    struct str host;
};
/* PARSE_OK: *used bytes were the head, views into in. PARSE_BAD: *status is the answer, the connection is to be closed.
 * PARSE_MORE. */
enum parse http_head_parse(struct str in, struct http_head *out, size_t *used, int *status);
/* The field's value; p NULL when absent. Of doubled fields the first (names that must not be doubled were refused). */
struct str http_field(const struct http_head *h, struct str name);
bool http_has_field(const struct http_head *h, struct str name);
/* True when the comma-separated list holds the token (ASCII case-insensitive; parameters after ";" are ignored, q=0
 * means no). */
bool http_list_has(struct str list, struct str token);
/* One cookie of the Cookie field; p NULL when absent or there twice (then neither is to be believed). */
struct str http_cookie(struct str cookies, struct str name);
/* %XX decoded into the arena; false on a bad escape or %00. */
bool http_decode(struct arena *a, struct str s, struct str *out) MUST_USE;
/* Value of key in a query string, decoded; p NULL when absent or undecodable. */
struct str http_query(struct arena *a, struct str query, struct str key);

struct http_chunked {
    uint8_t state, digits;
    uint64_t left;
};
typedef void http_emit(void *ctx, struct str bytes);
/* PARSE_OK: last chunk read, *used tells where the next request begins; PARSE_MORE: all taken; PARSE_BAD: 400 and
 * close. */
enum parse http_chunked_feed(struct http_chunked *c, struct str in, size_t *used, http_emit *emit, void *ctx);

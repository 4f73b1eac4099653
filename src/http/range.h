#pragma once
/* Conditions and ranges of a request (RFC 9110 13 and 14). Pure. */
#include "core/str.h"

enum http_range {
    HTTP_RANGE_NONE /* absent, malformed, several, of another unit: all is sent */,
    HTTP_RANGE_PART,
    HTTP_RANGE_BEYOND /* 416 */
};
/* Range: bytes=a-b | a- | -n, of something of `size` bytes. PART: [*from, *to). */
enum http_range http_range_parse(struct str value, uint64_t size, uint64_t *from, uint64_t *to);
/* If-None-Match: true when the list holds the tag, weak or strong, or is "*" (RFC 9110 13.1.2). etag with its quotes. */
bool http_etag_in(struct str list, struct str etag);
/* If-Range: true when it is exactly that strong tag; a date never is (we send none). */
bool http_etag_is(struct str value, struct str etag);
/* Accept-Encoding allows gzip (RFC 9110 12.5.3): named, or "*", not with q=0. */
bool http_accepts_gzip(struct str accept_encoding);

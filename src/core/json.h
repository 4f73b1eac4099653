#pragma once
/* JSON: a streaming writer onto a buf (RFC 8259; invalid UTF-8 is replaced by U+FFFD; commas and nesting by itself), and
 * strict reading by jansson (json_read.c: duplicates, trailing bytes and depth over JSON_DEPTH_MAX are errors). */
#include "core/buf.h"

#define JSON_DEPTH_MAX 64
struct json_w {
    struct buf *b;
    uint64_t comma; /* bit per level: a value was written before */
    int depth;
};
void json_init(struct json_w *w, struct buf *b);
void json_obj(struct json_w *w);
void json_obj_end(struct json_w *w);
void json_arr(struct json_w *w);
void json_arr_end(struct json_w *w);
void json_key(struct json_w *w, struct str key);
void json_keyz(struct json_w *w, const char *key);
void json_str(struct json_w *w, struct str s);
void json_strz(struct json_w *w, const char *s);
void json_int(struct json_w *w, int64_t v);
void json_bool(struct json_w *w, bool v);
void json_none(struct json_w *w);                 /* writes null; not json_null, which is jansson's */
void json_raw(struct json_w *w, struct str json); /* already JSON */
/* key + value in one call */
void json_kstr(struct json_w *w, const char *key, struct str v);
void json_kint(struct json_w *w, const char *key, int64_t v);
void json_kbool(struct json_w *w, const char *key, bool v);
void json_time(struct json_w *w, int64_t wall_ms); /* "2026-11-21T18:00:00Z" UTCDate of RFC 8620 1.4; ms cut */

struct err;
typedef struct json_t json_t; /* jansson's own type; include <jansson.h> to look inside. The caller json_decref()s. */
json_t *json_read(struct str text, struct err *e) MUST_USE;

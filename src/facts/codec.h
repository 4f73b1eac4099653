#pragma once
/* Records of fields on buf and rd (core/buf.h) where one walk over the fields is both writer and reader, so that the two
 * cannot differ. A walk is a function (struct codec *, struct thing *); on writing it only reads the thing. */
#include "core/arena.h"
#include "core/buf.h"

/* One of out (writing) and in (reading, into arena) is set. */
struct codec {
    struct buf *out;
    struct rd *in;
    struct arena *arena;
};
void codec_fail(struct codec *c); /* what was read makes no sense: the reader's error is set */
/* Only valid UTF-8 of at most max bytes passes; the writer cuts, the reader refuses. */
void codec_text(struct codec *c, struct str *s, size_t max);
uint64_t codec_number(struct codec *c, uint64_t v, uint64_t max);
void codec_u32(struct codec *c, uint32_t *v, uint32_t max);
void codec_signed(struct codec *c, int64_t *v); /* zigzag: small either side of 0 */
void codec_flag(struct codec *c, bool *v);
/* One list: its count, then each record; reading makes the array first. */
#define CODEC_LIST(c, list, n, type, max, walk)                           \
    do {                                                                  \
        (n) = (size_t)codec_number((c), (n), (max));                      \
        if ((c)->in)                                                      \
            (list) = arena_array((c)->arena, type, (n) + 1);              \
        for (size_t i_ = 0; i_ < (n) && !((c)->in && (c)->in->err); i_++) \
            walk((c), &(list)[i_]);                                       \
    } while (0)

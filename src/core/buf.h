#pragma once
/* struct buf: growing bytes with a hard maximum and a sticky error: after the first failure appends do nothing; check b->err
 * once at the end. Data pointers die on growth. Also: big-endian field writers and the matching bounded reader, used by every
 * format of ours (channels, facts, packs). */
#include "core/str.h"

enum { BUF_OK = 0, BUF_FULL = 1 };
struct buf {
    char *p;
    size_t n, cap, max;
    int err;
};
void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
void auto_buf(struct buf *b);  /* AUTO(buf) */
void buf_clear(struct buf *b); /* keeps memory, clears the error */
static inline struct str buf_str(const struct buf *b) { return (struct str){b->p, b->n}; }
/* Room for n more bytes; NULL (and err) beyond max. The caller advances b->n. */
char *buf_room(struct buf *b, size_t n) MUST_USE;
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, struct str s);
void buf_addz(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_drop(struct buf *b, size_t n); /* removes n bytes from the front */
/* Fields: unsigned big-endian; vstr = u32 length + bytes. */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v); /* LEB128 */
void buf_vstr(struct buf *b, struct str s);

/* Bounded reader over bytes that may be hostile. err is sticky; a failed read returns 0 or an empty str. */
struct rd {
    const uint8_t *p, *end;
    bool err;
};
static inline struct rd rd_of(struct str s)
{
    return (struct rd){(const uint8_t *)s.p, (const uint8_t *)s.p + s.n, false};
}
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
uint64_t rd_varint(struct rd *r);
struct str rd_bytes(struct rd *r, size_t n);
struct str rd_vstr(struct rd *r);                                                    /* view into the source */
static inline bool rd_done(const struct rd *r) { return !r->err && r->p == r->end; } /* all consumed, nothing failed */

#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_FIRST 256u

void buf_init(struct buf *b, size_t max) { *b = (struct buf){.max = max}; }

void buf_free(struct buf *b)
{
    if (!b)
        return;
    free(b->p);
    buf_init(b, b->max);
}

void auto_buf(struct buf *b) { buf_free(b); }

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->err = BUF_OK;
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->err)
        return NULL;
    if (n > b->max || b->n > b->max - n) {
        b->err = BUF_FULL;
        return NULL;
    }
    size_t need = b->n + n;
    if (need > b->cap || !b->p) {
        size_t cap = b->cap ? b->cap : BUF_FIRST;
        while (cap < need)
            cap = cap > b->max / 2 ? b->max : cap * 2;
        char *p = realloc(b->p, cap);
        if (!p) {
            b->err = BUF_FULL;
            return NULL;
        }
        b->p = p;
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    char *at = n ? buf_room(b, n) : NULL;
    if (!at)
        return;
    memcpy(at, p, n);
    b->n += n;
}

void buf_adds(struct buf *b, struct str s) { buf_add(b, s.p, s.n); }

void buf_addz(struct buf *b, const char *z) { buf_add(b, z, strlen(z)); }

void buf_addc(struct buf *b, char c) { buf_add(b, &c, 1); }

void buf_printf(struct buf *b, const char *fmt, ...)
{
    char small[512];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    if (n < 0)
        b->err = BUF_FULL;
    else if ((size_t)n < sizeof small)
        buf_add(b, small, (size_t)n);
    else {
        /* vsnprintf needs one byte for its NUL: it may lie beyond max, so format aside. */
        char *big = malloc((size_t)n + 1);
        if (!big)
            b->err = BUF_FULL;
        else {
            vsnprintf(big, (size_t)n + 1, fmt, again);
            buf_add(b, big, (size_t)n);
            free(big);
        }
    }
    va_end(again);
    va_end(args);
}

void buf_drop(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
        return;
    }
    if (n)
        memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

static void put_be(struct buf *b, uint64_t v, size_t n)
{
    unsigned char t[8];
    for (size_t i = 0; i < n; i++)
        t[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
    buf_add(b, t, n);
}

void buf_u8(struct buf *b, uint8_t v) { put_be(b, v, 1); }
void buf_u16(struct buf *b, uint16_t v) { put_be(b, v, 2); }
void buf_u32(struct buf *b, uint32_t v) { put_be(b, v, 4); }
void buf_u64(struct buf *b, uint64_t v) { put_be(b, v, 8); }

void buf_varint(struct buf *b, uint64_t v)
{
    unsigned char t[10];
    size_t n = 0;
    do {
        t[n] = (unsigned char)((v & 0x7F) | (v > 0x7F ? 0x80 : 0));
        v >>= 7;
        n++;
    } while (v);
    buf_add(b, t, n);
}

void buf_vstr(struct buf *b, struct str s)
{
    if (s.n > UINT32_MAX) {
        b->err = BUF_FULL;
        return;
    }
    buf_u32(b, (uint32_t)s.n);
    buf_adds(b, s);
}

static uint64_t get_be(struct rd *r, size_t n)
{
    if (r->err || (size_t)(r->end - r->p) < n) {
        r->err = true;
        return 0;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | r->p[i];
    r->p += n;
    return v;
}

uint8_t rd_u8(struct rd *r) { return (uint8_t)get_be(r, 1); }
uint16_t rd_u16(struct rd *r) { return (uint16_t)get_be(r, 2); }
uint32_t rd_u32(struct rd *r) { return (uint32_t)get_be(r, 4); }
uint64_t rd_u64(struct rd *r) { return get_be(r, 8); }

uint64_t rd_varint(struct rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t c = rd_u8(r);
        uint64_t low = c & 0x7F;
        /* One number, one form: bits beyond 64 and a needless last zero byte are errors, or records could not be
         * compared. */
        if (r->err || (shift == 63 && low > 1) || (c == 0 && shift > 0))
            break;
        v |= low << shift;
        if (!(c & 0x80))
            return v;
    }
    r->err = true;
    return 0;
}

struct str rd_bytes(struct rd *r, size_t n)
{
    if (r->err || (size_t)(r->end - r->p) < n) {
        r->err = true;
        return (struct str){"", 0};
    }
    struct str s = str_n(r->p, n);
    r->p += n;
    return s;
}

struct str rd_vstr(struct rd *r)
{
    uint32_t n = rd_u32(r);
    return rd_bytes(r, n);
}

#pragma once
/* Code points of valid UTF-8, and what they look like. */
#include "core/buf.h"

/* One code point of valid UTF-8; its length in bytes. */
static inline size_t chars_next(const char *q, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)q;
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] < 0xE0) {
        *c = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (p[0] < 0xF0) {
        *c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        return 3;
    }
    *c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    return 4;
}
void chars_put(struct buf *b, uint32_t c);
/* Characters that a person does not see: zero width, joiners, soft hyphen, direction marks and overrides, BOM. */
bool chars_invisible(uint32_t c);
/* The ASCII letter or digit that c looks like (Cyrillic, Greek, digits of other scripts); 0 when none. c >= 0x80. */
char chars_look(uint32_t c);
static inline bool chars_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
static inline bool chars_alnum(char c) { return ascii_is_alpha(c) || ascii_is_digit(c); }
/* Of a hex digit; -1 when it is none. */
static inline int chars_hex(char c)
{
    c = ascii_lower(c);
    return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* BMP, of every kind that Windows and browsers show: 1 to 32 bits a pixel, run lengths, bit fields, from below or above. */
#include "extract/image_file.h"
#include <stdlib.h>

#define BMP_HEAD 14u
#define BMP_CORE 12u /* the oldest head, with sizes of two bytes */
#define BMP_INFO 40u

enum { BMP_RGB = 0, BMP_RLE8 = 1, BMP_RLE4 = 2, BMP_FIELDS = 3, BMP_ALPHA_FIELDS = 6 };

struct bmp {
    struct str in;
    uint32_t w, h, bits, way;
    bool down; /* the first line is the upper one */
    size_t pixels;
    uint32_t mask[3]; /* red, green, blue */
    uint8_t grey[256];
};

static uint32_t bmp_le(struct str s, size_t at, unsigned bytes)
{
    uint32_t v = 0;
    for (unsigned i = bytes; i > 0; i--)
        v = v << 8 | (at + i - 1 < s.n ? (unsigned char)s.p[at + i - 1] : 0);
    return v;
}

static bool bmp_head(struct str in, struct bmp *b)
{
    uint32_t head = bmp_le(in, BMP_HEAD, 4);
    if (in.n < BMP_HEAD + BMP_CORE || (head != BMP_CORE && (head < BMP_INFO || head > 256)))
        return false;
    bool core = head == BMP_CORE;
    *b = (struct bmp){.in = in, .pixels = bmp_le(in, 10, 4)};
    b->w = bmp_le(in, 18, core ? 2 : 4);
    b->h = bmp_le(in, core ? 20 : 22, core ? 2 : 4);
    b->down = !core && b->h >> 31;
    b->h = b->down ? 0u - b->h : b->h;
    b->bits = bmp_le(in, core ? 24 : 28, 2);
    b->way = core ? BMP_RGB : bmp_le(in, 30, 4);
    bool fields = b->way == BMP_FIELDS || b->way == BMP_ALPHA_FIELDS;
    for (unsigned i = 0; i < 3; i++)
        b->mask[i] = fields           ? bmp_le(in, BMP_HEAD + BMP_INFO + 4 * i, 4)
                     : b->bits == 16u ? 0x7C00u >> 5 * i
                                      : 0xFF0000u >> 8 * i;
    size_t each = core ? 3 : 4, colours = core ? 0 : bmp_le(in, 46, 4);
    size_t at = BMP_HEAD + head + (fields && head == BMP_INFO ? (b->way == BMP_FIELDS ? 12u : 16u) : 0);
    colours = colours == 0 || colours > 256 ? 256 : colours;
    for (size_t i = 0; i < colours && b->bits <= 8; i++, at += each)
        b->grey[i] = image_grey(bmp_le(in, at + 2, 1), bmp_le(in, at + 1, 1), bmp_le(in, at, 1));
    return true;
}

static unsigned bmp_part(uint32_t v, uint32_t mask)
{
    if (mask == 0)
        return 0;
    unsigned shift = (unsigned)__builtin_ctz(mask);
    return (unsigned)((uint64_t)((v & mask) >> shift) * 255 / (mask >> shift));
}

static void bmp_put(const struct bmp *b, struct image *m, uint32_t x, uint32_t y, uint8_t grey)
{
    if (x < b->w && y < b->h)
        m->grey[(size_t)(b->down ? y : b->h - 1 - y) * m->w + x] = grey;
}

static void bmp_plain(const struct bmp *b, struct image *m)
{
    size_t line = ((size_t)b->w * b->bits + 31) / 32 * 4;
    for (uint32_t y = 0; y < b->h; y++) {
        struct str s = str_upto(str_from(b->in, b->pixels + y * line), line);
        for (uint32_t x = 0; x < b->w; x++) {
            size_t bit = (size_t)x * b->bits;
            if (bit / 8 >= s.n)
                return;
            uint32_t v = bmp_le(s, bit / 8, b->bits < 8 ? 1 : b->bits / 8);
            if (b->bits <= 8)
                bmp_put(b, m, x, y, b->grey[v >> (8 - b->bits - bit % 8) & ((1u << b->bits) - 1)]);
            else
                bmp_put(b, m, x, y,
                        image_grey(bmp_part(v, b->mask[0]), bmp_part(v, b->mask[1]), bmp_part(v, b->mask[2])));
        }
    }
}

/* Run lengths: (count, colours), or 0 and: 0 end of line, 1 end, 2 a jump, more: so many as they are, evenly padded. */
static void bmp_runs(const struct bmp *b, struct image *m)
{
    uint32_t x = 0, y = 0;
    bool small = b->way == BMP_RLE4;
    for (size_t at = b->pixels; at + 2 <= b->in.n && y < b->h;) {
        uint32_t n = bmp_le(b->in, at, 1), c = bmp_le(b->in, at + 1, 1);
        at += 2;
        if (n > 0) {
            for (uint32_t i = 0; i < n && x < b->w; i++) /* beyond its line a run costs nothing */
                bmp_put(b, m, x++, y, b->grey[!small ? c : i % 2 ? c & 15 : c >> 4]);
        } else if (c == 0) {
            x = 0;
            y++;
        } else if (c == 1) {
            return;
        } else if (c == 2) {
            x += bmp_le(b->in, at, 1);
            y += bmp_le(b->in, at + 1, 1);
            at += 2;
        } else {
            for (uint32_t i = 0; i < c; i++) {
                uint32_t v = bmp_le(b->in, at + (small ? i / 2 : i), 1);
                bmp_put(b, m, x++, y, b->grey[!small ? v : i % 2 ? v & 15 : v >> 4]);
            }
            at += ((small ? (c + 1) / 2 : c) + 1) & ~(size_t)1;
        }
    }
}

bool image_bmp(struct extract_job *j, struct str bytes, struct image *out, bool *refused)
{
    struct bmp b;
    if (!bmp_head(bytes, &b))
        return false;
    bool runs = (b.way == BMP_RLE8 && b.bits == 8) || (b.way == BMP_RLE4 && b.bits == 4);
    bool plain =
        (b.way == BMP_RGB && (b.bits == 1 || b.bits == 4 || b.bits == 8 || b.bits == 24)) ||
        ((b.way == BMP_RGB || b.way == BMP_FIELDS || b.way == BMP_ALPHA_FIELDS) && (b.bits == 16 || b.bits == 32));
    if ((!runs && !plain) || !image_size_ok(j, b.w, b.h, refused))
        return false;
    struct image m = {.w = b.w, .h = b.h, .grey = malloc((size_t)b.w * b.h)};
    if (!m.grey)
        return false;
    memset(m.grey, 255, (size_t)b.w * b.h);
    if (runs)
        bmp_runs(&b, &m);
    else
        bmp_plain(&b, &m);
    *out = m;
    return true;
}

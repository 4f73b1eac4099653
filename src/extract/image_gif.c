/* GIF (GIF89a specification): its pictures painted over each other as a browser does, without their pauses. */
#include "extract/image_file.h"
#include <stdlib.h>

#define GIF_CODES 4096u
#define GIF_BLOCKS_MAX 20000u /* extensions and pictures; the pieces of their data are bounded by the file */

struct gif {
    struct extract_job *j;
    struct str in;
    size_t at;
    struct image m;
    uint8_t grey[256]; /* of the colours of the picture at hand */
    unsigned frames;
};
/* One picture on the canvas. */
struct gif_frame {
    uint32_t left, top, w, h;
    bool interlaced;
    int clear;       /* index of the colour that is none; -1: all are */
    uint32_t column; /* where the next pixel goes */
    uint32_t line;   /* of the picture as stored, before interlacing */
};

static int gif_byte(struct gif *g) { return g->at < g->in.n ? (unsigned char)g->in.p[g->at++] : -1; }

static uint32_t gif_u16(struct gif *g)
{
    int low = gif_byte(g), high = gif_byte(g);
    return low < 0 || high < 0 ? 0 : (uint32_t)low | (uint32_t)high << 8;
}

/* A piece of data; empty: the end of them, or of the file. */
static struct str gif_piece(struct gif *g)
{
    int n = gif_byte(g);
    struct str s = n > 0 ? str_upto(str_from(g->in, g->at), (size_t)n) : STR("");
    g->at += s.n;
    return s;
}

static void gif_colours(struct gif *g, unsigned bits, uint8_t grey[256])
{
    unsigned n = 2u << (bits & 7);
    for (unsigned i = 0; i < n && g->at + 3 <= g->in.n; i++, g->at += 3) {
        const unsigned char *p = (const unsigned char *)g->in.p + g->at;
        grey[i] = image_grey(p[0], p[1], p[2]);
    }
}

/* Which line of the picture the n-th stored one is (appendix E). */
static uint32_t gif_line(const struct gif_frame *f)
{
    static const uint8_t first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    uint32_t n = f->line;
    if (!f->interlaced)
        return n;
    for (unsigned pass = 0; pass < 4; pass++) {
        uint32_t lines = f->h > first[pass] ? (f->h - first[pass] + step[pass] - 1) / step[pass] : 0;
        if (n < lines)
            return first[pass] + n * step[pass];
        n -= lines;
    }
    return f->h;
}

/* false: the picture is full. */
static bool gif_pixel(struct gif *g, struct gif_frame *f, unsigned index)
{
    if (f->line >= f->h)
        return false;
    uint32_t x = f->left + f->column, y = f->top + gif_line(f);
    if ((int)index != f->clear && x < g->m.w && y < g->m.h)
        g->m.grey[(size_t)y * g->m.w + x] = g->grey[index & 255];
    if (++f->column == f->w) {
        f->column = 0;
        f->line++;
    }
    return true;
}

struct gif_lzw {
    uint16_t before[GIF_CODES];
    uint8_t last[GIF_CODES], stack[GIF_CODES + 1];
    unsigned least, clear, next, width; /* width: bits of a code */
    int old;
    uint8_t first;
};

static void gif_lzw_clear(struct gif_lzw *z)
{
    z->next = z->clear + 2;
    z->width = z->least + 1;
    z->old = -1;
}

/* Appendix F. false: the end, a broken code, or the picture is full. */
static bool gif_code(struct gif *g, struct gif_frame *f, struct gif_lzw *z, unsigned code)
{
    size_t n = 0;
    if (code == z->clear) {
        gif_lzw_clear(z);
        return true;
    }
    if (code == z->clear + 1 || code > z->next || (z->old < 0 && code > z->clear))
        return false;
    unsigned c = code;
    if (c == z->next) { /* made by the code before it */
        if (z->old < 0)
            return false;
        z->stack[n++] = z->first;
        c = (unsigned)z->old;
    }
    for (; c >= z->clear && n < GIF_CODES; c = z->before[c]) /* each was made of an older one */
        z->stack[n++] = z->last[c];
    z->first = (uint8_t)c;
    z->stack[n++] = z->first;
    if (z->old >= 0 && z->next < GIF_CODES) {
        z->before[z->next] = (uint16_t)z->old;
        z->last[z->next++] = z->first;
        z->width += z->next == 1u << z->width && z->width < 12;
    }
    z->old = (int)code;
    while (n > 0)
        if (!gif_pixel(g, f, z->stack[--n]))
            return false;
    return true;
}

static void gif_pixels(struct gif *g, struct gif_frame *f)
{
    struct gif_lzw z = {.least = (unsigned)gif_byte(g)};
    struct str piece;
    uint32_t bits = 0;
    unsigned have = 0;
    bool more = z.least >= 1 && z.least <= 8;
    z.clear = 1u << (more ? z.least : 8);
    gif_lzw_clear(&z);
    while ((piece = gif_piece(g)).n > 0)
        for (size_t i = 0; i < piece.n && more; i++) {
            bits |= (uint32_t)(unsigned char)piece.p[i] << have;
            for (have += 8; have >= z.width && more;) {
                unsigned code = bits & ((1u << z.width) - 1);
                bits >>= z.width;
                have -= z.width;
                more = gif_code(g, f, &z, code);
            }
        }
}

/* An image descriptor and what follows it. false: not read, the budget is spent. */
static bool gif_picture(struct gif *g, int clear, const uint8_t usual[256], bool *refused)
{
    struct gif_frame f = {.clear = clear};
    f.left = gif_u16(g);
    f.top = gif_u16(g);
    f.w = gif_u16(g);
    f.h = gif_u16(g);
    unsigned flags = (unsigned)gif_byte(g);
    f.interlaced = flags & 64;
    memcpy(g->grey, usual, 256);
    if (flags & 128)
        gif_colours(g, flags, g->grey);
    if (!g->m.grey) { /* browsers make the canvas as large as the first picture needs */
        g->m.w = f.left + f.w > g->m.w ? f.left + f.w : g->m.w;
        g->m.h = f.top + f.h > g->m.h ? f.top + f.h : g->m.h;
        if (!image_size_ok(g->j, g->m.w, g->m.h, refused) || !(g->m.grey = malloc((size_t)g->m.w * g->m.h)))
            return false;
        memset(g->m.grey, 255, (size_t)g->m.w * g->m.h);
    }
    uint64_t cost = (uint64_t)f.w * f.h;
    if (cost == 0 || cost > IMAGE_PIXELS_MAX || cost > g->j->budget.pixels) {
        *refused = *refused || cost > 0;
        return false;
    }
    g->j->budget.pixels -= cost;
    g->frames++;
    gif_pixels(g, &f);
    return true;
}

bool image_gif(struct extract_job *j, struct str bytes, unsigned frames, struct image *out, bool *refused)
{
    struct gif g = {.j = j, .in = bytes, .at = 6};
    uint8_t usual[256] = {0};
    int clear = -1, kind = 0;
    g.m.w = gif_u16(&g);
    g.m.h = gif_u16(&g);
    unsigned flags = (unsigned)gif_byte(&g);
    g.at += 2; /* background, shape of pixels */
    if (flags & 128)
        gif_colours(&g, flags, usual);
    for (unsigned n = 0; n < GIF_BLOCKS_MAX && g.frames < frames && (kind = gif_byte(&g)) != 0x3B && kind >= 0; n++) {
        if (kind == 0x2C) {
            if (!gif_picture(&g, clear, usual, refused))
                break;
            clear = -1;
        } else if (kind == 0x21) {
            bool control = gif_byte(&g) == 0xF9;
            struct str piece = gif_piece(&g);
            if (control && piece.n >= 4)
                clear = piece.p[0] & 1 ? (unsigned char)piece.p[3] : -1;
            while (piece.n > 0)
                piece = gif_piece(&g);
        } else {
            break;
        }
    }
    *out = g.m;
    if (g.frames == 0)
        image_free(out);
    return g.frames > 0;
}

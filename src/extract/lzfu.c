#include "extract/lzfu.h"

#define LZFU_HEADER 16u
#define LZFU_WINDOW 4096u
#define LZFU_PACKED 0x75465A4Cu /* "LZFu" */
#define LZFU_STORED 0x414C454Du /* "MELA" */

/* [MS-OXRTFCP] 2.1.2.1: what the window holds at the start. */
static const char start[] = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
                            "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
                            "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

static uint32_t le32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

struct window {
    char bytes[LZFU_WINDOW];
    size_t at;
    struct buf *out;
};

static void put(struct window *w, char c)
{
    w->bytes[w->at++ % LZFU_WINDOW] = c;
    buf_addc(w->out, c);
}

/* A reference: 12 bits where in the window, 4 bits how many less two. false: it is the end mark. */
static bool copy(struct window *w, unsigned code)
{
    size_t from = code >> 4, n = (code & 15) + 2;
    if (from == w->at % LZFU_WINDOW)
        return false;
    for (; n > 0; n--, from++)
        put(w, w->bytes[from % LZFU_WINDOW]);
    return true;
}

static bool unpack(struct str in, struct buf *out)
{
    struct window w = {.at = sizeof start - 1, .out = out};
    memcpy(w.bytes, start, sizeof start - 1);
    for (size_t i = 0; i < in.n && !out->err;) {
        unsigned flags = (unsigned char)in.p[i++];
        for (unsigned bit = 0; bit < 8 && i < in.n; bit++, flags >>= 1) {
            if (!(flags & 1)) {
                put(&w, in.p[i++]);
                continue;
            }
            if (i + 2 > in.n)
                return false;
            unsigned code = (unsigned)(unsigned char)in.p[i] << 8 | (unsigned char)in.p[i + 1];
            i += 2;
            if (!copy(&w, code))
                return true;
        }
    }
    return false;
}

bool lzfu_unpack(struct str packed, struct buf *out)
{
    if (packed.n < LZFU_HEADER)
        return false;
    uint32_t kind = le32(packed.p + 8), raw = le32(packed.p + 4);
    struct str in = str_from(packed, LZFU_HEADER);
    if (kind == LZFU_STORED) {
        buf_adds(out, str_upto(in, raw));
        return in.n >= raw && !out->err;
    }
    return kind == LZFU_PACKED && unpack(in, out);
}

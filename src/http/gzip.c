/* gzip of answers, piece by piece. Level 1: three quarters of the gain at a fifth of the time. */
#include "http/serve.h"
#include <stdlib.h>
#include <zlib.h>

#define GZIP_LEVEL 1
#define GZIP_MEMORY 8 /* deflate's memLevel */
#define GZIP_STEP 16384u

struct http_gzip {
    z_stream z;
};

struct http_gzip *http_gzip_new(void)
{
    struct http_gzip *g = calloc(1, sizeof *g);
    if (!g || deflateInit2(&g->z, GZIP_LEVEL, Z_DEFLATED, 16 + MAX_WBITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    return g;
}

void http_gzip_free(struct http_gzip *g)
{
    if (!g)
        return;
    deflateEnd(&g->z);
    free(g);
}

void http_gzip_add(struct http_gzip *g, struct str in, bool last, struct buf *out)
{
    g->z.next_in = (Bytef *)(uintptr_t)in.p;
    g->z.avail_in = (uInt)in.n;
    do {
        char *p = buf_room(out, GZIP_STEP);
        if (!p)
            return;
        g->z.next_out = (Bytef *)p;
        g->z.avail_out = GZIP_STEP;
        (void)deflate(&g->z, last ? Z_FINISH : Z_NO_FLUSH);
        out->n += GZIP_STEP - g->z.avail_out;
    } while (g->z.avail_out == 0);
}

/* BDAT's octets: whole and in pieces agree, what is kept holds no bare CR or LF, and the same text sent by DATA (dots stuffed after true CRLFs) is kept or
 * refused alike. First byte: size of the pieces. */
#include "smtp/chunk.h"
#include "core/buf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(void *ctx, struct str s) { buf_adds(ctx, s); }

static unsigned run(struct str in, size_t piece, struct buf *out)
{
    struct smtp_chunk c;
    smtp_chunk_init(&c);
    for (size_t at = 0; at < in.n; at += piece < in.n - at ? piece : in.n - at)
        smtp_chunk_feed(&c, str_upto(str_from(in, at), piece), emit, out);
    smtp_chunk_end(&c, emit, out);
    return c.seen;
}

static unsigned by_data(struct str in, struct buf *out)
{
    struct buf wire;
    struct smtp_dot d;
    buf_init(&wire, 1 << 24);
    for (size_t i = 0; i < in.n; i++) {
        /* A stuffed dot before a bare LF is no lone dot on the wire of DATA; unstuffed it is one, as in a chunk. */
        bool lone = i + 1 < in.n && in.p[i + 1] == '\n';
        if (in.p[i] == '.' && !lone && (i == 0 || (i >= 2 && in.p[i - 2] == '\r' && in.p[i - 1] == '\n')))
            buf_addc(&wire, '.');
        buf_addc(&wire, in.p[i]);
    }
    bool ended = in.n == 0 || in.p[in.n - 1] == '\n';
    buf_addz(&wire, ended ? ".\r\n" : "\r\n.\r\n");
    /* After a bare LF the final dot does not end DATA: such a text needs one true line end before it. */
    bool lf = in.n > 0 && in.p[in.n - 1] == '\n' && (in.n < 2 || in.p[in.n - 2] != '\r');
    smtp_dot_init(&d);
    size_t used = 0;
    enum parse r = smtp_dot_feed(&d, buf_str(&wire), &used, emit, out);
    buf_free(&wire);
    if (lf)
        return ~0u;
    if (!(d.seen & SMTP_DOT_REFUSED) && r != PARSE_OK)
        abort();
    return d.seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str in = str_n(data + 1, size - 1);
    uint64_t n;
    bool last;
    (void)smtp_chunk_args(in, &n, &last);
    struct buf a, b, c;
    buf_init(&a, 1 << 24);
    buf_init(&b, 1 << 24);
    buf_init(&c, 1 << 24);
    unsigned sa = run(in, (size_t)-1, &a), sb = run(in, (size_t)data[0] + 1, &b), sc = by_data(in, &c);
    if (sa != sb)
        abort();
    bool clean = !(sa & SMTP_DOT_REFUSED);
    if (clean && !str_eq(buf_str(&a), buf_str(&b)))
        abort();
    for (size_t i = 0; clean && i < a.n; i++)
        if ((a.p[i] == '\n' && (i == 0 || a.p[i - 1] != '\r')) ||
            (a.p[i] == '\r' && (i + 1 == a.n || a.p[i + 1] != '\n')))
            abort();
    if (sc != ~0u && clean != !(sc & SMTP_DOT_REFUSED))
        abort();
    if (sc != ~0u && clean && !str_eq(buf_str(&a), buf_str(&c)))
        abort();
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
    return 0;
}

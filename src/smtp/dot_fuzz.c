/* The dot-unstuffer: whole and in pieces must agree; text that is kept holds no bare CR or LF. First byte: size of the
 * pieces. */
#include "smtp/dot.h"
#include "core/buf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(void *ctx, struct str s) { buf_adds(ctx, s); }

static enum parse run(struct str in, size_t piece, struct buf *out, unsigned *seen, size_t *at)
{
    struct smtp_dot d;
    smtp_dot_init(&d);
    enum parse r = PARSE_MORE;
    *at = 0;
    while (*at < in.n && r == PARSE_MORE) {
        size_t used = 0;
        r = smtp_dot_feed(&d, str_upto(str_from(in, *at), piece), &used, emit, out);
        *at += used;
    }
    *seen = d.seen;
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str in = str_n(data + 1, size - 1);
    struct buf a, b;
    buf_init(&a, 1 << 24);
    buf_init(&b, 1 << 24);
    unsigned seen_a, seen_b;
    size_t at_a, at_b;
    enum parse ra = run(in, (size_t)-1, &a, &seen_a, &at_a), rb = run(in, (size_t)data[0] + 1, &b, &seen_b, &at_b);
    if (ra != rb || seen_a != seen_b || at_a != at_b)
        abort();
    if (!(seen_a & SMTP_DOT_REFUSED)) {
        if (!str_eq(buf_str(&a), buf_str(&b)))
            abort();
        for (size_t i = 0; i < a.n; i++)
            if ((a.p[i] == '\n' && (i == 0 || a.p[i - 1] != '\r')) ||
                (a.p[i] == '\r' && (i + 1 == a.n || a.p[i + 1] != '\n')))
                abort();
    }
    if (ra == PARSE_OK && (at_a < 3 || memcmp(in.p + at_a - 3, ".\r\n", 3) ||
                           (at_a > 3 && (at_a < 5 || memcmp(in.p + at_a - 5, "\r\n", 2)))))
        abort(); /* the end is CRLF.CRLF, or .CRLF at the very start */
    buf_free(&a);
    buf_free(&b);
    return 0;
}

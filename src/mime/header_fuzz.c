#include "mime/header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Fields lie in the message, in order and without gaps; the header's end is the same however the bytes arrive. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena) struct arena a;
    struct str message = str_n(data, n);
    struct mime_header h;
    struct mime_field f;
    arena_init(&a, ARENA_NO_LIMIT);
    mime_header_init(&h, message);
    size_t at = 0, count = 0;
    while (mime_header_next(&h, &f)) {
        if ((count++ && f.offset != at) || f.offset + f.length > n || f.length == 0 || f.line == 0)
            abort();
        if (f.value.p < message.p || f.value.p + f.value.n > message.p + n || f.value.n > MIME_FIELD_BYTES_MAX)
            abort();
        at = f.offset + f.length;
        struct str line = mime_unfold(&a, f.value);
        for (size_t i = 0; i < line.n; i++)
            if (line.p[i] == '\r' || line.p[i] == '\n' || line.p[i] == 0)
                abort();
    }
    if (at > h.block.n || h.block.n > n || h.body > n)
        abort();

    size_t whole = mime_header_end(message, 0), seen = 0;
    for (size_t step = 1; seen < n && n < 4096; step = step % 3 + 1) {
        size_t have = seen + step < n ? seen + step : n, end = mime_header_end(str_upto(message, have), seen);
        if (end != MIME_NO_END && end != whole)
            abort();
        if (end != MIME_NO_END)
            return 0;
        seen = have;
    }
    if (n && n < 4096 && whole != MIME_NO_END)
        abort();
    return 0;
}

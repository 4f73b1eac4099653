#include "core/buf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte of each step says what is read next; reading never leaves the input and never recovers from an error.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rd r = rd_of(str_n(data, n));
    while (!r.err && r.p < r.end) {
        const uint8_t *before = r.p;
        struct str s = STR_NULL;
        switch (rd_u8(&r) % 6) {
        case 0: rd_u16(&r); break;
        case 1: rd_u32(&r); break;
        case 2: rd_u64(&r); break;
        case 3: rd_varint(&r); break;
        case 4: s = rd_vstr(&r); break;
        default: s = rd_bytes(&r, rd_u8(&r)); break;
        }
        if (r.p > r.end || r.p < before ||
            (s.n && ((const uint8_t *)s.p < data || (const uint8_t *)s.p + s.n > data + n)))
            abort();
    }
    if (r.err && (rd_u8(&r) || rd_vstr(&r).n || rd_done(&r)))
        abort();
    return 0;
}

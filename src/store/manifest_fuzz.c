/* manifest_parse: any bytes; with an odd first byte the closing sum is made true, so that the lines are reached. What
 * is taken must be written back the same. */
#include "core/hash.h"
#include "store/manifest.h"
#include "store/pack_format.h"
#include <stdlib.h>

#define INPUT_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena a = {0};
    AUTO(buf) struct buf text = {0}, back = {0};
    struct manifest m;
    uint8_t sum[SHA256_LEN];

    if (size == 0 || size > INPUT_MAX)
        return 0;
    arena_init(&a, 16u << 20);
    buf_init(&text, 2 * INPUT_MAX);
    buf_init(&back, 2 * INPUT_MAX);
    buf_add(&text, data + 1, size - 1);
    if (data[0] & 1) {
        if (pack_sha256(buf_str(&text), sum) != 0)
            return 0;
        buf_addz(&text, "end ");
        hex_put(&text, str_n(sum, SHA256_LEN));
        buf_addc(&text, '\n');
    }
    if (manifest_parse(buf_str(&text), &a, &m) != 0)
        return 0;
    manifest_write(&m, &back);
    if (back.err || !str_eq(buf_str(&text), buf_str(&back)))
        abort();
    return 0;
}

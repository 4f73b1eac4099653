/* Facts of hostile bytes: whatever GMime and libxml2 make of them, the encodings must decode. */
#include "extract/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct extract_ctx *ctx;
    struct buf s, in;
    struct arena a;
    struct facts_structure st;
    struct facts_insight insight;
    if (!ctx && extract_open(&ctx, NULL) != 0)
        return 0;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    arena_init(&a, ARENA_NO_LIMIT);
    if (extract_message(ctx, str_n(data, size), &s, &in) == 0 &&
        (facts_structure_get(&a, buf_str(&s), size, &st) != 0 || facts_insight_get(&a, buf_str(&in), &insight) != 0))
        __builtin_trap();
    arena_free(&a);
    buf_free(&s);
    buf_free(&in);
    return 0;
}

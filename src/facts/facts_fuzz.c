#include "facts/facts.h"
#include "facts/iban.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct facts_structure s;
    struct facts_insight in;
    struct str bytes = str_n(data, size);
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    arena_init(&a, ARENA_NO_LIMIT);
    if (facts_structure_get(&a, bytes, 1u << 20, &s) == 0) {
        struct buf b;
        buf_init(&b, FACTS_ENCODED_MAX);
        facts_structure_put(&b, &s);
        struct facts_structure again;
        if (b.err || facts_structure_get(&a, buf_str(&b), 1u << 20, &again) != 0 || again.n_parts != s.n_parts)
            __builtin_trap();
        buf_free(&b);
    }
    if (facts_insight_get(&a, bytes, &in) == 0 && in.text.n > FACTS_TEXT_MAX)
        __builtin_trap();
    while (iban_next(bytes, &at, iban, &start))
        if (at > size || start >= at)
            __builtin_trap();
    arena_free(&a);
    return 0;
}

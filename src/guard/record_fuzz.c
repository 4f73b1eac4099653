#include "guard/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct guard_record r;
    arena_init(&a, ARENA_NO_LIMIT);
    if (guard_record_get(&a, str_n(data, size), &r) == 0) {
        struct guard_verdict *v = arena_new(&a, struct guard_verdict);
        struct buf b;
        buf_init(&b, GUARD_RECORD_MAX);
        guard_judge(r.input, r.history, &a, v);
        guard_record_put(&b, r.input, r.history, v);
        buf_free(&b);
    }
    arena_free(&a);
    return 0;
}

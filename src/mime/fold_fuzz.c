/* Folding never makes anything but valid UTF-8 that is its own fold, whatever bytes come. */
#include "mime/fold.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str once = mime_fold(&a, str_n((const char *)data, size)), twice = mime_fold(&a, once);
    if (once.n > size + size / 2 || str_utf8_valid(once) != once.n || !str_eq(once, twice))
        abort();
    arena_free(&a);
    return 0;
}

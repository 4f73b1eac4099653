#include "core/hash.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What is read must be written again as it was: every value has one text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_n(data, n), bytes;
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, n * 2 + 8);
    if (base64_get(&a, text, &bytes)) {
        base64_put(&b, bytes);
        if (!str_eq(buf_str(&b), text))
            abort();
    }
    int64_t id;
    char t[ID_TEXT_MAX + 1];
    if (id_parse(text, &id) && (id <= 0 || !str_eq(str_n(t, id_text(id, t)), text)))
        abort();
    if (n % 2 == 0) {
        void *out = arena_alloc(&a, n / 2 + 1);
        if (hex_get(text, out, n / 2)) {
            buf_clear(&b);
            hex_put(&b, str_n(out, n / 2));
            if (!str_ieq(buf_str(&b), text))
                abort();
        }
    }
    if (crc32c(0, data, n) != crc32c_table(0, data, n))
        abort();
    return 0;
}

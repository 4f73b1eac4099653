#include "extract/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    if (der_signed_content(str_n(data, size), &out) && out.n > size)
        __builtin_trap(); /* nothing can come out that did not go in */
    buf_free(&out);
    return 0;
}

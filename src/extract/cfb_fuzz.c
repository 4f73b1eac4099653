#include "extract/cfb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cfb c;
    struct cfb_entry e;
    if (cfb_open(&c, str_n(data, size)))
        for (size_t i = 0; i < 64 && cfb_entry(&c, i, &e); i++) {
            struct buf out;
            buf_init(&out, CFB_STREAM_MAX);
            (void)cfb_stream(&c, &e, CFB_STREAM_MAX, &out);
            buf_free(&out);
            uint32_t inside[64];
            size_t n;
            (void)cfb_children(&c, (uint32_t)i, inside, 64, &n);
        }
    cfb_close(&c);
    return 0;
}

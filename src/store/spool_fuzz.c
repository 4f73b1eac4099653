/* spool_parse over any bytes; with an odd first byte the sums are made true first, so that the envelope is reached. */
#include "core/hash.h"
#include "store/spool_format.h"
#include <stdlib.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena a = {0};
    AUTO(buf) struct buf file = {0};
    struct spool_entry s;
    size_t total = 0;

    if (size == 0 || size > INPUT_MAX)
        return 0;
    arena_init(&a, 4u << 20);
    buf_init(&file, 2 * INPUT_MAX);
    if (data[0] & 1) {
        size_t n_envelope = (size - 1) / 2, n_data = size - 1 - n_envelope;
        uint32_t crc;

        buf_addz(&file, "SIGSPOOL");
        buf_u32(&file, SPOOL_FORMAT);
        buf_u32(&file, (uint32_t)n_envelope);
        buf_u64(&file, n_data);
        buf_u32(&file, crc = crc32c(0, file.p, file.n));
        buf_add(&file, data + 1, size - 1);
        buf_u32(&file, size > 1 ? crc32c(crc, data + 1, size - 1) : crc);
        buf_addz(&file, "SPOOLEND");
    } else {
        buf_add(&file, data + 1, size - 1);
    }
    if (spool_parse(buf_str(&file), &a, &s) != 0)
        return 0;
    total = s.id.n + s.client.n + s.helo.n + s.reverse_path.n + s.auth.n + s.data.n;
    for (size_t i = 0; i < s.n_recipients; i++)
        total += s.recipients[i].n;
    if (total > file.n)
        abort();
    return 0;
}

#include "core/hash.h"

#define POLY 0x82F63B78u /* Castagnoli, reflected (RFC 3720 appendix B.4) */

static uint32_t table[8][256];

static void table_fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? c >> 1 ^ POLY : c >> 1;
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xFF];
}

static uint32_t le32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t crc_table(uint32_t c, const unsigned char *p, size_t n)
{
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t a = le32(p) ^ c, b = le32(p + 4);
        c = table[7][a & 0xFF] ^ table[6][a >> 8 & 0xFF] ^ table[5][a >> 16 & 0xFF] ^ table[4][a >> 24] ^
            table[3][b & 0xFF] ^ table[2][b >> 8 & 0xFF] ^ table[1][b >> 16 & 0xFF] ^ table[0][b >> 24];
    }
    for (; n; n--, p++)
        c = c >> 8 ^ table[0][(c ^ *p) & 0xFF];
    return c;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_sse(uint32_t c, const unsigned char *p, size_t n)
{
    uint64_t wide = c;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, sizeof w);
        wide = _mm_crc32_u64(wide, w);
    }
    c = (uint32_t)wide;
    for (; n; n--, p++)
        c = _mm_crc32_u8(c, *p);
    return c;
}
#endif

static bool has_sse;

/* Before main(), so that threads and forked workers find the tables ready. */
__attribute__((constructor)) static void choose(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_sse = __builtin_cpu_supports("sse4.2");
#endif
    if (!has_sse)
        table_fill();
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
    if (has_sse)
        return ~crc_sse(~crc, p, n);
#endif
    return ~crc_table(~crc, p, n);
}

uint32_t crc32c_table(uint32_t crc, const void *p, size_t n)
{
    if (!table[0][1])
        table_fill();
    return ~crc_table(~crc, p, n);
}

#include "extract/aes.h"

#define ROUNDS 10u

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1B : 0)); }

/* FIPS 197 5.1.1: the inverse in GF(2^8), then an affine map. Made once, by walking the group with its generator 3. */
static const uint8_t *sbox(void)
{
    static uint8_t table[256];
    uint8_t p = 1, q = 1;
    if (table[0])
        return table;
    do {
        p = (uint8_t)(p ^ twice(p)); /* times 3 */
        q = (uint8_t)(q ^ q << 1);   /* divided by 3 */
        q = (uint8_t)(q ^ q << 2);
        q = (uint8_t)(q ^ q << 4);
        if (q & 0x80)
            q ^= 0x09;
        unsigned x = q | (unsigned)q << 8;
        table[p] = (uint8_t)((x ^ x >> 7 ^ x >> 6 ^ x >> 5 ^ x >> 4) ^ 0x63);
    } while (p != 1);
    table[0] = 0x63;
    return table;
}

static void expand(const uint8_t key[AES_BLOCK], uint8_t out[AES_BLOCK * (ROUNDS + 1)])
{
    const uint8_t *s = sbox();
    uint8_t rcon = 1;
    memcpy(out, key, AES_BLOCK);
    for (unsigned i = AES_BLOCK; i < AES_BLOCK * (ROUNDS + 1); i += 4) {
        uint8_t t[4];
        memcpy(t, out + i - 4, 4);
        if (i % AES_BLOCK == 0) {
            uint8_t first = t[0];
            t[0] = (uint8_t)(s[t[1]] ^ rcon);
            t[1] = s[t[2]];
            t[2] = s[t[3]];
            t[3] = s[first];
            rcon = twice(rcon);
        }
        for (unsigned k = 0; k < 4; k++)
            out[i + k] = out[i + k - AES_BLOCK] ^ t[k];
    }
}

static void block(const uint8_t round_key[AES_BLOCK * (ROUNDS + 1)], uint8_t b[AES_BLOCK])
{
    const uint8_t *s = sbox();
    for (unsigned i = 0; i < AES_BLOCK; i++)
        b[i] ^= round_key[i];
    for (unsigned round = 1; round <= ROUNDS; round++) {
        uint8_t t[AES_BLOCK];
        for (unsigned i = 0; i < AES_BLOCK; i++) /* substitute and shift rows */
            t[i] = s[b[(i + 4 * (i % 4)) % AES_BLOCK]];
        for (unsigned c = 0; c < AES_BLOCK && round < ROUNDS; c += 4) {
            uint8_t all = t[c] ^ t[c + 1] ^ t[c + 2] ^ t[c + 3], first = t[c];
            for (unsigned k = 0; k < 4; k++)
                t[c + k] ^= all ^ twice(t[c + k] ^ (k < 3 ? t[c + k + 1] : first));
        }
        for (unsigned i = 0; i < AES_BLOCK; i++)
            b[i] = t[i] ^ round_key[round * AES_BLOCK + i];
    }
}

void aes128_cbc_encrypt(const uint8_t key[AES_BLOCK], const uint8_t iv[AES_BLOCK], uint8_t *bytes, size_t n)
{
    uint8_t round_key[AES_BLOCK * (ROUNDS + 1)];
    const uint8_t *last = iv;
    expand(key, round_key);
    for (size_t at = 0; at + AES_BLOCK <= n; at += AES_BLOCK) {
        for (unsigned i = 0; i < AES_BLOCK; i++)
            bytes[at + i] ^= last[i];
        block(round_key, bytes + at);
        last = bytes + at;
    }
}

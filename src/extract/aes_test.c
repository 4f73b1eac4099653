#include "extract/aes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* FIPS 197 appendix B and C.1, and SP 800-38A F.2.1. */
static void published_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *key, *iv, *plain, *want;
    } cases[] = {
        {"000102030405060708090a0b0c0d0e0f", "00000000000000000000000000000000", "00112233445566778899aabbccddeeff",
         "69c4e0d86a7b0430d8cdb78070b4c55a"},
        {"2b7e151628aed2a6abf7158809cf4f3c", "00000000000000000000000000000000", "3243f6a8885a308d313198a2e0370734",
         "3925841d02dc09fbdc118597196a0b32"},
        {"2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
         "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
         "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        uint8_t v[4][32];
        const char *const texts[4] = {cases[i].key, cases[i].iv, cases[i].plain, cases[i].want};
        size_t n = strlen(cases[i].plain) / 2;
        for (size_t t = 0; t < 4; t++)
            for (size_t k = 0; k < strlen(texts[t]) / 2; k++) {
                char two[3] = {texts[t][k * 2], texts[t][k * 2 + 1], 0};
                v[t][k] = (uint8_t)strtoul(two, NULL, 16);
            }
        aes128_cbc_encrypt(v[0], v[1], v[2], n);
        assert_memory_equal(v[2], v[3], n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

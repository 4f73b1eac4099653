#pragma once
/* AES-128 in CBC mode, encrypting only (FIPS 197, SP 800-38A): what the password check of PDF 2.0 is made of. Not for
 * secrets: it is not constant in time. */
#include "core/str.h"

#define AES_BLOCK 16u

/* In place; n is a multiple of AES_BLOCK. */
void aes128_cbc_encrypt(const uint8_t key[AES_BLOCK], const uint8_t iv[AES_BLOCK], uint8_t *bytes, size_t n);

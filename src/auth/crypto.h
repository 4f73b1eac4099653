#pragma once
/* Body and header hashes and the two signature algorithms of DKIM. The only file pair of the room that knows OpenSSL's
 * keys. */
#include "auth/kit.h"

#define AUTH_SHA256_BYTES 32u
#define AUTH_RSA_BITS_MIN 1024u /* RFC 8301 3.2 */
#define AUTH_RSA_BITS_MAX 4096u /* RFC 8301 asks verifiers for up to 4096; more is work for us at a stranger's will */

struct auth_hash {
    void *ctx; /* EVP_MD_CTX */
};
void auth_hash_begin(struct auth_hash *h, const struct auth_kit *kit);
void auth_hash_add(struct auth_hash *h, struct str s);
void auth_hash_copy(struct auth_hash *to, const struct auth_hash *from); /* `to` is begun by this */
void auth_hash_end(struct auth_hash *h, uint8_t out[AUTH_SHA256_BYTES]); /* frees it */
void auth_hash_drop(struct auth_hash *h);

enum auth_key_kind { AUTH_KEY_RSA, AUTH_KEY_ED25519 };
struct auth_public_key {
    enum auth_key_kind kind;
    struct str modulus, exponent; /* RSA, big endian, no leading zero */
    struct str raw;               /* Ed25519: 32 bytes */
    unsigned bits;
};
/* p= of a key record, decoded. RSA: SubjectPublicKeyInfo, or the bare RSAPublicKey some publish; Ed25519: 32 bytes (RFC
 * 8463 4.2). Views into der. */
bool auth_key_parse(enum auth_key_kind kind, struct str der, struct auth_public_key *out) MUST_USE;
/* RSA keys that were made lately; NULL when there is not the memory. */
struct auth_keys *auth_keys_new(void);
void auth_keys_free(struct auth_keys *keys);
/* RSA PKCS#1 v1.5 over, or PureEdDSA of, the SHA-256. */
bool auth_key_verify(const struct auth_kit *kit, const struct auth_public_key *key,
                     const uint8_t digest[AUTH_SHA256_BYTES], struct str signature) MUST_USE;

#include "auth/crypto.h"
#include "core/buf.h"
#include "core/hash.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define ED25519_KEY_BYTES 32u
#define ED25519_SIGNATURE_BYTES 64u
#define KEYS_KEPT 64u             /* by a hash of the modulus; another key with the same place takes it */
#define RSA_EXPONENT_BYTES_MAX 8u /* larger ones only cost time */

void auth_hash_begin(struct auth_hash *h, const struct auth_kit *kit)
{
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || !EVP_DigestInit_ex2(h->ctx, kit->sha256, NULL))
        abort();
}

void auth_hash_add(struct auth_hash *h, struct str s)
{
    if (s.n && !EVP_DigestUpdate(h->ctx, s.p, s.n))
        abort();
}

void auth_hash_copy(struct auth_hash *to, const struct auth_hash *from)
{
    to->ctx = EVP_MD_CTX_new();
    if (!to->ctx || !EVP_MD_CTX_copy_ex(to->ctx, from->ctx))
        abort();
}

void auth_hash_end(struct auth_hash *h, uint8_t out[AUTH_SHA256_BYTES])
{
    if (!EVP_DigestFinal_ex(h->ctx, out, NULL))
        abort();
    auth_hash_drop(h);
}

void auth_hash_drop(struct auth_hash *h)
{
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}

/* ---- DER: the few shapes that keys have, so that no general decoder (slow, large) reads a stranger's bytes ---- */

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_SEQUENCE = 0x30 };

static bool der_next(struct str *rest, unsigned tag, struct str *inside)
{
    struct rd r = rd_of(*rest);
    unsigned got = rd_u8(&r);
    size_t n = rd_u8(&r);
    if (n == 0x81)
        n = rd_u8(&r);
    else if (n == 0x82)
        n = rd_u16(&r);
    else if (n > 0x7F)
        return false;
    *inside = rd_bytes(&r, n);
    *rest = str_n(r.p, (size_t)(r.end - r.p));
    return !r.err && got == tag;
}

static bool der_positive(struct str *rest, struct str *number)
{
    if (!der_next(rest, DER_INTEGER, number) || number->n == 0 || (number->p[0] & 0x80))
        return false;
    while (number->n && number->p[0] == 0)
        *number = str_from(*number, 1);
    return number->n > 0;
}

static unsigned bits_of(struct str number)
{
    unsigned bits = (unsigned)number.n * 8;
    for (unsigned char top = (unsigned char)number.p[0]; !(top & 0x80); top = (unsigned char)(top << 1))
        bits--;
    return bits;
}

/* RSAPublicKey of RFC 8017 A.1.1. */
static bool rsa_numbers(struct str der, struct auth_public_key *out)
{
    struct str inside;
    if (!der_next(&der, DER_SEQUENCE, &inside) || der.n || !der_positive(&inside, &out->modulus) ||
        !der_positive(&inside, &out->exponent) || inside.n)
        return false;
    out->bits = bits_of(out->modulus);
    bool odd = (out->exponent.p[out->exponent.n - 1] & 1) && (out->modulus.p[out->modulus.n - 1] & 1);
    return odd && out->exponent.n <= RSA_EXPONENT_BYTES_MAX && !(out->exponent.n == 1 && out->exponent.p[0] == 1);
}

/* SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { RSAPublicKey } } */
static bool rsa_info(struct str der, struct auth_public_key *out)
{
    static const char algorithm[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    struct str inside, kind, bits;
    if (!der_next(&der, DER_SEQUENCE, &inside) || der.n || !der_next(&inside, DER_SEQUENCE, &kind) ||
        !str_starts(kind, str_n(algorithm, sizeof algorithm - 1)) || !der_next(&inside, DER_BITS, &bits) || inside.n)
        return false;
    return bits.n > 1 && bits.p[0] == 0 && rsa_numbers(str_from(bits, 1), out);
}

bool auth_key_parse(enum auth_key_kind kind, struct str der, struct auth_public_key *out)
{
    *out = (struct auth_public_key){.kind = kind};
    if (kind == AUTH_KEY_ED25519) {
        out->raw = der;
        out->bits = ED25519_KEY_BYTES * 8;
        return der.n == ED25519_KEY_BYTES;
    }
    return rsa_info(der, out) || rsa_numbers(der, out);
}

/* ---- verifying ---- */

/* OSSL_PARAM wants the machine's byte order. */
static OSSL_PARAM number_param(const char *name, struct str big, unsigned char *room)
{
    for (size_t i = 0; i < big.n; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        room[i] = (unsigned char)big.p[big.n - 1 - i];
#else
        room[i] = (unsigned char)big.p[i];
#endif
    return OSSL_PARAM_construct_BN(name, room, big.n);
}

static EVP_PKEY *rsa_make(const struct auth_public_key *key)
{
    unsigned char modulus[AUTH_RSA_BITS_MAX / 8], exponent[RSA_EXPONENT_BYTES_MAX];
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM params[] = {number_param(OSSL_PKEY_PARAM_RSA_N, key->modulus, modulus),
                           number_param(OSSL_PKEY_PARAM_RSA_E, key->exponent, exponent), OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* ---- keys made lately: most mail comes from few signers ---- */

struct auth_keys {
    CRYPTO_RWLOCK *lock;
    struct {
        EVP_PKEY *pkey;
        size_t modulus_n, exponent_n;
        uint8_t numbers[AUTH_RSA_BITS_MAX / 8 + RSA_EXPONENT_BYTES_MAX]; /* modulus, exponent */
    } slot[KEYS_KEPT];
};

struct auth_keys *auth_keys_new(void)
{
    struct auth_keys *keys = calloc(1, sizeof *keys);
    if (keys && !(keys->lock = CRYPTO_THREAD_lock_new()))
        free(STEAL(keys));
    return keys;
}

void auth_keys_free(struct auth_keys *keys)
{
    for (size_t i = 0; keys && i < KEYS_KEPT; i++)
        EVP_PKEY_free(keys->slot[i].pkey);
    if (keys)
        CRYPTO_THREAD_lock_free(keys->lock);
    free(keys);
}

/* Its own reference, or NULL. All bytes are compared: nothing hangs on a hash. */
static EVP_PKEY *kept_key(struct auth_keys *keys, size_t at, const struct auth_public_key *key)
{
    EVP_PKEY *found = NULL;
    if (!CRYPTO_THREAD_read_lock(keys->lock))
        return NULL;
    if (keys->slot[at].pkey && keys->slot[at].modulus_n == key->modulus.n &&
        keys->slot[at].exponent_n == key->exponent.n &&
        memcmp(keys->slot[at].numbers, key->modulus.p, key->modulus.n) == 0 &&
        memcmp(keys->slot[at].numbers + key->modulus.n, key->exponent.p, key->exponent.n) == 0 &&
        EVP_PKEY_up_ref(keys->slot[at].pkey))
        found = keys->slot[at].pkey;
    CRYPTO_THREAD_unlock(keys->lock);
    return found;
}

static void keep_key(struct auth_keys *keys, size_t at, const struct auth_public_key *key, EVP_PKEY *pkey)
{
    if (!EVP_PKEY_up_ref(pkey))
        return;
    EVP_PKEY *old = pkey;
    if (CRYPTO_THREAD_write_lock(keys->lock)) {
        old = keys->slot[at].pkey;
        keys->slot[at].pkey = pkey;
        keys->slot[at].modulus_n = key->modulus.n;
        keys->slot[at].exponent_n = key->exponent.n;
        memcpy(keys->slot[at].numbers, key->modulus.p, key->modulus.n);
        memcpy(keys->slot[at].numbers + key->modulus.n, key->exponent.p, key->exponent.n);
        CRYPTO_THREAD_unlock(keys->lock);
    }
    EVP_PKEY_free(old);
}

static EVP_PKEY *rsa_key(const struct auth_kit *kit, const struct auth_public_key *key)
{
    size_t at = hash64(key->modulus) % KEYS_KEPT;
    EVP_PKEY *pkey = kit->keys ? kept_key(kit->keys, at, key) : NULL;
    if (pkey)
        return pkey;
    pkey = rsa_make(key);
    if (pkey && kit->keys)
        keep_key(kit->keys, at, key, pkey);
    return pkey;
}

static bool rsa_verify(const struct auth_kit *kit, EVP_PKEY *pkey, const uint8_t *digest, struct str signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = ctx && EVP_PKEY_verify_init(ctx) > 0 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
              EVP_PKEY_CTX_set_signature_md(ctx, kit->sha256) > 0 &&
              EVP_PKEY_verify(ctx, (const unsigned char *)signature.p, signature.n, digest, AUTH_SHA256_BYTES) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* RFC 8463 3: the message that Ed25519 signs is the SHA-256 of the header. */
static bool ed25519_verify(EVP_PKEY *pkey, const uint8_t *digest, struct str signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && signature.n == ED25519_SIGNATURE_BYTES &&
              EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) > 0 &&
              EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n, digest, AUTH_SHA256_BYTES) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

bool auth_key_verify(const struct auth_kit *kit, const struct auth_public_key *key,
                     const uint8_t digest[AUTH_SHA256_BYTES], struct str signature)
{
    bool ok = false;
    if (key->kind == AUTH_KEY_RSA && (key->bits > AUTH_RSA_BITS_MAX || signature.n != key->modulus.n))
        return false;
    EVP_PKEY *pkey =
        key->kind == AUTH_KEY_RSA
            ? rsa_key(kit, key)
            : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const unsigned char *)key->raw.p, key->raw.n);
    if (pkey)
        ok = key->kind == AUTH_KEY_RSA ? rsa_verify(kit, pkey, digest, signature)
                                       : ed25519_verify(pkey, digest, signature);
    EVP_PKEY_free(pkey);
    if (!ok)
        ERR_clear_error(); /* the queue belongs to the thread, which speaks TLS too */
    return ok;
}

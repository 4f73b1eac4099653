#include "role/keys.h"

#include <sodium.h>

#define SEAL_VERSION 1u
#define SEAL_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_HEAD (1u + 4u + SEAL_NONCE)

_Static_assert(SEAL_HEAD + SEAL_TAG == KEY_SEAL_OVERHEAD, "the length that callers reckon with");
_Static_assert(MASTER_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a master key is a key of the cipher");

static void aad_put(struct buf *b, struct str purpose, uint32_t id);

/* The key id is covered too: else a value could be made to look like one of another key. */
static void aad_put(struct buf *b, struct str purpose, uint32_t id)
{
    buf_addz(b, "sigillo seal 1");
    buf_u32(b, id);
    buf_vstr(b, purpose);
}

int keys_seal(const struct master *m, const struct env *env, struct str purpose, struct str plain, struct buf *sealed)
{
    const struct master_key *k = &m->keys[m->n - 1];
    uint8_t nonce[SEAL_NONCE];
    AUTO(buf) struct buf aad = {0};
    if (plain.n > KEY_VALUE_MAX)
        return KEY_FAILED;
    buf_init(&aad, 1024);
    aad_put(&aad, purpose, k->id);
    env_random(env, nonce, sizeof(nonce));
    buf_u8(sealed, SEAL_VERSION);
    buf_u32(sealed, k->id);
    buf_add(sealed, nonce, sizeof(nonce));
    char *to = buf_room(sealed, plain.n + SEAL_TAG);
    unsigned long long n;
    if (!to || aad.err ||
        crypto_aead_xchacha20poly1305_ietf_encrypt((uint8_t *)to, &n, (const uint8_t *)plain.p, plain.n,
                                                   (const uint8_t *)aad.p, aad.n, NULL, nonce, k->key) != 0)
        return KEY_FAILED;
    sealed->n += (size_t)n;
    return 0;
}

int keys_unseal(const struct master *m, struct str purpose, struct str sealed, struct buf *plain)
{
    AUTO(buf) struct buf aad = {0};
    struct rd r = rd_of(sealed);
    uint8_t version = rd_u8(&r);
    uint32_t id = rd_u32(&r);
    struct str nonce = rd_bytes(&r, SEAL_NONCE);
    if (r.err || version != SEAL_VERSION || sealed.n < SEAL_HEAD + SEAL_TAG)
        return KEY_DAMAGED;
    const struct master_key *k = master_find(m, id);
    if (!k)
        return KEY_WRONG_KEY;
    buf_init(&aad, 1024);
    aad_put(&aad, purpose, id);
    size_t n_cipher = sealed.n - SEAL_HEAD;
    char *to = buf_room(plain, n_cipher);
    unsigned long long n;
    if (!to || aad.err)
        return KEY_FAILED;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)to, &n, NULL, (const uint8_t *)sealed.p + SEAL_HEAD,
                                                   n_cipher, (const uint8_t *)aad.p, aad.n, (const uint8_t *)nonce.p,
                                                   k->key) != 0)
        return KEY_DAMAGED;
    plain->n += (size_t)n;
    return 0;
}

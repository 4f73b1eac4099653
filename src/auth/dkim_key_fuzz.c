#include "auth/dkim.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The bytes as a key record, and as a key: one that parses can be used, and verifies nothing by chance. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct auth_kit kit;
    AUTO(arena) struct arena a;
    struct auth_key_record r;
    struct auth_public_key key;
    const char *why;
    uint8_t digest[AUTH_SHA256_BYTES] = {1};
    arena_init(&a, ARENA_NO_LIMIT);
    if (!kit.sha256 && auth_kit_open(&kit, NULL, NULL) != 0)
        abort();
    if (auth_key_record_parse(&a, str_n(data, n), &r, &why) && !r.revoked &&
        auth_key_verify(&kit, &r.key, digest, str_n(data, n)))
        abort();
    for (enum auth_key_kind kind = AUTH_KEY_RSA; kind <= AUTH_KEY_ED25519; kind++)
        if (auth_key_parse(kind, str_n(data, n), &key) && key.bits <= AUTH_RSA_BITS_MAX) {
            char *sig = arena_zalloc(&a, 600);
            sig[0] = 1;
            (void)!auth_key_verify(&kit, &key, digest, str_n(sig, kind == AUTH_KEY_RSA ? key.modulus.n : 64));
        }
    return 0;
}

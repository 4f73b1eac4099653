#include "net/mac.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct net_mac {
    EVP_MAC *alg;
    EVP_MAC_CTX *ctx;
    uint8_t key[NET_MAC_KEY];
};

struct net_mac *net_mac_new(const uint8_t key[NET_MAC_KEY])
{
    struct net_mac *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    memcpy(m->key, key, NET_MAC_KEY);
    m->alg = EVP_MAC_fetch(NULL, "BLAKE2BMAC", NULL);
    m->ctx = m->alg ? EVP_MAC_CTX_new(m->alg) : NULL;
    if (!m->ctx)
        abort();
    return m;
}

void net_mac_free(struct net_mac **mp)
{
    struct net_mac *m = *mp;
    if (!m)
        return;
    *mp = NULL;
    EVP_MAC_CTX_free(m->ctx);
    EVP_MAC_free(m->alg);
    explicit_bzero(m->key, sizeof m->key);
    free(m);
}

void net_mac_of(struct net_mac *m, const struct str *parts, size_t n, uint8_t out[NET_MAC_LEN])
{
    size_t len = NET_MAC_LEN, got = 0;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &len), OSSL_PARAM_construct_end()};
    if (!EVP_MAC_init(m->ctx, m->key, NET_MAC_KEY, params))
        abort();
    for (size_t i = 0; i < n; i++) {
        uint64_t size = parts[i].n;
        if (!EVP_MAC_update(m->ctx, (const unsigned char *)&size, sizeof size) ||
            !EVP_MAC_update(m->ctx, (const unsigned char *)parts[i].p, parts[i].n))
            abort();
    }
    if (!EVP_MAC_final(m->ctx, out, &got, NET_MAC_LEN) || got != NET_MAC_LEN)
        abort();
}

#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY_METHOD: the one interface of OpenSSL 3 for a foreign signer without   \
                                          writing a provider */
#include "net/tls.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <stdio.h>

#define CHAIN_MAX (64 * 1024)
#define CHAIN_CERTS_MAX 8

struct net_tls {
    SSL_CTX *ctx;
    net_tls_sign *sign;
    void *sign_ctx;
    EC_KEY_METHOD *method;
};

static int key_index(void);
static int foreign_sign(int type, const unsigned char *dgst, int dlen, unsigned char *sig, unsigned int *siglen,
                        const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *key);
static SSL_CTX *context_new(struct net_tls *t, struct str pem, struct err *e);
static int context_load(struct net_tls *t, SSL_CTX *ctx, struct str pem, struct err *e);

int net_tls_new(struct net_tls **out, struct str pem, net_tls_sign *sign, void *ctx, struct err *e)
{
    struct net_tls *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->sign = sign;
    t->sign_ctx = ctx;
    t->method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (!t->method)
        abort();
    EC_KEY_METHOD_set_sign(t->method, foreign_sign, NULL, NULL);
    t->ctx = context_new(t, pem, e);
    if (!t->ctx) {
        net_tls_free(&t);
        return ERR_INVALID;
    }
    *out = t;
    return 0;
}

int net_tls_reload(struct net_tls *t, struct str pem, struct err *e)
{
    SSL_CTX *ctx = context_new(t, pem, e);
    if (!ctx)
        return ERR_INVALID;
    SSL_CTX_free(t->ctx); /* sessions under way hold their own reference */
    t->ctx = ctx;
    return 0;
}

void net_tls_free(struct net_tls **tp)
{
    struct net_tls *t = *tp;
    if (!t)
        return;
    *tp = NULL;
    SSL_CTX_free(t->ctx);
    EC_KEY_METHOD_free(t->method);
    free(t);
}

static int key_index(void)
{
    static int index = -1;
    if (index < 0)
        index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static int foreign_sign(int type, const unsigned char *dgst, int dlen, unsigned char *sig, unsigned int *siglen,
                        const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *key)
{
    (void)type;
    (void)kinv;
    (void)rp;
    struct net_tls *t = EC_KEY_get_ex_data(key, key_index());
    uint8_t der[NET_TLS_SIG_MAX];
    size_t n = 0;
    if (!t || dlen < 0 || t->sign(t->sign_ctx, str_n(dgst, (size_t)dlen), der, &n) < 0 || n == 0 ||
        n > (size_t)ECDSA_size(key))
        return 0;
    memcpy(sig, der, n);
    *siglen = (unsigned)n;
    return 1;
}

static SSL_CTX *context_new(struct net_tls *t, struct str pem, struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        abort();
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* RELEASE_BUFFERS: 27 -> 18 KB per idle TLS connection. MOVING: our output buffer may grow between tries of one
     * write. */
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    if (context_load(t, ctx, pem, e) == 0)
        return ctx;
    ERR_clear_error();
    SSL_CTX_free(ctx);
    return NULL;
}

static int context_load(struct net_tls *t, SSL_CTX *ctx, struct str pem, struct err *e)
{
    if (pem.n > CHAIN_MAX)
        return err_set(e, ERR_LIMIT, "the TLS certificate chain is larger than %d bytes", CHAIN_MAX);
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    int ok = leaf && SSL_CTX_use_certificate(ctx, leaf) == 1;
    for (int i = 0; ok && i < CHAIN_CERTS_MAX; i++) {
        X509 *more = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!more)
            break;
        ok = SSL_CTX_add0_chain_cert(ctx, more) == 1;
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the PEM text is an error to OpenSSL */
    const EC_KEY *pub = ok ? EVP_PKEY_get0_EC_KEY(X509_get0_pubkey(leaf)) : NULL;
    if (!pub) {
        X509_free(leaf);
        return err_set(e, ERR_INVALID, "the TLS certificate cannot be read, or its key is not P-256 ECDSA");
    }
    EC_KEY *key = EC_KEY_new();
    EVP_PKEY *pkey = EVP_PKEY_new();
    ok = key && pkey && EC_KEY_set_group(key, EC_KEY_get0_group(pub)) &&
         EC_KEY_set_public_key(key, EC_KEY_get0_public_key(pub)) && EC_KEY_set_method(key, t->method) &&
         EC_KEY_set_ex_data(key, key_index(), t) && EVP_PKEY_set1_EC_KEY(pkey, key) &&
         SSL_CTX_use_PrivateKey(ctx, pkey);
    X509_free(leaf);
    EC_KEY_free(key);
    EVP_PKEY_free(pkey);
    return ok ? 0 : err_set(e, ERR_INVALID, "the TLS certificate's key cannot be used");
}

SSL *net_tls_session(struct net_tls *t, int fd)
{
    SSL *s = SSL_new(t->ctx);
    if (!s || !SSL_set_fd(s, fd))
        abort();
    SSL_set_accept_state(s);
    return s;
}

void net_tls_error(char *out, size_t cap)
{
    unsigned long code = ERR_get_error();
    snprintf(out, cap, "%s",
             code ? ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "TLS error" : "closed by peer");
    ERR_clear_error();
}

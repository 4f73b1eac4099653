#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY_METHOD, RSA_METHOD: the one interface of OpenSSL 3 for a foreign signer without   \
                                          writing a provider */
#include "net/tls.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <stdio.h>

#define CHAIN_MAX (64 * 1024)
#define CHAIN_CERTS_MAX 8
#define NAME_MAX_BYTES 253u

struct net_tls {
    SSL_CTX *ctx;
    net_tls_sign *sign;
    void *sign_ctx;
    EC_KEY_METHOD *method;
    RSA_METHOD *rsa_method;
    net_tls_choose *choose;
    void *choose_ctx;
};

static int key_index(void);
static int foreign_sign(int type, const unsigned char *dgst, int dlen, unsigned char *sig, unsigned int *siglen,
                        const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *key);
static int rsa_index(void);
static int foreign_rsa_sign(int type, const unsigned char *m, unsigned int n, unsigned char *sig, unsigned int *siglen,
                            const RSA *rsa);
static int foreign_rsa_block(int n, const unsigned char *from, unsigned char *to, RSA *rsa, int padding);
static EVP_PKEY *ec_foreign(struct net_tls *t, const EVP_PKEY *leaf);
static EVP_PKEY *rsa_foreign(struct net_tls *t, const EVP_PKEY *leaf);
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned int n_in,
                   void *arg);
static int on_name(SSL *ssl, int *alert, void *arg);
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
    t->rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    if (!t->rsa_method || !RSA_meth_set_sign(t->rsa_method, foreign_rsa_sign) ||
        !RSA_meth_set_priv_enc(t->rsa_method, foreign_rsa_block))
        abort();
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
    RSA_meth_free(t->rsa_method);
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

/* --- RSA --- */

static int rsa_index(void)
{
    static int index = -1;
    if (index < 0)
        index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

/* Length of the signature, 0 when there is none. */
static size_t rsa_ask(const RSA *rsa, uint8_t scheme, const unsigned char *m, size_t n, unsigned char *sig)
{
    struct net_tls *t = RSA_get_ex_data(rsa, rsa_index());
    uint8_t value[NET_TLS_SIG_MAX], made[NET_TLS_SIG_MAX];
    size_t len = 0;
    if (!t || n > sizeof value - 1)
        return 0;
    value[0] = scheme;
    memcpy(value + 1, m, n);
    if (t->sign(t->sign_ctx, str_n(value, n + 1), made, &len) < 0 || len != (size_t)RSA_size(rsa))
        return 0;
    memcpy(sig, made, len);
    return len;
}

static int foreign_rsa_sign(int type, const unsigned char *m, unsigned int n, unsigned char *sig, unsigned int *siglen,
                            const RSA *rsa)
{
    (void)type; /* the signer knows the digest by its length */
    size_t len = n == 32 || n == 48 || n == 64 ? rsa_ask(rsa, NET_TLS_RSA_PKCS1, m, n, sig) : 0;
    *siglen = (unsigned)len;
    return len > 0;
}

static int foreign_rsa_block(int n, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    if (padding != RSA_NO_PADDING || n != RSA_size(rsa))
        return -1;
    size_t len = rsa_ask(rsa, NET_TLS_RSA_BLOCK, from, (size_t)n, to);
    return len ? (int)len : -1;
}

static EVP_PKEY *rsa_foreign(struct net_tls *t, const EVP_PKEY *leaf)
{
    const RSA *pub = EVP_PKEY_get0_RSA(leaf);
    const BIGNUM *n = NULL, *exp = NULL;
    RSA *key = RSA_new();
    EVP_PKEY *pkey = EVP_PKEY_new();
    if (pub)
        RSA_get0_key(pub, &n, &exp, NULL);
    BIGNUM *n2 = n ? BN_dup(n) : NULL, *e2 = exp ? BN_dup(exp) : NULL;
    bool ok = key && pkey && n2 && e2 && RSA_bits(pub) <= 4096 && RSA_set0_key(key, n2, e2, NULL);
    if (!ok) {
        BN_free(n2);
        BN_free(e2);
    }
    ok = ok && RSA_set_method(key, t->rsa_method) && RSA_set_ex_data(key, rsa_index(), t) &&
         EVP_PKEY_set1_RSA(pkey, key);
    RSA_free(key);
    if (ok)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *ec_foreign(struct net_tls *t, const EVP_PKEY *leaf)
{
    const EC_KEY *pub = EVP_PKEY_get0_EC_KEY(leaf);
    EC_KEY *key = EC_KEY_new();
    EVP_PKEY *pkey = EVP_PKEY_new();
    bool ok = pub && key && pkey && EC_KEY_set_group(key, EC_KEY_get0_group(pub)) &&
              EC_KEY_set_public_key(key, EC_KEY_get0_public_key(pub)) && EC_KEY_set_method(key, t->method) &&
              EC_KEY_set_ex_data(key, key_index(), t) && EVP_PKEY_set1_EC_KEY(pkey, key);
    EC_KEY_free(key);
    if (ok)
        return pkey;
    EVP_PKEY_free(pkey);
    return NULL;
}

/* A client that offers protocols by name gets HTTP/1.1 when it is among them (RFC 7301); mail clients offer none. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned int n_in,
                   void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, n, ours, sizeof ours - 1, in, n_in) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

void net_tls_names(struct net_tls *t, net_tls_choose *choose, void *ctx)
{
    t->choose = choose;
    t->choose_ctx = ctx;
}

/* A name that we do not have is no error: the certificate that is shown then says who answers. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    struct net_tls *t = arg;
    const char *z = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char name[NAME_MAX_BYTES + 1];
    size_t n = z ? strnlen(z, sizeof name) : 0;
    if (!t->choose || n == 0 || n > NAME_MAX_BYTES)
        return SSL_TLSEXT_ERR_NOACK;
    for (size_t i = 0; i < n; i++) {
        name[i] = ascii_lower(z[i]);
        if (!ascii_is_alpha(name[i]) && !ascii_is_digit(name[i]) && name[i] != '-' && name[i] != '.')
            return SSL_TLSEXT_ERR_NOACK;
    }
    struct net_tls *other = t->choose(t->choose_ctx, str_n(name, n));
    if (other && other != t)
        SSL_set_SSL_CTX(ssl, other->ctx);
    return SSL_TLSEXT_ERR_OK;
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
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, t);
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
    EVP_PKEY *pkey = NULL;
    if (ok) {
        EVP_PKEY *pub = X509_get0_pubkey(leaf);
        int kind = pub ? EVP_PKEY_get_base_id(pub) : 0;
        pkey = kind == EVP_PKEY_EC ? ec_foreign(t, pub) : kind == EVP_PKEY_RSA ? rsa_foreign(t, pub) : NULL;
        ok = pkey && SSL_CTX_use_PrivateKey(ctx, pkey) == 1;
    }
    bool read = leaf != NULL;
    X509_free(leaf);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (!ok)
        return err_set(e, ERR_INVALID, "%s",
                       read ? "the TLS certificate's key is neither ECDSA nor RSA up to 4096 bits, or cannot be used"
                            : "the TLS certificate cannot be read");
    return 0;
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

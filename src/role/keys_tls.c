#include "role/keys.h"
#include "core/hash.h"
#include "core/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_DAYS 3650
#define SELF_RENEW_S (30 * 86400) /* a self-signed certificate so near its end is replaced at start */
#define SELF_NAME "tls-selfsigned"
#define DEFAULT_NAME "default"
#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 4096

struct cert {
    char name[NAME_MAX + 1];
    uint32_t handle;
    EVP_PKEY *key;
    X509 *leaf;
    char *chain;
    size_t n_chain;
};
struct keys_tls {
    const struct env *env;
    char folder[PATH_MAX];             /* STATE/keys */
    struct cert certs[KEYS_CERTS_MAX]; /* the self-signed one is last */
    size_t n;
    struct cert retired[KEYS_RETIRED_MAX];
    size_t n_retired;
    uint64_t stamp; /* of the folder and its files at the last reading */
};

static void cert_free(struct cert *c);
static char *file_read(const char *path, size_t max, size_t *n);
static uint32_t handle_of(X509 *leaf);
static int cert_load(struct cert *c, const char *folder, const char *name, char *why, size_t cap);
static uint64_t stamp_of(const struct keys_tls *t);
static void stamp_file(uint64_t *stamp, const char *path);
static void retire(struct keys_tls *t, struct cert *c);
static bool keep_old(struct keys_tls *t, struct cert *old, size_t n_old, const char *name);
static void read_all(struct keys_tls *t);
static const struct cert *by_handle(const struct keys_tls *t, uint32_t handle);
static bool self_usable(const struct keys_tls *t);
static int self_make(struct keys_tls *t, struct err *e);
static X509 *self_sign(EVP_PKEY *key, const struct env *env);
static bool extension_add(X509 *x, int nid, const char *value);
static int pem_write(const char *folder, const char *name, EVP_PKEY *key, X509 *x);
static int by_name(const void *a, const void *b);

static void cert_free(struct cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->leaf);
    free(c->chain);
    *c = (struct cert){0};
}

static char *file_read(const char *path, size_t max, size_t *n)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    AUTO(heap) char *p = malloc(max + 1);
    if (fd < 0 || !p)
        return NULL;
    ssize_t got = read(fd, p, max + 1);
    if (got <= 0 || (size_t)got > max)
        return NULL;
    *n = (size_t)got;
    return STEAL(p);
}

/* From the public key, so that a handle means the same after a restart of this role. */
static uint32_t handle_of(X509 *leaf)
{
    static const uint64_t seed[2] = {0x736967696c6c6f, 0x68616e646c65};
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
    uint64_t h = n > 0 ? siphash13(seed, der, (size_t)n) : 0;
    OPENSSL_free(der);
    return (uint32_t)h ? (uint32_t)h : 1;
}

/* 0, or 1 with the reason; the folder's other certificates are read all the same. */
static int cert_load(struct cert *c, const char *folder, const char *name, char *why, size_t cap)
{
    char path[PATH_MAX + NAME_MAX + 8];
    *c = (struct cert){0};
    snprintf(c->name, sizeof(c->name), "%s", name);
    snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
    c->chain = file_read(path, KEY_CHAIN_MAX, &c->n_chain);
    BIO *chain = c->chain ? BIO_new_mem_buf(c->chain, (int)c->n_chain) : NULL;
    c->leaf = chain ? PEM_read_bio_X509(chain, NULL, NULL, NULL) : NULL;
    BIO_free(chain);
    snprintf(path, sizeof(path), "%s/%s.key", folder, name);
    BIO *key = BIO_new_file(path, "r");
    /* No prompt for a passphrase: there is no one to answer it. */
    c->key = key ? PEM_read_bio_PrivateKey(key, NULL, NULL, (void *)(uintptr_t) "") : NULL;
    BIO_free(key);
    ERR_clear_error();
    const char *bad = NULL;
    if (!c->leaf)
        bad = "the .pem file holds no certificate";
    else if (!c->key)
        bad = "the .key file is missing, protected by a passphrase, or no private key";
    else if (EVP_PKEY_get_base_id(c->key) != EVP_PKEY_EC &&
             (EVP_PKEY_get_base_id(c->key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(c->key) < RSA_BITS_LEAST ||
              EVP_PKEY_get_bits(c->key) > RSA_BITS_MOST))
        bad = "the key is neither an elliptic-curve key nor RSA of 2048 to 4096 bits";
    else if (X509_check_private_key(c->leaf, c->key) != 1)
        bad = "certificate and key do not belong together";
    ERR_clear_error();
    if (!bad) {
        c->handle = handle_of(c->leaf);
        return 0;
    }
    snprintf(why, cap, "%s", bad);
    cert_free(c);
    return 1;
}

static void stamp_file(uint64_t *stamp, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    uint64_t v[5] = {*stamp, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_size,
                     (uint64_t)st.st_ino};
    *stamp = hash64(str_n(v, sizeof(v)));
}

static uint64_t stamp_of(const struct keys_tls *t)
{
    char path[PATH_MAX + NAME_MAX + 16];
    uint64_t stamp = 1;
    snprintf(path, sizeof(path), "%s/tls", t->folder);
    stamp_file(&stamp, path);
    DIR *d = opendir(path);
    for (struct dirent *f; d && (f = readdir(d));) {
        uint64_t one = 1;
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/tls/%s", t->folder, f->d_name);
        stamp_file(&one, path);
        stamp += one; /* folder order may differ from one look to the next */
    }
    if (d)
        closedir(d);
    return stamp;
}

/* Sessions that began their handshake with the old certificate still need its key. */
static void retire(struct keys_tls *t, struct cert *c)
{
    if (t->n_retired == KEYS_RETIRED_MAX) {
        cert_free(&t->retired[0]);
        memmove(&t->retired[0], &t->retired[1], (KEYS_RETIRED_MAX - 1) * sizeof(t->retired[0]));
        t->n_retired--;
    }
    t->retired[t->n_retired++] = *c;
    *c = (struct cert){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cert *)a)->name, ((const struct cert *)b)->name);
}

/* A file that cannot be read now (being replaced, or a link that leads out of our sandbox) does not take away a
 * certificate that serves. */
static bool keep_old(struct keys_tls *t, struct cert *old, size_t n_old, const char *name)
{
    for (size_t i = 0; i < n_old; i++)
        if (old[i].key && strcmp(old[i].name, name) == 0) {
            t->certs[t->n++] = old[i];
            old[i] = (struct cert){0};
            return true;
        }
    return false;
}

static void read_all(struct keys_tls *t)
{
    char tls[PATH_MAX + 8], why[128];
    struct cert *old = calloc(KEYS_CERTS_MAX, sizeof(*old));
    size_t n_old = t->n;
    if (!old)
        abort();
    memcpy(old, t->certs, t->n * sizeof(*old));
    t->n = 0;
    snprintf(tls, sizeof(tls), "%s/tls", t->folder);
    DIR *d = opendir(tls);
    for (struct dirent *f; d && (f = readdir(d)) && t->n < KEYS_CERTS_MAX - 1;) {
        struct str file = str_c(f->d_name);
        char name[NAME_MAX + 1];
        if (file.p[0] == '.' || !str_ends(file, STR(".pem")))
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)file.n - 4, file.p);
        if (cert_load(&t->certs[t->n], tls, name, why, sizeof(why)) == 0) {
            t->n++;
            continue;
        }
        bool kept = keep_old(t, old, n_old, name);
        log_error("keys.certificate.unusable", L_Z("name", name), L_Z("why", why),
                  L_Z("kept", kept ? "the one read before" : "none"));
    }
    if (d)
        closedir(d);
    qsort(t->certs, t->n, sizeof(t->certs[0]), by_name);
    if (cert_load(&t->certs[t->n], t->folder, SELF_NAME, why, sizeof(why)) == 0)
        t->n++;
    else
        keep_old(t, old, n_old, SELF_NAME);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].key)
            retire(t, &old[i]);
    free(old);
    log_info("keys.certificates", L_I("n", t->n));
}

void keys_tls_refresh(struct keys_tls *t)
{
    uint64_t stamp = stamp_of(t);
    if (stamp == t->stamp)
        return;
    t->stamp = stamp;
    read_all(t);
}

static bool extension_add(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

static X509 *self_sign(EVP_PKEY *key, const struct env *env)
{
    char host[HOST_NAME_MAX + 1] = "localhost", san[HOST_NAME_MAX + 32];
    unsigned char serial[16];
    time_t now = (time_t)(env_wall_ms(env) / 1000);
    X509 *x = X509_new();
    if (!x)
        return NULL;
    gethostname(host, sizeof(host) - 1);
    snprintf(san, sizeof(san), "DNS:%s", host[strcspn(host, ",:/ ")] ? "localhost" : host);
    env_random(env, serial, sizeof(serial));
    serial[0] &= 0x7f;
    BIGNUM *bn = BN_bin2bn(serial, sizeof(serial), NULL);
    X509_NAME *name = X509_get_subject_name(x);
    bool ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) && X509_set_version(x, 2) == 1 &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)san + 4, -1, -1, 0) == 1 &&
              X509_set_issuer_name(x, name) == 1 && X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, &now) &&
              X509_time_adj_ex(X509_getm_notAfter(x), SELF_DAYS, 0, &now) && X509_set_pubkey(x, key) == 1 &&
              extension_add(x, NID_subject_alt_name, san) &&
              extension_add(x, NID_basic_constraints, "critical,CA:FALSE") &&
              extension_add(x, NID_key_usage, "critical,digitalSignature") && X509_sign(x, key, EVP_sha256()) > 0;
    BN_free(bn);
    if (!ok) {
        X509_free(x);
        return NULL;
    }
    return x;
}

/* The key first: a crash between the two leaves a key without certificate, which the next start replaces. */
static int pem_write(const char *folder, const char *name, EVP_PKEY *key, X509 *x)
{
    static const char *const ends[] = {"key", "pem"};
    char path[PATH_MAX + 32], fresh[PATH_MAX + 40];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s.%s", folder, name, ends[i]);
        snprintf(fresh, sizeof(fresh), "%s.new", path);
        int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!f)
            return 1;
        bool ok = (i == 0 ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_X509(f, x)) == 1;
        ok = fflush(f) == 0 && fsync(fileno(f)) == 0 && ok;
        ok = fclose(f) == 0 && ok;
        if (!ok || rename(fresh, path) != 0)
            return 1;
    }
    return 0;
}

static bool self_usable(const struct keys_tls *t)
{
    struct cert c;
    char why[128];
    time_t soon = (time_t)(env_wall_ms(t->env) / 1000) + SELF_RENEW_S;
    if (cert_load(&c, t->folder, SELF_NAME, why, sizeof(why)) != 0)
        return false;
    bool ok = X509_cmp_time(X509_get0_notAfter(c.leaf), &soon) > 0;
    cert_free(&c);
    return ok;
}

static int self_make(struct keys_tls *t, struct err *e)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = key ? self_sign(key, t->env) : NULL;
    int r = x ? pem_write(t->folder, SELF_NAME, key, x) : 1;
    if (r != 0)
        r = err_set(e, ERR_SYS, "cannot make the self-signed certificate %s/" SELF_NAME ".pem: %s", t->folder,
                    x ? strerror(errno) : "the cryptographic library failed");
    X509_free(x);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return r;
}

int keys_tls_open(struct keys_tls **out, const char *state, const struct env *env, struct err *e)
{
    struct keys_tls *t = calloc(1, sizeof(*t));
    if (!t)
        return err_set(e, ERR_NOMEM, "no memory");
    t->env = env;
    int n = snprintf(t->folder, sizeof(t->folder), "%s/keys", state), r = 0;
    if (n < 0 || (size_t)n >= sizeof(t->folder))
        r = err_set(e, ERR_LIMIT, "path too long: %s", state);
    if (r == 0 && !self_usable(t))
        r = self_make(t, e);
    if (r != 0) {
        keys_tls_free(&t);
        return r;
    }
    t->stamp = stamp_of(t);
    read_all(t);
    *out = t;
    return 0;
}

void keys_tls_free(struct keys_tls **t)
{
    if (!*t)
        return;
    for (size_t i = 0; i < (*t)->n; i++)
        cert_free(&(*t)->certs[i]);
    for (size_t i = 0; i < (*t)->n_retired; i++)
        cert_free(&(*t)->retired[i]);
    free(*t);
    *t = NULL;
}

int keys_tls_choose(struct keys_tls *t, struct str server_name, struct str *chain, uint32_t *handle)
{
    const struct cert *chosen = NULL;
    for (size_t i = 0; i < t->n && !chosen && server_name.n; i++)
        if (X509_check_host(t->certs[i].leaf, server_name.p, server_name.n, 0, NULL) == 1)
            chosen = &t->certs[i];
    for (size_t i = 0; i < t->n && !chosen; i++)
        if (strcmp(t->certs[i].name, DEFAULT_NAME) == 0)
            chosen = &t->certs[i];
    if (!chosen && t->n)
        chosen = &t->certs[0];
    if (!chosen)
        return KEY_NO_CERTIFICATE;
    *chain = str_n(chosen->chain, chosen->n_chain);
    *handle = chosen->handle;
    return 0;
}

static const struct cert *by_handle(const struct keys_tls *t, uint32_t handle)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->certs[i].handle == handle)
            return &t->certs[i];
    for (size_t i = 0; i < t->n_retired; i++)
        if (t->retired[i].handle == handle)
            return &t->retired[i];
    return NULL;
}

/* What an RSA key is to do with the request; false: nothing it may. */
static bool rsa_scheme(EVP_PKEY_CTX *ctx, const struct cert *c, struct str *value)
{
    static const struct {
        size_t n;
        const EVP_MD *(*md)(void);
    } digests[] = {{32, EVP_sha256}, {48, EVP_sha384}, {64, EVP_sha512}};
    int scheme = value->n ? value->p[0] : 0;
    *value = str_from(*value, 1);
    if (scheme == KEY_RSA_BLOCK)
        return value->n == (size_t)EVP_PKEY_get_size(c->key) && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
    for (size_t i = 0; scheme == KEY_RSA_PKCS1 && i < N_ELEMENTS(digests); i++)
        if (value->n == digests[i].n)
            return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(ctx, digests[i].md()) == 1;
    return false;
}

int keys_tls_sign(struct keys_tls *t, uint32_t handle, struct str value, uint8_t *sig, size_t *n)
{
    const struct cert *c = by_handle(t, handle);
    if (!c)
        return KEY_STALE;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(c->key, NULL);
    size_t len = KEY_SIG_MAX;
    bool rsa = EVP_PKEY_get_base_id(c->key) == EVP_PKEY_RSA;
    bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1 && (rsa ? rsa_scheme(ctx, c, &value) : value.n <= EVP_MAX_MD_SIZE) &&
              EVP_PKEY_sign(ctx, sig, &len, (const unsigned char *)value.p, value.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    *n = len;
    return ok ? 0 : KEY_FAILED;
}

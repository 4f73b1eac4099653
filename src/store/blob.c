#include "store/compress.h"
#include "store/ctx_pool.h"
#include "store/pack_format.h"
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

struct tools { /* of one thread at a time */
    EVP_MD_CTX *md;
    ZSTD_DCtx *dctx;
};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct ctx_pool pool = CTX_POOL_INIT;
static EVP_MD *sha256; /* fetched once: a fetch per call costs more than the hash of a short message */

static void tools_setup(void);
static void tools_free(void *p);
static struct tools *tools_get(void);
static void auto_tools(struct tools **t);

static void tools_free(void *p)
{
    struct tools *t = p;

    if (!t)
        return;
    EVP_MD_CTX_free(t->md);
    ZSTD_freeDCtx(t->dctx);
    free(t);
}

static void tools_setup(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        abort(); /* no digest provider: nothing can be stored or checked */
}

/* NULL only when memory is out. */
static struct tools *tools_get(void)
{
    struct tools *t;

    pthread_once(&once, tools_setup);
    if ((t = ctx_take(&pool)))
        return t;
    if (!(t = calloc(1, sizeof *t)))
        return NULL;
    t->md = EVP_MD_CTX_new();
    t->dctx = ZSTD_createDCtx();
    if (!t->md || !t->dctx) {
        tools_free(t);
        return NULL;
    }
    return t;
}

static void auto_tools(struct tools **t)
{
    if (*t && !ctx_give(&pool, *t))
        tools_free(*t);
}

int pack_sha256(struct str bytes, uint8_t out[SHA256_LEN])
{
    AUTO(tools) struct tools *t = tools_get();
    unsigned n = 0;

    if (!t)
        return ERR_NOMEM;
    if (EVP_DigestInit_ex2(t->md, sha256, NULL) != 1 || EVP_DigestUpdate(t->md, bytes.n ? bytes.p : "", bytes.n) != 1 ||
        EVP_DigestFinal_ex(t->md, out, &n) != 1 || n != SHA256_LEN)
        return ERR_SYS;
    return 0;
}

int blob_prepare(struct arena *a, int64_t org, struct str plain, struct blob_draft *d)
{
    int rc;

    if (plain.n > PACK_BLOB_MAX)
        return ERR_LIMIT;
    *d = (struct blob_draft){.org = org, .size = plain.n, .bytes = plain};
    if ((rc = pack_sha256(plain, d->sha256)) != 0 || plain.n <= 1)
        return rc;
    if ((rc = compress_bytes(a, plain, plain.n - 1, &d->bytes)) == 0)
        d->zstd = true;
    return rc < 0 ? rc : 0;
}

int pack_blob_plain(struct str stored, bool zstd, uint64_t size, const uint8_t want[SHA256_LEN], struct arena *a,
                    struct str *plain)
{
    AUTO(tools) struct tools *t = tools_get();
    struct str out = stored;
    uint8_t have[SHA256_LEN];
    int rc;

    if (!t)
        return ERR_NOMEM;
    if (size > PACK_BLOB_MAX)
        return ERR_CORRUPT;
    if (zstd) {
        char *p = arena_try(a, size ? size : 1);
        size_t n;

        if (!p)
            return ERR_NOMEM;
        n = ZSTD_decompressDCtx(t->dctx, p, size, stored.p, stored.n);
        if (ZSTD_isError(n) || n != size)
            return ERR_CORRUPT;
        out = str_n(p, n);
    } else if (stored.n != size) {
        return ERR_CORRUPT;
    }
    if ((rc = pack_sha256(out, have)) != 0)
        return rc;
    if (memcmp(have, want, SHA256_LEN) != 0)
        return ERR_CORRUPT;
    *plain = out;
    return 0;
}

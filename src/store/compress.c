#include "store/compress.h"
#include "store/ctx_pool.h"

#include <stdlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* for the name of one parameter: the library takes its number at run time */
#include <zstd.h>

/* Level 1 with a table that stays in the first cache and a longer step over what does not match: a fifth less time for 4 % more bytes. A large message
 * gets the table that its level would take. Huffman coding stays on: it is what makes base64 smaller. */
#define LEVEL 1
#define SMALL_MAX (64u << 10)
#define SMALL_HASH_LOG 11
#define MIN_MATCH 6
#define STEP 2
/* Up to this size compression goes into a scratch buffer that is kept; only the result takes room in the arena. */
#define SCRATCH_MAX (256u << 10)

struct tool {
    ZSTD_CCtx *ctx;
    char scratch[SCRATCH_MAX];
};
static struct ctx_pool pool = CTX_POOL_INIT;

static void tool_free(struct tool *t)
{
    if (t)
        ZSTD_freeCCtx(t->ctx);
    free(t);
}

static bool set(struct tool *t, ZSTD_cParameter what, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(t->ctx, what, value));
}

static struct tool *tool_get(void)
{
    struct tool *t = ctx_take(&pool);
    if (t)
        return t;
    if (!(t = malloc(sizeof *t)))
        return NULL;
    t->ctx = ZSTD_createCCtx();
    if (t->ctx && set(t, ZSTD_c_compressionLevel, LEVEL) && set(t, ZSTD_c_minMatch, MIN_MATCH) &&
        set(t, ZSTD_c_targetLength, STEP) && set(t, ZSTD_c_contentSizeFlag, 1) &&
        set(t, ZSTD_c_literalCompressionMode, ZSTD_ps_enable)) /* with a step the library would leave it off */
        return t;
    tool_free(t);
    return NULL;
}

static void auto_tool(struct tool **t)
{
    if (*t && !ctx_give(&pool, *t))
        tool_free(*t);
}

int compress_bytes(struct arena *a, struct str plain, size_t most, struct str *out)
{
    AUTO(tool) struct tool *t = tool_get();
    struct arena_mark mark = arena_mark(a);
    if (!t || !set(t, ZSTD_c_hashLog, plain.n <= SMALL_MAX ? SMALL_HASH_LOG : 0))
        return ERR_NOMEM;
    char *to = t->scratch;
    if (most > SCRATCH_MAX && !(to = arena_try(a, most)))
        return ERR_NOMEM;
    size_t n = ZSTD_compress2(t->ctx, to, most, plain.p, plain.n);
    if (ZSTD_isError(n)) {
        arena_reset(a, mark);
        return COMPRESS_NOT_SMALLER;
    }
    if (to == t->scratch) {
        if (!(to = arena_try(a, n)))
            return ERR_NOMEM;
        memcpy(to, t->scratch, n);
    }
    *out = str_n(to, n);
    return 0;
}

static bool is_frame(struct str s) { return str_starts(s, STR("\x28\xb5\x2f\xfd")); }

int insight_pack(struct arena *a, struct str insight, struct str *packed)
{
    *packed = insight;
    if (insight.n < INSIGHT_PLAIN && !is_frame(insight))
        return 0;
    int r = compress_bytes(a, insight, ZSTD_compressBound(insight.n), packed);
    return r > 0 ? ERR_NOMEM : r;
}

int insight_unpack(struct arena *a, struct str packed, struct str *insight)
{
    if (!is_frame(packed)) {
        *insight = arena_str(a, packed);
        return 0;
    }
    unsigned long long n = ZSTD_getFrameContentSize(packed.p, packed.n);
    if (n == ZSTD_CONTENTSIZE_ERROR || n == ZSTD_CONTENTSIZE_UNKNOWN || n > INSIGHT_MAX)
        return ERR_CORRUPT;
    char *p = arena_alloc(a, (size_t)n + 1);
    size_t got = ZSTD_decompress(p, (size_t)n, packed.p, packed.n);
    if (ZSTD_isError(got) || got != n)
        return ERR_CORRUPT;
    *insight = str_n(p, got);
    return 0;
}

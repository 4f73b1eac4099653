/* The panel's files, packed into the binary (http/web_gen.h). index.html gets a fresh nonce in every answer; unknown
 * paths that look like pages of the panel get index.html too, because the panel routes in the browser. */
#include "http/serve.h"
#include "http/range.h"
#include "http/web_gen.h"
#include <stdlib.h>
#include <zlib.h>

#define NONCE_BYTES 16u
#define NONCE_MARK "__CSP_NONCE__"
#define PAGE_MAX (1u << 20)

static const struct web_file *file_find(struct str path)
{
    size_t lo = 0, hi = web_files_n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = str_cmp(path, str_c(web_files[mid].path));
        if (c == 0)
            return &web_files[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* Whole file in plain bytes; they were made at build time, so a failure is ours. */
static void gunzip(const struct web_file *f, struct buf *out)
{
    char *p = buf_room(out, f->n);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)f->gz,
                  .avail_in = (uInt)f->gz_n,
                  .next_out = (Bytef *)p,
                  .avail_out = (uInt)f->n};
    if (!p || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        abort();
    (void)inflate(&z, Z_FINISH);
    if (z.total_out != f->n)
        abort();
    inflateEnd(&z);
    out->n += f->n;
}

static void answer_page(struct http_req *r, const struct web_file *f)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES];
    env_random(net_loop_env(r->server->loop), raw, sizeof raw);
    for (size_t i = 0; i < NONCE_BYTES; i++) {
        nonce[2 * i] = digits[raw[i] >> 4];
        nonce[2 * i + 1] = digits[raw[i] & 15];
    }
    struct http_answer a = {
        .status = 200, .type = f->type, .flags = HTTP_PAGE, .nonce = arena_str(r->arena, str_n(nonce, sizeof nonce))};
    AUTO(buf) struct buf plain;
    buf_init(&plain, PAGE_MAX);
    buf_init(&a.body, PAGE_MAX);
    gunzip(f, &plain);
    struct str rest = buf_str(&plain);
    ptrdiff_t at;
    while ((at = str_find(rest, STR(NONCE_MARK), 0)) >= 0) {
        buf_adds(&a.body, str_upto(rest, (size_t)at));
        buf_adds(&a.body, a.nonce);
        rest = str_from(rest, (size_t)at + sizeof NONCE_MARK - 1);
    }
    buf_adds(&a.body, rest);
    http_reply(r->server, r->id, &a);
}

static void answer_file(struct http_req *r, const struct web_file *f)
{
    struct http_answer a = {
        .status = 200, .type = f->type, .flags = HTTP_OWN | (f->immutable ? HTTP_CACHE_FOREVER : HTTP_CACHE_CHECK)};
    a.etag = str_c(f->etag);
    if (http_accepts_gzip(http_field(&r->head, STR("Accept-Encoding")))) {
        a.view = str_n(f->gz, f->gz_n);
        a.gzip = true;
    } else {
        buf_init(&a.body, f->n + 1);
        gunzip(f, &a.body);
    }
    http_reply(r->server, r->id, &a);
}

void http_panel(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct str path = r->head.path;
    const struct web_file *f = file_find(path);
    bool page = str_ends(path, STR(".html"));
    if (!f || page) {
        ptrdiff_t slash = str_rchr(path, '/');
        bool like_page = page || str_chr(path, '.', (size_t)slash) < 0;
        bool api =
            str_starts(path, STR("/api/")) || str_starts(path, STR("/jmap")) || str_starts(path, STR("/.well-known/"));
        f = f && page ? f : like_page && !api ? file_find(STR("/index.html")) : NULL;
        if (!f)
            http_reply_error(r->server, r->id, 404, "notFound", "Questo indirizzo non esiste.",
                             "There is nothing at this address.");
        else
            answer_page(r, f);
        return;
    }
    answer_file(r, f);
}

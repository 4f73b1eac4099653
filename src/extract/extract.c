#include "extract/blob.h"
#include <locale.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unicode/unorm2.h>
#include <zbar.h>

#define EXTRACT_CPU_US 800000 /* of one message */

int extract_open(struct extract_ctx **out, struct err *e)
{
    struct extract_ctx *c = calloc(1, sizeof *c);
    if (!c || !(c->charsets = mime_charsets_open())) {
        free(c);
        return err_set(
            e, ERR_NOMEM,
            "The character set tables could not be loaded. No message was lost. Install libicu72 and start again.");
    }
    UErrorCode u = U_ZERO_ERROR;
    c->nfkc = unorm2_getNFKCInstance(&u);
    extract_words_init(&c->words);
    c->codes = zbar_image_scanner_create();
    zbar_image_scanner_set_config(c->codes, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    zbar_image_scanner_set_config(c->codes, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    /* Bytes as they are: zbar would guess charsets with iconv, whose tables lie in files. */
    zbar_image_scanner_set_config(c->codes, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    /* Memory goes back to the kernel when the worker ends, not after every message. */
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
    /* Names in archives become UTF-8 inside libarchive, without iconv; this locale is built into libc. */
    c->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (c->utf8 != (locale_t)0)
        uselocale(c->utf8);
    g_mime_init();
    c->options = g_mime_parser_options_new();
    if (!extract_pdf_open(c)) {
        extract_close(&c);
        return err_set(
            e, ERR_SYS,
            "The PDF reader could not be started. No message was lost. Install libpoppler-glib8 and start again.");
    }
    g_mime_parser_options_set_allow_addresses_without_domain(c->options, TRUE);
    *out = c;
    return 0;
}

void extract_close(struct extract_ctx **ctx)
{
    if (!*ctx)
        return;
    mime_charsets_close((*ctx)->charsets);
    g_mime_parser_options_free((*ctx)->options);
    zbar_image_scanner_destroy((*ctx)->codes);
    extract_pdf_close(*ctx);
    if ((*ctx)->utf8 != (locale_t)0) {
        uselocale(LC_GLOBAL_LOCALE);
        freelocale((*ctx)->utf8);
    }
    free(*ctx);
    *ctx = NULL;
}

/* Of the processor, not of the wall: facts must not depend on what else the machine does. */
static int64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

bool extract_time_left(const struct extract_job *j) { return cpu_us() < j->deadline_us; }

static GMimeMessage *parse(struct extract_job *j)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(j->raw.p, j->raw.n);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_persist_stream(parser, TRUE);
    GMimeMessage *m = g_mime_parser_construct_message(parser, j->ctx->options);
    g_object_unref(parser);
    g_object_unref(stream);
    return m;
}

/* A message that GMime cannot begin to read is one opaque part: kept, shown as unreadable. */
static void opaque(struct extract_job *j)
{
    struct facts_part *p = arena_new(j->arena, struct facts_part);
    *p = (struct facts_part){
        .type = STR("application"), .subtype = STR("octet-stream"), .body_len = j->raw.n, .size = j->raw.n};
    j->structure = (struct facts_structure){p, 1};
    j->insight.flags |= FACTS_UNREADABLE;
}

/* Not cleared: most mail has few of each, and clearing room for all costs as much as reading a short message. */
static void lists(struct extract_job *j)
{
    struct facts_insight *in = &j->insight;
    in->links = arena_alloc(j->arena, FACTS_LINKS_MAX * sizeof *in->links);
    in->payments = arena_alloc(j->arena, FACTS_COORDINATES_MAX * sizeof *in->payments);
    in->attachments = arena_alloc(j->arena, FACTS_ATTACHMENTS_MAX * sizeof *in->attachments);
    in->mentions = arena_alloc(j->arena, FACTS_MENTIONS_MAX * sizeof *in->mentions);
    buf_init(&j->attached, FACTS_TEXT_MAX + 1);
    j->budget = (struct extract_budget){.bytes = 64u << 20,
                                        .pixels = 12u << 20,
                                        .entries = 2000,
                                        .pages = 40,
                                        .blobs = 400,
                                        .urls = 20000,
                                        .compared = 32u << 20};
}

int extract_message(struct extract_ctx *ctx, struct str raw, struct buf *structure, struct buf *insight)
{
    struct arena arena;
    arena_init(&arena, EXTRACT_MEMORY_MAX);
    struct extract_job j = {.ctx = ctx, .raw = raw, .arena = &arena};
    lists(&j);
    arena_init(&j.scratch, EXTRACT_MEMORY_MAX);
    j.deadline_us = cpu_us() + EXTRACT_CPU_US;
    j.message = raw.n ? parse(&j) : NULL;
    if (j.message) {
        mime_identity_read(&arena, ctx->charsets, raw, &j.identity);
        extract_tree(&j);
        extract_body(&j);
        if (extract_sender_differs(&j))
            j.insight.flags |= FACTS_AMBIGUOUS_SENDER;
    } else {
        opaque(&j);
    }
    facts_structure_put(structure, &j.structure);
    facts_insight_put(insight, &j.insight);
    if (j.message)
        g_object_unref(j.message);
    buf_free(&j.attached);
    arena_free(&j.scratch);
    arena_free(&arena);
    return structure->err || insight->err ? ERR_LIMIT : 0;
}

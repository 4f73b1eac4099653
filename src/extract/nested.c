/* A message inside a file: .eml, or a message in an archive. (message/rfc822 parts stand in the tree already.) */
#include "extract/blob.h"

#define NESTED_PARTS_MAX 200u
#define NESTED_MAX (32u << 20)

struct nested {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    unsigned parts;
};

static struct str ours(struct extract_job *j, const char *z) { return z ? extract_utf8(j, z) : STR(""); }

static void text_part(struct nested *n, struct str charset, bool html, struct str bytes)
{
    AUTO(buf) struct buf out;
    struct extract_source s = {
        .part = n->b->part, .where = WHERE_ATTACHMENT, .link = LINK_TEXT, .html = html ? LINK_HREF : 0, .quotes = true};
    uint32_t before = n->j->insight.html;
    buf_init(&out, EXTRACT_TEXT_PART_MAX * 3u);
    struct arena_mark mark = arena_mark(&n->j->scratch);
    extract_text(n->j, &s, extract_charset(n->j, charset, bytes), &out);
    arena_reset(&n->j->scratch, mark);
    n->j->insight.html = before;
    extract_attached(n->j, buf_str(&out));
}

static void part(GMimeObject *o, struct nested *n)
{
    GMimeContentType *t = g_mime_object_get_content_type(o);
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)o);
    const char *type = t ? g_mime_content_type_get_media_type(t) : "text",
               *subtype = t ? g_mime_content_type_get_media_subtype(t) : "plain";
    const char *charset = t ? g_mime_content_type_get_parameter(t, "charset") : NULL;
    if (!content)
        return;
    GMimeStream *mem = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, mem);
    GByteArray *got = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem);
    struct str bytes = str_n(got->data, got->len);
    bool html = strcasecmp(subtype, "html") == 0, attached = g_mime_part_is_attachment((GMimePart *)o);
    if (!attached && strcasecmp(type, "text") == 0 && (html || strcasecmp(subtype, "plain") == 0)) {
        text_part(n, ours(n->j, charset), html, bytes);
    } else {
        struct extract_blob inner = {.bytes = bytes,
                                     .name = ours(n->j, g_mime_part_get_filename((GMimePart *)o)),
                                     .path = n->a->name,
                                     .type = ours(n->j, type),
                                     .subtype = ours(n->j, subtype),
                                     .charset = ours(n->j, charset),
                                     .part = n->b->part,
                                     .flags = ATT_IN_ARCHIVE,
                                     .depth = n->b->depth + 1};
        extract_blob(n->j, &inner);
    }
    g_object_unref(mem);
}

static void on_part(GMimeObject *parent, GMimeObject *o, gpointer ctx)
{
    struct nested *n = ctx;
    (void)parent;
    if (!GMIME_IS_PART(o))
        return;
    if (n->parts++ >= NESTED_PARTS_MAX) {
        n->j->insight.flags |= FACTS_TOO_MANY | FACTS_UNREADABLE;
        return;
    }
    part(o, n);
}

void extract_head(struct extract_job *j, const struct mime_identity *id, struct facts_attachment *a)
{
    if (id->from_state == MIME_FROM_OK)
        a->author = mime_addr_key(j->arena, &id->from);
    if (id->from_text.n || id->subject.n)
        extract_attached(j, arena_printf(j->arena, "%.*s\n%.*s\n", STRF(str_utf8_cut(id->from_text, FACTS_NAME_MAX)),
                                         STRF(str_utf8_cut(id->subject, FACTS_STRING_MAX))));
}

void extract_mail_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct nested n = {.j = j, .b = b, .a = a};
    struct mime_identity id;
    a->flags |= ATT_MESSAGE;
    if (b->bytes.n > NESTED_MAX || b->bytes.n > j->budget.bytes) {
        extract_note(j, a, ATT_UNREADABLE, STR("message too large to be read"));
        return;
    }
    j->budget.bytes -= b->bytes.n;
    mime_identity_read(j->arena, j->ctx->charsets, b->bytes, &id);
    extract_head(j, &id, a);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(b->bytes.p, b->bytes.n);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *m = g_mime_parser_construct_message(parser, j->ctx->options);
    if (m) {
        g_mime_message_foreach(m, on_part, &n);
        g_object_unref(m);
    } else {
        extract_note(j, a, ATT_UNREADABLE, STR("attached message is damaged"));
    }
    g_object_unref(parser);
    g_object_unref(stream);
}

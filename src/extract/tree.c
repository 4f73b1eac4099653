/* GMime's body tree as IMAP needs it: offsets and lines of every entity, depth first. GMime gives where a leaf's body
 * lies; where a header begins comes from its first field, where a multipart ends from the delimiter lines (RFC
 * 2046 5.1.1). */
#include "extract/job.h"
#include "mime/header.h"
#include "mime/param.h"

struct walk {
    struct extract_job *j;
    struct facts_part *parts;
    GMimeObject **object;
    GMimeStream **decoded;
    size_t n;
};

static struct str lower(struct arena *a, const char *z)
{
    struct str s = arena_str(a, str_upto(str_c(z), FACTS_STRING_MAX));
    char *p = (char *)(uintptr_t)s.p;
    for (size_t i = 0; i < s.n; i++)
        p[i] = (unsigned char)p[i] >= 0x80 ? '?' : ascii_lower(p[i]);
    return s;
}

struct str extract_utf8(struct extract_job *j, const char *z)
{
    return extract_utf8_str(j, str_c(z), FACTS_STRING_MAX);
}

static uint64_t count_lines(struct str s)
{
    uint64_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        n++;
    return n + (s.n > 0 && s.p[s.n - 1] != '\n');
}

static void describe(struct walk *w, GMimeObject *o, struct facts_part *p)
{
    struct arena *a = w->j->arena;
    GMimeContentType *t = g_mime_object_get_content_type(o);
    p->type = lower(a, t ? g_mime_content_type_get_media_type(t) : "text");
    p->subtype = lower(a, t ? g_mime_content_type_get_media_subtype(t) : "plain");
    const char *charset = t ? g_mime_content_type_get_parameter(t, "charset") : NULL;
    p->charset = lower(a, charset ? charset : "");
    const char *disposition = g_mime_object_get_disposition(o);
    p->disposition = lower(a, disposition ? disposition : "");
    const char *id = g_mime_object_get_content_id(o);
    p->content_id = extract_utf8(w->j, id ? id : "");
    if (!GMIME_IS_PART(o))
        return;
    GMimeContentEncoding enc = g_mime_part_get_content_encoding((GMimePart *)o);
    p->encoding = lower(a, g_mime_content_encoding_to_string(enc) ? g_mime_content_encoding_to_string(enc) : "");
}

/* Not GMime's: it converts charsets with iconv, whose tables lie in files that the sandbox has closed. */
static struct str part_name(struct extract_job *j, struct mime_header *h)
{
    struct mime_params disposition, type;
    struct mime_field f;
    bool has_disposition = mime_header_find(h, STR("Content-Disposition"), &f);
    if (has_disposition)
        mime_params_parse(j->arena, j->ctx->charsets, f.value, &disposition);
    bool has_type = mime_header_find(h, STR("Content-Type"), &f);
    if (has_type)
        mime_params_parse(j->arena, j->ctx->charsets, f.value, &type);
    struct str name = mime_filename(has_disposition ? &disposition : NULL, has_type ? &type : NULL);
    return name.p ? name : STR("");
}

/* Where the entity's header begins: at its first field; an entity without fields begins where its body does. */
static void place_header(struct walk *w, GMimeObject *o, uint64_t fallback, struct facts_part *p)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(o);
    uint64_t off = fallback;
    if (list && g_mime_header_list_get_count(list) > 0) {
        gint64 first = g_mime_header_get_offset(g_mime_header_list_get_header_at(list, 0));
        if (first >= 0 && (uint64_t)first <= w->j->raw.n)
            off = (uint64_t)first;
    }
    struct mime_header h;
    mime_header_init(&h, str_from(w->j->raw, off));
    p->header_off = off;
    p->header_len = h.body;
    p->body_off = off + h.body;
    if (!GMIME_IS_MULTIPART(o))
        p->name = part_name(w->j, &h);
}

static GMimeStream *content_stream(GMimeObject *o)
{
    GMimeDataWrapper *content = GMIME_IS_PART(o) ? g_mime_part_get_content((GMimePart *)o) : NULL;
    return content ? g_mime_data_wrapper_get_stream(content) : NULL;
}

/* The decoded bytes are wanted again for reading, so those of ordinary parts are kept until the message is done. */
static uint64_t decoded_size(struct walk *w, GMimeObject *o, const struct facts_part *p)
{
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)o);
    bool keep = p->body_len <= EXTRACT_KEEP_PART && w->j->kept + p->body_len <= EXTRACT_KEEP_ALL;
    GMimeStream *to = keep ? g_mime_stream_mem_new() : g_mime_stream_null_new();
    g_mime_data_wrapper_write_to_stream(content, to);
    uint64_t n = keep ? g_mime_stream_mem_get_byte_array((GMimeStreamMem *)to)->len : ((GMimeStreamNull *)to)->written;
    if (keep) {
        w->j->kept += p->body_len;
        w->decoded[p - w->parts] = to;
    } else {
        g_object_unref(to);
    }
    return n < w->j->raw.n ? n : w->j->raw.n;
}

bool extract_is_plain(const struct facts_part *p)
{
    return p->encoding.n == 0 || str_eq(p->encoding, STR("7bit")) || str_eq(p->encoding, STR("8bit"));
}

/* The line end before a delimiter line belongs to the delimiter (RFC 2046 5.1.1). GMime guesses from the rest of the
 * message whether that is one byte or two, and is wrong where line ends are mixed. */
static uint64_t true_end(struct str raw, uint64_t start, uint64_t end)
{
    for (uint64_t p = end >= start + 2 ? end - 2 : start; p + 2 < raw.n && p <= end + 1; p++)
        if (raw.p[p] == '\n' && raw.p[p + 1] == '-' && raw.p[p + 2] == '-')
            return p > start && raw.p[p - 1] == '\r' ? p - 1 : p;
    return end;
}

static void leaf(struct walk *w, GMimeObject *o, struct facts_part *p)
{
    GMimeStream *s = content_stream(o);
    uint64_t raw = w->j->raw.n;
    if (!s)
        return;
    uint64_t start = (uint64_t)s->bound_start, end = s->bound_end < 0 ? raw : (uint64_t)s->bound_end;
    if (start > raw || end > raw || end < start) {
        w->j->insight.flags |= FACTS_UNREADABLE;
        return;
    }
    end = true_end(w->j->raw, start, end);
    p->body_off = start;
    p->body_len = end - start;
    if (p->header_off > start)
        p->header_off = start;
    p->header_len = start - p->header_off;
    p->lines = count_lines(str_n(w->j->raw.p + start, p->body_len));
    p->size = extract_is_plain(p) ? p->body_len : decoded_size(w, o, p);
}

static void visit(struct walk *w, GMimeObject *o, uint32_t parent, unsigned depth, uint64_t at);

static void children(struct walk *w, GMimeObject *o, uint32_t self, unsigned depth)
{
    uint64_t at = w->parts[self].body_off;
    if (GMIME_IS_MULTIPART(o)) {
        int n = g_mime_multipart_get_count((GMimeMultipart *)o);
        for (int i = 0; i < n; i++)
            visit(w, g_mime_multipart_get_part((GMimeMultipart *)o, i), self, depth, at);
        return;
    }
    GMimeMessage *inner = GMIME_IS_MESSAGE_PART(o) ? g_mime_message_part_get_message((GMimeMessagePart *)o) : NULL;
    GMimeObject *part = inner ? g_mime_message_get_mime_part(inner) : NULL;
    if (part)
        visit(w, part, self, depth, at);
}

/* End of a container: behind its last child, up to (not with) the line end before the delimiter of the container around
 * it. */
static uint64_t container_end(const struct walk *w, uint32_t self, const char *outer)
{
    struct str raw = w->j->raw;
    uint64_t from = w->parts[self].body_off;
    for (size_t i = self + 1; i < w->n; i++) {
        uint64_t end = w->parts[i].body_off + w->parts[i].body_len;
        from = end > from ? end : from;
    }
    if (!outer)
        return raw.n;
    AUTO(buf) struct buf mark;
    buf_init(&mark, FACTS_STRING_MAX + 8);
    buf_addz(&mark, "\n--");
    buf_addz(&mark, outer);
    ptrdiff_t at = mark.err ? -1 : str_find(raw, buf_str(&mark), from > 0 ? from - 1 : 0);
    if (at < 0)
        return raw.n;
    uint64_t end = (uint64_t)at;
    return end > from && raw.p[end - 1] == '\r' ? end - 1 : end < from ? from : end;
}

static const char *outer_boundary(const struct walk *w, uint32_t self)
{
    for (uint32_t p = w->parts[self].parent; self != 0; self = p, p = w->parts[p].parent) {
        if (w->object[p] && GMIME_IS_MULTIPART(w->object[p]))
            return g_mime_multipart_get_boundary((GMimeMultipart *)w->object[p]);
        if (p == 0)
            break;
    }
    return NULL;
}

static void visit(struct walk *w, GMimeObject *o, uint32_t parent, unsigned depth, uint64_t at)
{
    if (w->n == FACTS_PARTS_MAX || depth > FACTS_DEPTH_MAX) {
        w->j->insight.flags |= FACTS_TOO_MANY | FACTS_UNREADABLE;
        return;
    }
    uint32_t self = (uint32_t)w->n++;
    struct facts_part *p = &w->parts[self];
    w->object[self] = o;
    w->decoded[self] = NULL;
    *p = (struct facts_part){.parent = parent, .depth = (uint16_t)depth};
    describe(w, o, p);
    place_header(w, o, at, p);
    if (GMIME_IS_PART(o)) {
        leaf(w, o, p);
        return;
    }
    children(w, o, self, depth + 1);
    uint64_t end = container_end(w, self, outer_boundary(w, self));
    p->body_len = end > p->body_off ? end - p->body_off : 0;
    p->lines = count_lines(str_n(w->j->raw.p + p->body_off, p->body_len));
    p->size = p->body_len;
}

void extract_tree(struct extract_job *j)
{
    struct walk w = {.j = j};
    /* Not cleared: most mail has few parts, and clearing room for all costs as much as reading a short message. */
    w.parts = arena_alloc(j->arena, FACTS_PARTS_MAX * sizeof *w.parts);
    w.object = arena_alloc(j->arena, FACTS_PARTS_MAX * sizeof *w.object);
    w.decoded = arena_alloc(j->arena, FACTS_PARTS_MAX * sizeof *w.decoded);
    GMimeObject *root = g_mime_message_get_mime_part(j->message);
    if (root)
        visit(&w, root, 0, 0, 0);
    if (w.n == 0) {
        w.object[0] = NULL;
        w.decoded[0] = NULL;
        w.parts[0] = (struct facts_part){.type = STR("text"), .subtype = STR("plain")};
        place_header(&w, (GMimeObject *)j->message, 0, &w.parts[0]);
        w.parts[0].body_len = j->raw.n - w.parts[0].body_off;
        w.parts[0].size = w.parts[0].body_len;
        w.n = 1;
    } else {
        /* The root's header is the message's own. */
        struct mime_header h;
        mime_header_init(&h, j->raw);
        w.parts[0].header_off = 0;
        w.parts[0].header_len = h.body <= w.parts[0].body_off ? w.parts[0].body_off : h.body;
    }
    j->structure = (struct facts_structure){w.parts, w.n};
    j->object = w.object;
    j->decoded = w.decoded;
}

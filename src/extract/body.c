/* Text as a person reads it: the text/plain parts, else what the HTML shows. Both are searched for coordinates. */
#include "extract/job.h"

static struct str decoded(struct extract_job *j, size_t i)
{
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)j->object[i]);
    if (!content)
        return STR("");
    GMimeStream *mem = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, mem);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem);
    size_t n = bytes->len;
    if (n > EXTRACT_TEXT_PART_MAX) {
        n = EXTRACT_TEXT_PART_MAX;
        j->insight.flags |= FACTS_TEXT_CUT;
    }
    unsigned flags = 0;
    struct str text = mime_charset_text(j->arena, j->ctx->charsets, j->structure.parts[i].charset,
                                        str_n(bytes->data, n), EXTRACT_TEXT_PART_MAX * 3u / 2u, &flags);
    if (flags & (MIME_CS_UNKNOWN | MIME_CS_REPLACED))
        j->insight.flags |= FACTS_BAD_CHARSET;
    if (flags & MIME_CS_CUT)
        j->insight.flags |= FACTS_TEXT_CUT;
    g_object_unref(mem);
    return text;
}

static bool is_attachment(const struct facts_part *p)
{
    return str_eq(p->disposition, STR("attachment")) || (p->name.n > 0 && !str_eq(p->type, STR("text")));
}

static void add_text(struct buf *all, struct str text, uint32_t *flags)
{
    if (all->n && all->p[all->n - 1] != '\n')
        buf_addc(all, '\n');
    struct str fit = str_utf8_cut(text, FACTS_TEXT_MAX - all->n);
    if (fit.n < text.n)
        *flags |= FACTS_TEXT_CUT;
    buf_adds(all, fit);
}

static void text_part(struct extract_job *j, uint32_t i, bool html, struct buf *plain, struct buf *seen)
{
    AUTO(buf) struct buf clean;
    buf_init(&clean, EXTRACT_TEXT_PART_MAX * 2u);
    struct str text = decoded(j, i);
    if (html) {
        AUTO(buf) struct buf shown;
        buf_init(&shown, EXTRACT_TEXT_PART_MAX * 2u);
        extract_html(j, i, text, &shown);
        extract_clean(j, buf_str(&shown), &clean);
    } else {
        extract_clean(j, text, &clean);
    }
    extract_payments(j, i, html ? WHERE_HTML : WHERE_TEXT, buf_str(&clean));
    add_text(html ? seen : plain, buf_str(&clean), &j->insight.flags);
}

static bool has_letters(struct str s) { return str_trim(s).n > 0; }

void extract_body(struct extract_job *j)
{
    AUTO(buf) struct buf plain, seen;
    buf_init(&plain, FACTS_TEXT_MAX + 1);
    buf_init(&seen, FACTS_TEXT_MAX + 1);
    for (uint32_t i = 0; i < j->structure.n_parts; i++) {
        const struct facts_part *p = &j->structure.parts[i];
        if (!j->object[i] || !GMIME_IS_PART(j->object[i]))
            continue;
        bool text = str_eq(p->type, STR("text")), html = text && str_eq(p->subtype, STR("html"));
        if (is_attachment(p))
            j->insight.has_attachment = true;
        if (text && !(str_eq(p->disposition, STR("attachment")) && !html && !str_eq(p->subtype, STR("plain"))))
            text_part(j, i, html, &plain, &seen);
    }
    const char *subject = g_mime_message_get_subject(j->message);
    if (subject)
        extract_payments(j, 0, WHERE_SUBJECT, extract_utf8(j, subject));
    struct str best = has_letters(buf_str(&plain)) ? buf_str(&plain) : buf_str(&seen);
    j->insight.text = arena_str(j->arena, str_utf8_cut(best, FACTS_TEXT_MAX));
    j->insight.preview = extract_preview(j->arena, j->insight.text);
}

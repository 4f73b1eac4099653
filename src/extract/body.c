/* Text as a person reads it: the text/plain parts, or what the HTML shows. Both are searched for coordinates and links;
 * what is not the message's own text is handed on as an attachment. */
#include "extract/blob.h"
#include "extract/chars.h"
#include "extract/quote.h"

#define BODY_PLAIN_SHARE 3u /* HTML that shows more than this many times what the text part says is the real text */
#define BODY_WORD_BITS 65536u
#define BODY_WORD_LEAST 4u
#define BODY_WORDS_TELL 8u

struct body {
    struct extract_job *j;
    struct buf plain, seen;
    unsigned texts; /* text parts met */
    bool *own;      /* of each part: is it text of the message? */
};

/* Decoded bytes; they belong to *hold, which the caller unrefs (NULL: nothing). */
static struct str decoded(struct extract_job *j, size_t i, GMimeStream **hold)
{
    const struct facts_part *p = &j->structure.parts[i];
    *hold = NULL;
    if (extract_is_plain(p))
        return str_n(j->raw.p + p->body_off, p->body_len);
    *hold = j->decoded[i];
    j->decoded[i] = NULL;
    if (*hold) {
        GByteArray *kept = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)*hold);
        return str_n(kept->data, kept->len);
    }
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)j->object[i]);
    if (!content)
        return STR("");
    *hold = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, *hold);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)*hold);
    return str_n(bytes->data, bytes->len);
}

/* A byte order mark says more than the label, and browsers and editors believe it (WHATWG Encoding 6.1). */
static void byte_order_mark(struct str *charset, struct str *bytes)
{
    if (str_starts(*bytes, STR("\xEF\xBB\xBF"))) {
        *charset = STR("utf-8");
        *bytes = str_from(*bytes, 3);
    } else if (bytes->n >= 4 && (str_starts(*bytes, STR("\xFF\xFE")) || str_starts(*bytes, STR("\xFE\xFF")))) {
        *charset = STR("utf-16");
    }
}

struct str extract_charset(struct extract_job *j, struct str charset, struct str bytes)
{
    unsigned flags = 0;
    byte_order_mark(&charset, &bytes);
    if (bytes.n > EXTRACT_TEXT_PART_MAX) {
        bytes.n = EXTRACT_TEXT_PART_MAX;
        j->insight.flags |= FACTS_TEXT_CUT;
    }
    struct str text =
        mime_charset_text(&j->scratch, j->ctx->charsets, charset, bytes, EXTRACT_TEXT_PART_MAX * 3u / 2u, &flags);
    if (flags & (MIME_CS_UNKNOWN | MIME_CS_REPLACED))
        j->insight.flags |= FACTS_BAD_CHARSET;
    if (flags & MIME_CS_CUT)
        j->insight.flags |= FACTS_TEXT_CUT;
    return text;
}

static void add_text(struct buf *all, struct str text, uint32_t *flags)
{
    if (all->n && all->p[all->n - 1] != '\n')
        buf_addc(all, '\n');
    struct str fit = str_utf8_cut(text, all->n < FACTS_TEXT_MAX ? FACTS_TEXT_MAX - all->n : 0);
    if (fit.n < text.n)
        *flags |= FACTS_TEXT_CUT;
    buf_adds(all, fit);
}

void extract_attached(struct extract_job *j, struct str text)
{
    if (str_trim(text).n > 0)
        add_text(&j->attached, text, &j->insight.flags);
}

/* Links that stand below the line from which all is quoted. */
static void mark_quoted(struct extract_job *j, size_t from_link, uint32_t cut)
{
    for (size_t i = from_link; i < j->insight.n_links; i++)
        if (j->insight.links[i].kind != LINK_TEXT && j->link_line[i] >= cut)
            j->insight.links[i].quoted = true;
}

void extract_text(struct extract_job *j, const struct extract_source *s, struct str text, struct buf *out)
{
    AUTO(buf) struct buf shown, clean;
    struct arena_mark mark = arena_mark(&j->scratch);
    size_t links = j->insight.n_links;
    buf_init(&shown, EXTRACT_TEXT_PART_MAX * 2u);
    buf_init(&clean, EXTRACT_TEXT_PART_MAX * 2u);
    if (s->html) {
        j->insight.html |= extract_html(j, s->part, s->html, text, &shown);
        text = buf_str(&shown);
    }
    extract_clean(j, text, &clean);
    uint32_t cut = s->quotes ? extract_quote(j, buf_str(&clean), out) : EXTRACT_QUOTE_NONE;
    if (!s->quotes)
        buf_adds(out, buf_str(&clean));
    if (cut != EXTRACT_QUOTE_NONE)
        mark_quoted(j, links, cut);
    extract_payments(j, s->part, s->where, buf_str(out));
    extract_unmark(j, out);
    extract_text_links(j, s->part, s->link, buf_str(out));
    if (out->err || clean.err)
        j->insight.flags |= FACTS_TEXT_CUT;
    arena_reset(&j->scratch, mark);
}

/* 0 own text; else the part that encloses it: text of messages inside the message is not its sender's. */
static bool inside_message(const struct extract_job *j, uint32_t i)
{
    for (uint32_t p = j->structure.parts[i].parent; i != 0; i = p, p = j->structure.parts[p].parent) {
        const struct facts_part *up = &j->structure.parts[p];
        if (str_eq(up->type, STR("message")) && !j->certified)
            return true;
        if (p == 0)
            break;
    }
    return false;
}

static bool is_html(const struct facts_part *p)
{
    return str_eq(p->type, STR("text")) && str_eq(p->subtype, STR("html"));
}

/* Is it read as part of the message, not as a file beside it? */
static bool is_own_text(const struct body *b, const struct facts_part *p)
{
    static const char *const shown[] = {"plain", "html", "enriched", "richtext", "flowed", "x-amp-html", "watch-html"};
    if (!str_eq(p->type, STR("text")) || str_eq(p->disposition, STR("attachment")))
        return false;
    if (p->name.n > 0 && b->texts > 0)
        return false;
    for (size_t i = 0; i < N_ELEMENTS(shown); i++)
        if (str_eq(p->subtype, str_c(shown[i])))
            return true;
    return false;
}

static void own_text(struct body *b, uint32_t i, struct str bytes)
{
    struct extract_job *j = b->j;
    const struct facts_part *p = &j->structure.parts[i];
    bool html = is_html(p) || str_eq(p->subtype, STR("x-amp-html")), nested = inside_message(j, i);
    struct extract_source s = {.part = i,
                               .where = nested ? WHERE_ATTACHMENT
                                        : html ? WHERE_HTML
                                               : WHERE_TEXT,
                               .link = LINK_TEXT,
                               .html = html ? LINK_HREF : 0,
                               .quotes = true};
    AUTO(buf) struct buf text;
    struct arena_mark mark = arena_mark(&j->scratch);
    if (html && bytes.n > EXTRACT_TEXT_PART_MAX) /* what comes behind a long nothing is shown all the same */
        j->insight.flags |= FACTS_UNREADABLE;
    buf_init(&text, EXTRACT_TEXT_PART_MAX * 3u);
    extract_text(j, &s, extract_charset(j, p->charset, bytes), &text);
    arena_reset(&j->scratch, mark);
    if (nested || str_eq(p->subtype, STR("x-amp-html")))
        extract_attached(j, buf_str(&text));
    else
        add_text(html ? &b->seen : &b->plain, buf_str(&text), &j->insight.flags);
}

static void attachment(struct body *b, uint32_t i, struct str bytes)
{
    struct extract_job *j = b->j;
    const struct facts_part *p = &j->structure.parts[i];
    bool inline_image = str_eq(p->type, STR("image")) && (p->content_id.n > 0 || str_eq(p->disposition, STR("inline")));
    struct extract_blob blob = {.bytes = bytes,
                                .name = p->name,
                                .type = p->type,
                                .subtype = p->subtype,
                                .charset = p->charset,
                                .part = i,
                                .flags = inline_image ? ATT_INLINE : 0};
    if (!inline_image)
        j->insight.has_attachment = true;
    extract_blob(j, &blob);
}

static size_t letters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += chars_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0xC3;
    return n;
}

/* Do most of the words that the HTML shows not stand in the text part? Then one of them is not what it seems. Words are
 * compared by a hash of a few bits: a clash makes them more alike. */
static bool says_otherwise(struct str shown, struct str plain)
{
    uint8_t seen[BODY_WORD_BITS / 8] = {0};
    size_t words = 0, common = 0;
    for (int pass = 0; pass < 2; pass++) {
        struct str s = pass == 0 ? plain : shown;
        for (size_t i = 0; i < s.n;) {
            uint32_t hash = 2166136261u, n = 0;
            for (; i < s.n && (chars_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80); i++, n++)
                hash = (hash ^ (unsigned char)ascii_lower(s.p[i])) * 16777619u;
            i += n == 0;
            hash = (hash ^ hash >> 16) % BODY_WORD_BITS;
            if (n < BODY_WORD_LEAST)
                continue;
            if (pass == 0) {
                seen[hash / 8] |= (uint8_t)(1u << hash % 8);
            } else {
                words++;
                common += seen[hash / 8] >> hash % 8 & 1;
            }
        }
    }
    return words >= BODY_WORDS_TELL && common * 2 < words;
}

/* What a person is shown: mail programs prefer HTML, which says the same when the sender is honest, and the text
 * part is the cleaner one to read. Where the HTML says much more, it is the message. */
static struct str best_text(struct body *b)
{
    size_t plain = letters(buf_str(&b->plain)), seen = letters(buf_str(&b->seen));
    if (plain == 0)
        return str_trim(buf_str(&b->plain)).n && seen == 0 ? buf_str(&b->plain) : buf_str(&b->seen);
    if (seen <= plain * BODY_PLAIN_SHARE && says_otherwise(buf_str(&b->seen), buf_str(&b->plain))) {
        add_text(&b->seen, buf_str(&b->plain), &b->j->insight.flags); /* some programs show the one, some the other */
        return buf_str(&b->seen);
    }
    return seen > plain * BODY_PLAIN_SHARE ? buf_str(&b->seen) : buf_str(&b->plain);
}

/* The text comes first: it may name the password of what comes after it. */
static void parts(struct body *b, bool texts)
{
    struct extract_job *j = b->j;
    for (uint32_t i = 0; i < j->structure.n_parts; i++) {
        const struct facts_part *p = &j->structure.parts[i];
        GMimeStream *hold = NULL;
        if (!j->object[i] || !GMIME_IS_PART(j->object[i])) {
            if (!texts && str_eq(p->type, STR("message")) && i > 0)
                extract_message_part(j, i);
            continue;
        }
        if (texts != b->own[i])
            continue;
        if (!extract_time_left(j)) {
            j->insight.flags |= FACTS_UNREADABLE | FACTS_TEXT_CUT;
            return;
        }
        struct str bytes = decoded(j, i, &hold);
        if (texts)
            own_text(b, i, bytes);
        else
            attachment(b, i, bytes);
        if (texts && !is_html(p) && !inside_message(j, i))
            extract_uuencoded(j, i, bytes);
        if (hold)
            g_object_unref(hold);
    }
}

static void sort_parts(struct body *b)
{
    struct extract_job *j = b->j;
    b->own = arena_alloc(j->arena, j->structure.n_parts + 1);
    for (uint32_t i = 0; i < j->structure.n_parts; i++) {
        b->own[i] = j->object[i] && GMIME_IS_PART(j->object[i]) && is_own_text(b, &j->structure.parts[i]);
        b->texts += b->own[i];
    }
}

static void wrapped_kinds(struct extract_job *j)
{
    for (size_t i = 0; i < j->structure.n_parts; i++) {
        const struct facts_part *p = &j->structure.parts[i];
        if (str_eq(p->subtype, STR("encrypted")) || str_eq(p->subtype, STR("pgp-encrypted")))
            j->insight.flags |= FACTS_ENCRYPTED;
        if (str_eq(p->subtype, STR("signed")))
            j->insight.flags |= FACTS_SIGNED;
        if (str_eq(p->type, STR("message")) &&
            (str_eq(p->subtype, STR("partial")) || str_eq(p->subtype, STR("external-body"))))
            j->insight.flags |= FACTS_PARTIAL;
        if (str_eq(p->subtype, STR("ms-tnef")) || str_eq(p->subtype, STR("vnd.ms-tnef")))
            j->insight.flags |= FACTS_TNEF;
        /* Certified mail (PEC): the real message stands inside one that the carrier wrote. */
        if (str_eq(p->type, STR("message")) && str_ieq(p->name, STR("postacert.eml")))
            j->certified = true;
    }
}

static void release(struct extract_job *j)
{
    for (uint32_t i = 0; i < j->structure.n_parts; i++)
        if (j->decoded[i])
            g_object_unref(j->decoded[i]);
}

void extract_body(struct extract_job *j)
{
    struct body b = {.j = j};
    buf_init(&b.plain, FACTS_TEXT_MAX + 1);
    buf_init(&b.seen, FACTS_TEXT_MAX + 1);
    wrapped_kinds(j);
    if (j->identity.subject.n)
        extract_payments(j, 0, WHERE_SUBJECT, j->identity.subject);
    sort_parts(&b);
    parts(&b, true);
    extract_passwords(j, buf_str(&b.plain));
    extract_passwords(j, buf_str(&b.seen));
    parts(&b, false);
    j->insight.text = arena_str(j->arena, str_utf8_cut(best_text(&b), FACTS_TEXT_MAX));
    j->insight.attached = arena_str(j->arena, str_utf8_cut(buf_str(&j->attached), FACTS_TEXT_MAX));
    j->insight.preview = extract_preview(j->arena, j->insight.text);
    j->insight.language = extract_language(j->ctx, j->insight.text);
    buf_free(&b.plain);
    buf_free(&b.seen);
    release(j);
}

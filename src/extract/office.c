#include "extract/office.h"
#include "extract/blob.h"
#include "extract/chars.h"
#include "mime/date.h"

#define OFFICE_TEXT_MAX (1u << 20)
#define OFFICE_LINKS_MAX 100u

static bool has(struct str s, const char *z) { return str_ifind(s, str_c(z), 0) >= 0; }
static bool ends(struct str s, const char *z)
{
    return s.n >= strlen(z) && str_ieq(str_from(s, s.n - strlen(z)), str_c(z));
}

void office_init(struct office *o, struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    *o = (struct office){.j = j, .b = b, .a = a};
    buf_init(&o->text, OFFICE_TEXT_MAX + 1);
}

void office_free(struct office *o) { buf_free(&o->text); }

bool office_begins(struct str name)
{
    return str_eq(name, STR("[Content_Types].xml")) || str_eq(name, STR("_rels/.rels")) ||
           str_eq(name, STR("mimetype"));
}

bool office_wants(struct str name)
{
    return ends(name, ".xml") || ends(name, ".rels") || str_eq(name, STR("mimetype")) || ends(name, "vbaProject.bin") ||
           has(name, "embeddings/") || has(name, "media/image");
}

void office_name(struct office *o, struct str name)
{
    o->macro = o->macro || ends(name, "vbaProject.bin") || has(name, "macrosheets/") || has(name, "Basic/") ||
               has(name, "Scripts/");
    o->embedded = o->embedded || has(name, "oleObject") || has(name, "activeX");
}

static void entity(struct str s, size_t *i, struct buf *out)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    struct str at = str_from(s, *i);
    for (size_t k = 0; k < N_ELEMENTS(known); k++)
        if (str_starts(at, str_c(known[k].name))) {
            buf_addc(out, known[k].c);
            *i += strlen(known[k].name);
            return;
        }
    ptrdiff_t end = str_chr(str_upto(at, 12), ';', 0);
    if (end > 3 && at.p[1] == '#') {
        bool hex = (at.p[2] | 32) == 'x';
        uint32_t c = 0;
        for (ptrdiff_t k = hex ? 3 : 2; k < end; k++) {
            char d = ascii_lower(at.p[k]);
            c = hex ? c * 16 + (uint32_t)(ascii_is_digit(d) ? d - '0' : d - 'a' + 10) : c * 10 + (uint32_t)(d - '0');
        }
        chars_put(out, c >= 32 && c < 0x110000 ? c : ' ');
        *i += (size_t)end + 1;
        return;
    }
    buf_addc(out, '&');
    ++*i;
}

/* Local name of a tag, without prefix; n bytes. */
static struct str local_name(struct str tag)
{
    size_t i = tag.n && tag.p[0] == '/' ? 1 : 0, from = i;
    for (; i < tag.n && !chars_space(tag.p[i]) && tag.p[i] != '/' && tag.p[i] != '>'; i++)
        if (tag.p[i] == ':')
            from = i + 1;
    return str_n(tag.p + from, i - from);
}

/* Text between tags; ends of paragraphs, rows and cells become white space. Runs of one word are joined. */
static void xml_text(struct str s, struct buf *out)
{
    static const char *const lines[] = {"p", "row", "si", "tr", "h", "table-row", "line-break", "br"};
    static const char *const gaps[] = {"tab", "tc", "c", "table-cell", "s"};
    for (size_t i = 0; i < s.n && out->n < OFFICE_TEXT_MAX;) {
        if (s.p[i] == '<') {
            const char *gt = memchr(s.p + i, '>', s.n - i);
            size_t end = gt ? (size_t)(gt - s.p) : s.n;
            struct str tag = str_n(s.p + i + 1, end > i ? end - i - 1 : 0), name = local_name(tag);
            bool closes = tag.n && (tag.p[0] == '/' || tag.p[tag.n - 1] == '/');
            for (size_t k = 0; k < N_ELEMENTS(lines) && closes; k++)
                if (str_eq(name, str_c(lines[k])))
                    buf_addc(out, '\n');
            for (size_t k = 0; k < N_ELEMENTS(gaps) && closes; k++)
                if (str_eq(name, str_c(gaps[k])))
                    buf_addc(out, ' ');
            i = end + 1;
        } else if (s.p[i] == '&') {
            entity(s, &i, out);
        } else {
            buf_addc(out, s.p[i] == '\r' || s.p[i] == '\n' ? ' ' : s.p[i]);
            i++;
        }
    }
}

/* Value of an attribute in the tag that begins at `at`. */
static struct str attribute(struct str s, size_t at, const char *name)
{
    const char *gt = memchr(s.p + at, '>', s.n - at);
    struct str tag = str_n(s.p + at, gt ? (size_t)(gt - s.p) - at : s.n - at);
    ptrdiff_t k = str_find(tag, str_c(name), 0);
    if (k < 0)
        return STR("");
    size_t i = (size_t)k + strlen(name);
    while (i < tag.n && (tag.p[i] == ' ' || tag.p[i] == '='))
        i++;
    if (i >= tag.n || (tag.p[i] != '"' && tag.p[i] != '\''))
        return STR("");
    ptrdiff_t end = str_chr(tag, tag.p[i], i + 1);
    return end < 0 ? STR("") : str_n(tag.p + i + 1, (size_t)end - i - 1);
}

static void office_link(struct office *o, struct str url)
{
    AUTO(buf) struct buf plain;
    buf_init(&plain, FACTS_STRING_MAX * 2);
    for (size_t i = 0; i < url.n && !plain.err;) {
        if (url.p[i] == '&')
            entity(url, &i, &plain);
        else
            buf_addc(&plain, url.p[i++]);
    }
    struct str u = extract_utf8_str(o->j, buf_str(&plain), FACTS_STRING_MAX);
    if (u.n)
        extract_link(o->j, (struct facts_link){.url = u, .part = o->b->part, .kind = LINK_OFFICE});
}

/* Relationships (ECMA-376 part 2, 9): where links lead, and what is fetched when the document opens. */
static void relations(struct office *o, struct str s)
{
    unsigned n = 0;
    for (ptrdiff_t at = str_find(s, STR("<Relationship "), 0); at >= 0 && n < OFFICE_LINKS_MAX;
         at = str_find(s, STR("<Relationship "), (size_t)at + 14)) {
        struct str type = attribute(s, (size_t)at, "Type"), target = attribute(s, (size_t)at, "Target");
        bool external = str_ieq(attribute(s, (size_t)at, "TargetMode"), STR("External"));
        if (ends(type, "/vbaProject") || has(type, "xlMacrosheet"))
            o->macro = true;
        if (!external)
            continue;
        n++;
        if (ends(type, "/hyperlink")) {
            office_link(o, target);
        } else if (has(target, "://") || has(target, "\\\\")) {
            /* templates, frames, pictures and objects from elsewhere load without a click */
            bool code = has(type, "attachedTemplate") || has(type, "oleObject") || has(type, "frame") ||
                        has(type, "subDocument");
            extract_note(o->j, o->a, code ? ATT_REMOTE | ATT_MACRO : ATT_REMOTE, target);
            office_link(o, target);
        }
    }
}

static struct str element(struct str s, const char *name)
{
    ptrdiff_t at = str_find(s, str_c(name), 0);
    ptrdiff_t open = at < 0 ? -1 : str_chr(s, '>', (size_t)at), close = open < 0 ? -1 : str_chr(s, '<', (size_t)open);
    return close < 0 ? STR("") : str_trim(str_n(s.p + open + 1, (size_t)(close - open) - 1));
}

/* "2026-07-01T10:00:00Z" */
static int64_t iso_ms(struct str s)
{
    static const uint8_t at[6] = {0, 5, 8, 11, 14, 17}, len[6] = {4, 2, 2, 2, 2, 2};
    int64_t v[6];
    if (s.n < 19 || s.p[4] != '-' || s.p[10] != 'T')
        return 0;
    for (unsigned i = 0; i < 6; i++)
        if (!str_i64(str_n(s.p + at[i], len[i]), &v[i]))
            return 0;
    if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
        return 0;
    /* Days from the civil date, counting years from March (proleptic Gregorian calendar). */
    int64_t y = v[0] - (v[1] <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    int64_t doy = (153 * (v[1] + (v[1] > 2 ? -3 : 9)) + 2) / 5 + v[2] - 1, doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (((era * 146097 + doe - 719468) * 24 + v[3]) * 60 + v[4]) * 60000 + v[5] * 1000;
}

static void metadata(struct office *o, struct str s)
{
    struct facts_attachment *a = o->a;
    struct str author = element(s, "dc:creator"), tool = element(s, "<Application"),
               generator = element(s, "meta:generator");
    if (author.n == 0)
        author = element(s, "meta:initial-creator");
    if (author.n)
        a->author = arena_str(o->j->arena, extract_utf8_str(o->j, author, FACTS_NAME_MAX));
    if (tool.n || generator.n)
        a->tool = arena_str(o->j->arena, extract_utf8_str(o->j, tool.n ? tool : generator, FACTS_NAME_MAX));
    struct str made = element(s, "dcterms:created"), changed = element(s, "dcterms:modified");
    if (made.n == 0)
        made = element(s, "meta:creation-date");
    if (changed.n == 0)
        changed = element(s, "dc:date");
    a->made_ms = a->made_ms ? a->made_ms : iso_ms(made);
    a->changed_ms = a->changed_ms ? a->changed_ms : iso_ms(changed);
}

static bool is_content(struct str name)
{
    static const char *const names[] = {"word/document.xml", "xl/sharedStrings.xml", "content.xml",
                                        "word/footnotes.xml", "word/comments.xml"};
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (str_eq(name, str_c(names[i])))
            return true;
    return has(name, "ppt/slides/slide") || has(name, "word/header") || has(name, "word/footer") ||
           has(name, "xl/worksheets/sheet") || has(name, "ppt/notesSlides/") || has(name, "word/glossary");
}

static void inner(struct office *o, struct str name, struct str bytes)
{
    struct extract_blob b = {.bytes = bytes,
                             .name = name,
                             .path = o->a->name,
                             .part = o->b->part,
                             .flags = ATT_IN_ARCHIVE,
                             .depth = o->b->depth + 1};
    size_t row = o->j->insight.n_attachments;
    extract_blob(o->j, &b);
    if (row < o->j->insight.n_attachments &&
        (o->j->insight.attachments[row].flags & (ATT_PROGRAM | ATT_SHORTCUT | ATT_MACRO)))
        extract_note(o->j, o->a, ATT_MACRO, name);
}

static void odf_links(struct office *o, struct str s)
{
    unsigned n = 0;
    for (ptrdiff_t at = str_find(s, STR("xlink:href=\""), 0); at >= 0 && n < OFFICE_LINKS_MAX;
         at = str_find(s, STR("xlink:href=\""), (size_t)at + 12)) {
        ptrdiff_t end = str_chr(s, '"', (size_t)at + 12);
        if (end < 0)
            return;
        struct str url = str_n(s.p + at + 12, (size_t)(end - at) - 12);
        if (has(url, "://")) {
            n++;
            office_link(o, url);
        }
    }
}

void office_file(struct office *o, struct str name, struct str bytes)
{
    office_name(o, name);
    o->word = o->word || str_starts(name, STR("word/"));
    o->sheet = o->sheet || str_starts(name, STR("xl/"));
    o->slides = o->slides || str_starts(name, STR("ppt/"));
    o->open_document = o->open_document || (str_eq(name, STR("mimetype")) && has(bytes, "opendocument"));
    if (ends(name, ".rels"))
        relations(o, bytes);
    else if (has(name, "docProps/") || str_eq(name, STR("meta.xml")))
        metadata(o, bytes);
    else if (has(name, "embeddings/") && o->b->depth + 1 < EXTRACT_BLOB_DEPTH_MAX)
        inner(o, name, bytes);
    else if (has(name, "media/image"))
        inner(o, name, bytes);
    else if (is_content(name)) {
        if (has(bytes, "DDEAUTO") || has(bytes, "<ddeLink") || has(bytes, " DDE "))
            o->dde = true;
        if (str_eq(name, STR("content.xml")))
            odf_links(o, bytes);
        xml_text(bytes, &o->text);
        buf_addc(&o->text, '\n');
    } else if (str_eq(name, STR("META-INF/manifest.xml")) && has(bytes, "encryption-data")) {
        o->locked = true;
    } else if (has(name, "externalLinks/") && has(bytes, "ddeLink")) {
        o->dde = true;
    }
}

void office_end(struct office *o)
{
    struct facts_attachment *a = o->a;
    char buffer[16];
    struct str e = extract_extension(o->b->name, buffer);
    a->kind = o->word            ? STR("docx")
              : o->sheet         ? STR("xlsx")
              : o->slides        ? STR("pptx")
              : o->open_document ? STR("odf")
                                 : a->kind;
    if (str_eq(a->kind, STR("zip")) && str_eq(e, STR("zip")))
        a->kind = STR("zip");
    if (o->macro)
        extract_note(o->j, a, ATT_MACRO, STR("macro"));
    if (o->dde)
        extract_note(o->j, a, ATT_MACRO, STR("DDE"));
    if (o->embedded)
        extract_note(o->j, a, ATT_MACRO, STR("embedded object"));
    if (o->locked)
        a->flags |= ATT_ENCRYPTED;
    AUTO(buf) struct buf out;
    struct extract_source s = {.part = o->b->part, .where = WHERE_OFFICE, .link = LINK_OFFICE};
    struct str text = str_upto(buf_str(&o->text), str_utf8_valid(buf_str(&o->text)));
    buf_init(&out, OFFICE_TEXT_MAX * 3u);
    extract_text(o->j, &s, text, &out);
    a->text_chars = (uint32_t)str_trim(buf_str(&out)).n;
    extract_invoice_words(o->j, buf_str(&out), a);
    extract_attached(o->j, buf_str(&out));
    office_free(o);
}

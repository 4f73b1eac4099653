/* One attachment: what it is, what its name says, and who reads what is in it. */
#include "extract/blob.h"

#define ZIP_TAIL 66000u
#define BLOB_HARM                                                                                             \
    (ATT_PROGRAM | ATT_SHORTCUT | ATT_MACRO | ATT_SMUGGLING | ATT_PASSWORD_FORM | ATT_DISK_IMAGE | ATT_BOMB | \
     ATT_DIRECTION | ATT_DOUBLE_EXTENSION)
#define PAGE_LOOK (256u * 1024) /* of a file that is named a page */

struct facts_attachment *extract_attachment(struct extract_job *j, const struct extract_blob *b)
{
    struct facts_insight *in = &j->insight;
    struct facts_attachment *a = &in->attachments[in->n_attachments];
    if (in->n_attachments == FACTS_ATTACHMENTS_MAX) { /* the last row goes to the last file, unless it tells of harm */
        in->flags |= FACTS_TOO_MANY;
        if ((--a)->flags & BLOB_HARM)
            return NULL;
    } else {
        in->n_attachments++;
    }
    *a = (struct facts_attachment){.part = b->part, .flags = b->flags};
    struct str name = extract_utf8_str(j, b->name, FACTS_NAME_MAX);
    a->name =
        b->path.n
            ? str_utf8_cut(arena_printf(j->arena, "%.*s/%.*s", STRF(str_utf8_cut(b->path, FACTS_NAME_MAX)), STRF(name)),
                           FACTS_NAME_MAX)
            : name;
    return a;
}

void extract_note(struct extract_job *j, struct facts_attachment *a, uint32_t flags, struct str detail)
{
    if (!a)
        return;
    a->flags |= flags;
    if (a->detail.n == 0 && detail.n)
        a->detail = arena_str(j->arena, extract_utf8_str(j, detail, FACTS_NAME_MAX));
    if (flags & (ATT_UNREADABLE | ATT_BOMB))
        j->insight.flags |= FACTS_UNREADABLE;
}

/* Which extensions and types are right for what the bytes are; "" in a list: anything. */
static const struct {
    const char *kind, *extensions, *types;
} natures[] = {
    {"pdf", "pdf ai", "pdf octet-stream x-pdf acrobat"},
    {"png", "png", "png octet-stream x-png"},
    {"jpeg", "jpg jpeg jpe jfif", "jpeg jpg pjpeg octet-stream"},
    {"gif", "gif", "gif octet-stream"},
    {"bmp", "bmp dib", "bmp x-bmp x-ms-bmp octet-stream"},
    {"html", "html htm shtml xhtml mht mhtml xht eml hta", "html xhtml+xml octet-stream plain"},
    {"exe", "exe dll scr com cpl sys ocx msi pif", "octet-stream x-msdownload x-msdos-program x-dosexec"},
    {"rtf", "rtf doc", "rtf msword octet-stream richtext"},
};

static bool listed(const char *list, struct str word)
{
    struct str rest = str_c(list), one;
    while (rest.n && str_token(&rest, ' ', &one))
        if (str_ieq(one, word))
            return true;
    return false;
}

/* A picture that is a program, a "PDF" that is a page: the name and the type are what a person goes by. */
static void type_differs(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    static const char *const known[] = {"pdf", "png", "jpg", "jpeg", "gif",  "txt", "doc", "docx", "xls", "xlsx",
                                        "zip", "csv", "xml", "rtf",  "html", "htm", "mp3", "mp4",  "eml", "ics"};
    char buffer[16];
    struct str e = extract_extension(b->name, buffer);
    bool usual = false;
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        usual = usual || str_ieq(e, str_c(known[i]));
    for (size_t i = 0; i < N_ELEMENTS(natures); i++) {
        if (!str_eq(a->kind, str_c(natures[i].kind)))
            continue;
        bool name_wrong = usual && !listed(natures[i].extensions, e);
        bool type_wrong = e.n == 0 && b->subtype.n &&
                          (str_eq(b->type, STR("image")) || str_eq(b->subtype, STR("pdf"))) &&
                          !listed(natures[i].types, b->subtype);
        if (name_wrong || type_wrong)
            extract_note(j, a, ATT_TYPE_DIFFERS,
                         arena_printf(j->arena, "%.*s is %s", STRF(str_utf8_cut(b->name, 200)), natures[i].kind));
    }
}

static bool kind_is(const struct facts_attachment *a, const char *list);

/* Its list of files stands at the end, before a comment of 64 KB at most. */
static bool zip_at_end(struct str b)
{
    static const struct str end = {"PK\x05\x06", 4}, file = {"PK\x03\x04", 4};
    return str_find(str_from(b, b.n > ZIP_TAIL ? b.n - ZIP_TAIL : 0), end, 0) >= 0 && str_find(b, file, 0) >= 0;
}

/* A picture or a page that is an archive too: different programs open different things. */
static void two_natures(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    bool zip = kind_is(a, "pdf png jpeg gif html rtf ole bmp") && zip_at_end(b->bytes);
    bool pdf = kind_is(a, "png jpeg gif zip html exe") && str_find(str_upto(b->bytes, 1024), STR("%PDF-"), 0) > 0;
    if (zip || pdf)
        extract_note(j, a, ATT_POLYGLOT, arena_printf(j->arena, "%.*s and %s", STRF(a->kind), zip ? "zip" : "pdf"));
}

static bool kind_is(const struct facts_attachment *a, const char *list) { return listed(list, a->kind); }

static void by_kind(struct extract_job *j, struct facts_attachment *a)
{
    if (kind_is(a, "exe elf macho dex class chm script"))
        extract_note(j, a, ATT_PROGRAM, a->name);
    if (kind_is(a, "lnk url"))
        extract_note(j, a, ATT_SHORTCUT, a->name);
    if (kind_is(a, "iso vhd vhdx"))
        extract_note(j, a, ATT_DISK_IMAGE, a->name);
    if (kind_is(a, "arj ace wim lz4 z lzip xar"))
        extract_note(j, a, ATT_UNREADABLE, STR("archive of a kind that is not read"));
    if (kind_is(a, "ics"))
        a->flags |= ATT_CALENDAR;
    if (kind_is(a, "eml"))
        a->flags |= ATT_MESSAGE;
}

/* Documents that call themselves invoices; the scanned ones have no other words. */
static bool named_invoice(struct str name)
{
    static const char *const words[] = {"invoice", "fattura", "rechnung", "facture", "factura", "fatura", "factuur"};
    char buffer[16];
    if (!listed("pdf doc docx xls xlsx xml png jpg jpeg tif tiff odt rtf p7m", extract_extension(name, buffer)))
        return false;
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (str_ifind(name, str_c(words[i]), 0) >= 0)
            return true;
    return false;
}

/* Names that a browser opens as a page, whatever the bytes begin with. */
static const char page_names[] = "html htm shtml xhtml xht";

/* What is put before a page or an archive so that it is taken for something else: their programs look past it. */
static void looked_past(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    static const char *const marks[] = {"<html", "<script", "<body", "<form", "<meta", "<iframe", "<a "};
    char buffer[16];
    struct str head = str_upto(b->bytes, PAGE_LOOK), before = a->kind;
    if (listed(page_names, extract_extension(b->name, buffer)) && !kind_is(a, "html svg"))
        for (size_t i = 0; i < N_ELEMENTS(marks) && !kind_is(a, "html"); i++)
            if (str_ifind(head, str_c(marks[i]), 0) >= 0)
                a->kind = STR("html");
    if ((a->kind.n == 0 || kind_is(a, "text csv log json xml vcf mp3 mp4 ogg riff tiff webp")) && zip_at_end(b->bytes))
        a->kind = STR("zip");
    if (a->kind.p != before.p)
        extract_note(j, a, ATT_POLYGLOT,
                     arena_printf(j->arena, "%.*s behind %s", STRF(a->kind),
                                  before.n ? arena_z(j->arena, before) : "other bytes"));
}

/* What the bytes alone do not say: text formats go by name and declared type. */
static struct str refine(const struct extract_blob *b, struct str kind)
{
    char buffer[16];
    struct str e = extract_extension(b->name, buffer);
    if (str_eq(kind, STR("eml")) && (str_eq(e, STR("txt")) || str_eq(e, STR("log"))))
        return STR("text"); /* a copy of header lines, shown as text */
    if (!str_eq(kind, STR("text")) && !str_eq(kind, STR("xml")) && !str_eq(kind, STR("")))
        return kind;
    static const char *const by_name[] = {"csv", "ics", "eml", "js",  "jse", "vbs",  "vbe", "wsf", "hta", "bat",
                                          "cmd", "ps1", "svg", "url", "css", "json", "log", "mht", "p7m"};
    for (size_t i = 0; i < N_ELEMENTS(by_name); i++)
        if (str_ieq(e, str_c(by_name[i])))
            return str_c(by_name[i]);
    if (listed(page_names, e) || str_eq(b->subtype, STR("html")) || str_eq(b->subtype, STR("xhtml+xml")))
        return STR("html");
    if (str_eq(b->type, STR("message")) && (str_eq(b->subtype, STR("partial")) || str_eq(b->subtype, STR("global"))))
        return STR("eml");
    if (str_eq(b->subtype, STR("calendar")))
        return STR("ics");
    if (str_eq(b->subtype, STR("csv")))
        return STR("csv");
    return kind;
}

struct reader {
    const char *kinds;
    extract_reader_fn *read;
};
static const struct reader readers[] = {
    {"text csv log json vcf js jse vbs vbe wsf bat cmd ps1 url script", extract_plain_file},
    {"html svg hta", extract_html_file},
    {"png jpeg gif bmp webp", extract_image_file},
    {"pdf", extract_pdf_file},
    {"xml", extract_xml_file},
    {"p7m", extract_signed_file},
    {"ics", extract_calendar_file},
    {"eml mht", extract_mail_file},
    {"zip rar 7z gzip bzip2 xz zstd cab tar iso lzh", extract_archive_file},
    {"ole", extract_ole_file},
    {"rtf", extract_rtf_file},
    {"onenote", extract_onenote_file},
    {"tnef", extract_tnef_file},
};

void extract_blob(struct extract_job *j, const struct extract_blob *b)
{
    if (j->budget.blobs == 0 || b->depth > EXTRACT_BLOB_DEPTH_MAX) {
        j->insight.flags |= FACTS_TOO_MANY | FACTS_UNREADABLE;
        return;
    }
    j->budget.blobs--;
    struct facts_attachment *a = extract_attachment(j, b);
    if (!a)
        return;
    uint32_t by_name = extract_name_flags(b->name);
    if (by_name)
        extract_note(j, a, by_name, a->name);
    if (b->bytes.n == 0)
        return;
    a->kind = refine(b, extract_sniff(b->bytes));
    looked_past(j, b, a);
    by_kind(j, a);
    if (named_invoice(b->name))
        a->flags |= ATT_INVOICE;
    type_differs(j, b, a);
    two_natures(j, b, a);
    for (size_t i = 0; i < N_ELEMENTS(readers); i++)
        if (kind_is(a, readers[i].kinds)) {
            readers[i].read(j, b, a);
            return;
        }
}

void extract_message_part(struct extract_job *j, uint32_t part)
{
    const struct facts_part *p = &j->structure.parts[part];
    struct extract_blob b = {
        .bytes = str_n(j->raw.p + p->body_off, p->body_len), .name = p->name, .part = part, .flags = ATT_MESSAGE};
    struct facts_attachment *a = extract_attachment(j, &b);
    struct mime_identity id;
    j->insight.has_attachment = true;
    if (!a)
        return;
    a->kind = STR("eml");
    mime_identity_read(j->arena, j->ctx->charsets, b.bytes, &id);
    extract_head(j, &id, a);
}

/* A cell like =cmd|' /c calc'!A1, which a spreadsheet offers to run. */
static bool csv_command(struct str text)
{
    struct str line;
    while (text.n > 0 && str_token(&text, '\n', &line))
        for (ptrdiff_t bar = str_find(line, STR("|'"), 0); bar > 0; bar = str_find(line, STR("|'"), (size_t)bar + 1)) {
            size_t from = (size_t)bar;
            while (from > 0 && (ascii_is_alpha(line.p[from - 1]) || ascii_is_digit(line.p[from - 1])))
                from--;
            if (from > 0 && from < (size_t)bar && strchr("=+-@(", line.p[from - 1]) &&
                str_chr(line, '!', (size_t)bar) > 0)
                return true;
        }
    return false;
}

void extract_plain_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    AUTO(buf) struct buf text;
    struct extract_source s = {.part = b->part, .where = WHERE_ATTACHMENT, .link = LINK_HTML};
    buf_init(&text, EXTRACT_TEXT_PART_MAX * 3u);
    struct arena_mark mark = arena_mark(&j->scratch);
    extract_text(j, &s, extract_charset(j, b->charset, b->bytes), &text);
    arena_reset(&j->scratch, mark);
    a->text_chars = (uint32_t)text.n;
    if (str_eq(a->kind, STR("csv")) && csv_command(buf_str(&text)))
        extract_note(j, a, ATT_MACRO, STR("DDE"));
    extract_attached(j, buf_str(&text));
}

void extract_html_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    AUTO(buf) struct buf text;
    struct extract_source s = {.part = b->part, .where = WHERE_ATTACHMENT, .link = LINK_HTML, .html = LINK_HTML};
    uint32_t before = j->insight.html;
    buf_init(&text, EXTRACT_TEXT_PART_MAX * 3u);
    j->insight.html = 0;
    struct arena_mark mark = arena_mark(&j->scratch);
    struct str bytes = extract_charset(j, b->charset, b->bytes);
    extract_text(j, &s, bytes, &text);
    uint32_t html = j->insight.html;
    j->insight.html = before;
    a->text_chars = (uint32_t)text.n;
    if (b->bytes.n > EXTRACT_TEXT_PART_MAX)
        extract_note(j, a, ATT_UNREADABLE, STR("page too long to be read"));
    if ((html & HTML_SMUGGLING) || ((html & HTML_SCRIPT) && extract_smuggles(bytes)))
        extract_note(j, a, ATT_SMUGGLING, a->name);
    arena_reset(&j->scratch, mark);
    if (html & HTML_PASSWORD)
        extract_note(j, a, ATT_PASSWORD_FORM, a->name);
    if (html & HTML_REFRESH)
        extract_note(j, a, ATT_REMOTE, a->name);
    extract_attached(j, buf_str(&text));
}

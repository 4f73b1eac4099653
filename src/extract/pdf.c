/* PDF: text, links, who made it and when, codes in its pictures, files in it. Poppler reads; counts bound it: pages,
 * pictures, bytes, and CPU time between pages. */
#include "extract/blob.h"
#include "extract/pdf_lock.h"
#include "extract/pdf_scan.h"
#include "extract/qr.h"
#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <poppler.h>
#include <stdio.h>

#define PDF_BYTES_MAX (32u << 20)
#define PDF_PAGES_MAX 20u
#define PDF_PAGE_TEXT_MAX (512u * 1024)
#define PDF_PAGE_IMAGES_MAX 8
#define PDF_IMAGE_PAGES_MAX 5
#define PDF_LINKS_MAX 100u
#define PDF_FILES_MAX 20u
#define PDF_FILE_MAX (4u << 20)
#define PDF_PAINT_SCALE 1.5   /* pixels for a point: a code of 30 mm and 40 modules has 3 for each */
#define PDF_PAINT_POINTS 1500 /* sides of a page that is painted */
#define PDF_PAINT_PAGES 2u
#define PDF_PICTURE_CHARS 16u /* a page with less text than this, and a picture, is a picture */

/* The smallest document there is: opening it makes poppler load its tables, and keeping it open keeps them. */
static const char tiny[] =
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 33>>stream\nBT /F 9 Tf 9 9 Td (A) Tj ET      \nendstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "trailer<</Root 1 0 R/Size 6>>\n%%EOF\n";

struct pdf {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    PopplerDocument *doc;
    uint32_t pages, read, pictures, links, codes;
    struct buf text;
};

/* The bytes, until the message has had its time: then they end. Poppler has no other way to be stopped inside a page
 * that paints itself again and again; what it reads next is empty, and it comes back. */
struct _PdfBytes {
    GMemoryInputStream parent;
    const struct extract_job *job;
};
G_DECLARE_FINAL_TYPE(PdfBytes, pdf_bytes, PDF, BYTES, GMemoryInputStream)
G_DEFINE_TYPE(PdfBytes, pdf_bytes, G_TYPE_MEMORY_INPUT_STREAM)

static gssize pdf_bytes_read(GInputStream *in, void *to, gsize n, GCancellable *c, GError **e)
{
    const struct extract_job *j = PDF_BYTES(in)->job;
    if (j && !extract_time_left(j))
        return 0;
    return G_INPUT_STREAM_CLASS(pdf_bytes_parent_class)->read_fn(in, to, n, c, e);
}

static void pdf_bytes_class_init(PdfBytesClass *k) { G_INPUT_STREAM_CLASS(k)->read_fn = pdf_bytes_read; }
static void pdf_bytes_init(PdfBytes *b) { b->job = NULL; }

static PopplerDocument *open_document(const struct extract_job *j, struct str bytes, const char *password,
                                      bool *encrypted)
{
    GError *e = NULL;
    PdfBytes *in = g_object_new(pdf_bytes_get_type(), NULL);
    in->job = j;
    g_memory_input_stream_add_data(G_MEMORY_INPUT_STREAM(in), bytes.p, (gssize)bytes.n, NULL);
    PopplerDocument *doc = poppler_document_new_from_stream(G_INPUT_STREAM(in), (goffset)bytes.n, password, NULL, &e);
    g_object_unref(in);
    *encrypted = e && e->domain == POPPLER_ERROR && e->code == POPPLER_ERROR_ENCRYPTED;
    if (e)
        g_error_free(e);
    return doc;
}

static ssize_t write_nowhere(void *cookie, const char *p, size_t n)
{
    (void)cookie;
    (void)p;
    return (ssize_t)n;
}

bool extract_pdf_open(struct extract_ctx *c)
{
    bool encrypted;
    c->nowhere = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_nowhere});
    if (!c->nowhere)
        return false;
    /* No fonts of the system: pages are read, not drawn, and nothing depends on the machine. */
    FcConfig *none = FcConfigCreate();
    FcConfigSetCurrent(none);
    FcConfigDestroy(none);
    /* Titles and authors are UTF-16 to it, and iconv's tables lie in files: they stay loaded while this is open. */
    c->utf16 = g_iconv_open("UTF-8", "UTF-16BE");
    c->warm = open_document(NULL, str_n(tiny, sizeof tiny - 1), NULL, &encrypted);
    PopplerPage *page = c->warm ? poppler_document_get_page(c->warm, 0) : NULL;
    if (!page)
        return false;
    g_free(poppler_page_get_text(page));
    g_object_unref(page);
    return true;
}

void extract_pdf_close(struct extract_ctx *c)
{
    if (c->warm)
        g_object_unref(c->warm);
    c->warm = NULL;
    if (c->nowhere)
        fclose(c->nowhere);
    if (c->utf16 && c->utf16 != (GIConv)-1)
        g_iconv_close(c->utf16);
}

static struct str take(struct extract_job *j, char *z)
{
    struct str s = z ? extract_utf8_str(j, str_trim(str_c(z)), FACTS_NAME_MAX) : STR("");
    s = arena_str(j->arena, s);
    g_free(z);
    return s;
}

static int64_t stamp(GDateTime *t)
{
    int64_t ms = t ? g_date_time_to_unix(t) * 1000 : 0;
    if (t)
        g_date_time_unref(t);
    return ms;
}

static void metadata(struct pdf *p)
{
    struct facts_attachment *a = p->a;
    struct str producer = take(p->j, poppler_document_get_producer(p->doc)),
               creator = take(p->j, poppler_document_get_creator(p->doc));
    a->tool = producer.n ? producer : creator;
    a->author = take(p->j, poppler_document_get_author(p->doc));
    a->made_ms = stamp(poppler_document_get_creation_date_time(p->doc));
    a->changed_ms = stamp(poppler_document_get_modification_date_time(p->doc));
}

static void action(struct pdf *p, const PopplerAction *act)
{
    switch (act->type) {
    case POPPLER_ACTION_URI:
        if (act->uri.uri && p->links++ < PDF_LINKS_MAX)
            extract_link(p->j, (struct facts_link){
                                   .url = extract_utf8(p->j, act->uri.uri), .part = p->b->part, .kind = LINK_PDF});
        break;
    case POPPLER_ACTION_LAUNCH:
    case POPPLER_ACTION_JAVASCRIPT: extract_note(p->j, p->a, ATT_PDF_ACTIVE, STR("link that runs something")); break;
    default: break;
    }
}

static void links(struct pdf *p, PopplerPage *page)
{
    GList *list = poppler_page_get_link_mapping(page);
    for (GList *l = list; l; l = l->next)
        action(p, ((PopplerLinkMapping *)l->data)->action);
    poppler_page_free_link_mapping(list);
}

static void picture(struct pdf *p, PopplerPage *page, int id)
{
    cairo_surface_t *s = poppler_page_get_image(page, id);
    if (!s)
        return;
    cairo_format_t f = cairo_image_surface_get_format(s);
    int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
    struct image m;
    cairo_surface_flush(s);
    if ((f == CAIRO_FORMAT_RGB24 || f == CAIRO_FORMAT_ARGB32) && w > 0 && h > 0 &&
        image_from_rgb(p->j, cairo_image_surface_get_data(s), (uint32_t)w, (uint32_t)h,
                       (size_t)cairo_image_surface_get_stride(s), f == CAIRO_FORMAT_ARGB32, &m)) {
        p->codes += qr_scan(p->j, &m, p->b->part, p->a);
        image_free(&m);
    }
    cairo_surface_destroy(s);
}

/* A code is about as high as wide on the page; rulers, logos in a line and backgrounds of the page are not looked at,
 * unless there is nothing else. */
static bool may_hold_code(const PopplerRectangle *r, bool page_is_picture)
{
    double w = r->x2 - r->x1, h = r->y2 > r->y1 ? r->y2 - r->y1 : r->y1 - r->y2;
    if (w < 20 || h < 20)
        return false;
    return page_is_picture || (w < h * 1.6 && h < w * 1.6);
}

static unsigned pictures(struct pdf *p, PopplerPage *page, bool few_words)
{
    GList *list = poppler_page_get_image_mapping(page);
    unsigned n = 0, looked = 0;
    for (GList *l = list; l; l = l->next, n++) {
        const PopplerImageMapping *m = l->data;
        if (p->read > PDF_IMAGE_PAGES_MAX || looked >= PDF_PAGE_IMAGES_MAX || p->j->qr_images >= QR_IMAGES_MAX ||
            !may_hold_code(&m->area, few_words))
            continue;
        looked++;
        p->j->qr_images++;
        picture(p, page, m->image_id);
    }
    poppler_page_free_image_mapping(list);
    return n;
}

static void page(struct pdf *p, uint32_t number)
{
    PopplerPage *page = poppler_document_get_page(p->doc, (int)number);
    if (!page)
        return;
    p->read++;
    char *z = poppler_page_get_text(page);
    struct str text = str_utf8_cut(str_c(z), PDF_PAGE_TEXT_MAX);
    text = str_upto(text, str_utf8_valid(text));
    size_t chars = str_trim(text).n;
    buf_adds(&p->text, text);
    buf_addc(&p->text, '\n');
    g_free(z);
    links(p, page);
    unsigned images = pictures(p, page, chars < 200);
    p->pictures += images > 0 && chars < PDF_PICTURE_CHARS;
    g_object_unref(page);
}

static void pages(struct pdf *p)
{
    int n = poppler_document_get_n_pages(p->doc);
    p->pages = n > 0 ? (uint32_t)n : 0;
    p->a->pages = p->pages;
    for (uint32_t i = 0; i < p->pages && i < PDF_PAGES_MAX; i++) {
        if (p->j->budget.pages == 0 || !extract_time_left(p->j)) {
            extract_note(p->j, p->a, ATT_UNREADABLE, STR("pages take too long to read"));
            return;
        }
        p->j->budget.pages--;
        page(p, i);
    }
    if (!extract_time_left(p->j))
        extract_note(p->j, p->a, ATT_UNREADABLE, STR("pages take too long to read"));
}

/* Codes that are drawn, not pictured: the page is painted, without letters of the system's fonts. That is slow, so
 * it is done only where the text speaks of a code and none was found. */
static void painted_code(struct pdf *p, uint32_t number)
{
    double w, h;
    PopplerPage *page = poppler_document_get_page(p->doc, (int)number);
    if (!page)
        return;
    poppler_page_get_size(page, &w, &h);
    int pw = (int)(w * PDF_PAINT_SCALE), ph = (int)(h * PDF_PAINT_SCALE);
    cairo_surface_t *s = NULL;
    if (w > 0 && h > 0 && w < PDF_PAINT_POINTS && h < PDF_PAINT_POINTS)
        s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, pw, ph);
    if (s && cairo_surface_status(s) == CAIRO_STATUS_SUCCESS) {
        cairo_t *c = cairo_create(s);
        struct image m;
        cairo_set_source_rgb(c, 1, 1, 1);
        cairo_paint(c);
        cairo_scale(c, PDF_PAINT_SCALE, PDF_PAINT_SCALE);
        /* Poppler's painter says on stderr that a font is not there; that is no news here. */
        FILE *said = stderr;
        stderr = p->j->ctx->nowhere;
        poppler_page_render(page, c);
        stderr = said;
        cairo_surface_flush(s);
        if (image_from_rgb(p->j, cairo_image_surface_get_data(s), (uint32_t)pw, (uint32_t)ph,
                           (size_t)cairo_image_surface_get_stride(s), false, &m)) {
            m.fine = true;
            p->codes += qr_scan(p->j, &m, p->b->part, p->a);
            image_free(&m);
        }
        cairo_destroy(c);
    }
    if (s)
        cairo_surface_destroy(s);
    g_object_unref(page);
}

static bool speaks_of_code(struct str text)
{
    static const char *const words[] = {"QR",        "Girocode", "GiroCode", "Zahlteil", "BezahlCode",
                                        "SEPA-Code", "scan",     "Scan",     "scansion", "inquadra",
                                        "escane",    "scannez",  "scannen",  "PagoPA",   "pagoPA"};
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (str_find(text, str_c(words[i]), 0) >= 0)
            return true;
    return false;
}

static void painted_codes(struct pdf *p)
{
    if (p->codes > 0 || !(speaks_of_code(buf_str(&p->text)) || speaks_of_code(p->j->insight.preview)))
        return;
    for (uint32_t i = 0; i < p->pages && i < PDF_PAINT_PAGES && p->codes == 0 && extract_time_left(p->j); i++)
        painted_code(p, i);
    if (p->codes == 0 && p->pages > PDF_PAINT_PAGES && extract_time_left(p->j))
        painted_code(p, p->pages - 1); /* the slip to pay with stands at the end */
}

static gboolean collect(const gchar *data, gsize n, gpointer to, GError **e)
{
    (void)e;
    buf_add(to, data, n);
    return !((struct buf *)to)->err;
}

static void embedded(struct pdf *p)
{
    GList *list = poppler_document_get_attachments(p->doc);
    unsigned n = 0;
    for (GList *l = list; l; l = l->next) {
        PopplerAttachment *f = l->data;
        AUTO(buf) struct buf bytes;
        buf_init(&bytes, PDF_FILE_MAX);
        if (n++ < PDF_FILES_MAX && poppler_attachment_save_to_callback(f, collect, &bytes, NULL) && !bytes.err &&
            p->j->budget.bytes >= bytes.n) {
            p->j->budget.bytes -= bytes.n;
            size_t row = p->j->insight.n_attachments;
            const gchar *name = poppler_attachment_get_name(f);
            struct extract_blob inner = {.bytes = buf_str(&bytes),
                                         .name = name ? extract_utf8(p->j, name) : STR("embedded"),
                                         .path = p->a->name,
                                         .part = p->b->part,
                                         .flags = ATT_IN_ARCHIVE,
                                         .depth = p->b->depth + 1};
            extract_blob(p->j, &inner);
            if (row < p->j->insight.n_attachments &&
                (p->j->insight.attachments[row].flags & (ATT_PROGRAM | ATT_SHORTCUT | ATT_MACRO)))
                extract_note(p->j, p->a, ATT_PDF_ACTIVE, inner.name);
        } else {
            extract_note(p->j, p->a, ATT_UNREADABLE, STR("embedded file not read"));
        }
        g_object_unref(f);
    }
    g_list_free(list);
}

static void structure(struct pdf *p)
{
    struct pdf_scan s;
    pdf_scan(p->j, p->b->bytes, &s);
    static const char *const words[] = {"JavaScript", "Launch", "SubmitForm", "RichMedia", "OpenAction URI"};
    const bool found[] = {s.javascript, s.launch, s.submit, s.rich, s.open_uri};
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (found[i])
            extract_note(p->j, p->a, ATT_PDF_ACTIVE, str_c(words[i]));
    if (s.revisions > 1u + s.linearized)
        extract_note(p->j, p->a, ATT_PDF_CHANGED, STR(""));
    if (s.encrypted)
        p->a->flags |= ATT_ENCRYPTED;
}

static void finish(struct pdf *p)
{
    AUTO(buf) struct buf out;
    struct extract_source s = {.part = p->b->part, .where = WHERE_PDF, .link = LINK_PDF};
    buf_init(&out, EXTRACT_TEXT_PART_MAX * 3u);
    extract_text(p->j, &s, buf_str(&p->text), &out);
    p->a->text_chars = (uint32_t)str_trim(buf_str(&out)).n;
    if (p->pictures * 2 >= p->read && p->pictures > 0)
        p->a->flags |= ATT_PDF_PICTURE;
    extract_invoice_words(p->j, buf_str(&out), p->a);
    extract_attached(p->j, buf_str(&out));
}

void extract_pdf_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct pdf p = {.j = j, .b = b, .a = a};
    bool encrypted = false;
    structure(&p);
    if (b->bytes.n > PDF_BYTES_MAX) {
        extract_note(j, a, ATT_UNREADABLE, STR("PDF too large to be read"));
        return;
    }
    p.doc = open_document(j, b->bytes, NULL, &encrypted);
    const char *password = encrypted ? pdf_unlock(b->bytes, j->passwords, j->n_passwords) : NULL;
    if (password) {
        p.doc = open_document(j, b->bytes, password, &encrypted);
        extract_note(j, a, ATT_ENCRYPTED | ATT_OPENED, STR("opened with a password that stands in the text"));
    }
    if (!p.doc) {
        extract_note(j, a, encrypted ? ATT_ENCRYPTED : ATT_UNREADABLE, encrypted ? STR("") : STR("damaged PDF"));
        return;
    }
    if (!password) /* it forbids printing or changing, and asks nobody who reads */
        a->flags &= ~(uint32_t)ATT_ENCRYPTED;
    /* What is locked or packed otherwise than usual tells pdf_scan nothing. */
    if (poppler_document_has_javascript(p.doc))
        extract_note(j, a, ATT_PDF_ACTIVE, STR("JavaScript"));
    buf_init(&p.text, EXTRACT_TEXT_PART_MAX);
    metadata(&p);
    pages(&p);
    painted_codes(&p);
    finish(&p);
    embedded(&p);
    buf_free(&p.text);
    g_object_unref(p.doc);
}

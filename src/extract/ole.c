/* The old Office formats: do they hold macros, are they locked, what text is in them. */
#include "extract/blob.h"
#include "extract/cfb.h"
#include "extract/chars.h"
#include "extract/msg.h"

#define OLE_TEXT_MAX (512u * 1024)
#define OLE_RUN_LEAST 5u
#define OLE_STREAMS_MAX 40u

/* Readable runs, in bytes and in UTF-16: good enough to find an account number or a link. */
static void runs(struct str b, unsigned step, struct buf *out)
{
    size_t from = out->n;
    unsigned run = 0;
    for (size_t i = 0; i + step <= b.n && out->n < OLE_TEXT_MAX; i += step) {
        unsigned char c = (unsigned char)b.p[i];
        bool wide_ok = step == 1 || b.p[i + 1] == 0;
        if (wide_ok && ((c >= 32 && c < 127) || c == 9 || (step == 2 && c >= 0xA0))) {
            chars_put(out, c);
            run++;
            continue;
        }
        if (run > 0 && run < OLE_RUN_LEAST)
            out->n = from;
        else if (run > 0)
            buf_addc(out, '\n');
        run = 0;
        from = out->n;
    }
    if (run < OLE_RUN_LEAST)
        out->n = from;
}

struct ole {
    unsigned streams; /* read */
    bool vba, xlm, locked, package, message, word, sheet, slides, installer;
};

/* BIFF8 BOUNDSHEET records of type 1 are Excel 4 macro sheets ([MS-XLS] 2.4.28); FILEPASS says locked. */
static void biff(struct str b, struct ole *o)
{
    for (size_t i = 0; i + 4 <= b.n;) {
        const unsigned char *p = (const unsigned char *)b.p + i;
        unsigned id = (unsigned)p[0] | (unsigned)p[1] << 8, len = (unsigned)p[2] | (unsigned)p[3] << 8;
        if (id == 0x85 && i + 10 <= b.n && p[9] == 1)
            o->xlm = true;
        if (id == 0x2F)
            o->locked = true;
        if (id == 0x0A && i > 0) /* end of the globals: sheets follow */
            return;
        i += 4u + len;
    }
}

static void look(struct extract_job *j, const struct cfb *c, const struct cfb_entry *e, struct ole *o, struct buf *text)
{
    static const char *const macros[] = {"VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros"};
    struct str name = str_c(e->name);
    for (size_t i = 0; i < N_ELEMENTS(macros); i++)
        o->vba = o->vba || str_ieq(name, str_c(macros[i]));
    o->locked = o->locked || str_eq(name, STR("EncryptedPackage")) || str_eq(name, STR("EncryptionInfo"));
    o->package = o->package || str_eq(name, STR("\x01Ole10Native")) || str_eq(name, STR("Package"));
    o->message = o->message || str_starts(name, STR("__properties_version"));
    o->word = o->word || str_eq(name, STR("WordDocument"));
    o->slides = o->slides || str_eq(name, STR("PowerPoint Document"));
    bool book = str_eq(name, STR("Workbook")) || str_eq(name, STR("Book"));
    o->sheet = o->sheet || book;
    if (e->type != 2 ||
        !(book || str_eq(name, STR("WordDocument")) || str_eq(name, STR("PowerPoint Document")) ||
          str_eq(name, STR("\x01Ole10Native"))) ||
        o->streams++ >= OLE_STREAMS_MAX)
        return;
    AUTO(buf) struct buf bytes;
    size_t max = CFB_STREAM_MAX - 1 < j->budget.bytes ? CFB_STREAM_MAX - 1 : (size_t)j->budget.bytes;
    buf_init(&bytes, CFB_STREAM_MAX);
    (void)cfb_stream(c, e, max, &bytes);
    j->budget.bytes -= bytes.n;
    if (book)
        biff(buf_str(&bytes), o);
    if (bytes.n > 12 && str_eq(name, STR("WordDocument")) && (bytes.p[11] & 1)) /* fEncrypted, [MS-DOC] 2.5.2 */
        o->locked = true;
    runs(buf_str(&bytes), 1, text);
    runs(buf_str(&bytes), 2, text);
}

static const uint8_t installer_class[8] = {0x84, 0x10, 0x0C, 0, 0, 0, 0, 0}; /* {000C1084-...}: Windows Installer */

void extract_ole_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct cfb c;
    struct cfb_entry e;
    struct ole o = {0};
    AUTO(buf) struct buf text;
    buf_init(&text, OLE_TEXT_MAX * 3u);
    if (!cfb_open(&c, b->bytes)) {
        cfb_close(&c);
        extract_note(j, a, ATT_UNREADABLE, STR("damaged document"));
        return;
    }
    for (size_t i = 0; cfb_entry(&c, i, &e) && extract_time_left(j); i++) {
        if (i == 0)
            o.installer = memcmp(e.clsid, installer_class, 8) == 0;
        if (e.type != 0)
            look(j, &c, &e, &o, &text);
    }
    if (cfb_cut(&c))
        extract_note(j, a, ATT_UNREADABLE, STR("more in it than is read"));
    a->kind = o.message     ? STR("msg")
              : o.word      ? STR("doc")
              : o.sheet     ? STR("xls")
              : o.slides    ? STR("ppt")
              : o.installer ? STR("msi")
                            : STR("ole");
    if (o.installer)
        extract_note(j, a, ATT_PROGRAM, STR("installer"));
    if (o.vba)
        extract_note(j, a, ATT_MACRO, STR("VBA macro"));
    if (o.xlm)
        extract_note(j, a, ATT_MACRO, STR("Excel 4 macro sheet"));
    if (o.package)
        extract_note(j, a, ATT_MACRO, STR("embedded object"));
    if (o.locked)
        a->flags |= ATT_ENCRYPTED;
    if (o.message) {
        a->flags |= ATT_MESSAGE;
        msg_read(j, &c, b, a);
    }
    cfb_close(&c);
    struct extract_source s = {.part = b->part, .where = WHERE_OFFICE, .link = LINK_OFFICE};
    AUTO(buf) struct buf out;
    buf_init(&out, OLE_TEXT_MAX * 3u);
    extract_text(j, &s, buf_str(&text), &out);
    a->text_chars += (uint32_t)out.n;
    extract_attached(j, buf_str(&out));
}

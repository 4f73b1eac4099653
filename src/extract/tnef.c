/* winmail.dat ([MS-OXTNEF]): a message as Outlook keeps it. Files in it are attachments to whoever opens it, so they
 * are read as such; its text is text of an attachment. */
#include "extract/blob.h"
#include "extract/lzfu.h"

#define TNEF_SIGNATURE 0x223E9F78u
#define TNEF_RTF_MAX (4u << 20)
#define TNEF_PROPERTIES_MAX 2000u

enum { /* ids of attributes, with their types */
       TNEF_SUBJECT = 0x00018004,
       TNEF_BODY = 0x0002800C,
       TNEF_PROPERTIES = 0x00069003,
       TNEF_CODEPAGE = 0x00069007,
       TNEF_FILE_BEGINS = 0x00069002,
       TNEF_FILE_TITLE = 0x00018010,
       TNEF_FILE_DATA = 0x0006800F,
       TNEF_FILE_PROPERTIES = 0x00069005,
};
enum { /* tags of properties ([MS-OXPROPS]) */
       TAG_BODY = 0x1000,
       TAG_RTF = 0x1009,
       TAG_HTML = 0x1013,
       TAG_DATA = 0x3701,
       TAG_SHORT_NAME = 0x3704,
       TAG_NAME = 0x3707,
};
enum { TYPE_STRING8 = 0x1E, TYPE_UNICODE = 0x1F, TYPE_OBJECT = 0x0D, TYPE_BINARY = 0x102, TYPE_MANY = 0x1000 };

struct tnef {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    struct str charset;           /* of text that is not UTF-16 */
    struct str name, title, data; /* of the file being read */
    bool file;
    unsigned properties;
};
struct in {
    struct str s;
    bool bad;
};

static struct str take(struct in *in, size_t n)
{
    if (n > in->s.n) {
        in->bad = true;
        in->s = STR("");
        return STR("");
    }
    struct str got = str_upto(in->s, n);
    in->s = str_from(in->s, n);
    return got;
}

static uint32_t number(struct in *in, size_t n)
{
    struct str s = take(in, n);
    uint32_t v = 0;
    for (size_t i = s.n; i > 0; i--)
        v = v << 8 | (unsigned char)s.p[i - 1];
    return v;
}

/* Values end at a border of four bytes. */
static struct str padded(struct in *in, uint32_t n)
{
    struct str got = take(in, n);
    (void)take(in, in->s.n && n % 4 ? 4 - n % 4 : 0);
    return got;
}

static struct str text_of(struct tnef *t, unsigned type, struct str v)
{
    struct str charset = type == TYPE_UNICODE ? STR("utf-16le") : t->charset;
    struct str s = mime_charset_text(t->j->arena, t->j->ctx->charsets, charset, str_upto(v, FACTS_NAME_MAX * 2),
                                     FACTS_NAME_MAX * 3, NULL);
    ptrdiff_t zero = str_chr(s, '\0', 0);
    return str_trim(zero < 0 ? s : str_upto(s, (size_t)zero));
}

/* The file is complete: its row, and what is in it. */
static void file_end(struct tnef *t)
{
    struct extract_blob inner = {.bytes = t->data,
                                 .name = t->name.n ? t->name : t->title,
                                 .path = t->a->name,
                                 .part = t->b->part,
                                 .flags = (t->b->flags & ~(uint32_t)ATT_INLINE) | ATT_IN_ARCHIVE,
                                 .depth = t->b->depth + 1};
    if (t->file && (inner.bytes.n || inner.name.n)) {
        t->j->insight.has_attachment = true;
        extract_blob(t->j, &inner);
    }
    t->file = false;
    t->name = t->title = t->data = STR("");
}

static void text(struct tnef *t, extract_reader_fn *read, struct str charset, struct str bytes)
{
    struct extract_blob whole = {.bytes = bytes, .name = STR(""), .charset = charset, .part = t->b->part};
    read(t->j, &whole, t->a);
}

static void rtf(struct tnef *t, struct str packed)
{
    AUTO(buf) struct buf out;
    buf_init(&out, TNEF_RTF_MAX);
    bool whole = lzfu_unpack(packed, &out);
    if (!whole || out.n > t->j->budget.bytes) {
        extract_note(t->j, t->a, ATT_UNREADABLE, STR("text in it cannot be unpacked"));
        out.n = out.n < t->j->budget.bytes ? out.n : (size_t)t->j->budget.bytes;
    }
    t->j->budget.bytes -= out.n;
    text(t, extract_rtf_file, STR(""), buf_str(&out));
}

static void property(struct tnef *t, unsigned tag, unsigned type, struct str v)
{
    if (t->file) {
        if (tag == TAG_NAME && (type == TYPE_STRING8 || type == TYPE_UNICODE))
            t->name = text_of(t, type, v);
        else if (tag == TAG_SHORT_NAME && t->title.n == 0)
            t->title = text_of(t, type, v);
        else if (tag == TAG_DATA && type == TYPE_BINARY)
            t->data = v;
        else if (tag == TAG_DATA && type == TYPE_OBJECT)
            t->data = str_from(v, 16); /* behind the class: for a message another of these files */
        return;
    }
    if (tag == TAG_BODY && type == TYPE_UNICODE)
        text(t, extract_plain_file, STR("utf-16le"), v);
    else if (tag == TAG_BODY && type == TYPE_STRING8)
        text(t, extract_plain_file, t->charset, v);
    else if (tag == TAG_HTML && type == TYPE_BINARY)
        text(t, extract_html_file, t->charset, v);
    else if (tag == TAG_RTF && type == TYPE_BINARY)
        rtf(t, v);
}

/* Bytes of one value of a type of fixed size; 0: it is not of one. */
static size_t fixed_size(unsigned type)
{
    static const struct {
        uint8_t type, size;
    } sizes[] = {{2, 4}, {3, 4}, {4, 4}, {5, 8}, {6, 8}, {7, 8}, {10, 4}, {11, 4}, {0x14, 8}, {0x40, 8}, {0x48, 16}};
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        if (sizes[i].type == (type & ~(unsigned)TYPE_MANY))
            return sizes[i].size;
    return 0;
}

/* [MS-OXTNEF] 2.1.3.4: a name for what has no tag of its own. */
static void skip_name(struct in *in)
{
    (void)take(in, 16);
    if (number(in, 4) == 0)
        (void)take(in, 4);
    else
        (void)padded(in, number(in, 4));
}

static void properties(struct tnef *t, struct str s)
{
    struct in in = {s, false};
    uint32_t count = number(&in, 4);
    for (; count > 0 && !in.bad; count--) {
        if (t->properties++ >= TNEF_PROPERTIES_MAX || !extract_time_left(t->j)) {
            extract_note(t->j, t->a, ATT_BOMB, STR("more in it than is read"));
            return;
        }
        unsigned type = number(&in, 2), tag = number(&in, 2);
        if (tag >= 0x8000)
            skip_name(&in);
        size_t size = fixed_size(type);
        uint32_t values = size && !(type & TYPE_MANY) ? 1 : number(&in, 4);
        if (size) {
            size_t all = (type & ~(unsigned)TYPE_MANY) == 2 && values > 1 ? ((size_t)values * 2 + 3) & ~(size_t)3
                                                                          : (size_t)values * size;
            (void)take(&in, all);
            continue;
        }
        for (; values > 0 && !in.bad; values--) {
            struct str v = padded(&in, number(&in, 4));
            if (!in.bad)
                property(t, tag, type, v);
        }
    }
    if (in.bad)
        extract_note(t->j, t->a, ATT_UNREADABLE, STR("damaged properties"));
}

static void attribute(struct tnef *t, uint32_t id, struct str v)
{
    struct in in = {v, false};
    switch (id) {
    case TNEF_CODEPAGE: t->charset = extract_codepage(t->j, number(&in, 4)); break;
    case TNEF_SUBJECT: extract_attached(t->j, text_of(t, TYPE_STRING8, v)); break;
    case TNEF_BODY: text(t, extract_plain_file, t->charset, v); break;
    case TNEF_PROPERTIES: properties(t, v); break;
    case TNEF_FILE_BEGINS:
        file_end(t);
        t->file = true;
        break;
    case TNEF_FILE_TITLE: t->title = text_of(t, TYPE_STRING8, v); break;
    case TNEF_FILE_DATA: t->data = v; break;
    case TNEF_FILE_PROPERTIES: properties(t, v); break;
    default: break;
    }
}

void extract_tnef_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct tnef t = {.j = j, .b = b, .a = a, .charset = STR("")};
    struct in in = {b->bytes, false};
    t.name = t.title = t.data = STR("");
    j->insight.flags |= FACTS_TNEF;
    if (b->depth >= EXTRACT_BLOB_DEPTH_MAX || number(&in, 4) != TNEF_SIGNATURE) {
        extract_note(j, a, ATT_UNREADABLE, STR("damaged winmail.dat"));
        return;
    }
    (void)number(&in, 2);
    while (in.s.n > 0 && !in.bad) {
        if (j->budget.entries == 0 || !extract_time_left(j)) {
            extract_note(j, a, ATT_BOMB, STR("more in it than is read"));
            break;
        }
        j->budget.entries--;
        (void)number(&in, 1); /* of the message, or of a file: the id says it too */
        uint32_t id = number(&in, 4);
        struct str v = take(&in, number(&in, 4));
        (void)number(&in, 2); /* a sum of the bytes, which nobody checks */
        if (!in.bad || v.n)
            attribute(&t, id, v);
    }
    file_end(&t);
    if (in.bad)
        extract_note(j, a, ATT_UNREADABLE, STR("damaged winmail.dat"));
}

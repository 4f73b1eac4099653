/* An Outlook message saved as a file ([MS-OXMSG]): a compound file where storages are the message, its attachments and
 * the messages attached to it, and streams are properties. What is attached is read as if it came with the mail. */
#include "extract/msg.h"
#include "extract/lzfu.h"

#define MSG_CHILDREN_MAX 8192u /* of one storage; a message has one for each recipient and a few dozen besides */
#define MSG_FILE_MAX (8u << 20)
#define MSG_TEXT_MAX (4u << 20)
#define MSG_HEAD_MAX (256u * 1024) /* the header fields it came with */
#define MSG_NAME_MAX (FACTS_NAME_MAX * 2u)

enum { /* properties ([MS-OXPROPS]) */
       MSG_SUBJECT = 0x0037,
       MSG_HEADERS = 0x007D,
       MSG_SENDER = 0x0C1F,
       MSG_BODY = 0x1000,
       MSG_RTF = 0x1009,
       MSG_HTML = 0x1013,
       MSG_DISPLAY = 0x3001,
       MSG_DATA = 0x3701,
       MSG_SHORT_NAME = 0x3704,
       MSG_LONG_NAME = 0x3707,
       MSG_HTML_CODEPAGE = 0x3FDE,
       MSG_CODEPAGE = 0x3FFD,
       MSG_SENDER_SMTP = 0x5D01,
};
enum { MSG_TYPE_OBJECT = 0x0D, MSG_TYPE_STRING8 = 0x1E, MSG_TYPE_UNICODE = 0x1F, MSG_TYPE_BINARY = 0x102 };

struct msg {
    struct extract_job *j;
    const struct cfb *c;
    uint32_t part, flags; /* flags of what is in it */
    struct str charset;   /* of texts that are not UTF-16, of the message being read */
};
/* One storage: its entries by what their names say. */
struct msg_storage {
    uint32_t *entry;
    size_t n;
    struct facts_attachment *row; /* that tells what is wrong with it */
};

static void msg_list(struct msg *m, uint32_t storage, struct facts_attachment *row, struct msg_storage *s)
{
    *s = (struct msg_storage){.row = row, .entry = malloc(MSG_CHILDREN_MAX * sizeof *s->entry)};
    if (!s->entry || !cfb_children(m->c, storage, s->entry, MSG_CHILDREN_MAX, &s->n))
        extract_note(m->j, row, ATT_UNREADABLE, STR("damaged message"));
}

static bool msg_find(const struct msg *m, const struct msg_storage *s, const char *name, struct cfb_entry *e,
                     uint32_t *number)
{
    for (size_t i = 0; i < s->n; i++)
        if (cfb_entry(m->c, s->entry[i], e) && str_ieq(str_c(e->name), str_c(name))) {
            *number = s->entry[i];
            return true;
        }
    return false;
}

/* The stream or storage of a property. */
static bool msg_property(const struct msg *m, const struct msg_storage *s, unsigned tag, unsigned type,
                         struct cfb_entry *e, uint32_t *number)
{
    char name[33];
    snprintf(name, sizeof name, "__substg1.0_%04X%04X", tag, type);
    return msg_find(m, s, name, e, number);
}

/* Bytes of a stream, at most max, and of the budget; false: not all of it. */
static bool msg_stream(struct msg *m, const struct cfb_entry *e, size_t max, struct buf *out)
{
    size_t fit = max < m->j->budget.bytes ? max : (size_t)m->j->budget.bytes, before = out->n;
    bool whole = cfb_stream(m->c, e, fit, out) && e->size <= fit;
    m->j->budget.bytes -= out->n - before;
    return whole;
}

static bool msg_text(struct msg *m, const struct msg_storage *s, unsigned tag, size_t max, struct buf *out,
                     struct str *charset)
{
    struct cfb_entry e;
    uint32_t number;
    bool wide = msg_property(m, s, tag, MSG_TYPE_UNICODE, &e, &number);
    if (!wide && !msg_property(m, s, tag, MSG_TYPE_STRING8, &e, &number))
        return false;
    (void)msg_stream(m, &e, max, out);
    *charset = wide ? STR("utf-16le") : m->charset;
    return out->n > 0;
}

/* A short text in the arena; empty when it is not there. */
static struct str msg_word(struct msg *m, const struct msg_storage *s, unsigned tag)
{
    AUTO(buf) struct buf raw;
    struct str charset, text = STR("");
    buf_init(&raw, MSG_NAME_MAX);
    if (msg_text(m, s, tag, MSG_NAME_MAX, &raw, &charset))
        text = mime_charset_text(m->j->arena, m->j->ctx->charsets, charset, buf_str(&raw), FACTS_NAME_MAX * 3u, NULL);
    ptrdiff_t zero = str_chr(text, '\0', 0);
    return str_trim(zero < 0 ? text : str_upto(text, (size_t)zero));
}

static uint32_t msg_le32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* Numbers stand in one stream of 16 bytes each, behind a head of 8, 24 or 32. */
static uint32_t msg_number(struct msg *m, const struct msg_storage *s, unsigned tag)
{
    struct cfb_entry e;
    uint32_t number, value = 0;
    AUTO(buf) struct buf raw;
    buf_init(&raw, MSG_HEAD_MAX);
    if (!msg_find(m, s, MSG_PROPERTIES, &e, &number))
        return 0;
    (void)msg_stream(m, &e, MSG_HEAD_MAX - 1, &raw);
    for (size_t i = raw.n % 16; i + 16 <= raw.n && value == 0; i += 16)
        if (msg_le32(raw.p + i) == ((uint32_t)tag << 16 | 3)) /* a PtypInteger32 */
            value = msg_le32(raw.p + i + 8);
    return value;
}

static void msg_read_text(struct msg *m, extract_reader_fn *read, struct str charset, struct str bytes,
                          struct facts_attachment *row)
{
    struct extract_blob whole = {.bytes = bytes, .name = STR(""), .charset = charset, .part = m->part};
    read(m->j, &whole, row);
}

static void msg_rtf(struct msg *m, struct str packed, struct facts_attachment *row)
{
    AUTO(buf) struct buf out;
    buf_init(&out, MSG_TEXT_MAX);
    bool whole = lzfu_unpack(packed, &out);
    if (!whole || out.n > m->j->budget.bytes) {
        extract_note(m->j, row, ATT_UNREADABLE, STR("text in it cannot be unpacked"));
        out.n = out.n < m->j->budget.bytes ? out.n : (size_t)m->j->budget.bytes;
    }
    m->j->budget.bytes -= out.n;
    msg_read_text(m, extract_rtf_file, STR(""), buf_str(&out), row);
}

/* Which of the three a reader shows is the program's choice: all are read. */
static void msg_bodies(struct msg *m, const struct msg_storage *s)
{
    struct cfb_entry e;
    uint32_t number;
    struct str charset;
    AUTO(buf) struct buf plain, html, rtf;
    buf_init(&plain, MSG_TEXT_MAX);
    buf_init(&html, MSG_TEXT_MAX);
    buf_init(&rtf, MSG_TEXT_MAX);
    if (msg_text(m, s, MSG_BODY, MSG_TEXT_MAX, &plain, &charset))
        msg_read_text(m, extract_plain_file, charset, buf_str(&plain), s->row);
    if (msg_property(m, s, MSG_HTML, MSG_TYPE_BINARY, &e, &number)) {
        uint32_t page = msg_number(m, s, MSG_HTML_CODEPAGE);
        (void)msg_stream(m, &e, MSG_TEXT_MAX, &html);
        msg_read_text(m, extract_html_file, page ? extract_codepage(m->j, page) : m->charset, buf_str(&html), s->row);
    } else if (msg_text(m, s, MSG_HTML, MSG_TEXT_MAX, &html, &charset)) {
        msg_read_text(m, extract_html_file, charset, buf_str(&html), s->row);
    }
    if (msg_property(m, s, MSG_RTF, MSG_TYPE_BINARY, &e, &number)) {
        (void)msg_stream(m, &e, MSG_TEXT_MAX, &rtf);
        msg_rtf(m, buf_str(&rtf), s->row);
    }
}

/* Who wrote it, by the fields it came with, or else by what the sender's program noted. */
static void msg_head(struct msg *m, const struct msg_storage *s)
{
    AUTO(buf) struct buf raw;
    struct str charset, subject = msg_word(m, s, MSG_SUBJECT), author = msg_word(m, s, MSG_SENDER_SMTP);
    struct mime_identity id;
    buf_init(&raw, MSG_HEAD_MAX);
    if (author.n == 0)
        author = msg_word(m, s, MSG_SENDER);
    if (str_chr(author, '@', 0) < 0) /* a name in a directory of Exchange */
        author = STR("");
    if (subject.n || author.n)
        extract_attached(m->j, arena_printf(m->j->arena, "%.*s\n%.*s\n", STRF(author), STRF(subject)));
    s->row->author = str_utf8_cut(author, FACTS_NAME_MAX);
    if (!msg_text(m, s, MSG_HEADERS, MSG_HEAD_MAX, &raw, &charset))
        return;
    struct str head =
        mime_charset_text(m->j->arena, m->j->ctx->charsets, charset, buf_str(&raw), MSG_HEAD_MAX * 3u, NULL);
    mime_identity_read(m->j->arena, m->j->ctx->charsets, head, &id);
    extract_head(m->j, &id, s->row);
}

static void msg_message(struct msg *m, uint32_t storage, const struct extract_blob *b, struct facts_attachment *row);

static struct extract_blob msg_inner(const struct msg *m, const struct extract_blob *b,
                                     const struct facts_attachment *row, struct str name, struct str bytes)
{
    return (struct extract_blob){
        .bytes = bytes, .name = name, .path = row->name, .part = m->part, .flags = m->flags, .depth = b->depth + 1};
}

/* An object: another message, or what another program put there. */
static void msg_object(struct msg *m, uint32_t storage, const struct extract_blob *b, struct facts_attachment *row,
                       struct str name)
{
    struct msg_storage s;
    struct cfb_entry e;
    uint32_t number;
    struct extract_blob inner = msg_inner(m, b, row, name, STR(""));
    msg_list(m, storage, row, &s);
    if (msg_find(m, &s, MSG_PROPERTIES, &e, &number)) {
        inner.flags |= ATT_MESSAGE;
        struct facts_attachment *own = m->j->budget.blobs > 0 ? extract_attachment(m->j, &inner) : NULL;
        m->j->budget.blobs -= own != NULL;
        if (own && inner.depth < EXTRACT_BLOB_DEPTH_MAX) {
            own->kind = STR("msg");
            msg_message(m, storage, &inner, own);
        } else {
            extract_note(m->j, row, ATT_UNREADABLE, STR("messages in messages deeper than is read"));
        }
    } else {
        for (size_t i = 0; i < s.n && m->j->budget.blobs > 0; i++)
            if (cfb_entry(m->c, s.entry[i], &e) && e.type == 2 && e.size > 0) {
                AUTO(buf) struct buf bytes;
                buf_init(&bytes, MSG_FILE_MAX);
                (void)msg_stream(m, &e, MSG_FILE_MAX, &bytes);
                inner.bytes = buf_str(&bytes);
                extract_blob(m->j, &inner);
            }
    }
    free(s.entry);
}

static void msg_attachment(struct msg *m, uint32_t storage, const struct extract_blob *b, struct facts_attachment *row)
{
    static const unsigned names[] = {MSG_LONG_NAME, MSG_SHORT_NAME, MSG_DISPLAY};
    struct msg_storage s;
    struct cfb_entry e;
    uint32_t number;
    struct str name = STR("");
    msg_list(m, storage, row, &s);
    for (size_t i = 0; i < N_ELEMENTS(names) && name.n == 0; i++)
        name = msg_word(m, &s, names[i]);
    if (msg_property(m, &s, MSG_DATA, MSG_TYPE_OBJECT, &e, &number)) {
        msg_object(m, number, b, row, name);
    } else {
        AUTO(buf) struct buf bytes;
        buf_init(&bytes, MSG_FILE_MAX);
        bool whole =
            !msg_property(m, &s, MSG_DATA, MSG_TYPE_BINARY, &e, &number) || msg_stream(m, &e, MSG_FILE_MAX, &bytes);
        struct extract_blob inner = msg_inner(m, b, row, name, buf_str(&bytes));
        if (!whole)
            extract_note(m->j, row, ATT_UNREADABLE, STR("a file in it is damaged or too large to be read"));
        extract_blob(m->j, &inner);
    }
    free(s.entry);
}

static void msg_message(struct msg *m, uint32_t storage, const struct extract_blob *b, struct facts_attachment *row)
{
    struct msg_storage s;
    struct cfb_entry e;
    struct str outer = m->charset;
    msg_list(m, storage, row, &s);
    m->charset = extract_codepage(m->j, msg_number(m, &s, MSG_CODEPAGE));
    msg_head(m, &s);
    msg_bodies(m, &s);
    for (size_t i = 0; i < s.n; i++) {
        if (!cfb_entry(m->c, s.entry[i], &e) || !str_istarts(str_c(e.name), STR("__attach_version1.0_")))
            continue;
        if (m->j->budget.entries == 0 || !extract_time_left(m->j)) {
            extract_note(m->j, row, ATT_BOMB, STR("more in it than is read"));
            break;
        }
        m->j->budget.entries--;
        msg_attachment(m, s.entry[i], b, row);
    }
    m->charset = outer;
    free(s.entry);
}

void msg_read(struct extract_job *j, const struct cfb *c, const struct extract_blob *b, struct facts_attachment *a)
{
    struct msg m = {.j = j,
                    .c = c,
                    .part = b->part,
                    .flags = (b->flags & ~(uint32_t)(ATT_INLINE | ATT_MESSAGE | ATT_NESTED)) | ATT_IN_ARCHIVE,
                    .charset = STR("")};
    j->insight.has_attachment = true;
    msg_message(&m, 0, b, a);
}

/* RTF: its text, the objects in it, and templates that it fetches. */
#include "extract/blob.h"
#include "extract/chars.h"

#define RTF_TEXT_MAX (512u * 1024)
#define RTF_DEPTH_MAX 200u

struct rtf {
    struct str in;
    struct buf *out;
    unsigned depth, skip; /* depth at which an ignored group began; 0 none */
    bool object, update;
    bool optional; /* "\\*" came: a group that a program may pass over when it does not know the word after it */
};

static void word(struct rtf *r, struct str w, long value)
{
    static const char *const ignored[] = {"fonttbl",   "colortbl",  "stylesheet",   "info",      "pict",     "objdata",
                                          "themedata", "datastore", "latentstyles", "generator", "listtable"};
    if (str_starts(w, STR("obj")))
        r->object = r->object || str_eq(w, STR("objdata")) || str_eq(w, STR("objocx")) || str_eq(w, STR("objclass"));
    if (str_eq(w, STR("objupdate")) || str_eq(w, STR("objautlink")))
        r->update = true;
    for (size_t i = 0; i < N_ELEMENTS(ignored) && r->skip == 0; i++)
        if (str_eq(w, str_c(ignored[i])))
            r->skip = r->depth;
    /* Of the optional ones, fields have addresses and the others of these have what a mail was as HTML. */
    if (r->optional && r->skip == 0 && !str_eq(w, STR("fldinst")) && !str_eq(w, STR("htmltag")) &&
        !str_eq(w, STR("shptxt")) && !str_eq(w, STR("template")))
        r->skip = r->depth;
    r->optional = false;
    if (r->skip)
        return;
    if (str_eq(w, STR("par")) || str_eq(w, STR("line")) || str_eq(w, STR("row")))
        buf_addc(r->out, '\n');
    else if (str_eq(w, STR("tab")) || str_eq(w, STR("cell")))
        buf_addc(r->out, ' ');
    else if (str_eq(w, STR("u")))
        chars_put(r->out, (uint32_t)(value < 0 ? value + 65536 : value));
}

static size_t control(struct rtf *r, size_t i)
{
    struct str s = r->in;
    if (i + 1 >= s.n)
        return s.n;
    char c = s.p[i + 1];
    if (c == '\'' && i + 3 < s.n) {
        int h = chars_hex(s.p[i + 2]), l = chars_hex(s.p[i + 3]);
        if (h >= 0 && l >= 0 && !r->skip)
            chars_put(r->out, (uint32_t)(h * 16 + l));
        return i + 4;
    }
    if (!ascii_is_alpha(c)) {
        if (c == '~' && !r->skip)
            buf_addc(r->out, ' ');
        r->optional = c == '*';
        if ((c == '\\' || c == '{' || c == '}') && !r->skip)
            buf_addc(r->out, c);
        return i + 2;
    }
    size_t from = i + 1, k = from;
    while (k < s.n && ascii_is_alpha(s.p[k]) && k - from < 32)
        k++;
    struct str w = str_n(s.p + from, k - from);
    long value = 0;
    bool neg = k < s.n && s.p[k] == '-';
    k += neg;
    for (; k < s.n && ascii_is_digit(s.p[k]); k++)
        value = value < 100000 ? value * 10 + (s.p[k] - '0') : value;
    word(r, w, neg ? -value : value);
    if (str_eq(w, STR("u")) && k < s.n && s.p[k] == '?')
        k++; /* what programs without Unicode show instead */
    return k < s.n && s.p[k] == ' ' ? k + 1 : k;
}

void extract_rtf_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    AUTO(buf) struct buf text, out;
    struct rtf r = {.in = b->bytes, .out = &text};
    buf_init(&text, RTF_TEXT_MAX * 4u);
    buf_init(&out, RTF_TEXT_MAX * 4u);
    for (size_t i = 0; i < r.in.n && text.n < RTF_TEXT_MAX;) {
        char c = r.in.p[i];
        if (c == '\\') {
            i = control(&r, i);
            continue;
        }
        if (c == '{' && r.depth < RTF_DEPTH_MAX)
            r.depth++;
        if (c == '}') {
            if (r.skip == r.depth)
                r.skip = 0;
            r.depth -= r.depth > 0;
        }
        if (c != '{' && c != '}' && c != '\r' && c != '\n' && !r.skip && (unsigned char)c < 0x80)
            buf_addc(&text, c);
        i++;
    }
    if (r.object || r.update)
        extract_note(j, a, ATT_MACRO, STR("embedded object"));
    ptrdiff_t template = str_find(b->bytes, STR("\\*\\template"), 0);
    if (template >= 0 && str_ifind(str_upto(str_from(b->bytes, (size_t) template), 300), STR("http"), 0) >= 0)
        extract_note(j, a, ATT_REMOTE | ATT_MACRO, STR("remote template"));
    struct extract_source s = {.part = b->part, .where = WHERE_OFFICE, .link = LINK_OFFICE};
    extract_text(j, &s, buf_str(&text), &out);
    a->text_chars = (uint32_t)out.n;
    extract_attached(j, buf_str(&out));
}

/* OneNote: each file put into the page follows this mark ([MS-ONESTORE] 2.6.13 FileDataStoreObject). */
void extract_onenote_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    static const struct str mark = {"\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC", 16};
    unsigned n = 0;
    for (ptrdiff_t at = str_find(b->bytes, mark, 0); at >= 0 && n < 16;
         at = str_find(b->bytes, mark, (size_t)at + 16), n++) {
        struct str kind = extract_sniff(str_upto(str_from(b->bytes, (size_t)at + 36), 65536));
        if (str_eq(kind, STR("png")) || str_eq(kind, STR("jpeg")) || str_eq(kind, STR("gif")) || kind.n == 0)
            continue;
        extract_note(j, a, ATT_PROGRAM, arena_printf(j->arena, "%.*s inside", STRF(kind)));
    }
}

#include "extract/pdf_scan.h"
#include "extract/chars.h"
#include <zlib.h>

#define PDF_NAME_MAX 32u
#define PDF_STREAM_MAX (1u << 20)
#define PDF_STREAMS_MAX 400u /* object streams unpacked */
#define PDF_DICT_BACK 4096u  /* bytes before "stream" that hold its dictionary */

bool extract_inflate(struct extract_job *j, struct str packed, size_t max, struct buf *out)
{
    z_stream z = {0};
    size_t before = out->n;
    if (max > j->budget.bytes)
        max = j->budget.bytes;
    char *room = max ? buf_room(out, max) : NULL;
    if (!room || inflateInit(&z) != Z_OK)
        return false;
    z.next_in = (Bytef *)(uintptr_t)packed.p;
    z.avail_in = (uInt)(packed.n < (64u << 20) ? packed.n : 64u << 20);
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)max;
    inflate(&z, Z_FINISH);
    out->n = before + (max - z.avail_out);
    inflateEnd(&z);
    j->budget.bytes -= out->n - before;
    return out->n > before;
}

static bool delimiter(char c) { return chars_space(c) || c == '\0' || strchr("()<>[]{}/%", c); }

/* Names may be written with #xx, and hostile ones are. */
static size_t read_name(struct str b, size_t at, char out[PDF_NAME_MAX + 1])
{
    size_t n = 0;
    while (at < b.n && !delimiter(b.p[at])) {
        char c = b.p[at++];
        if (c == '#' && at + 1 < b.n && chars_hex(b.p[at]) >= 0 && chars_hex(b.p[at + 1]) >= 0) {
            c = (char)(chars_hex(b.p[at]) * 16 + chars_hex(b.p[at + 1]));
            at += 2;
        }
        if (n < PDF_NAME_MAX)
            out[n++] = c;
    }
    out[n] = '\0';
    return at;
}

static void name(struct pdf_scan *s, struct str b, size_t at, const char *n)
{
    switch (n[0]) {
    case 'J': s->javascript = s->javascript || strcmp(n, "JavaScript") == 0 || strcmp(n, "JS") == 0; break;
    case 'L':
        s->launch = s->launch || strcmp(n, "Launch") == 0;
        s->linearized = s->linearized || strcmp(n, "Linearized") == 0;
        break;
    case 'S': s->submit = s->submit || strcmp(n, "SubmitForm") == 0; break;
    case 'R': s->rich = s->rich || strcmp(n, "RichMedia") == 0; break;
    case 'E':
        s->embedded = s->embedded || strcmp(n, "EmbeddedFile") == 0 || strcmp(n, "EmbeddedFiles") == 0;
        s->encrypted = s->encrypted || strcmp(n, "Encrypt") == 0;
        break;
    case 'X': s->xfa = s->xfa || strcmp(n, "XFA") == 0; break;
    case 'O':
        if (strcmp(n, "OpenAction") == 0 && str_find(str_upto(str_from(b, at), 120), STR("/URI"), 0) >= 0)
            s->open_uri = true;
        break;
    default: break;
    }
}

static void names(struct pdf_scan *s, struct str b)
{
    char n[PDF_NAME_MAX + 1];
    for (size_t i = 0; i < b.n;) {
        const char *slash = memchr(b.p + i, '/', b.n - i);
        if (!slash)
            return;
        i = read_name(b, (size_t)(slash - b.p) + 1, n);
        name(s, b, i, n);
    }
}

/* Is this stream a pack of objects? Its dictionary ends right before the keyword. */
static bool object_stream(struct str b, size_t keyword)
{
    size_t from = keyword > PDF_DICT_BACK ? keyword - PDF_DICT_BACK : 0;
    struct str dict = str_n(b.p + from, keyword - from);
    ptrdiff_t obj = -1;
    for (ptrdiff_t o = str_find(dict, STR(" obj"), 0); o >= 0; o = str_find(dict, STR(" obj"), (size_t)o + 4))
        obj = o;
    if (obj >= 0)
        dict = str_from(dict, (size_t)obj);
    char n[PDF_NAME_MAX + 1];
    for (ptrdiff_t at = str_chr(dict, '/', 0); at >= 0; at = str_chr(dict, '/', (size_t)at + 1)) {
        read_name(dict, (size_t)at + 1, n);
        if (strcmp(n, "ObjStm") == 0)
            return true;
    }
    return false;
}

/* An object stream begins with numbers and places; when they can be read, it is not packed. */
static bool unpacked_list(struct str s)
{
    size_t n = 0;
    while (n < s.n && (ascii_is_digit(s.p[n]) || chars_space(s.p[n])))
        n++;
    return n >= 4;
}

void pdf_scan(struct extract_job *j, struct str b, struct pdf_scan *s)
{
    unsigned unpacked = 0;
    *s = (struct pdf_scan){0};
    for (size_t i = 0; i < b.n;) {
        ptrdiff_t at = str_find(b, STR("stream"), i);
        size_t end = at < 0 ? b.n : (size_t)at;
        names(s, str_n(b.p + i, end - i));
        if (at < 0)
            break;
        size_t data = end + 6;
        bool begins = data < b.n && (b.p[data] == '\r' || b.p[data] == '\n') &&
                      !(end >= 3 && memcmp(b.p + end - 3, "end", 3) == 0);
        if (!begins) {
            i = data;
            continue;
        }
        data += b.p[data] == '\r' && data + 1 < b.n && b.p[data + 1] == '\n' ? 2 : 1;
        ptrdiff_t stop = str_find(b, STR("endstream"), data);
        size_t to = stop < 0 ? b.n : (size_t)stop;
        if (object_stream(b, end) && unpacked++ < PDF_STREAMS_MAX) {
            AUTO(buf) struct buf out;
            buf_init(&out, PDF_STREAM_MAX);
            if (extract_inflate(j, str_n(b.p + data, to - data), PDF_STREAM_MAX, &out))
                names(s, buf_str(&out));
            else if (unpacked_list(str_n(b.p + data, to - data)))
                names(s, str_n(b.p + data, to - data));
        }
        i = stop < 0 ? b.n : to + 9;
    }
    for (ptrdiff_t e = str_find(b, STR("%%EOF"), 0); e >= 0; e = str_find(b, STR("%%EOF"), (size_t)e + 5))
        s->revisions++;
}

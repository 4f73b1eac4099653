/* Files written into the text as programs did before MIME: "begin 644 name", lines, "end". Some mail programs still
 * show them as attachments, so they are read as such. */
#include "extract/blob.h"

#define UU_FILES_MAX 10u
#define UU_FILE_MAX (8u << 20)

/* One line: its first byte says how many bytes it holds. 1 a line, 0 the last, -1 none. */
static int uu_line(struct str line, struct buf *out)
{
    if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`')
        return -1;
    unsigned n = ((unsigned)line.p[0] - ' ') & 63;
    if (n == 0)
        return 0;
    if (line.n < 1 + (n * 4 + 2) / 3)
        return -1;
    for (unsigned i = 0; i < n; i++) {
        size_t at = 1 + i / 3 * 4;
        unsigned v = 0;
        for (unsigned k = 0; k < 4; k++)
            v = v << 6 | (at + k < line.n ? ((unsigned)line.p[at + k] - ' ') & 63 : 0);
        buf_addc(out, (char)(v >> (16 - 8 * (i % 3)) & 255));
    }
    return 1;
}

static bool octal(struct str s) { return s.n >= 3 && s.p[0] >= '0' && s.p[0] <= '7' && s.p[1] >= '0' && s.p[1] <= '7'; }

/* name: what follows "begin 644 "; *rest begins at the next line and moves behind what was read. */
static void uu_file(struct extract_job *j, uint32_t part, struct str name, struct str *rest)
{
    AUTO(buf) struct buf bytes;
    struct str look = *rest, line;
    unsigned lines = 0;
    buf_init(&bytes, UU_FILE_MAX);
    while (look.n && str_token(&look, '\n', &line)) {
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (uu_line(line, &bytes) <= 0)
            break;
        lines++;
    }
    if (lines == 0)
        return;
    *rest = look;
    j->insight.has_attachment = true;
    extract_blob(j, &(struct extract_blob){.bytes = buf_str(&bytes), .name = str_trim(name), .part = part});
}

void extract_uuencoded(struct extract_job *j, uint32_t part, struct str text)
{
    unsigned files = 0;
    for (ptrdiff_t at = str_starts(text, STR("begin ")) ? 0 : str_find(text, STR("\nbegin "), 0);
         at >= 0 && files < UU_FILES_MAX; at = str_find(text, STR("\nbegin "), (size_t)at)) {
        struct str rest = str_from(text, (size_t)at + (text.p[at] == '\n' ? 7 : 6)), line;
        if (!str_token(&rest, '\n', &line))
            return;
        if (octal(line) && str_chr(line, ' ', 0) >= 3) {
            files++;
            uu_file(j, part, str_from(line, (size_t)str_chr(line, ' ', 0) + 1), &rest);
        }
        at = rest.p - text.p - 1;
    }
}

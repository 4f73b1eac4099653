/* Invitations (RFC 5545): who organises, and the text and links that the calendar will show. */
#include "extract/blob.h"
#include "extract/chars.h"

#define CALENDAR_MAX (1u << 20)

/* Lines are folded; commas, semicolons and line ends are escaped. */
static void unfold(struct str in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '\r')
            continue;
        if (c == '\n' && i + 1 < in.n && (in.p[i + 1] == ' ' || in.p[i + 1] == '\t')) {
            i++;
            continue;
        }
        if (c == '\\' && i + 1 < in.n) {
            char d = in.p[++i];
            buf_addc(out, d == 'n' || d == 'N' ? '\v' : d);
            continue;
        }
        buf_addc(out, c);
    }
}

static struct str value_of(struct str line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.n; i++) {
        quoted = quoted != (line.p[i] == '"');
        if (line.p[i] == ':' && !quoted)
            return str_from(line, i + 1);
    }
    return STR("");
}

static void text_out(struct str v, struct buf *out)
{
    for (size_t i = 0; i < v.n; i++)
        buf_addc(out, v.p[i] == '\v' ? '\n' : v.p[i]);
    buf_addc(out, '\n');
}

void extract_calendar_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    static const char *const shown[] = {"SUMMARY",    "DESCRIPTION", "LOCATION", "URL",       "COMMENT",
                                        "X-ALT-DESC", "CONTACT",     "ATTACH",   "CONFERENCE"};
    AUTO(buf) struct buf lines, text, out;
    struct str rest, line;
    buf_init(&lines, CALENDAR_MAX + 1);
    buf_init(&text, CALENDAR_MAX + 1);
    buf_init(&out, CALENDAR_MAX * 3u);
    struct arena_mark mark = arena_mark(&j->scratch);
    unfold(str_upto(extract_charset(j, b->charset, str_upto(b->bytes, CALENDAR_MAX)), CALENDAR_MAX), &lines);
    arena_reset(&j->scratch, mark);
    a->flags |= ATT_CALENDAR;
    for (rest = buf_str(&lines); rest.n && str_token(&rest, '\n', &line);) {
        struct str v = value_of(line);
        if (str_istarts(line, STR("ORGANIZER"))) {
            ptrdiff_t mailto = str_ifind(line, STR("mailto:"), 0);
            if (mailto >= 0 && a->author.n == 0)
                a->author =
                    arena_str(j->arena, str_utf8_cut(str_trim(str_from(line, (size_t)mailto + 7)), FACTS_NAME_MAX));
            continue;
        }
        for (size_t i = 0; i < N_ELEMENTS(shown); i++)
            if (str_istarts(line, str_c(shown[i])))
                text_out(v, &text);
    }
    struct extract_source s = {.part = b->part, .where = WHERE_ATTACHMENT, .link = LINK_CALENDAR};
    bool html = str_ifind(buf_str(&text), STR("<a "), 0) >= 0 || str_ifind(buf_str(&text), STR("<html"), 0) >= 0;
    s.html = html ? LINK_CALENDAR : 0;
    uint32_t before = j->insight.html;
    extract_text(j, &s, buf_str(&text), &out);
    j->insight.html = before;
    extract_attached(j, buf_str(&out));
}

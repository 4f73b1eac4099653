#include "mime/subject.h"

#define TAG_BYTES_MAX 64u

static const struct {
    struct str mark;
    unsigned flag;
} marks[] = {
    {{"re", 2}, MIME_SUBJECT_REPLY},    {{"r", 1}, MIME_SUBJECT_REPLY},        {{"rif", 3}, MIME_SUBJECT_REPLY},
    {{"ris", 3}, MIME_SUBJECT_REPLY},   {{"aw", 2}, MIME_SUBJECT_REPLY},       {{"antw", 4}, MIME_SUBJECT_REPLY},
    {{"sv", 2}, MIME_SUBJECT_REPLY},    {{"vs", 2}, MIME_SUBJECT_REPLY},       {{"ref", 3}, MIME_SUBJECT_REPLY},
    {{"res", 3}, MIME_SUBJECT_REPLY},   {{"rép", 4}, MIME_SUBJECT_REPLY},      {{"odp", 3}, MIME_SUBJECT_REPLY},
    {{"fwd", 3}, MIME_SUBJECT_FORWARD}, {{"fw", 2}, MIME_SUBJECT_FORWARD},     {{"i", 1}, MIME_SUBJECT_FORWARD},
    {{"wg", 2}, MIME_SUBJECT_FORWARD},  {{"tr", 2}, MIME_SUBJECT_FORWARD},     {{"rv", 2}, MIME_SUBJECT_FORWARD},
    {{"enc", 3}, MIME_SUBJECT_FORWARD}, {{"doorst", 6}, MIME_SUBJECT_FORWARD}, {{"vl", 2}, MIME_SUBJECT_FORWARD},
    {{"vb", 2}, MIME_SUBJECT_FORWARD},  {{"pd", 2}, MIME_SUBJECT_FORWARD},
};

static struct str collapse(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n ? s.n : 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n' ? ' ' : s.p[i];
        if (c == '\xC2' && i + 1 < s.n && s.p[i + 1] == '\xA0') { /* U+00A0, put after the mark by some mailers */
            c = ' ';
            i++;
        }
        if (c != ' ' || (n && p[n - 1] != ' '))
            p[n++] = c;
    }
    while (n && p[n - 1] == ' ')
        n--;
    return str_n(p, n);
}

/* "[tag]" or "[2]" / "(2)" / "^2" at the start of s: its length. */
static size_t bracket(struct str s, bool count)
{
    if (s.n < 2 || (s.p[0] != '[' && !(count && s.p[0] == '(') && !(count && s.p[0] == '^')))
        return 0;
    char close = s.p[0] == '[' ? ']' : s.p[0] == '(' ? ')' : 0;
    for (size_t i = 1; i < s.n && i < TAG_BYTES_MAX; i++) {
        if (close && s.p[i] == close)
            return i > 1 ? i + 1 : 0;
        if (count && !ascii_is_digit(s.p[i]))
            return close ? 0 : i > 1 ? i : 0;
        if (s.p[i] == '[')
            return 0;
    }
    return 0;
}

/* mark ["[" n "]"] ":" — also the full-width colon U+FF1A and French " :". Length, 0 when there is none. */
static size_t mark_length(struct str s, unsigned *flag)
{
    size_t n = 0;
    for (size_t i = 0; i < N_ELEMENTS(marks); i++) {
        if (!str_istarts(s, marks[i].mark))
            continue;
        n = marks[i].mark.n;
        n += n < s.n && s.p[n] == ' ';
        n += bracket(str_from(s, n), true);
        while (n < s.n && s.p[n] == ' ')
            n++;
        size_t colon = n < s.n && s.p[n] == ':' ? 1 : str_starts(str_from(s, n), STR("\xEF\xBC\x9A")) ? 3 : 0;
        if (colon) {
            *flag = marks[i].flag;
            return n + colon;
        }
    }
    return 0;
}

struct str mime_subject_base(struct arena *a, struct str subject, unsigned *flags)
{
    unsigned got = 0;
    struct str s = collapse(a, subject);
    for (size_t n;;) {
        unsigned flag = 0;
        if ((n = mark_length(s, &flag)) > 0) {
            got |= flag;
        } else if ((n = bracket(s, false)) > 0 &&
                   str_trim(str_from(s, n)).n) { /* a subject that is only a tag keeps it */
            got |= MIME_SUBJECT_TAG;
        } else {
            break;
        }
        s = str_trim(str_from(s, n));
    }
    while (s.n >= 5 && str_ieq(str_from(s, s.n - 5), STR("(fwd)"))) {
        got |= MIME_SUBJECT_FORWARD;
        s = str_trim(str_upto(s, s.n - 5));
    }
    if (flags)
        *flags = got;
    return s;
}

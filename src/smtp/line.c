#include "smtp/line.h"

enum parse smtp_line_take(struct str in, struct str *line, size_t *used, enum smtp_line_fault *fault)
{
    ptrdiff_t lf = str_chr(str_upto(in, SMTP_LINE_MAX), '\n', 0);
    *fault = SMTP_LINE_FINE;
    if (lf < 0) {
        if (in.n < SMTP_LINE_MAX)
            return PARSE_MORE;
        *fault = SMTP_LINE_LONG;
        *used = in.n;
        return PARSE_BAD;
    }
    *used = (size_t)lf + 1;
    struct str got = str_upto(in, (size_t)lf);
    bool crlf = got.n > 0 && got.p[got.n - 1] == '\r';
    if (crlf)
        got.n--;
    if (!crlf || str_chr(got, '\r', 0) >= 0 || str_chr(got, '\0', 0) >= 0) {
        *fault = SMTP_LINE_BARE;
        return PARSE_BAD;
    }
    *line = got;
    return PARSE_OK;
}

void smtp_line_verb(struct str line, struct str *verb, struct str *args)
{
    size_t n = 0;
    while (n < line.n && ascii_is_alpha(line.p[n]))
        n++;
    *verb = str_upto(line, n);
    *args = str_trim(str_from(line, n));
}

static bool is_keyword(struct str s)
{
    if (s.n == 0 || !(ascii_is_alpha(s.p[0]) || ascii_is_digit(s.p[0])))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-')
            return false;
    return true;
}

static bool is_value(struct str s) /* %d33-60 / %d62-126 */
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 33 || s.p[i] > 126 || s.p[i] == '=')
            return false;
    return s.n > 0;
}

int smtp_params(struct str text, struct smtp_param *v, size_t max)
{
    size_t n = 0;
    struct str rest = str_trim(text), tok;
    while (rest.n > 0) {
        if (!str_cut(rest, ' ', &tok, &rest))
            rest = STR_NULL;
        if (tok.n == 0)
            continue; /* several spaces: seen in the field, harmless */
        if (n == max)
            return -1;
        struct smtp_param *p = &v[n];
        bool has = str_cut(tok, '=', &p->key, &p->value);
        if (!has)
            p->value = STR_NULL;
        if (!is_keyword(p->key) || (has && !is_value(p->value)))
            return -1;
        for (size_t i = 0; i < n; i++)
            if (str_ieq(v[i].key, p->key))
                return -1;
        n++;
    }
    return (int)n;
}

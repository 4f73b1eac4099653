/* Words beside "password" in the text, to open what the sender locked so that no filter looks into it. */
#include "extract/blob.h"
#include "extract/chars.h"

#define PASSWORD_NEAR 5u /* words after it */
#define PASSWORD_LEAST 3u
#define PASSWORD_MOST 40u

static void keep(struct extract_job *j, struct str w)
{
    while (w.n && strchr("\"'`([{<*:=,;", w.p[0]))
        w = str_from(w, 1);
    while (w.n && strchr("\"'`)]}>*,;:", w.p[w.n - 1]))
        w.n--;
    if (w.n < PASSWORD_LEAST || w.n > PASSWORD_MOST || j->n_passwords == EXTRACT_PASSWORDS_MAX)
        return;
    for (size_t i = 0; i < j->n_passwords; i++)
        if (str_eq(str_c(j->passwords[i]), w))
            return;
    j->passwords[j->n_passwords++] = arena_z(j->arena, w);
    if (w.p[w.n - 1] == '.' && w.n > PASSWORD_LEAST) /* the full stop may be the sentence's */
        keep(j, str_upto(w, w.n - 1));
}

void extract_passwords(struct extract_job *j, struct str text)
{
    struct str word;
    unsigned kinds;
    for (size_t at = 0; extract_words_next(&j->ctx->words, text, &at, &word, &kinds);) {
        if (!(kinds & WORD_PASSWORD))
            continue;
        size_t i = at;
        for (unsigned n = 0; n < PASSWORD_NEAR && i < text.n; n++) {
            while (i < text.n && (chars_space(text.p[i]) || text.p[i] == ':' || text.p[i] == '='))
                i++;
            size_t from = i;
            while (i < text.n && !chars_space(text.p[i]))
                i++;
            keep(j, str_n(text.p + from, i - from));
        }
    }
}

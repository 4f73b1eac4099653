#include "extract/job.h"
#include "facts/iban.h"

/* Does the line that holds `at` begin with a quote mark? */
static bool quoted_at(struct str text, size_t at)
{
    size_t line = at;
    while (line > 0 && text.p[line - 1] != '\n')
        line--;
    while (line < at && (text.p[line] == ' ' || text.p[line] == '\t'))
        line++;
    return line < text.n && text.p[line] == '>';
}

static bool known(const struct facts_insight *in, struct str value, enum facts_where where, bool quoted)
{
    for (size_t i = 0; i < in->n_payments; i++)
        if (str_eq(in->payments[i].value, value) && in->payments[i].where == where && in->payments[i].quoted == quoted)
            return true;
    return false;
}

void extract_payments(struct extract_job *j, uint32_t part, enum facts_where where, struct str text)
{
    struct facts_insight *in = &j->insight;
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    while (iban_next(text, &at, iban, &start)) {
        bool quoted = quoted_at(text, start);
        struct str value = str_c(iban);
        if (known(in, value, where, quoted))
            continue;
        if (in->n_payments == FACTS_COORDINATES_MAX) {
            in->flags |= FACTS_TOO_MANY;
            return;
        }
        in->payments[in->n_payments++] = (struct facts_payment){
            .kind = COORD_IBAN, .where = where, .value = arena_str(j->arena, value), .part = part, .quoted = quoted};
    }
}

void extract_link(struct extract_job *j, uint32_t part, struct str url, struct str text)
{
    struct facts_insight *in = &j->insight;
    if (in->n_links == FACTS_LINKS_MAX) {
        in->flags |= FACTS_TOO_MANY;
        return;
    }
    in->links[in->n_links++] = (struct facts_link){.url = arena_str(j->arena, str_utf8_cut(url, FACTS_STRING_MAX)),
                                                   .text = arena_str(j->arena, str_utf8_cut(text, FACTS_STRING_MAX)),
                                                   .part = part,
                                                   .kind = LINK_HREF};
}

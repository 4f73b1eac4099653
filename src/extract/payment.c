/* IBANs in text, and the list of coordinates. What a reader's eye joins is joined here too: letters of other alphabets
 * that look Latin, and text around what was hidden. */
#include "extract/chars.h"
#include "extract/job.h"
#include "facts/iban.h"

#define PAYMENT_SEAMS_MAX 1024u

bool extract_quoted_at(struct extract_job *j, struct str text, size_t at)
{
    struct extract_line *seen = &j->line;
    /* Asked again and again about one endless line, each look back to its start would be a look at all of it. */
    bool same = seen->text == text.p && at >= seen->from;
    size_t line = same ? seen->from : 0, from = same && at >= seen->at ? seen->at : line;
    const char *end = same && at < seen->at ? NULL : memrchr(text.p + from, '\n', at - from);
    if (end)
        line = (size_t)(end - text.p) + 1;
    *seen = (struct extract_line){text.p, line, at};
    while (line < at && (text.p[line] == ' ' || text.p[line] == '\t'))
        line++;
    return line < text.n && text.p[line] == '>';
}

void extract_payment(struct extract_job *j, struct facts_payment p)
{
    struct facts_insight *in = &j->insight;
    for (size_t i = 0; i < in->n_payments; i++) {
        struct facts_payment *q = &in->payments[i];
        if (q->kind == p.kind && q->where == p.where && q->quoted == p.quoted && str_eq(q->value, p.value)) {
            if (q->holder.n == 0 && p.holder.n)
                q->holder = arena_str(j->arena, str_utf8_cut(p.holder, FACTS_NAME_MAX));
            return;
        }
    }
    if (p.kind == COORD_PHONE && j->phones++ >= EXTRACT_PHONES_MAX)
        return;
    if (in->n_payments == FACTS_COORDINATES_MAX) {
        in->flags |= FACTS_TOO_MANY;
        return;
    }
    p.value = arena_str(j->arena, str_utf8_cut(p.value, FACTS_NAME_MAX));
    p.holder = arena_str(j->arena, str_utf8_cut(p.holder, FACTS_NAME_MAX));
    in->payments[in->n_payments++] = p;
}

/* The text as the eye reads it, and where it differs from the bytes. */
struct seams {
    uint32_t at[PAYMENT_SEAMS_MAX];
    size_t n;
};

static bool needs_folding(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == EXTRACT_MARK || (c >= 0xCE && c <= 0xD3) || (c >= 0xD8 && c <= 0xE1))
            return true;
    }
    return false;
}

static struct str fold(struct extract_job *j, struct str text, struct seams *s)
{
    char *p = arena_alloc(&j->scratch, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        uint32_t c;
        size_t len = chars_next(text.p + i, &c);
        char look = c >= 0x80 ? chars_look(c) : '\0';
        if (c == EXTRACT_MARK || look) {
            if (s->n < PAYMENT_SEAMS_MAX)
                s->at[s->n++] = (uint32_t)n;
            if (look)
                p[n++] = look;
        } else {
            memcpy(p + n, text.p + i, len);
            n += len;
        }
        i += len;
    }
    return str_n(p, n);
}

static bool joined(const struct seams *s, size_t from, size_t to)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i] > from && s->at[i] < to)
            return true;
    return false;
}

void extract_payments(struct extract_job *j, uint32_t part, enum facts_where where, struct str text)
{
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    struct seams seams;
    seams.n = 0;
    j->line.text = NULL;
    if (needs_folding(text))
        text = fold(j, text, &seams);
    while (iban_next(text, &at, iban, &start)) {
        if (joined(&seams, start, at))
            j->insight.flags |= FACTS_CUT_WORDS;
        extract_payment(j, (struct facts_payment){.kind = COORD_IBAN,
                                                  .where = where,
                                                  .value = str_c(iban),
                                                  .part = part,
                                                  .quoted = extract_quoted_at(j, text, start)});
    }
    extract_accounts(j, part, where, text);
}

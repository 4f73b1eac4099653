/* Is this text an invoice, and which one? "Fattura n. 691/2026", "Invoice No: 12345", "Rechnungsnummer RE-77". */
#include "extract/blob.h"
#include "extract/chars.h"

#define INVOICE_NUMBER_MAX 32u
#define INVOICE_NEAR 6u

static bool number_char(char c) { return chars_alnum(c) || c == '/' || c == '-' || c == '_' || c == '.'; }

static struct str number_after(struct str t, size_t at)
{
    for (unsigned words = 0; words < INVOICE_NEAR && at < t.n; words++) {
        while (at < t.n && !number_char(t.p[at]))
            at++;
        size_t from = at;
        bool digit = false, dots = false;
        while (at < t.n && number_char(t.p[at])) {
            digit = digit || ascii_is_digit(t.p[at]);
            dots = dots || t.p[at] == '.';
            at++;
        }
        struct str w = str_n(t.p + from, at - from);
        while (w.n && (w.p[w.n - 1] == '.' || w.p[w.n - 1] == '-'))
            w.n--;
        if (digit && !dots && w.n >= 2 && w.n <= INVOICE_NUMBER_MAX) /* dots: a date or an amount */
            return w;
    }
    return STR_NULL;
}

void extract_invoice_words(struct extract_job *j, struct str text, struct facts_attachment *a)
{
    static const char *const whole[] = {"rechnungsnummer", "rechnungsnr", "factuurnummer", "invoicenumber",
                                        "rechnung-nr"};
    struct str word;
    unsigned kinds, hits = 0;
    for (size_t at = 0; extract_words_next(&j->ctx->words, text, &at, &word, &kinds);) {
        bool number_word = false;
        for (size_t i = 0; i < N_ELEMENTS(whole) && (word.p[0] | 32) != 'x'; i++)
            number_word = number_word || str_ieq(word, str_c(whole[i]));
        if (!(kinds & WORD_INVOICE) && !number_word)
            continue;
        hits++;
        if (a->number.n == 0) {
            struct str n = number_after(str_upto(text, at + 80), at);
            if (n.n)
                a->number = arena_str(j->arena, str_utf8_cut(n, FACTS_NAME_MAX));
        }
    }
    if (hits > 0)
        a->flags |= ATT_INVOICE;
}

#pragma once
/* Words that say something by themselves: frequent words of seven languages, and words beside payment coordinates,
 * passwords and invoices. One small table, made at the start, looked up by hash. */
#include "core/str.h"

enum word_kind {
    WORD_EN = 1,
    WORD_IT = 2,
    WORD_DE = 4,
    WORD_FR = 8,
    WORD_ES = 16,
    WORD_PT = 32,
    WORD_NL = 64,
    WORD_LANGUAGES = 7,
    WORD_BIC = 1 << 7,
    WORD_SORT = 1 << 8,
    WORD_ACCOUNT = 1 << 9,
    WORD_ROUTING = 1 << 10,
    WORD_PHONE = 1 << 11,
    WORD_CRYPTO = 1 << 12,
    WORD_PASSWORD = 1 << 13,
    WORD_INVOICE = 1 << 14
};
#define EXTRACT_WORDS_SLOTS 4096u
struct extract_words {
    struct {
        uint32_t hash, kinds;
    } slot[EXTRACT_WORDS_SLOTS];
};
void extract_words_init(struct extract_words *w);
/* Next word at or after *at: letters, digits and everything beyond ASCII; its kinds. false at the end. */
bool extract_words_next(const struct extract_words *w, struct str text, size_t *at, struct str *word, unsigned *kinds);

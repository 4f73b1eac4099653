/* The language of what the sender himself wrote, by frequent words and letters: whole numbers only, so that every run
 * and machine says the same. */
#include "extract/chars.h"
#include "extract/job.h"

#define LANGUAGE_WORDS_MAX 2000u
#define LANGUAGE_HITS_LEAST 2u
#define LANGUAGE_OWN_WORDS 12u /* fewer own words than these: the quoted ones count too */

static const char codes[WORD_LANGUAGES][3] = {"en", "it", "de", "fr", "es", "pt", "nl"};
enum { EN, IT, DE, FR, ES, PT, NL };

/* Letters that say something; returns how many belong to none of the seven (Polish, Czech, Greek, Cyrillic ...). */
static unsigned letters(struct str word, unsigned score[WORD_LANGUAGES])
{
    unsigned foreign = 0;
    for (size_t i = 0; i + 1 < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i], d = (unsigned char)word.p[i + 1];
        foreign += c >= 0xC4 && c <= 0xDF && !(c == 0xC5 && (d == 0x92 || d == 0x93));
        if (c != 0xC3)
            continue;
        switch (d | 0x20) {
        case 0xBF: score[DE] += d == 0x9F ? 2 : 0; break; /* sharp s; 0xBF itself is y with dots */
        case 0xA4:
        case 0xB6:
        case 0xBC: score[DE]++; break;
        case 0xB1: score[ES] += 2; break;
        case 0xA3:
        case 0xB5: score[PT] += 2; break;
        case 0xB2:
        case 0xAC: score[IT]++; break;
        case 0xAA:
        case 0xA7: score[FR]++, score[PT]++; break;
        default: break;
        }
    }
    return foreign;
}

struct tally {
    unsigned score[WORD_LANGUAGES], words, foreign;
};

/* "com" of an address is no Portuguese. */
static bool of_address(struct str line, struct str word)
{
    size_t from = (size_t)(word.p - line.p), to = from + word.n;
    if (from > 0 && strchr(".@/", line.p[from - 1]) && line.p[from - 1])
        return true;
    return to + 1 < line.n && (line.p[to] == '@' || (line.p[to] == '.' && chars_alnum(line.p[to + 1])));
}

static void count(const struct extract_ctx *ctx, struct str line, struct tally *t)
{
    struct str word;
    unsigned kinds;
    for (size_t at = 0; t->words < LANGUAGE_WORDS_MAX && extract_words_next(&ctx->words, line, &at, &word, &kinds);) {
        if (ascii_is_digit(word.p[0]) || of_address(line, word))
            continue;
        t->words++;
        for (unsigned l = 0; l < WORD_LANGUAGES && (kinds & 127); l++)
            t->score[l] += kinds >> l & 1;
        t->foreign += letters(word, t->score);
    }
}

static void lines(const struct extract_ctx *ctx, struct str text, bool quoted, struct tally *t)
{
    struct str rest = text, line;
    while (t->words < LANGUAGE_WORDS_MAX && rest.n && str_token(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n && (line.p[0] == '>') == quoted)
            count(ctx, line, t);
    }
}

struct str extract_language(const struct extract_ctx *ctx, struct str text)
{
    struct tally t = {0};
    unsigned best = 0, second = 0;
    lines(ctx, text, false, &t);
    if (t.words < LANGUAGE_OWN_WORDS)
        lines(ctx, text, true, &t);
    for (unsigned l = 1; l < WORD_LANGUAGES; l++)
        if (t.score[l] > t.score[best])
            best = l;
    for (unsigned l = 0; l < WORD_LANGUAGES; l++)
        if (l != best && t.score[l] > second)
            second = t.score[l];
    /* Clear: more than a hit or two, some share of the words, ahead of the next, and no letters of elsewhere. */
    unsigned hits = t.score[best];
    if (hits < LANGUAGE_HITS_LEAST || (hits == LANGUAGE_HITS_LEAST && second > 0) || hits * 20 < t.words ||
        hits * 6 < second * 7 || t.foreign * 2 > hits)
        return STR("");
    return str_c(codes[best]);
}

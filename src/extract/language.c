/* The language of what the sender himself wrote, by frequent words and letters: whole numbers only, so that every run
 * and machine says the same. */
#include "extract/chars.h"
#include "extract/job.h"

#define LANGUAGE_WORDS_MAX 2000u
#define LANGUAGE_HITS_LEAST 3u

static const char codes[WORD_LANGUAGES][3] = {"en", "it", "de", "fr", "es", "pt", "nl"};
enum { EN, IT, DE, FR, ES, PT, NL };

static void letters(struct str word, unsigned score[WORD_LANGUAGES])
{
    for (size_t i = 0; i + 1 < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i], d = (unsigned char)word.p[i + 1];
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
}

static void count(const struct extract_ctx *ctx, struct str line, unsigned *words, unsigned score[WORD_LANGUAGES])
{
    struct str word;
    unsigned kinds;
    for (size_t at = 0; *words < LANGUAGE_WORDS_MAX && extract_words_next(&ctx->words, line, &at, &word, &kinds);) {
        ++*words;
        for (unsigned l = 0; l < WORD_LANGUAGES && (kinds & 127); l++)
            score[l] += kinds >> l & 1;
        letters(word, score);
    }
}

struct str extract_language(const struct extract_ctx *ctx, struct str text)
{
    unsigned score[WORD_LANGUAGES] = {0}, words = 0, best = 0, second = WORD_LANGUAGES;
    struct str rest = text, line;
    while (words < LANGUAGE_WORDS_MAX && rest.n && str_token(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.n && line.p[0] != '>')
            count(ctx, line, &words, score);
    }
    for (unsigned l = 1; l < WORD_LANGUAGES; l++)
        if (score[l] > score[best])
            best = l;
    for (unsigned l = 0; l < WORD_LANGUAGES; l++)
        if (l != best && (second == WORD_LANGUAGES || score[l] > score[second]))
            second = l;
    /* Clear: more than a few hits, a fair share of the words, and ahead of the next. */
    if (score[best] < LANGUAGE_HITS_LEAST || score[best] * 12 < words || score[best] * 6 < score[second] * 7)
        return STR("");
    return str_c(codes[best]);
}

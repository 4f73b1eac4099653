#include "guard/lexicon.h"
#include "guard/lists.h"
#include <stdlib.h>

#define LEXICON_SLOTS 16384u /* over twice the phrases: see the test */
#define LEXICON_STARTS 65536u

#define PHRASE_NONE UINT16_MAX

struct phrase {
    enum guard_topic topic;
    unsigned weight;
    struct str text;
};
#define PHRASE(topic, lang, weight, text) {TOPIC_##topic, weight, {text, sizeof(text) - 1}},
static const struct phrase phrases[] = {
#include "guard/text_lexicon.def"
};
#undef PHRASE

struct guard_lexicon {
    uint64_t hash[LEXICON_SLOTS]; /* 0: free */
    uint16_t row[LEXICON_SLOTS];  /* of phrases; PHRASE_NONE: a brand's name only */
    const struct guard_brand *brand[LEXICON_SLOTS];
    uint8_t starts[LEXICON_STARTS / 8]; /* first words of phrases */
};

/* FNV-1a: the text is hostile, but all it could win is a slow look-up among constant phrases. */
static uint64_t word_hash(struct str w)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < w.n; i++)
        h = (h ^ (unsigned char)w.p[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

static uint64_t join(uint64_t phrase, uint64_t word) { return (phrase * 0x9e3779b97f4a7c15u ^ word) | 1; }

static bool next_word(struct str *rest, struct str *w)
{
    size_t i = 0, n;
    while (i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\n'))
        i++;
    for (n = i; n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\n'; n++)
        ;
    *w = str_n(rest->p + i, n - i);
    *rest = str_from(*rest, n);
    return w->n > 0;
}

static size_t slot_of(const struct guard_lexicon *l, uint64_t h)
{
    size_t at = h % LEXICON_SLOTS;
    while (l->hash[at] != 0 && l->hash[at] != h)
        at = (at + 1) % LEXICON_SLOTS;
    return at;
}

static size_t place(struct guard_lexicon *l, struct str text)
{
    struct str rest = text, w;
    uint64_t h = 0;
    for (bool first = true; next_word(&rest, &w); first = false) {
        uint64_t one = word_hash(w);
        if (first)
            l->starts[one % LEXICON_STARTS / 8] |= (uint8_t)(1u << one % 8);
        h = join(h, one);
    }
    size_t at = slot_of(l, h);
    if (l->hash[at] == 0)
        l->row[at] = PHRASE_NONE;
    l->hash[at] = h;
    return at;
}

static void add_brands(struct guard_lexicon *l)
{
    for (const struct guard_brand *b = guard_brands; b->name; b++) {
        struct str rest = str_c(b->words), name;
        while (str_token(&rest, '|', &name))
            l->brand[place(l, name)] = b;
    }
}

int guard_lexicon_open(struct guard_lexicon **out, struct err *e)
{
    struct guard_lexicon *l = calloc(1, sizeof *l);
    if (!l)
        return err_set(e, ERR_NOMEM, "There is not enough memory for the guard's phrases. Nothing was lost.");
    for (size_t i = 0; i < N_ELEMENTS(phrases); i++)
        l->row[place(l, phrases[i].text)] = (uint16_t)i;
    add_brands(l);
    *out = l;
    return 0;
}

void guard_lexicon_close(struct guard_lexicon **l)
{
    free(*l);
    *l = NULL;
}

static void count(size_t row, uint8_t *seen, struct guard_topics *out)
{
    const struct phrase *p = &phrases[row];
    if (seen[row / 8] & 1u << row % 8)
        return;
    seen[row / 8] |= (uint8_t)(1u << row % 8);
    out->points[p->topic] += p->weight;
    if (out->phrases[p->topic] < GUARD_TOPIC_QUOTES)
        out->quote[p->topic][out->phrases[p->topic]] = p->text;
    out->phrases[p->topic]++;
}

void guard_lexicon_match(const struct guard_lexicon *l, struct str folded, struct guard_topics *out)
{
    uint8_t seen[N_ELEMENTS(phrases) / 8 + 1] = {0};
    uint64_t ring[GUARD_PHRASE_WORDS] = {0}; /* hashes of the last words; a phrase may begin at any of them */
    struct str w;
    if (!l)
        return;
    /* Phrases that begin under way: the hash so far, 0 when none begins there. */
    while (next_word(&folded, &w)) {
        uint64_t one = word_hash(w);
        out->words++;
        for (size_t k = GUARD_PHRASE_WORDS - 1; k > 0; k--)
            ring[k] = ring[k - 1] ? join(ring[k - 1], one) : 0;
        bool starts = l->starts[one % LEXICON_STARTS / 8] & 1u << one % 8;
        ring[0] = starts ? join(0, one) : 0;
        for (size_t k = 0; k < GUARD_PHRASE_WORDS; k++) {
            size_t at = ring[k] ? slot_of(l, ring[k]) : 0;
            if (ring[k] == 0 || l->hash[at] == 0)
                continue;
            if (l->row[at] != PHRASE_NONE)
                count(l->row[at], seen, out);
            if (l->brand[at] && k + 1 > out->brand_words) {
                out->brand = l->brand[at];
                out->brand_words = (unsigned)k + 1;
            }
        }
    }
}

#include "guard/lexicon.h"
#include <stdlib.h>

#define LEXICON_SLOTS 8192u /* over twice the phrases: see the test */
#define LEXICON_STARTS 65536u

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
    uint16_t row[LEXICON_SLOTS];
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

static void add(struct guard_lexicon *l, uint16_t row)
{
    struct str rest = phrases[row].text, w;
    uint64_t h = 0;
    for (bool first = true; next_word(&rest, &w); first = false) {
        uint64_t one = word_hash(w);
        if (first)
            l->starts[one % LEXICON_STARTS / 8] |= (uint8_t)(1u << one % 8);
        h = join(h, one);
    }
    size_t at = h % LEXICON_SLOTS;
    while (l->hash[at] != 0 && l->hash[at] != h)
        at = (at + 1) % LEXICON_SLOTS;
    l->hash[at] = h;
    l->row[at] = row;
}

int guard_lexicon_open(struct guard_lexicon **out, struct err *e)
{
    struct guard_lexicon *l = calloc(1, sizeof *l);
    if (!l)
        return err_set(e, ERR_NOMEM, "There is not enough memory for the guard's phrases. Nothing was lost.");
    for (size_t i = 0; i < N_ELEMENTS(phrases); i++)
        add(l, (uint16_t)i);
    *out = l;
    return 0;
}

void guard_lexicon_close(struct guard_lexicon **l)
{
    free(*l);
    *l = NULL;
}

static const struct phrase *find(const struct guard_lexicon *l, uint64_t h)
{
    for (size_t at = h % LEXICON_SLOTS; l->hash[at] != 0; at = (at + 1) % LEXICON_SLOTS)
        if (l->hash[at] == h)
            return &phrases[l->row[at]];
    return NULL;
}

static void count(const struct phrase *p, uint8_t *seen, struct guard_topics *out)
{
    size_t row = (size_t)(p - phrases);
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
            const struct phrase *p = ring[k] ? find(l, ring[k]) : NULL;
            if (p)
                count(p, seen, out);
        }
    }
}

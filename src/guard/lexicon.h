#pragma once
/* Phrases in seven languages (text_lexicon.def), found in folded text (guard_text_fold) in one pass: the words' hashes are
 * rolled up to GUARD_PHRASE_WORDS and looked up. Built once, then constant. */
#include "core/err.h"
#include "core/str.h"

struct guard_brand;

#define GUARD_PHRASE_WORDS 7u
#define GUARD_TOPIC_QUOTES 3u

enum guard_topic {
    TOPIC_ACCOUNT, /* an account is in danger, or must be confirmed */
    TOPIC_BANK,    /* other bank details, and why */
    TOPIC_CALLBACK,
    TOPIC_CRYPTO,
    TOPIC_DOCUMENT, /* a document, voice message or refund waits behind a link */
    TOPIC_EXTORT,
    TOPIC_MONEY, /* money from nowhere */
    TOPIC_PARCEL,
    TOPIC_PRIZE,
    TOPIC_RAPPORT, /* "are you in the office?", gift cards, the wage account */
    TOPIC_SECRET,
    TOPIC_SPAM,
    TOPIC_URGENT,
    TOPIC_COUNT
};
struct guard_topics {
    unsigned points[TOPIC_COUNT]; /* sum of the phrases' weights, each phrase once */
    unsigned phrases[TOPIC_COUNT];
    struct str quote[TOPIC_COUNT][GUARD_TOPIC_QUOTES]; /* the first ones found, views of static text */
    unsigned words;                                    /* of the text */
    const struct guard_brand *brand; /* of the brand names in the text one with the most words; NULL none */
    unsigned brand_words;
};
struct guard_lexicon;
int guard_lexicon_open(struct guard_lexicon **l, struct err *e) MUST_USE;
void guard_lexicon_close(struct guard_lexicon **l);
/* Adds to out (zeroed by the caller). l NULL: nothing is found. */
void guard_lexicon_match(const struct guard_lexicon *l, struct str folded, struct guard_topics *out);

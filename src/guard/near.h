#pragma once
/* Domains that look like a known one. Search is exact look-up: a known label leaves three pieces of itself (two edits
 * leave one whole), its skeleton, and its core without words like "group"; a new label asks for the pieces it would
 * share. What is found is compared letter by letter: collisions cost time, never a finding. */
#include "guard/guard.h"
#include "guard/name.h"

#define GUARD_NEAR_TEACH_MAX 5u
#define GUARD_NEAR_CROWD 32u   /* domains under one key; a key with more means little */
#define GUARD_NEAR_LETTERS 5u  /* shorter labels are near everything */
#define GUARD_NEAR_WORD_MIN 6u /* shortest label that is recognised inside another */

enum guard_likeness {
    LIKE_NONE,
    LIKE_FOREIGN, /* letters of another script */
    LIKE_GLYPH,   /* rn for m, 1 for l */
    LIKE_SUBDOMAIN,
    LIKE_LETTER, /* one edit, or an accent */
    LIKE_LETTERS /* two edits */,
    LIKE_PAY_WORD, /* "-billing" */
    LIKE_HYPHEN,
    LIKE_WORD,
    LIKE_SUFFIX, /* same label under another suffix */
    LIKE_COUNT
};
/* How domain (new) imitates known: registrable domains, lower case, A-labels. */
enum guard_likeness guard_near_compare(struct str domain, struct str known);
/* The same for many known ones: x is the label of domain, read once. */
enum guard_likeness guard_near_with(const struct guard_label *x, struct str domain, struct str known);
/* "trasporti.bonfanti-servizi.it" parts a known name at its dots. joined: "trasporti-bonfanti-servizi", what stands left of the
 * registrable domain and its label as one; empty when nothing stands left. within: does it hold the known label? */
struct str guard_near_joined(struct arena *a, struct str left, struct str registrable);
enum guard_likeness guard_near_within(struct str joined, struct str known);
void guard_near_ask_within(struct arena *a, struct str joined, struct guard_keys *out);
/* Keys of KNOWN_NEAR under which a known registrable domain is found. Empty for labels that are too short. */
size_t guard_near_teach(struct arena *a, struct str registrable, struct str out[GUARD_NEAR_TEACH_MAX]);
/* Keys that a new registrable domain asks for; appended to out. */
void guard_near_ask(struct arena *a, struct str registrable, struct guard_keys *out);
/* The skeleton key of one word, as a label or a piece of a local part; empty when too short. */
struct str guard_near_word(struct arena *a, struct str word);
/* Skeleton keys of a display name's first words, glued: "Lindner Papier GmbH" may be lindnerpapier. Appended to out. */
void guard_near_ask_name(struct arena *a, struct str name, struct guard_keys *out);
/* Restricted Damerau-Levenshtein distance, at most max + 1. */
unsigned guard_edits(struct str x, struct str y, unsigned max);
/* Name of a likeness for the fact "kind". */
const char *guard_likeness_name(enum guard_likeness k);

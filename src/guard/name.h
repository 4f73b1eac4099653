#pragma once
/* What a person reads: letters that look alike become one, names become keys. The confusable letters are the part of
 * UTS 39 that reaches a Latin reader: accents, Cyrillic, Greek, full width, small capitals. */
#include "core/arena.h"

#define GUARD_LABEL_MAX 63u /* octets of a domain label (RFC 1035 2.3.4); longer ones are cut */
#define GUARD_NAME_WORDS 8u
#define GUARD_NAME_PARTS 4u

/* What a label is made of, beside ASCII letters, digits and hyphens. */
enum guard_script {
    SCRIPT_ASCII = 0,
    SCRIPT_ACCENT = 1,  /* Latin letters with marks: honest in many languages */
    SCRIPT_FOREIGN = 2, /* a letter of another script that passes for a Latin one */
    SCRIPT_OTHER = 4,   /* other letters: no imitation of a Latin word */
};
/* The Latin letter or digit a code point passes for; the code point itself (lower case) when none. */
uint32_t guard_fold_letter(uint32_t cp);
/* The next code point of UTF-8; a bad byte gives U+FFFD and is stepped over. */
uint32_t guard_utf8_next(struct str s, size_t *at);
/* Bootstring of RFC 3492 without the "xn--": code points written, 0 when it is none. */
size_t guard_punycode(struct str s, uint32_t *out, size_t max);

struct guard_label {
    char shown[GUARD_LABEL_MAX * 4 + 1];    /* as a person sees it, UTF-8 */
    char plain[GUARD_LABEL_MAX * 4 + 1];    /* folded: no accents, no hyphens, 0 is o, 1 and i are l */
    char skeleton[GUARD_LABEL_MAX * 8 + 1]; /* plain with m as rn, w as vv, d as cl */
    size_t n_shown, n_plain, n_skeleton;
    unsigned script; /* bits of guard_script */
};
/* label: A-label, lower case, without dots. */
void guard_label_read(struct str label, struct guard_label *out);

/* Key of a person's or firm's name: words folded to ASCII where possible, without titles, offices and legal forms, sorted;
 * glued names ("MarcoRossi", "marco.rossi77") are parted. Empty when it is too common to mean one person: fewer than two words or fewer than six letters. */
struct str guard_name_key(struct arena *a, struct str name);
/* "Marco Rossi - Officine Rossi S.r.l." names two: keys of the whole and of its parts, without repetition. */
size_t guard_name_keys(struct arena *a, struct str name, struct str out[GUARD_NAME_PARTS]);
/* Text in lower ASCII where possible, other signs as one space: for looking up words. At most max bytes are read. */
struct str guard_text_fold(struct arena *a, struct str text, size_t max);
/* A whole word or phrase of folded text. */
bool guard_text_has(struct str folded, struct str phrase);

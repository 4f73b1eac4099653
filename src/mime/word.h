#pragma once
/* RFC 2047 encoded words, read tolerantly: adjacent words are joined (bytes first, so that a character split between
 * two words of one charset survives), long ones, ones inside other text and broken ones are taken as far as they go.
 * Raw 8-bit text is UTF-8 when valid, else windows-1252. Results are valid UTF-8 on one line: control characters become
 * spaces or U+FFFD. */
#include "mime/charset.h"

#define MIME_WORDS_TEXT_MAX (256u * 1024u) /* bytes of one decoded text */

struct mime_word { /* one encoded word, undecoded */
    struct str charset;
    char encoding; /* 'B' or 'Q' */
    struct str text;
};
/* Length of the encoded word at the start of s, 0 when there is none. spaces: white space inside the text is let
 * through, as broken senders write it. */
size_t mime_word_scan(struct str s, bool spaces, struct mime_word *w);

/* Unstructured text (Subject, a display name, a comment): unfolds and decodes. cs may be NULL. flags (may be NULL):
 * MIME_CS_* or-ed in. */
struct str mime_words_decode(struct arena *a, struct mime_charsets *cs, struct str raw, unsigned *flags);
/* One line of valid UTF-8 from raw text without decoding words; a view when nothing had to change. */
struct str mime_text_clean(struct arena *a, struct str raw, unsigned *flags);

/* Content of a Q word or of B / base64 text: tolerant, foreign bytes skipped. Appends at most in.n bytes. */
void mime_q_decode(struct str in, struct buf *out);
void mime_base64_decode(struct str in, struct buf *out);

#pragma once
/* Text in any charset of real mail to UTF-8. No text is thrown away: what cannot be converted becomes U+FFFD, an
 * unknown charset is read as windows-1252 and said so. The output is always valid UTF-8. UTF-8, US-ASCII, ISO-8859-1
 * and windows-1252 need no ICU; for them NULL may be given as struct mime_charsets. All other converters are opened in
 * mime_charsets_open(), so that a process can seal itself afterwards: ICU opens files when it opens converters. One
 * object belongs to one thread: converters have state. */
#include "core/arena.h"
#include "core/buf.h"

#define MIME_CHARSET_LABEL_MAX 64u /* a longer label is unknown */

/* bits returned */
enum {
    MIME_CS_UNKNOWN = 1 << 0,  /* label not known: read as UTF-8 when valid, else as windows-1252 */
    MIME_CS_REPLACED = 1 << 1, /* U+FFFD was put at least once */
    MIME_CS_GUESSED = 1 << 2,  /* the bytes disagreed with the label and were read as UTF-8 or windows-1252 */
    MIME_CS_CUT = 1 << 3,      /* did not fit in out; cut between characters */
};

struct mime_charsets;
/* NULL only when ICU lacks memory or its data. */
struct mime_charsets *mime_charsets_open(void) MUST_USE;
void mime_charsets_close(struct mime_charsets *cs); /* takes NULL */
void auto_mime_charsets(struct mime_charsets **cs); /* AUTO(mime_charsets) struct mime_charsets *cs = ... */
/* How many converters are open (for health pages and tests). */
size_t mime_charsets_count(const struct mime_charsets *cs);

/* Name of the encoding that a label stands for ("latin1" -> "windows-1252"), STR_NULL when unknown. */
struct str mime_charset_name(struct str label);

/* Appends; out->max is the bound and out->err is not set by it (MIME_CS_CUT instead). label may be empty (as US-ASCII).
 */
unsigned mime_charset_utf8(struct mime_charsets *cs, struct str label, struct str in, struct buf *out);
/* The same into an arena: at most max bytes. flags may be NULL; bits are or-ed in. */
struct str mime_charset_text(struct arena *a, struct mime_charsets *cs, struct str label, struct str in, size_t max,
                             unsigned *flags);
/* Bytes without any label: UTF-8 when valid, else windows-1252. Valid UTF-8 without NUL comes back as a view. */
struct str mime_charset_guess(struct arena *a, struct str in, unsigned *flags);

/* ICU's IDNA object, opened with the converters (mime/domain.c). NULL when cs is. */
struct UIDNA;
struct UIDNA *mime_idna_open(void) MUST_USE; /* the caller uidna_close()s; NULL when ICU cannot */
const struct UIDNA *mime_charsets_idna(const struct mime_charsets *cs);

#pragma once
/* The base of a subject for threads (after RFC 5256 2.1, with the reply and forward marks of it, de, fr, es, nordic and
 * other mailers). */
#include "core/arena.h"

/* bits */
enum {
    MIME_SUBJECT_REPLY = 1 << 0,
    MIME_SUBJECT_FORWARD = 1 << 1,
    MIME_SUBJECT_TAG = 1 << 2, /* a list's "[tag]" stood in front of the base and was taken off */
};
/* subject: decoded (mime_words_decode). Marks, tags in front of them and "(fwd)" are taken off, runs of white space
 * become one space. Case is kept: compare with str_ieq or fold. flags may be NULL. */
struct str mime_subject_base(struct arena *a, struct str subject, unsigned *flags);

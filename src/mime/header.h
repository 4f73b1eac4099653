#pragma once
/* The header block of a message (RFC 5322 2.2, with the obsolete forms of section 4), read as bytes: no copy, nothing
 * refused. A mail may be hostile or broken; what is odd becomes a flag, what is over a limit is cut with a flag. Lines
 * end at LF (a CR before it belongs to the line end); a bare CR is content and flagged, except in a message without any
 * LF, where CR ends lines. */
#include "core/arena.h"

#define MIME_HEADER_BYTES_MAX (1024u * 1024u) /* of the block; what follows is not read */
#define MIME_HEADER_FIELDS_MAX 10000u
#define MIME_FIELD_BYTES_MAX 65536u /* of one field's value */
#define MIME_LINE_BYTES_MAX 998u    /* RFC 5322 2.1.1; longer is only flagged */
#define MIME_NO_END SIZE_MAX

/* bits of mime_header.flags */
enum {
    MIME_H_TRUNCATED = 1 << 0, /* block longer than MIME_HEADER_BYTES_MAX */
    MIME_H_MANY = 1 << 1,      /* more fields than MIME_HEADER_FIELDS_MAX (known when iteration has ended) */
    MIME_H_NO_END = 1 << 2,    /* no blank line: all bytes are header */
    MIME_H_MBOX = 1 << 3,      /* began with an mbox "From " line, skipped */
    MIME_H_BARE_LF = 1 << 4,
    MIME_H_BARE_CR = 1 << 5,
    MIME_H_NUL = 1 << 6,
    MIME_H_8BIT = 1 << 7,
    MIME_H_JUNK = 1 << 8,        /* a line that is neither field nor continuation (known when iteration has ended) */
    MIME_H_SPACE_COLON = 1 << 9, /* obsolete "Name : value" (known when iteration has ended) */
    MIME_H_LONG_FIELD = 1 << 10, /* a value was cut to MIME_FIELD_BYTES_MAX (known when iteration has ended) */
    MIME_H_LONG_LINE = 1 << 11,  /* a line over MIME_LINE_BYTES_MAX */
    MIME_H_CR_LINES = 1 << 12,   /* no LF at all: CR taken as line end */
};

struct mime_field {
    struct str name;  /* as written, without spaces before the colon; empty for a junk line */
    struct str value; /* raw: all after the colon (a junk line: all of it), still folded, without the final line end */
    size_t offset;    /* of the first byte, from the start of the message */
    size_t length;    /* of the whole field with its last line end */
    uint32_t line;    /* of its first line in the message, from 1 */
};

struct mime_header {
    struct str block; /* the header lines with their line ends, without the blank line */
    size_t body;      /* offset of the first byte after the blank line, == bytes given when there is none */
    unsigned flags;
    /* private to the reader */
    size_t at;
    uint32_t line, count;
};

/* For bytes that arrive in pieces: offset of the body, or MIME_NO_END when the blank line is not in bytes yet. from:
 * how many of the bytes an earlier call has already seen (0 at first). A message that begins with a blank line has an
 * empty header. */
size_t mime_header_end(struct str bytes, size_t from);

/* message: header and what follows, or the block alone. The views stay in message. */
void mime_header_init(struct mime_header *h, struct str message);
/* Fields in order; false at the end. Junk lines are returned too, with an empty name. */
bool mime_header_next(struct mime_header *h, struct mime_field *f) MUST_USE;
void mime_header_rewind(struct mime_header *h);
/* First field of that name (ASCII case-insensitive). Rewinds; for one-off look-ups: a full reading is mime/identity.h.
 */
bool mime_header_find(struct mime_header *h, struct str name, struct mime_field *f) MUST_USE;

/* RFC 5322 2.2.3: line ends before white space removed, both ends trimmed; a stray CR, LF or NUL becomes a space, so
 * the result can never make a second line. A view when nothing had to change, else a copy in the arena. */
struct str mime_unfold(struct arena *a, struct str value);

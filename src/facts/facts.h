#pragma once
/* What a scan found in one message, in two encodings that cross from the sealed worker to the rest and lie in the
 * store: structure  offsets, sizes, lines, types: written once and kept, because the structure behind a UID may not
 * change (IMAP); insight    text, links, payment coordinates, attachments: versioned, re-derivable, text cut at
 * FACTS_TEXT_MAX. Both are "u16 version" + big-endian fields + repeated records (core/buf.h). Decoding trusts nothing:
 * the worker may be in the hands of the message's author, so every count, offset and enum is checked against the named
 * limits. */
#include "core/arena.h"
#include "core/buf.h"

#define FACTS_STRUCTURE_VERSION 1u
#define FACTS_INSIGHT_VERSION 1u
#define FACTS_PARTS_MAX 1000u
#define FACTS_DEPTH_MAX 50u
#define FACTS_TEXT_MAX (256u * 1024)
#define FACTS_LINKS_MAX 500u
#define FACTS_COORDINATES_MAX 64u
#define FACTS_STRING_MAX 4096u /* any single name, URL, parameter; longer ones are cut and flagged */
#define FACTS_ENCODED_MAX (2u * 1024 * 1024)
#define FACTS_PREVIEW_MAX 256u

/* One MIME entity, depth first; part 0 is the message itself. Offsets count bytes from the start of the raw message. */
struct facts_part {
    uint32_t parent; /* index; the root's is its own */
    uint16_t depth;
    struct str type; /* "text", lower case */
    struct str subtype;
    struct str charset;              /* as declared, lower case; empty when absent */
    struct str name;                 /* decoded file name (RFC 2231, RFC 2047 tolerated) */
    struct str disposition;          /* "inline", "attachment" or empty */
    struct str encoding;             /* lower case; empty = 7bit */
    struct str content_id;           /* without <> */
    uint64_t header_off, header_len; /* with the empty line */
    uint64_t body_off, body_len;     /* encoded octets */
    uint64_t lines;                  /* of the encoded body */
    uint64_t size;                   /* decoded octets */
};
struct facts_structure {
    struct facts_part *parts;
    size_t n_parts;
};

enum facts_flag {
    FACTS_TEXT_CUT = 1, /* text longer than FACTS_TEXT_MAX */
    FACTS_TOO_MANY = 2, /* parts, depth, links: some were left out */
    FACTS_BAD_CHARSET = 4,
    FACTS_HIDDEN_TEXT = 8,       /* HTML that a person would not see was dropped from text */
    FACTS_ZERO_WIDTH = 16,       /* invisible characters were removed */
    FACTS_AMBIGUOUS_SENDER = 32, /* GMime and mime/ differ on identity headers */
    FACTS_UNREADABLE = 64,       /* some part could not be read: treat as unsafe */
    FACTS_ENCRYPTED = 128,
    FACTS_FLAGS_ALL = 255
};
enum facts_where { WHERE_TEXT = 1, WHERE_HTML = 2, WHERE_ATTACHMENT = 3, WHERE_SUBJECT = 4, WHERE_LAST = 4 };
enum facts_coordinate { COORD_IBAN = 1, COORD_BIC = 2, COORD_LAST = 2 };

struct facts_link {
    struct str url, text; /* as written; text as a person sees it */
    uint32_t part;
};
struct facts_payment {
    enum facts_coordinate kind;
    enum facts_where where;
    struct str value; /* IBAN upper case without spaces, mod 97 checked; BIC upper case */
    uint32_t part;
    bool quoted; /* stood in quoted lines ("> ") */
};
struct facts_insight {
    uint32_t flags;     /* enum facts_flag */
    struct str text;    /* cleaned UTF-8 as a person reads it; text/plain preferred, else from HTML */
    struct str preview; /* first words without quotes, <= FACTS_PREVIEW_MAX */
    struct facts_link *links;
    size_t n_links;
    struct facts_payment *payments;
    size_t n_payments;
    bool has_attachment;
};

/* Encoding: b->err when over FACTS_ENCODED_MAX. Strings longer than FACTS_STRING_MAX are cut on a UTF-8 border. */
void facts_structure_put(struct buf *b, const struct facts_structure *s);
void facts_insight_put(struct buf *b, const struct facts_insight *in);
/* Decoding into the arena; strings are copies. 0, ERR_CORRUPT, ERR_VERSION (newer). raw_size bounds the offsets. */
int facts_structure_get(struct arena *a, struct str bytes, uint64_t raw_size, struct facts_structure *out) MUST_USE;
int facts_insight_get(struct arena *a, struct str bytes, struct facts_insight *out) MUST_USE;

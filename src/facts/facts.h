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
#define FACTS_INSIGHT_VERSION 2u
#define FACTS_PARTS_MAX 1000u
#define FACTS_DEPTH_MAX 50u
#define FACTS_TEXT_MAX (256u * 1024)
#define FACTS_LINKS_MAX 500u
#define FACTS_COORDINATES_MAX 64u
#define FACTS_ATTACHMENTS_MAX 200u
#define FACTS_MENTIONS_MAX 100u
#define FACTS_NAME_MAX 512u    /* names, tools, payees, evidence */
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
    FACTS_ENCRYPTED = 128,       /* S/MIME or OpenPGP: the content is for the recipient's key alone */
    FACTS_SIGNED = 256,
    FACTS_PARTIAL = 512, /* message/partial or message/external-body: what a person would see is not here */
    FACTS_TNEF = 1024,
    FACTS_CUT_WORDS = 2048, /* words or coordinates were broken by hidden characters or elements and joined again */
    FACTS_FLAGS_ALL = 4095
};
/* What the HTML of a message does; several parts are or-ed. */
enum facts_html {
    HTML_SEEN = 1, /* there is HTML that a person is shown */
    HTML_FORM = 2,
    HTML_PASSWORD = 4,   /* a field for a password */
    HTML_SCRIPT = 8,     /* script element or event handler */
    HTML_SMUGGLING = 16, /* makes a file out of itself: Blob, atob, createObjectURL, msSaveOrOpenBlob, long base64 */
    HTML_REFRESH = 32,   /* meta refresh to another address */
    HTML_BASE = 64,
    HTML_IMAGE_ONLY = 128, /* images and next to no text */
    HTML_OVERLAY = 256,    /* position fixed or absolute over the page */
    HTML_SALAD = 512,      /* much more hidden than shown text */
    HTML_FLAGS_ALL = 1023
};
enum facts_where {
    WHERE_TEXT = 1,
    WHERE_HTML = 2,
    WHERE_ATTACHMENT = 3, /* text, HTML or CSV attachment */
    WHERE_SUBJECT = 4,
    WHERE_PDF = 5,
    WHERE_OFFICE = 6,
    WHERE_XML = 7, /* FatturaPA, Factur-X and kin: fields with a meaning */
    WHERE_QR = 8,
    WHERE_METADATA = 9,
    WHERE_LAST = 9
};
enum facts_coordinate {
    COORD_IBAN = 1,
    COORD_BIC = 2,
    COORD_ACCOUNT = 3, /* sort code + account, routing + account: digits only, with "-" between the two; in an invoice's
                          account field (WHERE_XML) whatever stands there and is no valid IBAN */
    COORD_WALLET = 4,  /* crypto address */
    COORD_PHONE = 5,   /* "+" and digits, or digits as written */
    COORD_LAST = 5
};
enum facts_link_kind {
    LINK_HREF = 1,
    LINK_TEXT = 2,  /* a URL in plain text */
    LINK_FORM = 3,  /* target of a form */
    LINK_IMAGE = 4, /* remote content loaded on sight */
    LINK_PDF = 5,
    LINK_OFFICE = 6,
    LINK_QR = 7,
    LINK_HTML = 8, /* in an attached HTML or SVG file */
    LINK_CALENDAR = 9,
    LINK_LAST = 9
};
struct facts_link {
    struct str url, text; /* as written, white space removed; text as a person sees it, or the image's alt */
    uint32_t part;
    enum facts_link_kind kind;
    bool quoted; /* in quoted lines: written by somebody else before */
};
struct facts_payment {
    enum facts_coordinate kind;
    enum facts_where where;
    struct str value;  /* IBAN upper case without spaces, mod 97 checked; BIC upper case */
    struct str holder; /* payee name beside it, when a field says so (XML, QR); else empty */
    uint32_t part;
    bool quoted; /* stood in quoted lines ("> ") */
};
/* Attachments and inline files, also those inside archives and nested messages (part is then the outer one's). */
enum facts_att {
    ATT_ENCRYPTED = 1, /* archive or document that asks for a password */
    ATT_MACRO = 2,     /* VBA, XLM, DDE, OLE package, remote template */
    ATT_PROGRAM = 4,   /* runs when opened, by content or by name */
    ATT_DOUBLE_EXTENSION = 8,
    ATT_DIRECTION = 16, /* bidirectional override or run of spaces hides the extension */
    ATT_TYPE_DIFFERS = 32,
    ATT_NESTED = 64, /* archive in an archive */
    ATT_BOMB = 128,  /* a limit of entries, ratio, depth or bytes was reached */
    ATT_SMUGGLING = 256,
    ATT_PASSWORD_FORM = 512,
    ATT_PDF_ACTIVE = 1024,  /* JavaScript, OpenAction, Launch, embedded file that runs */
    ATT_PDF_PICTURE = 2048, /* pages without text */
    ATT_PDF_CHANGED = 4096, /* incremental update after creation */
    ATT_POLYGLOT = 8192,    /* is two formats at once */
    ATT_UNREADABLE = 16384, /* could not be read completely: treat as unsafe */
    ATT_INVOICE = 32768,    /* an invoice, by its fields or words */
    ATT_IN_ARCHIVE = 65536, /* found inside another attachment */
    ATT_REMOTE = 131072,    /* loads something from elsewhere when opened */
    ATT_INLINE = 262144,    /* shown in the text by Content-ID */
    ATT_SHORTCUT = 524288,  /* .lnk, .url, .library-ms, .desktop */
    ATT_DISK_IMAGE = 1048576,
    ATT_CALENDAR = 2097152,
    ATT_MESSAGE = 4194304, /* an attached message */
    ATT_OPENED = 8388608,  /* with ATT_ENCRYPTED: a password that stands in the text opened all of it */
    ATT_FLAGS_ALL = 16777215
};
struct facts_attachment {
    uint32_t part;
    uint32_t flags;          /* enum facts_att */
    struct str name;         /* decoded; inside archives with its path */
    struct str kind;         /* what the bytes are: "pdf", "zip", "docx", "exe", "fatturapa" ...; "" unknown */
    struct str detail;       /* what raised the flags, as evidence: "setup.js in ordine.zip" */
    struct str tool, author; /* program and person that made it (PDF, Office); author: address of the organiser of an
                                    invitation, of the sender of an attached message */
    struct str number;       /* of the invoice, when ATT_INVOICE and readable */
    struct str holder;       /* seller or payee named inside, when readable */
    int64_t made_ms, changed_ms; /* 0 unknown */
    uint32_t pages, text_chars;
};
/* A header line quoted in the text ("From: a@b", "Il giorno ... <a@b> ha scritto"). */
enum facts_mention_kind { MENTION_FROM = 1, MENTION_TO = 2, MENTION_LAST = 2 };
struct facts_mention {
    enum facts_mention_kind kind;
    struct str name, addr; /* addr lower case */
};
struct facts_insight {
    uint32_t flags;      /* enum facts_flag */
    uint32_t html;       /* enum facts_html */
    uint32_t hidden;     /* HTML runs that a person does not see */
    uint32_t images;     /* pictures, remote and inline */
    struct str language; /* ISO 639-1 of the own text, empty when unclear */
    struct str
        text; /* cleaned UTF-8 as a person reads it; text/plain preferred, else from HTML; quoted lines begin with ">" */
    struct str preview;  /* first words without quotes, <= FACTS_PREVIEW_MAX */
    struct str attached; /* text of attachments, one after another, for search and coordinates */
    struct facts_link *links;
    size_t n_links;
    struct facts_payment *payments;
    size_t n_payments;
    struct facts_attachment *attachments;
    size_t n_attachments;
    struct facts_mention *mentions;
    size_t n_mentions;
    bool has_attachment;
};

/* Encoding: b->err when over FACTS_ENCODED_MAX. Strings longer than FACTS_STRING_MAX are cut on a UTF-8 border. */
void facts_structure_put(struct buf *b, const struct facts_structure *s);
void facts_insight_put(struct buf *b, const struct facts_insight *in);
/* Decoding into the arena; strings are copies. 0, ERR_CORRUPT, ERR_VERSION (insight: any other version, it is made anew
 * by a job; structure: newer). raw_size bounds the offsets. */
int facts_structure_get(struct arena *a, struct str bytes, uint64_t raw_size, struct facts_structure *out) MUST_USE;
int facts_insight_get(struct arena *a, struct str bytes, struct facts_insight *out) MUST_USE;

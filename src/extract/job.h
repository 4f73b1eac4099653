#pragma once
/* Inside extract/: one message on its way from raw bytes to facts. */
#include "extract/extract.h"
#include "extract/words.h"
#include "mime/charset.h"
#include "mime/identity.h"
#include <gmime/gmime.h>
#include <locale.h>
#include <stdio.h>

#define EXTRACT_MARK '\x01'    /* in text between the steps: here something invisible was taken out */
#define EXTRACT_PHONES_MAX 16u /* of FACTS_COORDINATES_MAX: telephone numbers must not crowd out accounts */
#define EXTRACT_IMAGE_LINKS_MAX 100u
#define EXTRACT_PASSWORDS_MAX 12u
#define EXTRACT_KEEP_PART (4u << 20)
#define EXTRACT_KEEP_ALL (24u << 20)

struct extract_ctx {
    struct mime_charsets *charsets;
    GMimeParserOptions *options;
    const struct UNormalizer2 *nfkc;
    struct extract_words words;
    struct zbar_image_scanner_s *codes;
    GIConv utf16;
    locale_t utf8;
    FILE *nowhere;                 /* what is written here is lost */
    struct _PopplerDocument *warm; /* kept open: with it poppler keeps what it loaded */
};
/* What may still be spent on one message; each reader takes from it before it works, so that a hostile message ends in
 * a flag and never in a hang. */
struct extract_budget {
    uint64_t bytes;    /* unpacked from archives, streams, images */
    uint64_t pixels;   /* of pictures looked at for codes */
    uint32_t entries;  /* of archives and containers */
    uint32_t pages;    /* of documents */
    uint32_t blobs;    /* attachments and what is in them */
    uint32_t urls;     /* addresses found in text */
    uint64_t compared; /* bytes of what links show, in which such an address was looked for */
};
/* Where the line begins in which extract_quoted_at looked last; text is NULL when its bytes are others now. */
struct extract_line {
    const char *text;
    size_t from, at;
};
struct extract_job {
    struct extract_ctx *ctx;
    struct str raw;
    struct arena *arena;
    struct arena scratch; /* of one part or file: readers set it back when they are done with it */
    GMimeMessage *message;
    struct mime_identity identity;
    struct facts_structure structure;
    struct facts_insight insight;
    GMimeStream **decoded; /* of each part, in memory; NULL when it was not kept */
    uint64_t kept;         /* encoded bytes of those */
    GMimeObject **object;  /* of each part; NULL where GMime has none */
    struct buf attached;
    struct extract_budget budget;
    struct extract_line line;
    unsigned page_depth; /* pages written into pages that are being read */
    bool certified;      /* PEC: the message is the one inside */
    uint32_t phones, image_links, qr_images;
    const char *passwords[EXTRACT_PASSWORDS_MAX]; /* that the text names */
    size_t n_passwords;
    int64_t deadline_us; /* of CPU time: the last resort, when no count stopped it */
    uint32_t
        link_line[FACTS_LINKS_MAX]; /* of the text they stand in; quote.c marks whole ends of mails as quoted later */
};

/* tree.c: fills structure and object[]. */
void extract_tree(struct extract_job *j);
/* body.c: text, preview, links, coordinates of the parts; hands attachments on. */
void extract_body(struct extract_job *j);
/* Is the body of the part what stands in the message, byte by byte? */
bool extract_is_plain(const struct facts_part *p);
/* Adds text of an attachment to insight.attached, cut at FACTS_TEXT_MAX. */
void extract_attached(struct extract_job *j, struct str text);
/* Bytes in a charset to UTF-8, in scratch; what went wrong becomes flags of the insight. */
struct str extract_charset(struct extract_job *j, struct str charset, struct str bytes);
/* Text on its way: from HTML when html says of which kind its links are, cleaned, quoted where quotes; coordinates and
 * links are reported, out gets what is left to read. */
struct extract_source {
    uint32_t part;
    enum facts_where where;
    enum facts_link_kind link, html; /* of addresses in the text, of HTML links (0: it is no HTML) */
    bool quotes;
};
void extract_text(struct extract_job *j, const struct extract_source *s, struct str text, struct buf *out);
/* sender.c: true when GMime reads another author than mime/ does. */
bool extract_sender_differs(struct extract_job *j);

/* html.c: what a person sees of HTML, as UTF-8 text with "> " before quoted lines and EXTRACT_MARK where something
 * hidden stood inside a line. Links get that kind (LINK_HREF: the message's own body; forms and images then get
 * theirs). Returns enum facts_html. */
uint32_t extract_html(struct extract_job *j, uint32_t part, enum facts_link_kind kind, struct str html,
                      struct buf *text);
/* smuggle.c: does a script make a file out of itself? */
bool extract_smuggles(struct str script);
/* text.c: NFKC, invisible characters out (EXTRACT_MARK in their place), line ends to LF, control characters to spaces.
 */
void extract_clean(struct extract_job *j, struct str in, struct buf *out);
/* Takes the marks out; FACTS_CUT_WORDS when one stood inside a word. Works in place. */
void extract_unmark(struct extract_job *j, struct buf *text);
struct str extract_preview(struct arena *a, struct str text);
/* s as valid UTF-8 in the arena. */
struct str extract_utf8(struct extract_job *j, const char *z);
/* Any bytes as valid UTF-8 in the arena, cut to max. */
struct str extract_utf8_str(struct extract_job *j, struct str s, size_t max);

/* language.c: ISO 639-1 of the own lines of the text, or empty. */
struct str extract_language(const struct extract_ctx *ctx, struct str text);

/* payment.c: coordinates in text (marks are looked through). */
void extract_payments(struct extract_job *j, uint32_t part, enum facts_where where, struct str text);
/* One coordinate, in normal form; left out when already there. */
void extract_payment(struct extract_job *j, struct facts_payment p);
/* account.c: what is no IBAN: BIC, sort codes, routing numbers, wallets, telephone numbers. */
void extract_accounts(struct extract_job *j, uint32_t part, enum facts_where where, struct str text);
/* Does the line that holds `at` begin with a quote mark? */
bool extract_quoted_at(struct extract_job *j, struct str text, size_t at);

/* False when the message has had its CPU time; whoever asks stops and says FACTS_UNREADABLE. */
bool extract_time_left(const struct extract_job *j);
/* link.c: adds a link unless FACTS_LINKS_MAX is reached (then FACTS_TOO_MANY). */
void extract_link(struct extract_job *j, struct facts_link link);
/* URLs in plain text. */
void extract_text_links(struct extract_job *j, uint32_t part, enum facts_link_kind kind, struct str text);

/* blob.c: one attachment, or one file inside of one. */
struct extract_blob {
    struct str bytes;
    struct str name;                   /* decoded */
    struct str path;                   /* of what it was found in: "ordine.zip", empty at the top */
    struct str type, subtype, charset; /* as declared; empty inside archives */
    uint32_t part;
    uint32_t flags; /* ATT_IN_ARCHIVE, ATT_INLINE ... known already */
    unsigned depth; /* of containers around it */
};
void extract_blob(struct extract_job *j, const struct extract_blob *b);
/* A row for it, with name and part set; NULL when there are FACTS_ATTACHMENTS_MAX. */
struct facts_attachment *extract_attachment(struct extract_job *j, const struct extract_blob *b);
/* Notes flags with what raised them; the first evidence stays. */
void extract_note(struct extract_job *j, struct facts_attachment *a, uint32_t flags, struct str detail);
/* A message/rfc822 part of the tree: its row. */
void extract_message_part(struct extract_job *j, uint32_t part);
/* name.c: flags that the name alone raises. */
uint32_t extract_name_flags(struct str name);
/* The last extension, without the dot, in lower case, in out; "" when none. */
struct str extract_extension(struct str name, char out[16]);
/* sniff.c: what the bytes are, "" unknown. */
struct str extract_sniff(struct str bytes);

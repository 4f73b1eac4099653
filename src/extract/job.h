#pragma once
/* Inside extract/: one message on its way from raw bytes to facts. */
#include "extract/extract.h"
#include "mime/charset.h"
#include <gmime/gmime.h>

struct extract_ctx {
    struct mime_charsets *charsets;
    GMimeParserOptions *options;
};
struct extract_job {
    struct extract_ctx *ctx;
    struct str raw;
    struct arena *arena;
    GMimeMessage *message;
    struct facts_structure structure;
    struct facts_insight insight;
    GMimeObject **object; /* of each part; NULL where GMime has none */
};

/* tree.c: fills structure and object[]. */
void extract_tree(struct extract_job *j);
/* body.c: text, preview, links, coordinates of the parts. */
void extract_body(struct extract_job *j);
/* sender.c: true when GMime reads another author than mime/ does. */
bool extract_sender_differs(struct extract_job *j);
/* html.c: what a person sees of an HTML part, as UTF-8 text with "> " before quoted lines. flags gets
 * FACTS_HIDDEN_TEXT. */
void extract_html(struct extract_job *j, uint32_t part, struct str html, struct buf *text);
/* payment.c: coordinates in text. */
void extract_payments(struct extract_job *j, uint32_t part, enum facts_where where, struct str text);
/* Adds a link unless FACTS_LINKS_MAX is reached (then FACTS_TOO_MANY). */
void extract_link(struct extract_job *j, uint32_t part, struct str url, struct str text);
/* text.c: invisible characters out, line ends to LF, control characters to spaces. */
void extract_clean(struct extract_job *j, struct str in, struct buf *out);
struct str extract_preview(struct arena *a, struct str text);
/* s as valid UTF-8 in the arena. */
struct str extract_utf8(struct extract_job *j, const char *z);

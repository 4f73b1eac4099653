#pragma once
/* Inside jmap/: the body of a message (RFC 8621 4.1.4) over its facts_structure: decoded bytes, text, and which parts are shown. Offsets of the
 * structure are checked against the bytes at hand, so a structure that does not fit them reads nothing foreign. */
#include "facts/facts.h"
#include "mime/charset.h"

#define PART_VALUE_MAX (16u << 20) /* of one body value; longer text is cut and said so */
#define PART_NONE UINT32_MAX

/* Content-Transfer-Encoding taken off; a view of raw when there was none. ERR_NOMEM beyond the arena. */
int part_bytes(struct arena *a, struct str raw, const struct facts_part *p, struct str *out) MUST_USE;
struct part_text {
    struct str text; /* UTF-8, line ends as LF */
    bool problem;    /* charset or encoding was wrong in places */
    bool cut;        /* PART_VALUE_MAX */
};
int part_text(struct arena *a, struct mime_charsets *cs, struct str raw, const struct facts_part *p,
              struct part_text *out) MUST_USE;
/* Lower-case "text/plain". */
struct str part_type(struct arena *a, const struct facts_part *p);
bool part_is(const struct facts_part *p, const char *type, const char *subtype /* NULL: any */);
/* Direct parts of a multipart in order. Nothing for others: message/rfc822 is a leaf here. */
size_t part_children(const struct facts_structure *s, uint32_t of, uint32_t *out /* s->n_parts long */);

struct part_lists { /* indexes of parts, in order */
    uint32_t *text, *html, *attached;
    size_t n_text, n_html, n_attached;
};
/* The algorithm of RFC 8621 4.1.4. */
void part_lists(struct arena *a, const struct facts_structure *s, struct part_lists *out);

/* Converters, one set a thread at a time. NULL: memory is out, then UTF-8 and Latin-1 alone are read. */
struct mime_charsets *jmap_charsets_take(void);
void jmap_charsets_give(struct mime_charsets *cs);

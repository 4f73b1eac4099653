#pragma once
/* Inside jmap/: Email (RFC 8621 4.1): the table of its properties, and one Email on its way to JSON. */
#include "jmap/method.h"
#include "jmap/part.h"
#include "mime/identity.h"
#include "store/decide.h"
#include "store/keyword.h"

#define EMAIL_HEADERS_MAX 64u /* header:* properties of one call */

/* What a property needs beyond the message's row. */
enum {
    NEEDS_RAW = 1,
    NEEDS_IDENTITY = 2,
    NEEDS_STRUCTURE = 4,
    NEEDS_INSIGHT = 8,
    NEEDS_KEYWORDS = 16,
    NEEDS_REPORT = 32
};

/* header:{name}[:as{form}][:all] (RFC 8621 4.1.3) */
enum header_form { AS_RAW, AS_TEXT, AS_ADDRESSES, AS_GROUPED, AS_MESSAGE_IDS, AS_DATE, AS_URLS, AS_FORMS };
struct header_ask {
    struct str prop, field; /* the property as asked; the field's name */
    enum header_form form;
    bool all;
};
/* 0, JMAP_INVALID_ARGUMENTS: not such a property, or a form that the field does not have. */
int header_ask_parse(struct jmap_call *c, struct str prop, struct header_ask *out) MUST_USE;
/* block: header lines of the entity. */
void header_put(struct json_w *w, struct arena *a, struct mime_charsets *cs, struct str block,
                const struct header_ask *h);
void header_put_all(struct json_w *w, struct arena *a, struct str block); /* property "headers" */
void email_put_addrs(struct json_w *w, struct arena *a, const struct mime_addr *list, size_t n);

struct email_body_ask { /* bodyProperties */
    uint32_t bits;
    struct header_ask *header;
    size_t n_header;
};
int body_ask_parse(struct jmap_call *c, struct email_body_ask *out) MUST_USE;

struct email_view {
    struct jmap_call *c;
    uint64_t bits; /* of email_props */
    unsigned needs;
    struct header_ask *header;
    size_t n_header;
    struct email_body_ask body;
    bool text_values, html_values, all_values;
    int64_t max_bytes; /* maxBodyValueBytes; 0 none */
    struct mime_charsets *cs;
    struct keywords keywords;
    /* of the Email at hand */
    bool parsed; /* Email/parse: no row, only bytes */
    struct str blob_id;
    struct read_email row;
    struct str raw; /* p NULL while held, or when its bytes cannot be read */
    struct mime_identity who;
    struct facts_structure structure;
    struct facts_insight insight;
    struct mail_reported reported;
    bool has_report;
    struct part_lists lists;
};
typedef void email_put_fn(struct email_view *v, struct json_w *w);
struct email_prop {
    const char *name;
    unsigned needs;
    bool by_default; /* in Email/get without "properties" (RFC 8621 4.2) */
    bool parse;      /* Email/parse can give it */
    email_put_fn *put;
    const char *kind, *doc;
};
extern const struct email_prop email_props[];
extern const size_t email_n_props;

/* Arguments that Email/get and Email/parse share. */
int email_view_args(struct jmap_call *c, struct email_view *v, bool parse) MUST_USE;
void email_put(struct email_view *v);
void email_put_findings(struct email_view *v); /* guardFindings with texts it/en */
email_put_fn email_put_reported;
/* body_put.c */
email_put_fn email_put_structure, email_put_values, email_put_text, email_put_html, email_put_attachments;
/* Bytes and structure of one message: 1, 0 not there or held (raw.p stays NULL), < 0. */
int email_load_raw(struct email_view *v, int64_t id) MUST_USE;

/* blobIds: "M" + id (a message), "P" + id + "-" + part, "U" + id (an upload). Never for held messages. */
enum blob_kind { BLOB_MESSAGE, BLOB_PART, BLOB_UPLOAD };
struct blob_ref {
    enum blob_kind kind;
    int64_t id;
    uint32_t part;
};
struct str blob_text(struct arena *a, enum blob_kind kind, int64_t id, uint32_t part);
bool blob_parse(struct str text, struct blob_ref *out);
struct blob_got {
    struct str bytes, type, name;
};
/* 1 found, 0 no such blob for this account (or held), < 0. Everything in the arena. */
int blob_get(struct txn *t, const struct jmap_person *p, struct arena *a, const struct blob_ref *ref,
             struct blob_got *out) MUST_USE;

#pragma once
/* Inside jmap/: the properties of Email (RFC 8621 4.1) that this release serves, and what each needs. */
#include "facts/facts.h"
#include "jmap/method.h"
#include "mime/identity.h"
#include "store/read.h"

enum email_prop {
    EP_ID,
    EP_BLOB_ID,
    EP_THREAD_ID,
    EP_MAILBOX_IDS,
    EP_KEYWORDS,
    EP_SIZE,
    EP_RECEIVED_AT,
    EP_MESSAGE_ID,
    EP_IN_REPLY_TO,
    EP_REFERENCES,
    EP_SENDER,
    EP_FROM,
    EP_TO,
    EP_CC,
    EP_BCC,
    EP_REPLY_TO,
    EP_SUBJECT,
    EP_SENT_AT,
    EP_HAS_ATTACHMENT,
    EP_PREVIEW,
    EP_BODY_VALUES,
    EP_TEXT_BODY,
    EP_HTML_BODY,
    EP_ATTACHMENTS,
    EP_GUARD_VERDICT,
    EP_GUARD_FINDINGS,
    EP_GUARD_HELD,
    EP_COUNT
};
#define EP_BIT(p) (1ULL << (p))
#define EP_NEEDS_HEADER (EP_BIT(EP_SENDER) | EP_BIT(EP_TO) | EP_BIT(EP_CC) | EP_BIT(EP_BCC) | EP_BIT(EP_REPLY_TO))
#define EP_NEEDS_FACTS (EP_BIT(EP_BODY_VALUES) | EP_BIT(EP_TEXT_BODY) | EP_BIT(EP_HTML_BODY) | EP_BIT(EP_ATTACHMENTS))
extern const char *const email_props[EP_COUNT];

/* One Email on its way to JSON. */
struct email_view {
    struct jmap_call *c;
    uint64_t bits;
    bool body_values;  /* fetchTextBodyValues, fetchAllBodyValues or fetchHTMLBodyValues */
    int64_t max_bytes; /* maxBodyValueBytes; 0 none */
    struct read_email row;
    struct mime_identity who;
    struct facts_structure structure;
    struct facts_insight insight;
    bool has_facts;
};
void email_put(struct email_view *v);
void email_put_findings(struct email_view *v); /* guardFindings with texts it/en */

#pragma once
/* The one reader of headers: who wrote a mail, to whom, and where it belongs in a thread. Every room takes identity
 * from here and from nowhere else. Nothing fails: what is missing or odd is said. All views live in the arena or in the
 * message given. */
#include "mime/address.h"
#include "mime/header.h"
#include "mime/msgid.h"
#include "mime/subject.h"

#define MIME_IDENTITY_FIELDS_MAX 50u /* repeated To, Cc, Bcc or Reply-To fields that are read; more only count */
/* No message needs more arena than this: worst cases are bounded by the constants of this room. */
#define MIME_IDENTITY_ARENA_MAX (64u * 1024u * 1024u)

/* anything but OK: never aligned, never proves an address */
enum mime_from {
    MIME_FROM_OK = 0,
    MIME_FROM_MISSING,
    MIME_FROM_FIELDS,     /* more than one From field, or one hidden in a junk line or behind a bare CR */
    MIME_FROM_ADDRESSES,  /* more than one address */
    MIME_FROM_UNREADABLE, /* no address in it */
    MIME_FROM_GROUP,      /* RFC 6854 group */
    MIME_FROM_AMBIGUOUS,  /* other readers may see another address: MIME_ADDR_AMBIGUOUS, foreign entries
                             beside it, NUL, bare CR */
    MIME_FROM_DOMAIN,     /* no domain, or not a domain name */
    MIME_FROM_LOCAL,      /* local part not acceptable (MIME_ADDR_BAD_LOCAL) */
    MIME_FROM_COUNT
};

/* bits of mime_identity.flags, beside the MIME_H_* of header_flags */
enum {
    MIME_ID_MANY_FROM = 1 << 0,
    MIME_ID_HIDDEN_FROM = 1 << 1, /* a From that only some readers see: in a junk line or behind a bare CR */
    MIME_ID_DUPLICATE =
        1 << 2, /* a field that RFC 5322 3.6 allows once stands twice (first is taken); which: duplicates */
    MIME_ID_BAD_DATE = 1 << 3,        /* Date there, but not readable */
    MIME_ID_MANY_REFERENCES = 1 << 4, /* more than MIME_MSGIDS_MAX */
    MIME_ID_CHARSET_ODD = 1 << 5,     /* Subject had bytes or a charset that needed guessing or U+FFFD */
    MIME_ID_RESENT = 1 << 6,          /* Resent-* fields */
    MIME_ID_LIST = 1 << 7,            /* List-Id, List-Post or List-Unsubscribe */
    MIME_ID_AUTOMATIC =
        1 << 8, /* RFC 3834 Auto-Submitted other than "no", Precedence bulk/junk/list, or X-Auto-Response-Suppress */
};

/* bits of duplicates: fields allowed once */
enum mime_once {
    MIME_ONCE_DATE = 1 << 0,
    MIME_ONCE_FROM = 1 << 1,
    MIME_ONCE_SENDER = 1 << 2,
    MIME_ONCE_REPLY_TO = 1 << 3,
    MIME_ONCE_TO = 1 << 4,
    MIME_ONCE_CC = 1 << 5,
    MIME_ONCE_BCC = 1 << 6,
    MIME_ONCE_MESSAGE_ID = 1 << 7,
    MIME_ONCE_IN_REPLY_TO = 1 << 8,
    MIME_ONCE_REFERENCES = 1 << 9,
    MIME_ONCE_SUBJECT = 1 << 10,
    MIME_ONCE_CONTENT_TYPE = 1 << 11,
    MIME_ONCE_MIME_VERSION = 1 << 12,
    MIME_ONCE_ENCODING = 1 << 13,
};

struct mime_identity {
    enum mime_from from_state;
    struct mime_addr from;      /* zeroed unless from_state is OK */
    struct str from_key;        /* mime_addr_key of it */
    struct mime_addrs from_all; /* every address of every From field, for showing; flags or-ed */
    struct str from_text;       /* first From as a person sees it: decoded, unfolded, unparsed */
    struct mime_addr sender;    /* local.p == NULL when absent, unreadable or several */
    struct mime_addrs reply_to, to, cc, bcc;
    struct str message_id; /* without brackets; empty when absent */
    struct str *in_reply_to, *references;
    size_t n_in_reply_to, n_references;
    struct str subject;      /* decoded, one line */
    struct str subject_base; /* mime_subject_base */
    unsigned subject_flags;  /* MIME_SUBJECT_* */
    bool has_date;
    int64_t date_ms;
    int date_zone;                                           /* minutes */
    size_t received;                                         /* number of Received fields: hop count for loops */
    struct str received_first;                               /* value of the topmost, raw */
    struct str return_path;                                  /* topmost, raw */
    struct str list_id;                                      /* inside of the brackets, lower case; empty when absent */
    struct str list_unsubscribe, auto_submitted, precedence; /* unfolded */
    struct str content_type, transfer_encoding, disposition; /* first one, raw (mime/param.h reads them) */
    unsigned header_flags;                                   /* MIME_H_* */
    unsigned flags;                                          /* MIME_ID_* */
    unsigned duplicates;                                     /* mime_once bits */
    size_t body;                                             /* offset of the body in message */
    size_t fields;                                           /* number of fields read */
};

/* message: whole or just its header. cs may be NULL (then charsets beyond UTF-8 and Latin-1 are guessed). */
void mime_identity_read(struct arena *a, struct mime_charsets *cs, struct str message, struct mime_identity *out);
/* "ok", "missing", ... for logs and findings. */
const char *mime_from_name(enum mime_from state);

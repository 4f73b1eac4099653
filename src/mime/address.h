#pragma once
/* Address lists of header fields (RFC 5322 3.4 with the obsolete forms of 4.4, RFC 6854 groups, RFC 6532 UTF-8).
 * Tolerant: everything that real mail holds gives its best reading, and how far it strayed from the grammar stands in
 * the flags. What two readers could read as two different addresses is MIME_ADDR_AMBIGUOUS, and such a From proves
 * nothing. Envelope paths, which are strict, are mime/path.h. */
#include "mime/domain.h"

#define MIME_ADDRS_MAX 2000u      /* addresses of one list */
#define MIME_COMMENT_NEST_MAX 32u /* deeper nesting is only flagged: it is counted, not recursed */
#define MIME_LOCAL_BYTES_MAX 64u  /* RFC 5321 4.5.3.1.1, in envelope paths */
#define MIME_LOCAL_READ_MAX 255u  /* in headers, where bulk senders write longer ones */

/* bits of mime_addr.flags */
enum {
    MIME_ADDR_QUOTED = 1 << 0,        /* local part had a quoted string */
    MIME_ADDR_LITERAL = 1 << 1,       /* domain is [..] */
    MIME_ADDR_IDN = 1 << 2,           /* domain has an A- or U-label */
    MIME_ADDR_UTF8 = 1 << 3,          /* local part is not ASCII */
    MIME_ADDR_NO_DOMAIN = 1 << 4,     /* local part only ("MAILER-DAEMON") */
    MIME_ADDR_BAD_DOMAIN = 1 << 5,    /* mime_domain said BAD */
    MIME_ADDR_BAD_LOCAL = 1 << 6,     /* control, invalid UTF-8, over MIME_LOCAL_READ_MAX, or dots in wrong places */
    MIME_ADDR_LOOSE = 1 << 7,         /* outside the grammar, one plausible reading */
    MIME_ADDR_AMBIGUOUS = 1 << 8,     /* outside the grammar, other readers may see another address */
    MIME_ADDR_ROUTE = 1 << 9,         /* obsolete source route, dropped */
    MIME_ADDR_NAME_COMMENT = 1 << 10, /* name comes from a comment: "a@b (Name)" */
};
/* bits of mime_addrs.flags */
enum {
    MIME_ADDRS_JUNK = 1 << 0,   /* an entry without any address was dropped */
    MIME_ADDRS_MANY = 1 << 1,   /* more than MIME_ADDRS_MAX */
    MIME_ADDRS_GROUPS = 1 << 2, /* at least one group, maybe empty */
    MIME_ADDRS_DEEP = 1 << 3,   /* comments nested over MIME_COMMENT_NEST_MAX */
};

struct mime_addr {
    struct str name;    /* display name: decoded UTF-8 on one line, unquoted; empty when none */
    struct str local;   /* unquoted, case kept, valid UTF-8 unless BAD_LOCAL; never empty */
    struct str domain;  /* for look-up: A-labels, lower case; empty with NO_DOMAIN */
    struct str udomain; /* for people: U-labels, lower case */
    struct str group;   /* name of the group it stands in, decoded; p != NULL when in a group */
    struct str raw;     /* the whole entry as written, folded */
    unsigned flags;
};
struct mime_addrs {
    struct mime_addr *v; /* in the arena */
    size_t n, cap;
    unsigned flags;
};

/* Reads a field's value and appends to out (zeroed by the caller at first). Views are in the arena or in value. cs may
 * be NULL. */
void mime_addrs_parse(struct arena *a, struct mime_charsets *cs, struct str value, struct mime_addrs *out);

/* Canonical key for look-ups and history: local part in lower case (NFC), "@", domain; without "@" when there is no
 * domain. The local part is not quoted in it: the last "@" is the separator. */
struct str mime_addr_key(struct arena *a, const struct mime_addr *addr);
bool mime_addr_same(struct arena *a, const struct mime_addr *x, const struct mime_addr *y);
/* addr-spec as it stands in a header or path: local part quoted where RFC 5322 needs it. Nothing is written for a local
 * part with CR, LF or NUL. */
void mime_addr_spec_put(struct buf *b, const struct mime_addr *addr);

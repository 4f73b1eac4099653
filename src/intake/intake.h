#pragma once
/* The main road (ARCHITECTURE.md): one message, one commit, then the reply. A protocol room (smtp, later lmtp and
 * import) hands in an envelope and a spool; intake reads who wrote it (mime), lets a sealed worker read what is in it
 * (scan), asks the guard, commits through the hooks and answers. Runs on the loop thread; scan, history and commit are
 * asynchronous and come back by 64-bit id. */
#include "intake/hook.h"
#include "intake/spool.h"
#include "store/account.h"
#include "store/refused.h"

#define INTAKE_DEADLINE_MS 30000 /* from the final dot to the reply */
#define INTAKE_RCPT_MAX 10000u
#define INTAKE_IN_FLIGHT_MAX 20000u
#define INTAKE_SCAN_TRIES 2
#define INTAKE_RECEIVED_MAX 100u /* RFC 5321 6.3: more Received fields are a loop */

struct intake;
struct auth_kit;
struct env;

/* What intake needs of the event loop; role/ joins it with net/. */
struct intake_io {
    void *ctx;
    void *(*watch)(void *ctx, int fd, void (*readable)(void *arg), void *arg); /* until unwatch */
    void (*unwatch)(void *ctx, void *watch);
    void *(*after)(void *ctx, int64_t ms, void (*fn)(void *arg), void *arg); /* once */
    void (*cancel)(void *ctx, void *timer);                                  /* not after it has run */
};
struct intake_conf {
    struct store *store;
    const struct env *env;
    struct intake_io io;
    int scan_fd; /* channel to the scan zygote */
    int64_t scan_timeout_ms;
    int scan_workers;
    const char *last_resort;         /* checked spool folder or NULL */
    struct str hostname;             /* for Received and Authentication-Results */
    const struct auth_kit *auth_kit; /* opened before the sandbox; NULL: mail is not authenticated */
    int dns_fd; /* channel to the dns role, taken; -1: none, and what needs it is a temporary error */
    int64_t auth_timeout_ms;
    const struct str *auth_sealers; /* domains whose ARC seals are trusted; lower-case A-labels */
    size_t n_auth_sealers;
    const struct intake_hook *const *hooks;                              /* NULL-terminated, in order */
    void (*wake)(void *ctx, int64_t cell, int64_t org, int64_t account); /* after commit: look again */
    void *wake_ctx;
};
int intake_create(struct intake **in, const struct intake_conf *conf, struct err *e) MUST_USE;
void intake_free(struct intake **in);
void intake_scan_channel(struct intake *in, int scan_fd); /* the scan role was restarted */
void intake_dns_channel(struct intake *in, int dns_fd);   /* the dns role was restarted; takes the descriptor */
/* True while a message is between final dot and commit (the store's more_coming). Thread-safe. */
bool intake_busy(const struct intake *in);
/* TXT records of a name (A-labels), through the same channel: net never asks the world itself. done is called once on the loop, from inside or within
 * INTAKE_TXT_MS, and never after intake_free. */
#define INTAKE_TXT_MS 6000 /* less than a stopping server waits for its requests */
enum intake_txt_status { INTAKE_TXT_FOUND, INTAKE_TXT_NONE, INTAKE_TXT_NO_ANSWER };
/* text: each record's strings joined (RFC 7208 3.3); views that die on return. */
typedef void intake_txt_fn(void *arg, enum intake_txt_status status, const struct str *text, size_t n);
void intake_txt(struct intake *in, struct str name, intake_txt_fn *done, void *arg);

enum intake_result {
    INTAKE_UNKNOWN = 1 /* 550 5.1.1 */,
    INTAKE_DISK_LOW = 2 /* 452 4.3.1 */,
    INTAKE_DISABLED = 3 /* 550 5.2.1 */,
    INTAKE_FOREIGN = 4 /* 550 5.7.1: the domain is of no firm here, and we relay nothing */,
    INTAKE_QUOTA = 5 /* 452 4.2.2 */
};
struct intake_rcpt {
    struct place_of at;
    struct str address; /* canonical key; arena of the caller's transaction */
};
/* address: canonical key (mime_addr_key), or "postmaster" alone (RFC 5321 4.5.1). 0; > 0 enum intake_result; < 0 directory trouble: 451. postmaster@ and
 * abuse@ a firm's domain lead to its first administrator when nobody has them. With INTAKE_UNKNOWN and INTAKE_DISABLED out->at names the firm. */
int intake_rcpt(struct intake *in, struct str address, struct intake_rcpt *out) MUST_USE;
/* Would `more` bytes (0: not said) go over what the account may keep? 0 or INTAKE_QUOTA. Not asked when the spool of last resort is drained: what was
 * accepted is kept. An answer is used for INTAKE_QUOTA_MS; a cell that cannot be read says nothing against the mail (it goes the way of a broken cell). */
#define INTAKE_QUOTA_MS 2000
int intake_quota(struct intake *in, const struct intake_rcpt *rcpt, uint64_t more) MUST_USE;

struct intake_txn {    /* owned by the caller until done; strings live in the caller's arena */
    struct str client; /* textual address */
    struct str helo;
    struct str reverse_path; /* canonical key; empty for <> */
    bool tls, esmtp, smtputf8, eight_bit;
    const struct intake_rcpt *rcpt; /* all of one org and cell */
    size_t n_rcpt;
    struct intake_spool *spool; /* DATA, CRLF lines, dots removed */
    struct str id;              /* of a spool entry being drained: its idempotency key; empty for new mail */
};
#define INTAKE_TEXT_MAX 400u
#define INTAKE_ID_MAX 30u
struct intake_reply {
    int code;                   /* 250, 451, 452, 554 */
    const char *enhanced;       /* "2.0.0" */
    char id[INTAKE_ID_MAX + 1]; /* `sigillo trace` knows it */
    char text[INTAKE_TEXT_MAX];
};
typedef void intake_done_fn(void *ctx, uint64_t session, const struct intake_reply *r);
/* done is called exactly once, on the loop thread, never from inside intake_begin. */
void intake_begin(struct intake *in, const struct intake_txn *t, intake_done_fn *done, void *ctx, uint64_t session);
/* The 250 with this id was written to the socket: marks the row (lazily, with a later commit). */
void intake_replied(struct intake *in, int64_t cell, int64_t org, const char *id);
/* A refusal that was said to a sender: kept lazily for `sigillo trace` (store/refused.h), and in the log at once. Everything is copied. */
struct intake_refusal {
    int64_t cell, org; /* 0, 0: concerned no firm */
    struct str id, client, helo, reverse_path, recipient;
    uint64_t bytes;
    int code;
    const char *enhanced;
    struct str reply;
};
#define INTAKE_REFUSALS_MAX 4096u /* waiting at once; more are counted only */
void intake_refused(struct intake *in, const struct intake_refusal *r);
/* An id for a refusal, of the same form as those of accepted mail. */
void intake_new_id(struct intake *in, int64_t org, char out[INTAKE_ID_MAX + 1]);
/* Greylisting rows of a firm: read back in pages, and kept lazily. */
typedef void intake_grey_fn(void *ctx, int64_t org, const struct greylist_row *rows, size_t n);
void intake_grey_load(struct intake *in, int64_t cell, int64_t org, intake_grey_fn *fn, void *ctx);
void intake_grey_keep(struct intake *in, int64_t cell, const struct greylist_row *row);

/* Reads and judges again a message that was committed as held because reading it came too late or failed (store/unread.h). done gets code 250 when it
 * was released, 451 when it stays held; session is handed through. The only automatic release. */
struct unread;
void intake_again(struct intake *in, int64_t cell, const struct unread *u, intake_done_fn *done, void *ctx,
                  uint64_t session);
/* Reads again a message whose facts are of an older version (store/rescan.h); nothing is judged anew. done gets code 250, or 451 when it could not be
 * read this time: it keeps what it has. */
void intake_rescan(struct intake *in, int64_t cell, const struct unread *u, intake_done_fn *done, void *ctx,
                   uint64_t session);
/* Commits what waits (replied marks); call on STOP when the last session is gone. */
void intake_flush(struct intake *in);

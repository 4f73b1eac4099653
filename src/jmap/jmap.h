#pragma once
/* JMAP (RFC 8620, RFC 8621): the one API. A request runs in pieces: its reading method calls up to the next writing one share one cell_read (one
 * snapshot), a writing call takes one cell_write for each of its steps. jmap_routes (routes.h) are joined to http/ by role/net, which drives the
 * pieces; tests drive them with the _wait forms. */
#include "core/arena.h"
#include "core/buf.h"
#include "store/store.h"

#define JMAP_CALLS_MAX 32u
#define JMAP_OBJECTS_MAX 500u       /* maxObjectsInGet */
#define JMAP_SET_MAX 500u           /* maxObjectsInSet */
#define JMAP_REQUEST_MAX (1u << 20) /* as a tree some thirty times that; large bytes come as uploads */
#define JMAP_REQUESTS_MAX 8u        /* maxConcurrentRequests of one account */
#define JMAP_UPLOADS_MAX 4u         /* maxConcurrentUpload */
#define JMAP_UPLOAD_MAX (50u << 20)
#define JMAP_UPLOADS_BYTES (512u << 20)     /* of all accounts, between body and commit: they lie in memory */
#define JMAP_UPLOAD_MS (24 * 3600 * 1000LL) /* an upload that nothing uses is forgotten then */
#define JMAP_ANSWER_MAX (32u << 20)
#define JMAP_QUERY_MAX 1000u
#define JMAP_PATIENCE_MS \
    20000 /* calls of a request that have not begun by then are answered serverUnavailable, those that read on and on requestTooLarge */

struct jmap_ctx;
struct jmap_person {
    int64_t cell, org, account;
    struct str address, name;
    bool may_write, may_admin; /* what the log-in allows: a token may have less than its account */
    bool admin;                /* set by jmap_person_load */
};
/* Reads what the log-in does not know (the role). 0; JMAP's caller answers 503 when < 0. An account that is gone or disabled: > 0. */
int jmap_person_load(struct txn *t, struct jmap_person *p) MUST_USE;
/* Session object (RFC 8620 2) onto out. base: "https://host" of the URLs; body_max: what http takes of a body at most, 0: more than our limits. */
struct str jmap_session_state(const struct jmap_person *p);
void jmap_session(const struct jmap_person *p, struct str base, uint64_t body_max, struct buf *out);

/* One API request. out gets the JSON of the answer or of the problem (RFC 7807), status the HTTP status. body and out live until jmap_run_free. */
struct jmap_run;
enum jmap_next { JMAP_NEXT_READ, JMAP_NEXT_WRITE, JMAP_NEXT_LOOK, JMAP_NEXT_DONE };
struct jmap_run *jmap_run_new(struct jmap_ctx *ctx, const struct jmap_person *p, struct str body, struct buf *out);
void jmap_run_free(struct jmap_run **r);
enum jmap_next jmap_run_next(const struct jmap_run *r);
int jmap_run_status(const struct jmap_run *r);
void jmap_run_health(struct jmap_run *r, struct str json); /* what Health/get shows; lives until jmap_run_free */
int jmap_run_read(struct txn *t, void *run);               /* a cell_fn */
int jmap_run_write(struct txn *t, void *run);              /* a cell_fn, with jmap_run_drafts */
struct blob_draft *const *jmap_run_drafts(struct jmap_run *r, size_t *n);
void jmap_run_wrote(struct jmap_run *r, enum cell_outcome outcome, int code); /* what became of that write */
/* JMAP_NEXT_LOOK: names whose TXT records a call must see before it goes on (on the loop thread; jmap_ctx.txt asks). */
#define JMAP_LOOKS_MAX 20u
enum jmap_look_status { JMAP_LOOK_NO_ANSWER, JMAP_LOOK_NONE, JMAP_LOOK_FOUND };
size_t jmap_run_looks(const struct jmap_run *r, const struct str **names);
/* What was seen of name i; text is copied. */
void jmap_run_looked(struct jmap_run *r, size_t i, enum jmap_look_status status, const struct str *text, size_t n);
void jmap_run_look_done(struct jmap_run *r, int64_t waited_ms); /* all were: the time is not the request's */
/* Accounts of the person's firm that this request logs out. */
size_t jmap_run_logged_out(const struct jmap_run *r, const int64_t **accounts);
/* All of it, waiting (tests, command line). 0 or < 0: the database could not be read. */
int jmap_run_wait(struct cell *c, struct jmap_run *r) MUST_USE;
/* Closes the indexes this process has open: behind store_close, when no reader is left. */
void jmap_search_close(void);
/* docs/jmap.md */
void jmap_docs(struct buf *out);

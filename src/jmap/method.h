#pragma once
/* Inside jmap/: a method is a row {name, capability, who, fn}. fn runs in a cell_read; it writes its arguments object onto w, or returns an
 * error type (what it had written by then is taken back), or JMAP_LOOKS (jmap_look), or JMAP_WRITES: then c->write holds steps that run in cell_writes, one after the
 * other, and its finish, which runs in a cell_read again and writes the answer. Nothing is said to be done before it is on stable storage. */
#include "core/json.h"
#include "jmap/jmap.h"
#include "store/read.h"
#include <jansson.h>

enum jmap_error {
    JMAP_OK = 0,
    JMAP_UNKNOWN_METHOD = 1,
    JMAP_INVALID_ARGUMENTS,
    JMAP_INVALID_RESULT_REFERENCE,
    JMAP_ACCOUNT_NOT_FOUND,
    JMAP_FORBIDDEN,
    JMAP_REQUEST_TOO_LARGE,
    JMAP_CANNOT_CALCULATE_CHANGES,
    JMAP_TOO_MANY_CHANGES,
    JMAP_UNSUPPORTED_FILTER,
    JMAP_UNSUPPORTED_SORT,
    JMAP_ANCHOR_NOT_FOUND,
    JMAP_STATE_MISMATCH,
    JMAP_FROM_ACCOUNT_NOT_FOUND,
    JMAP_SERVER_UNAVAILABLE,
    JMAP_SERVER_FAIL,
    JMAP_SERVER_PARTIAL_FAIL,
    JMAP_ERRORS,
    JMAP_WRITES = 900, /* not an error: see c->write */
    JMAP_LOOKS =
        901 /* not an error: fn runs once more when the names given to jmap_look were looked up; it has done nothing yet */
};
struct jmap_call;
struct jmap_write {
    size_t n_steps;
    /* Step i inside a cell_fn. 0; > 0 its own code, given to refused; < 0 forwarded. May run more than once. */
    int (*step)(struct txn *t, struct jmap_call *c, size_t i);
    /* Step i was rolled back with code > 0. 0: run it again; else the method's error (enum jmap_error). */
    int (*refused)(struct jmap_call *c, size_t i, int code);
    bool (*repeat)(struct jmap_call *c, size_t i); /* step i is durable: is it to run once more? NULL: never */
    int (*finish)(struct jmap_call *c);            /* writes the answer */
    struct blob_draft *const *(*drafts)(struct jmap_call *c, size_t i, size_t *n); /* NULL: none */
    void *arg;
};
struct jmap_look { /* TXT records of one name */
    struct str name;
    enum jmap_look_status status;
    const struct str *text;
    size_t n;
};
struct jmap_created { /* createdIds of the request (RFC 8620 3.3) */
    struct str key, id;
};
struct jmap_call {
    struct txn *t;
    const struct jmap_person *person;
    struct jmap_ctx *ctx; /* NULL in some tests: no search, no health */
    struct arena *arena;  /* of the whole request */
    json_t *args;         /* result references already resolved */
    struct json_w *w;
    const char *why;   /* description for the error, or NULL */
    struct str health; /* see jmap_run_health */
    struct jmap_write write;
    const struct jmap_look *looked; /* NULL: nothing was looked up for this call yet; in the order of jmap_look */
    size_t n_looked;
    struct jmap_run *run;
};
/* < 0: database error, forwarded. */
typedef int jmap_method_fn(struct jmap_call *c);
enum jmap_who { JMAP_ANYONE, JMAP_ADMIN };
struct jmap_method {
    const char *name, *capability;
    enum jmap_who who;
    jmap_method_fn *fn;
    const char *doc; /* for docs/jmap.md: what it has beyond the RFC */
};
extern const struct jmap_method jmap_methods[];
extern const size_t jmap_n_methods;
extern const char *const jmap_capabilities[]; /* ends with NULL */

/* The request has had its time (JMAP_PATIENCE_MS): asked by whoever reads many messages. */
bool jmap_run_late(const struct jmap_call *c);

/* args.c: argument readers. Each returns 0 or an error with c->why set. */
int jmap_invalid(struct jmap_call *c, const char *why); /* sets why, returns JMAP_INVALID_ARGUMENTS */
int jmap_arg_account(struct jmap_call *c) MUST_USE;     /* accountId is the person's */
int jmap_arg_only(struct jmap_call *c, const char *const *names) MUST_USE; /* no other argument */
bool jmap_is_account(const struct jmap_call *c, struct str id);
/* ids: n == 0 and all true when null or absent. Unparseable ids go to not_found as text. */
struct jmap_ids {
    bool all;
    int64_t *id;
    size_t n;
    struct str *bad;
    size_t n_bad;
};
int jmap_arg_ids(struct jmap_call *c, const char *key, struct jmap_ids *out) MUST_USE;
int jmap_arg_int(struct jmap_call *c, const char *key, int64_t def, int64_t min, int64_t max, int64_t *out) MUST_USE;
int jmap_arg_bool(struct jmap_call *c, const char *key, bool def, bool *out) MUST_USE;
int jmap_arg_state(struct jmap_call *c, struct read_state *since) MUST_USE; /* sinceState: decimal seq, required */
struct str jmap_json_str(const json_t *v);                                  /* empty unless a string */
bool jmap_utc(struct str text, int64_t *ms);                                /* UTCDate of RFC 8620 1.4 */

/* Asked properties as a bit set over a table of names; id is always in. all when absent or null. */
int jmap_arg_properties(struct jmap_call *c, const char *const *names, size_t n, uint64_t *bits) MUST_USE;

/* Shared parts of answers. */
void jmap_put_id(struct json_w *w, int64_t id);
void jmap_put_state(struct jmap_call *c, const char *key, struct read_state s);
void jmap_put_account(struct jmap_call *c);
void jmap_put_not_found(struct jmap_call *c, const struct jmap_ids *ids, const int64_t *missing, size_t n_missing);
void jmap_put_value(struct json_w *w, const json_t *v); /* as it is; null when it cannot be written */
/* A whole /changes answer of one type (enum sync_type). */
int jmap_changes(struct jmap_call *c, int type);

/* One more name to look up, before JMAP_LOOKS is returned; false: JMAP_LOOKS_MAX. */
bool jmap_look(struct jmap_call *c, struct str name) MUST_USE;
/* An id, or "#key" of something created before in this request. */
bool jmap_id_of(const struct jmap_call *c, struct str text, int64_t *id);
/* After this request the account is logged in no more (a new password, disabled). */
void jmap_run_log_out(struct jmap_call *c, int64_t account);
void jmap_run_created(struct jmap_call *c, struct str key, struct str id);
bool jmap_run_find_created(const struct jmap_call *c, struct str key, struct str *id);

/* reference.c: replaces "#name": {resultOf, name, path} in args. */
#define JMAP_REFERENCE_ANSWER_MAX (4u << 20) /* an answer longer than this cannot be referred to */
struct jmap_done {
    struct str id, name, json;
    json_t *read; /* json, once somebody referred to it */
};
int jmap_resolve(struct jmap_call *c, struct jmap_done *done, size_t n) MUST_USE;

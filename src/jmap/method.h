#pragma once
/* Inside jmap/: a method is a row {name, capability, fn}. fn writes its arguments object onto w, or returns an error
 * type; what it had written by then is taken back. */
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
    JMAP_REQUEST_TOO_LARGE,
    JMAP_CANNOT_CALCULATE_CHANGES,
    JMAP_UNSUPPORTED_FILTER,
    JMAP_UNSUPPORTED_SORT,
    JMAP_ANCHOR_NOT_FOUND,
    JMAP_SERVER_FAIL,
    JMAP_ERRORS
};
struct jmap_call {
    struct txn *t;
    const struct jmap_person *person;
    struct arena *arena; /* of the whole request */
    json_t *args;        /* result references already resolved */
    struct json_w *w;
    const char *why; /* description for the error, or NULL */
};
/* < 0: database error, forwarded. */
typedef int jmap_method_fn(struct jmap_call *c);
struct jmap_method {
    const char *name, *capability;
    jmap_method_fn *fn;
};
extern const struct jmap_method jmap_methods[];
extern const size_t jmap_n_methods;
jmap_method_fn jmap_core_echo, jmap_mailbox_get, jmap_mailbox_query, jmap_mailbox_changes, jmap_email_get,
    jmap_email_query, jmap_email_changes, jmap_thread_get, jmap_thread_changes;

/* args.c: argument readers. Each returns 0 or JMAP_INVALID_ARGUMENTS with c->why set. */
int jmap_arg_account(struct jmap_call *c) MUST_USE;                        /* accountId is the person's */
int jmap_arg_only(struct jmap_call *c, const char *const *names) MUST_USE; /* no other argument */
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

/* Asked properties as a bit set over a table of names; id is always in. all when absent or null. */
int jmap_arg_properties(struct jmap_call *c, const char *const *names, size_t n, uint64_t *bits) MUST_USE;

/* Shared parts of answers. */
void jmap_put_id(struct json_w *w, int64_t id);
void jmap_put_state(struct jmap_call *c, const char *key, struct read_state s);
void jmap_put_account(struct jmap_call *c);
void jmap_put_not_found(struct jmap_call *c, const struct jmap_ids *ids, const int64_t *missing, size_t n_missing);
/* A whole /changes answer of one type (enum sync_type). */
int jmap_changes(struct jmap_call *c, int type);

/* reference.c: replaces "#name": {resultOf, name, path} in args. responses: JSON text of the answers so far. */
struct jmap_done {
    struct str id, name, json;
};
int jmap_resolve(struct jmap_call *c, const struct jmap_done *done, size_t n) MUST_USE;

#pragma once
/* JMAP (RFC 8620, RFC 8621): the one API. One request is one snapshot: all its method calls run in one cell_read on a
 * reader thread. jmap_routes are joined to http/ by role/net. */
#include "core/arena.h"
#include "core/buf.h"
#include "store/store.h"

#define JMAP_CALLS_MAX 32u
#define JMAP_OBJECTS_MAX 500u /* maxObjectsInGet */
#define JMAP_REQUEST_MAX (1u << 20)
#define JMAP_ANSWER_MAX (32u << 20)
#define JMAP_QUERY_MAX 1000u

struct jmap_person {
    int64_t cell, org, account;
    struct str address, name;
};
/* Session object (RFC 8620 2) onto out. base: "https://host" of the URLs. */
void jmap_session(const struct jmap_person *p, struct str base, struct buf *out);

/* One API request. Runs inside a cell_fn: t is its txn. On return status is the HTTP status and out holds the JSON of
 * the answer or of the problem (RFC 7807). < 0 only for database errors: the caller answers 503. */
int jmap_request(struct txn *t, const struct jmap_person *p, struct str body, int *status, struct buf *out) MUST_USE;

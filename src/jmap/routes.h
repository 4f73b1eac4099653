#pragma once
/* The HTTP side of JMAP: role/net joins these routes to the server and gives jmap_push_ask to http_push_conf. */
#include "core/map.h"
#include "http/http.h"
#include "jmap/jmap.h"
#include "store/store.h"

extern const struct http_route jmap_routes[];
extern const size_t jmap_n_routes;
typedef void jmap_txt_done(void *arg, enum jmap_look_status status, const struct str *text, size_t n);
/* ctx of the routes. The first part is set by the role, what is private begins zeroed. Used on the loop thread, except where said. */
struct jmap_ctx {
    struct store *store;
    struct http_server *http;
    /* Mail of an account changed durably by a request (wake-ups of events, indexer). May be NULL. */
    void (*changed)(void *ctx, int64_t cell, int64_t org, int64_t account);
    void *changed_ctx;
    /* Body of Health/get as JSON (object without braces is not accepted). May be NULL. */
    void (*health)(void *ctx, struct buf *json);
    void *health_ctx;
    /* Ends what an account is logged in with (disabled, new password). May be NULL. */
    void (*log_out)(void *ctx, int64_t org, int64_t account);
    void *log_out_ctx;
    /* TXT records of a name: exactly one done(arg, ..), now or later on the loop; text is copied. NULL: no domain can be proven here. */
    void (*txt)(void *ctx, struct str name, jmap_txt_done *done, void *arg);
    void *txt_ctx;
    /* argon2id of a new password, on the pool of passwords' own terms: called on a reader thread, may take 100 ms. NULL: passwords cannot be set here. */
    int (*hash)(struct str password, struct buf *out);
    uint64_t body_max; /* http.max_body: the session tells no larger limit. 0: none */
    /* private */
    struct imap requests; /* account -> requests under way */
    uint64_t upload_bytes;
    bool begun;
};
/* http_push_ask: the states of one account for EventSource. ctx is the struct jmap_ctx. */
void jmap_push_ask(void *jmap_ctx, uint64_t ticket, int64_t cell, int64_t org, int64_t account);

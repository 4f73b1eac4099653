#pragma once
/* Inside of the HTTP room: connection, transaction, server. */
#include "http/auth.h"
#include "http/http.h"
#include "core/list.h"
#include "core/map.h"
#include "net/peers.h"

#define HTTP_ROUTE_TABLES 8u

enum http_state {
    HTTP_WAITING,   /* for a head */
    HTTP_VERIFYING, /* Basic credentials are with the password pool */
    HTTP_BODY,
    HTTP_HANDLING, /* the handler owes a reply */
    HTTP_ANSWERING,
    HTTP_ENDED,
    HTTP_STATES
};
struct http_conn {
    struct http_server *server;
    struct conn *conn;
    struct list node;
    struct http_txn *txn;
    uint8_t state;
    bool head_begun;
};
struct http_txn { /* one request; lives until its reply is sent */
    struct http_req req;
    struct arena arena;
    struct http_conn *hc; /* NULL: the connection died */
    const struct http_route *route;
    void *route_ctx;
    struct http_person person;
    struct buf mem; /* body in memory */
    struct http_chunked chunked;
    uint64_t body_max;
    int body_status; /* 0, or the answer: 413, 507, 500; the rest of the body is not read */
    bool close;
    bool login;           /* http_verified is for /api/login */
    struct str login_key; /* address and password as cached */
    uint8_t cred[NET_MAC_LEN];
    struct http_answer answer;
    size_t sent;
    bool head_only;
};
struct http_server {
    struct net_loop *loop;
    struct http_conf conf;
    struct http_auth *auth;
    struct list conns;
    size_t n_conns;
    struct imap pending; /* id -> http_txn, from head to reply */
    struct net_peers peers;
    struct {
        const struct http_route *v;
        size_t n;
        void *ctx;
    } tables[HTTP_ROUTE_TABLES];
    size_t n_tables;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct net_later stop_later;
};

/* serve.c */
void http_set_state(struct http_conn *hc, enum http_state to);
void http_txn_free(struct http_txn *t);
void http_conn_leave(struct http_conn *hc);
/* Checks credentials by cache, limits or pool: HTTP_VERIFY_OK (person set), or -1: answered, or http_verified will
 * come. */
int http_credentials(struct http_txn *t, struct str address, struct str password);
/* rules.c: what may be decided before the body. 0: go on; else the status, with the sentence in *why (static). */
struct http_why {
    const char *code, *it, *en;
};
int http_rules_host(struct http_txn *t, const struct http_why **why);
int http_rules_route(struct http_server *s, struct http_txn *t, const struct http_why **why);
int http_rules_body(struct http_server *s, struct http_txn *t, const struct http_why **why);
/* After log-in was settled: forged requests, types. */
int http_rules_person(struct http_txn *t, const struct http_why **why);
bool http_is_json(const struct http_head *h);
/* body.c */
void http_body_add(void *txn, struct str bytes);
/* answer.c */
void http_answer_begin(struct http_txn *t);
/* Fills the connection's output; true when all of the answer is in it. */
bool http_answer_more(struct http_txn *t);
void http_answer_why(struct http_server *s, uint64_t id, int status, const struct http_why *why);
/* login.c, panel.c */
extern const struct http_route http_own_routes[];
extern const size_t http_own_routes_n;
void http_panel(struct http_req *r, void *ctx);
void http_login_verified(struct http_txn *t, enum http_verdict v);

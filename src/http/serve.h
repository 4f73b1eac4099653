#pragma once
/* Inside of the HTTP room: connection, transaction, server. */
#include "http/auth.h"
#include "http/http.h"
#include "http/figures.h"
#include "http/limits.h"
#include "core/map.h"

#define HTTP_ROUTE_TABLES 16u
#define HTTP_METRIC_TABLES 16u
#define HTTP_HANDSHAKE_MS 15000
#define HTTP_NOBODY 1024u /* flag of own routes: it does not matter who asks, nobody is looked up */

enum http_state {
    HTTP_WAITING,   /* for a head */
    HTTP_VERIFYING, /* credentials are with the password pool, or a session with the store */
    HTTP_BODY,
    HTTP_HANDLING, /* the handler owes a reply */
    HTTP_ANSWERING,
    HTTP_EVENTS, /* text/event-stream until one side goes; no transaction any more */
    HTTP_ENDED,
    HTTP_STATES
};
struct http_stream;
struct http_gzip;
struct http_conn {
    struct http_server *server;
    struct conn *conn;
    struct list node;
    struct http_txn *txn;
    struct http_stream *stream;
    uint8_t state;
    bool head_begun, tls;
    struct http_slot slot; /* of its address */
};
struct http_txn { /* one request; lives until its reply is sent */
    struct http_req req;
    struct arena arena;
    struct http_conn *hc; /* NULL: the connection died */
    const struct http_route *route;
    void *route_ctx;
    struct http_person person;
    struct http_login login; /* by which session, token or password; login.kind 0: none */
    struct http_slot slot;
    struct buf mem; /* body in memory */
    struct http_chunked chunked;
    uint64_t body_max, body_mark;
    int body_status; /* 0, or the answer: 413, 507, 500; the rest of the body is not read */
    bool close;
    uint8_t waits;        /* enum http_waits */
    struct str login_key; /* address as counted and cached */
    struct str password;  /* while the cache's word on it is checked */
    uint8_t cred[NET_MAC_LEN];
    struct str cookie; /* of the session that begins */
    struct http_answer answer;
    struct http_gzip *gzip;
    uint64_t at, end;     /* what is left of the body: [at, end) */
    uint64_t taken, mark; /* bytes given to the connection; at the last look */
    unsigned pull_looks;
    bool head_only, in_chunks, no_length, pull_waits, ended, looked;
};
enum http_waits { /* whose answer is awaited in HTTP_VERIFYING, or in the handlers of log-in and log-out */
                  HTTP_WAITS_NOTHING,
                  HTTP_WAITS_BASIC,
                  HTTP_WAITS_SESSION,
                  HTTP_WAITS_LOGIN, /* the password of /api/login */
                  HTTP_WAITS_BEGIN, /* its session is being kept */
                  HTTP_WAITS_END,   /* log-out */
};
struct http_counts {
    int64_t requests, answers[6] /* by first digit */, bytes_out, logins, logins_refused, logins_limited, limited, bad,
        tls_connections, connections_total, events_sent, streams_dropped, slow_dropped, spilled;
};
struct http_push;
struct http_server {
    struct net_loop *loop;
    struct http_conf conf;
    struct http_auth *auth;
    struct http_limits *limits;
    struct http_push *push;
    struct list conns;
    size_t n_conns;
    struct imap pending; /* id -> http_txn, from head to reply */
    struct imap pulling; /* id -> http_txn whose answer comes from a source */
    struct {
        const struct http_route *v;
        size_t n;
        void *ctx;
    } tables[HTTP_ROUTE_TABLES];
    size_t n_tables;
    struct {
        const struct http_metric *v;
        size_t n;
        void *ctx;
    } metrics[HTTP_METRIC_TABLES];
    size_t n_metrics;
    struct http_figures *figures; /* NULL: this process is alone */
    struct net_timer figures_timer;
    struct http_counts counts;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct net_later stop_later;
};

/* serve.c */
void http_set_state(struct http_conn *hc, enum http_state to);
void http_txn_free(struct http_txn *t);
void http_conn_leave(struct http_conn *hc);
struct conn *http_conn_open(struct http_server *s, int fd, const struct net_peer *peer, struct net_tls *tls);
void http_refuse(struct http_txn *t, int status, const struct http_why *why); /* before the handler */
void http_after_person(struct http_txn *t);  /* who asks is settled: rules, then the body */
void http_request_end(struct http_conn *hc); /* the answer is in the connection's output */
/* who.c: who asks. Ends in http_after_person, at once or later, or in an answer. */
void http_settle_person(struct http_txn *t);
/* Checks credentials by cache, limits or pool: HTTP_VERIFY_OK (person set), or -1: answered, or http_verified will
 * come. */
int http_credentials(struct http_txn *t, struct str address, struct str password);
struct str http_cookie_name(const struct http_txn *t);
bool http_session_cookie(const struct http_txn *t,
                         struct http_login *l); /* the cookie that came with the request, well made */
/* rules.c: what may be decided before the body. 0: go on; else the status, with the sentence in *why (static). */
int http_rules_host(struct http_txn *t, const struct http_why **why);
unsigned http_route_methods(const struct http_server *s, struct str path); /* bits; 0: no route there */
int http_rules_route(struct http_server *s, struct http_txn *t, const struct http_why **why);
int http_rules_body(struct http_server *s, struct http_txn *t, const struct http_why **why);
const struct http_why *http_why_large(const struct http_txn *t); /* the body is too large, and the status for it */
/* After log-in was settled: forged requests, types. */
int http_rules_person(struct http_txn *t, const struct http_why **why);
bool http_is_json(const struct http_head *h);
bool http_forwarded(const struct http_head *h); /* came through something that forwards */
/* body.c */
void http_body_add(void *txn, struct str bytes);
/* reply.c: what is sent of an answer: all, part, nothing (304); compressed or not. */
void http_reply_shape(struct http_txn *t);
void http_answer_wait(struct http_txn *t, int status, int64_t seconds,
                      const struct http_why *why); /* with Retry-After */
void http_answer_why(struct http_server *s, uint64_t id, int status, const struct http_why *why);
/* answer.c: the head. */
void http_answer_head(struct http_txn *t);
void http_put_security(struct buf *out, const struct http_conn *hc, bool https); /* the fields that every answer has */
void http_put_date(struct buf *out, int64_t wall_ms);
/* send.c: the body. Fills the connection's output; true when all of the answer is in it. */
bool http_answer_more(struct http_txn *t);
bool http_send_alive(
    struct http_txn *t); /* a deadline passed: is the peer quick enough? Large memory goes to a file meanwhile */
void http_source_end(struct http_answer *a);
/* gzip.c: a stream of gzip members made piece by piece. */
struct http_gzip *http_gzip_new(void);
void http_gzip_free(struct http_gzip *z);
void http_gzip_add(struct http_gzip *z, struct str in, bool last, struct buf *out);
/* login.c, panel.c, metrics.c */
extern const struct http_route http_own_routes[];
extern const size_t http_own_routes_n;
void http_panel(struct http_req *r, void *ctx);
void http_metrics(struct http_req *r, void *ctx);
void http_metrics_tell(struct net_timer *t);                   /* to the other processes, again and again */
void http_login_step(struct http_txn *t, enum http_verdict v); /* the awaited verdict of log-in and log-out came */
/* push.c, stream.c: events */
void http_events(struct http_req *r, void *ctx);
struct http_push *http_push_new(struct http_server *s);
void http_push_free(struct http_push **p);
size_t http_push_clients(const struct http_push *p);
void http_push_stop(struct http_push *p);                                  /* the server stops: every stream ends */
void http_push_end_login(struct http_push *p, const struct http_login *l); /* of one session or token */
void http_push_end_account(struct http_push *p, int64_t org, int64_t account, struct str address);
void http_stream_data(struct http_stream *st, struct str in);
void http_stream_drained(struct http_stream *st);
void http_stream_timeout(struct http_stream *st);
void http_stream_closed(struct http_stream *st);
void http_stream_checked(struct http_push *p, uint64_t ticket, enum http_verdict v);

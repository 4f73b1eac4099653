#pragma once
/* HTTP/1.1 for the panel and JMAP. Order of a request: head -> route -> who asks -> limits of that route -> body ->
 * handler. Answers are sent in steps as the peer takes them (net/conn.h), one request of a connection at a time.
 *
 * A handler gets a request and must cause exactly one http_reply(server, req->id, ..), now or later, on the loop
 * thread. The request (arena, body, head) lives until that reply, even when the connection died meanwhile; until then
 * nothing else touches req->arena, so another thread may use it. */
#include "core/buf.h"
#include "http/parse.h"
#include "net/conn.h"
#include "net/mac.h"
#include "net/tls.h"
#include <sys/types.h>

#define HTTP_BODY_MEMORY (64u * 1024)   /* larger bodies go to an unlinked file */
#define HTTP_BODY_OPEN_MAX (16u * 1024) /* of a request without log-in, whatever its route allows */
#define HTTP_CONNECTIONS_MAX 16384u     /* event clients included: http.max_connections may lower it */
#define HTTP_PER_PEER_MAX 200           /* loopback is not counted */
#define HTTP_HEAD_MS 30000              /* from the first byte of a head to its end */
#define HTTP_IDLE_MS 75000              /* kept alive without a request */
#define HTTP_BODY_MS 20000 /* of a body at least HTTP_BODY_LEAST bytes must come within this time, else 408 */
#define HTTP_BODY_LEAST 8192u
#define HTTP_SEND_MS 30000 /* of an answer at least HTTP_SEND_LEAST bytes must be taken within this time */
#define HTTP_SEND_LEAST 16384u
#define HTTP_HANDLE_MS 120000 /* a handler that has not replied: the connection is dropped */
#define HTTP_ARENA_MAX (64u << 20)

struct http_server;
enum { /* what a log-in may do; a password and the panel's session may everything */
       HTTP_MAY_READ = 1,
       HTTP_MAY_WRITE = 2, /* change mail, send */
       HTTP_MAY_ADMIN = 4, /* urn:sigillo:admin, where the account is an administrator's */
       HTTP_MAY_METRICS = 8,
       HTTP_MAY_ALL = 15,
};
struct http_person { /* who is logged in */
    int64_t cell, org, account;
    struct str address, name, firm, lang;
    unsigned may; /* HTTP_MAY_*: an app token may have less than its account */
    int64_t
        password_ms; /* of a verified password: when it was set, so that it can be asked whether it still holds. 0: not by password */
};
struct http_req {
    uint64_t id;
    struct http_server *server;
    struct arena *arena;
    struct http_head head; /* views into the arena */
    struct str body;       /* in memory; larger than HTTP_BODY_MEMORY: see http_body */
    uint64_t body_size;
    int body_fd;                      /* -1: in memory */
    const struct http_person *person; /* NULL: route without log-in, or nobody is logged in */
    bool by_cookie;                   /* the session's cookie, else HTTP Basic or a token */
    bool by_token;                    /* Authorization: Bearer */
    struct net_peer peer;
    bool secure;     /* TLS, or loopback without Forwarded fields */
    struct str base; /* "https://mail.azienda.example": origin for URLs in answers */
};
/* All of the body in one view (a file is read into the arena). ERR_IO, ERR_NOMEM. */
int http_body(struct http_req *r, struct str *out) MUST_USE;
/* At most n bytes of the body at an offset, wherever it is: how many, 0 at its end, ERR_IO. May be called on the thread that works with the request. */
ssize_t http_body_read(const struct http_req *r, uint64_t at, void *p, size_t n) MUST_USE;

enum {                  /* flags of a route */
       HTTP_OPEN = 1,   /* no log-in needed (person may be set all the same) */
       HTTP_PREFIX = 2, /* path begins with it; otherwise equal */
       HTTP_JSON = 4,   /* body must be application/json */
       HTTP_RAW = 8,    /* POST/PUT of bytes of any type (upload); the rules against forged requests hold as for JSON */
       /* Limit classes (limits.c: how many at once and a minute, for a person and for all). None: only the connection limits. */
       HTTP_CALL = 16,       /* one API request (JMAP) */
       HTTP_TRANSFER = 32,   /* upload, download */
       HTTP_STREAM = 64,     /* answers that do not end: events */
       HTTP_HANDSHAKE = 128, /* no flag of a route: TLS connections that begin, each costs a signature */
};
struct http_why { /* a refusal: code for programs, what happened and what to do for people */
    const char *code, *it, *en;
    const char *limit; /* name of the limit that was passed (RFC 8620 3.6.1), or NULL */
    int status;        /* of a route's own refusal */
};
typedef void http_handler(struct http_req *req, void *ctx);
struct http_route {
    unsigned methods; /* HTTP_GET | ...; HEAD is answered where GET is */
    struct str path;
    unsigned flags;
    uint64_t body_max; /* 0: no body */
    http_handler *handle;
    const struct http_why *large,
        *not_json; /* in place of http's 413 and 415, where a protocol says it otherwise; or NULL */
};

enum {                         /* flags of an answer */
       HTTP_CACHE_FOREVER = 1, /* default: Cache-Control: no-store */
       HTTP_CACHE_CHECK = 2,   /* no-cache: kept, asked again with the ETag */
       HTTP_PAGE = 4,          /* a page of the panel: its CSP, with `nonce` */
       HTTP_DOWNLOAD = 8,      /* something a stranger wrote: sandbox CSP */
       HTTP_CLOSE = 16,
       HTTP_RANGES = 32, /* a single byte range may be asked for (206, 416): body, view, or a source that seeks */
       HTTP_PRIVATE =
           64, /* body holds a secret beside what a stranger chose: never compressed (BREACH). Answers with Set-Cookie are not either */
       HTTP_OWN = 128, /* a file of the panel: no sandbox, in which a service worker would have no store of files */
};
/* An answer that is pulled piece by piece as the peer takes it: at most HTTP_PULL_STEP bytes are asked for, and only while less than CONN_OUT_HIGH waits to
 * be sent. pull and seek run on the loop: memory or a local file, nothing that waits. The request's arena lives until free was called. */
#define HTTP_PULL_STEP (32u * 1024)
#define HTTP_PULL_LATER (-1000) /* nothing yet: http_pull_again() will follow */
#define HTTP_SIZE_UNKNOWN UINT64_MAX
struct http_source {
    ssize_t (*pull)(
        void *arg, char *p,
        size_t
            n); /* > 0 bytes; 0 the end; HTTP_PULL_LATER; other < 0: the connection is cut, so that nobody takes it for whole */
    int (*seek)(void *arg, uint64_t at); /* NULL: no ranges. 0 or < 0 */
    void (*free)(void *arg);             /* may be NULL; called exactly once, also when the connection died before */
    void *arg;
    uint64_t size; /* HTTP_SIZE_UNKNOWN: sent in chunks */
};
void http_pull_again(struct http_server *s, uint64_t id);
/* A file as a source; takes the descriptor. Ranges work. */
struct http_source http_source_file(struct arena *a, int fd, uint64_t size);

struct http_answer {
    int status;
    const char *type;   /* NULL: no body */
    struct buf body;    /* taken over by http_reply */
    struct str view;    /* or: bytes that outlive the request's arena or live in it; used when body.p is NULL */
    struct str headers; /* further lines "Name: value\r\n"; values must be free of CR and LF */
    struct str nonce;   /* HTTP_PAGE */
    unsigned flags;
    bool gzip;                 /* bytes are gzip */
    struct http_source source; /* or: pulled; used when pull is set */
    /* Strong validator with its quotes (RFC 9110 8.8.3), in the arena: If-None-Match is answered by 304, If-Range is honoured. An answer of status 200 to GET. */
    struct str etag;
};
void http_reply(struct http_server *s, uint64_t id, struct http_answer *a);
/* {"error": code, "it": .., "en": ..}: what happened and what to do, for people. */
void http_reply_error(struct http_server *s, uint64_t id, int status, const char *code, const char *it, const char *en);
void http_reply_json(struct http_server *s, uint64_t id, int status, struct buf *json); /* takes json over */

/* Password check, done elsewhere (bounded pool of threads). verify must cause exactly one http_verified(server, id,
 * ..). Same time for unknown users. */
enum http_verdict {
    HTTP_VERIFY_OK,
    HTTP_VERIFY_NO,
    HTTP_VERIFY_BUSY /* pool full: 503 */,
    HTTP_VERIFY_DOWN /* store unavailable: 503 */
};

/* How wrong passwords are to be counted where processes share that: by keyed hashes, so that nothing a stranger typed is kept. */
enum {
    HTTP_TRIES_PAIR /* this address from this network: cleared by the right password */,
    HTTP_TRIES_ADDRESS,
    HTTP_TRIES_PEER,
    HTTP_TRIES
};
struct http_try {
    uint8_t mark[NET_MAC_LEN];
    int64_t most; /* within HTTP_TRIES_WINDOW_MS */
};
#define HTTP_TRIES_WINDOW_MS (15 * 60 * 1000)

/* Log-ins that last, kept by somebody else (the store); http makes the random ids and hands out only keyed hashes of them. Each call must cause exactly one
 * http_login_done(server, ticket, ..), now or later on the loop. Without them (NULL) sessions live in this process only. */
enum http_login_kind {
    HTTP_LOGIN_SESSION = 1,
    HTTP_LOGIN_TOKEN = 2,
    HTTP_LOGIN_PASSWORD = 3 /* HTTP Basic: nothing is kept of it, but `find` says whether that password still holds */
};
struct http_login {
    int64_t cell, org, account;
    enum http_login_kind kind;
    int64_t password_ms; /* of HTTP_LOGIN_PASSWORD, and of the password that a session begins with */
    uint8_t hash[NET_MAC_LEN];
};
struct http_logins {
    /* HTTP_VERIFY_OK with the person, HTTP_VERIFY_NO (unknown or over), HTTP_VERIFY_DOWN. */
    void (*find)(void *ctx, uint64_t ticket, const struct http_login *l);
    /* A new session; `old` (may be NULL) ends with it. HTTP_VERIFY_OK once it is durable; HTTP_VERIFY_NO: the password changed meanwhile; else
     * HTTP_VERIFY_DOWN. */
    void (*begin)(void *ctx, uint64_t ticket, const struct http_login *l, const struct http_login *old);
    void (*end)(void *ctx, uint64_t ticket, const struct http_login *l);
    void *ctx;
};
struct http_conf {
    struct str origin;   /* http.origin, or empty */
    uint64_t max_body;   /* http.max_body */
    const char *tmp_dir; /* for bodies in files */
    struct net_tls *tls; /* of http_accept_tls; NULL: such connections are closed */
    /* Views die on return. tries: HTTP_TRIES of them, or NULL: counted by this process alone (there is no shared key). */
    void (*verify)(void *ctx, uint64_t id, struct str address, struct str password, const struct http_try *tries);
    void *verify_ctx;
    const struct http_logins *logins;
    struct str hosts;         /* http.hosts: further names in Host, comma separated */
    unsigned max_connections; /* 0: HTTP_CONNECTIONS_MAX */
    int counters; /* memfd that the processes of net share (net/shared.h), or 0: there is one. Used while http_server_new runs */
    unsigned unit; /* which of them this one is */
};
struct http_server *http_server_new(struct net_loop *l,
                                    const struct http_conf *conf); /* conf is copied, what it points to is not */
void http_server_free(struct http_server **s);
void http_server_tls(struct http_server *s, struct net_tls *tls);
/* Adds routes; the first that fits wins. http's own (/api/..., the panel's files) come last. The table must outlive the
 * server. */
void http_server_routes(struct http_server *s, const struct http_route *routes, size_t n, void *ctx);
void http_verified(struct http_server *s, uint64_t id, enum http_verdict v,
                   const struct http_person *person); /* person is copied */
/* Instead of http_verified: there were too many wrong ones, counted elsewhere too. Nothing was checked. */
void http_verify_limited(struct http_server *s, uint64_t id, int64_t seconds);
void http_login_done(struct http_server *s, uint64_t ticket, enum http_verdict v, const struct http_person *person);
/* The key under which ids are hashed, the same on every machine and after a restart (NET_MAC_KEY bytes). While `logins` is given and the key is not, whoever
 * shows a cookie or a token, or logs in, gets 503. */
void http_server_key(struct http_server *s, const uint8_t *key);
/* A new app token's text ("sgl_" and hex), shown once, and what is to be stored of it. The key must be set: else false. */
#define HTTP_TOKEN_TEXT 96u
bool http_token_new(struct http_server *s, struct http_login *l, char text[HTTP_TOKEN_TEXT]) MUST_USE;

void http_accept(void *server, int fd, const struct net_peer *peer);     /* fits net_accept_fn */
void http_accept_tls(void *server, int fd, const struct net_peer *peer); /* for http.tls_listen */
struct conn *http_conn_new(struct http_server *s, int fd, const struct net_peer *peer);
void http_server_stop(struct http_server *s, void (*done)(void *arg),
                      void *arg); /* idle connections close, answers under way are sent */

/* --- events (text/event-stream), RFC 8620 7.3 ---
 * GET /events?types=&closeafter=&ping= is a route of http's own. Who changed something durably calls http_push_wake on the loop thread; http gathers wake-ups
 * for HTTP_PUSH_MS, asks `states` once for each account that somebody listens to, compares, and tells its clients what changed. Every account is asked
 * again each HTTP_PUSH_LOOK_MS, so that a lost wake-up (another process, another machine) only costs time. */
#define HTTP_PUSH_MS 50
#define HTTP_PUSH_LOOK_MS 30000
#define HTTP_PUSH_TYPES_MAX 16u
#define HTTP_PUSH_STATE_MAX 40u /* bytes of a type's name, and of a state */
struct http_push_state {
    struct str type, state; /* "Email", "as3f" */
};
/* Must cause exactly one http_push_states(server, ticket, ..), now or later on the loop. */
typedef void http_push_ask(void *ctx, uint64_t ticket, int64_t cell, int64_t org, int64_t account);
void http_push_conf(struct http_server *s, http_push_ask *states, void *ctx);
/* v is copied. n 0: the states cannot be read now; they are asked for again at the next look. */
void http_push_states(struct http_server *s, uint64_t ticket, const struct http_push_state *v, size_t n);
void http_push_wake(struct http_server *s, int64_t cell, int64_t org, int64_t account);

/* Ends every session of the account (password change, disabled). */
void http_sessions_end(struct http_server *s, int64_t org, int64_t account);
void http_sessions_end_address(struct http_server *s, struct str address); /* canonical key */

/* --- figures (/metrics, Prometheus text) ---
 * Rooms offer const tables; the role joins them as it joins routes. Answered to this machine, and to tokens with HTTP_MAY_METRICS. */
/* Counters and gauges are told as the sum of all processes of net; what each of them sees alike, or only of itself, is HTTP_GAUGE_OWN. */
enum http_metric_kind { HTTP_COUNTER, HTTP_GAUGE, HTTP_GAUGE_OWN };
struct http_metric {
    const char *name,
        *labels; /* "sigillo_http_requests_total", "code=\"2xx\"" or NULL. Rows of one name stand together */
    enum http_metric_kind kind;
    const char *help;
    int64_t (*read)(void *ctx, int arg);
    int arg;
};
void http_server_metrics(struct http_server *s, const struct http_metric *table, size_t n, void *ctx);

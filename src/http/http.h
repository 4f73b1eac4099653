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
#include "net/tls.h"

#define HTTP_BODY_MEMORY (64u * 1024)   /* larger bodies go to an unlinked file */
#define HTTP_BODY_OPEN_MAX (16u * 1024) /* of a request without log-in, whatever its route allows */
#define HTTP_CONNECTIONS_MAX 4096
#define HTTP_PER_PEER_MAX 200 /* loopback is not counted */
#define HTTP_HEAD_MS 30000    /* from the first byte of a head to its end */
#define HTTP_IDLE_MS 75000    /* kept alive without a request */
#define HTTP_BODY_MS 60000    /* silence in a body */
#define HTTP_SEND_MS 60000    /* no progress in sending */
#define HTTP_HANDLE_MS 120000 /* a handler that has not replied: the connection is dropped */
#define HTTP_ARENA_MAX (64u << 20)

struct http_server;
struct http_person { /* who is logged in */
    int64_t cell, org, account;
    struct str address, name, firm, lang;
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
    bool by_cookie;                   /* the session's cookie, else HTTP Basic */
    struct net_peer peer;
    bool secure;     /* TLS, or loopback without Forwarded fields */
    struct str base; /* "https://mail.azienda.example": origin for URLs in answers */
};
/* All of the body in one view (a file is read into the arena). ERR_IO, ERR_NOMEM. */
int http_body(struct http_req *r, struct str *out) MUST_USE;

enum {                  /* flags of a route */
       HTTP_OPEN = 1,   /* no log-in needed (person may be set all the same) */
       HTTP_PREFIX = 2, /* path begins with it; otherwise equal */
       HTTP_JSON = 4,   /* body must be application/json */
       HTTP_RAW = 8,    /* POST/PUT of bytes of any type (upload); the rules against forged requests hold as for JSON */
};
typedef void http_handler(struct http_req *req, void *ctx);
struct http_route {
    unsigned methods; /* HTTP_GET | ...; HEAD is answered where GET is */
    struct str path;
    unsigned flags;
    uint64_t body_max; /* 0: no body */
    http_handler *handle;
};

enum {                         /* flags of an answer */
       HTTP_CACHE_FOREVER = 1, /* default: Cache-Control: no-store */
       HTTP_CACHE_CHECK = 2,   /* no-cache: kept, asked again with the ETag */
       HTTP_PAGE = 4,          /* a page of the panel: its CSP, with `nonce` */
       HTTP_DOWNLOAD = 8,      /* something a stranger wrote: sandbox CSP */
       HTTP_CLOSE = 16,
};
struct http_answer {
    int status;
    const char *type;   /* NULL: no body */
    struct buf body;    /* taken over by http_reply */
    struct str view;    /* or: bytes that outlive the request's arena or live in it; used when body.p is NULL */
    struct str headers; /* further lines "Name: value\r\n"; values must be free of CR and LF */
    struct str nonce;   /* HTTP_PAGE */
    unsigned flags;
    bool gzip; /* bytes are gzip */
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
struct http_conf {
    struct str origin;                                                               /* http.origin, or empty */
    uint64_t max_body;                                                               /* http.max_body */
    const char *tmp_dir;                                                             /* for bodies in files */
    struct net_tls *tls;                                                             /* NULL: plain */
    void (*verify)(void *ctx, uint64_t id, struct str address, struct str password); /* views die on return */
    void *verify_ctx;
};
struct http_server *http_server_new(struct net_loop *l,
                                    const struct http_conf *conf); /* conf is copied, what it points to is not */
void http_server_free(struct http_server **s);
void http_server_tls(struct http_server *s, struct net_tls *tls);
/* Adds routes; the first that fits wins. http's own (/api/..., the panel's files) come last. The table must outlive the
 * server. */
void http_server_routes(struct http_server *s, const struct http_route *routes, size_t n, void *ctx);
void http_verified(struct http_server *s, uint64_t id, enum http_verdict v,
                   const struct http_person *person);                /* person is copied */
void http_accept(void *server, int fd, const struct net_peer *peer); /* fits net_accept_fn */
struct conn *http_conn_new(struct http_server *s, int fd, const struct net_peer *peer);
void http_server_stop(struct http_server *s, void (*done)(void *arg),
                      void *arg); /* idle connections close, answers under way are sent */
/* Ends every session of the account (password change, disabled). */
void http_sessions_end(struct http_server *s, int64_t org, int64_t account);
void http_sessions_end_address(struct http_server *s, struct str address); /* canonical key */

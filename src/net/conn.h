#pragma once
/* One connection: a non-blocking socket, buffers that exist only while they hold something, TLS that may begin at once
 * or later, one deadline.
 *
 * A protocol gives ops and a session pointer. No op is ever called from inside a conn_* call: effects of conn_write,
 * conn_resume, conn_finish and conn_drop happen when the present callback has unwound, so a session may call them
 * anywhere. `closed` is called exactly once, last; after it the conn is gone. Sessions that wait for an answer keep a
 * u64 id, never the conn.
 *
 * Back-pressure: while more than CONN_OUT_HIGH bytes wait to be sent nothing is read and `data` is not called. */
#include "core/buf.h"
#include "net/loop.h"
#include "net/peer.h"

#define CONN_IN_MAX \
    (2 * NET_SCRATCH)              /* bytes a protocol may leave unconsumed; it must bound its own units far below     \
                                    */
#define CONN_OUT_HIGH (64u * 1024) /* stop reading above; `drained` below */
#define CONN_OUT_MAX \
    (8u << 20) /* an answer larger than this must be pulled (drained), else the connection is dropped */
#define CONN_LINGER_MS \
    2000 /* how long a refused peer may go on talking so that it reads our last words (a close with unread bytes sends \
            RST) */
#define CONN_LINGER_MAX (32u << 20)

struct conn;
struct net_tls;
enum conn_end { CONN_PEER_CLOSED, CONN_FAILED, CONN_TIMED_OUT, CONN_FINISHED };
struct conn_ops {
    /* Bytes that arrived, with what was left before. Returns how many were consumed; the rest comes again with more.
     * Consume all that is complete: it is not called again without new bytes, conn_resume or drained output. */
    size_t (*data)(struct conn *c, struct str in);
    void (*drained)(struct conn *c); /* may be NULL: everything written so far is in the kernel's socket buffer */
    void (*timeout)(struct conn *c); /* may be NULL: deadline passed (default: drop) */
    void (*secured)(struct conn *c); /* may be NULL: TLS is up */
    void (*closed)(struct conn *c, enum conn_end why);
};
/* Takes the fd (non-blocking). tls: begin with the handshake at once, NULL: plain. fd -1: a connection in memory for
 * tests: conn_feed, conn_out. */
struct conn *conn_new(struct net_loop *l, int fd, const struct net_peer *peer, struct net_tls *tls,
                      const struct conn_ops *ops, void *user);
void *conn_user(const struct conn *c);
void conn_set_ops(struct conn *c, const struct conn_ops *ops, void *user);
const struct net_peer *conn_peer(const struct conn *c);
struct net_loop *conn_loop(const struct conn *c);

void conn_write(struct conn *c, struct str s);
/* The output buffer itself, to print replies into; conn_written() afterwards. */
struct buf *conn_out(struct conn *c);
void conn_written(struct conn *c);
size_t conn_out_pending(const struct conn *c);
void conn_send_buffer(struct conn *c,
                      int bytes); /* what the kernel may hold for a peer that does not read (SO_SNDBUF) */

void conn_pause(struct conn *c); /* no `data` until conn_resume: an answer is awaited */
void conn_resume(struct conn *c);
bool conn_paused(const struct conn *c);
/* Something more has arrived already, in our buffer behind `rest`, in TLS or in the kernel (one system call). For
 * pipelining rules. */
bool conn_has_more(struct conn *c, struct str rest);
void conn_deadline(struct conn *c, int64_t ms); /* from now; replaces. 0: none */
void conn_finish(struct conn *c);               /* sends what was written, says goodbye, lingers, closes */
void conn_drop(struct conn *c);                 /* closes at once */
bool conn_closing(const struct conn *c);

/* TLS on an established plain connection. Every byte received and not consumed is thrown away first (RFC 3207 4.2;
 * CVE-2011-0411): what the peer, or someone between, sent before the handshake never speaks as part of the protected
 * session. Output written before is sent plain. */
void conn_start_tls(struct conn *c, struct net_tls *tls);
bool conn_is_tls(const struct conn *c); /* handshake done */
struct str conn_tls_text(const struct conn *c, char *out,
                         size_t cap); /* "TLSv1.3 TLS_AES_256_GCM_SHA384"; "" when plain */

/* Tests and fuzz targets, fd -1 only. */
void conn_feed(struct conn *c, struct str bytes);
void conn_settle(struct conn *c); /* runs what conn_* calls deferred; c may be gone afterwards */

#pragma once
/* SMTP from the world (RFC 5321; port 25 side: no relay, no AUTH). One server per process; sessions are cheap when idle
 * (no buffers).
 *
 * What it promises: a recipient is answered at RCPT (550 only from a fresh directory, else 451); recipients of one
 * transaction are of one firm; the reply to the final dot is intake's, and 250 is said only after the commit. Data ends
 * at CRLF.CRLF and nowhere else (smtp/dot.h). */
#include "core/conf.h"
#include "intake/intake.h"
#include "net/conn.h"
#include "net/tls.h"

#define SMTP_PER_PEER_MAX 100 /* connections of one address (IPv6: /64); loopback is not counted */
#define SMTP_IN_DATA_MAX \
    2000 /* transactions receiving DATA at once: bounds spool memory to 128 MB; more get 451 4.3.2 */
#define SMTP_BAD_COMMANDS_MAX 20      /* errors of one session, then 421 */
#define SMTP_IDLE_COMMANDS_MAX 200    /* NOOP, RSET, VRFY, HELP, EHLO between two accepted messages, then 421 */
#define SMTP_UNKNOWN_RCPT_MAX 20      /* unknown recipients of one session (harvesting), then 421 */
#define SMTP_DATA_MS (30 * 60 * 1000) /* a whole DATA, however alive */
#define SMTP_SECURING_MS 60000        /* a TLS handshake */
#define SMTP_COMMIT_MS 60000          /* intake answers within INTAKE_DEADLINE_MS; this is the net below it */
#define SMTP_TXN_ARENA (4u << 20)
#define SMTP_HELO_MAX 255u

/* What SMTP asks of the main road; intake's own functions in the server (smtp_road_of), a pretended one in tests. */
struct smtp_road {
    int (*rcpt)(void *ctx, struct str address, struct intake_rcpt *out);
    void (*begin)(void *ctx, const struct intake_txn *t, intake_done_fn *done, void *done_ctx, uint64_t session);
    void (*replied)(void *ctx, int64_t cell, int64_t org, const char *id);
    void *ctx;
};
struct smtp_road smtp_road_of(struct intake *in);

struct smtp_conf {
    struct str hostname;
    uint64_t max_size;
    int64_t max_rcpt, max_connections, timeout_ms;
    const char *spool_dir; /* of intake_spool */
    struct net_tls *tls;   /* NULL: STARTTLS is not offered */
    struct smtp_road road;
};
struct smtp_server;
struct smtp_server *smtp_server_new(struct net_loop *l,
                                    const struct smtp_conf *conf); /* conf is copied, what it points to is not */
void smtp_server_free(struct smtp_server **s);                     /* after smtp_server_stop's done */
void smtp_server_tls(struct smtp_server *s, struct net_tls *tls);
/* A connection; fits net_accept_fn. fd -1: in memory (tests), returns by conn. */
void smtp_accept(void *server, int fd, const struct net_peer *peer);
struct conn *smtp_session_new(struct smtp_server *s, int fd, const struct net_peer *peer);
/* Idle sessions get 421 now, those in DATA or commit after their reply; then done(arg). */
void smtp_server_stop(struct smtp_server *s, void (*done)(void *arg), void *arg);
/* True while DATA is flowing in somewhere: a commit group may wait for it. A peer that stopped in mid-data does not
 * count. Thread-safe. */
bool smtp_data_flows(const struct smtp_server *s);
struct smtp_counts {
    int64_t connections, in_data, in_commit, accepted, refused;
};
struct smtp_counts smtp_server_counts(const struct smtp_server *s);

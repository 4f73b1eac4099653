#pragma once
/* SMTP from the world (RFC 5321; port 25 side: no relay, no AUTH). One server per process; sessions are cheap when idle
 * (no buffers).
 *
 * What it promises: a recipient is answered at RCPT (550 only from a fresh directory, else 451); recipients of one
 * transaction are of one firm; the reply to the final dot (or the last chunk) is intake's, and 250 is said only after
 * the commit. Data ends at CRLF.CRLF and nowhere else (smtp/dot.h), or after exactly the octets that BDAT named. Every
 * refusal of mail carries an id and is kept (store/refused.h). What is offered, and every limit: docs/operator/smtp.md. */
#include "core/conf.h"
#include "intake/intake.h"
#include "net/conn.h"
#include "net/tls.h"
#include "smtp/networks.h"

#define SMTP_IN_DATA_MAX \
    2000 /* transactions receiving DATA at once: bounds spool memory to 128 MB; more get 451 4.3.2 */
#define SMTP_IDLE_COMMANDS_MAX 200  /* NOOP, RSET, VRFY, HELP, EHLO between two accepted messages, then 421 */
#define SMTP_SECURING_MS 60000      /* a TLS handshake */
#define SMTP_COMMIT_MS 60000        /* intake answers within INTAKE_DEADLINE_MS; this is the net below it */
#define SMTP_RATE_GRACE_MS 60000    /* before smtp.min_rate is looked at */
#define SMTP_DRAIN_EXTRA (1u << 20) /* beyond twice smtp.max_size */
#define SMTP_TXN_ARENA (32u << 20)  /* 10,000 recipients of 3 KB */
#define SMTP_HELO_MAX 255u

/* What SMTP asks of the main road; intake's own functions in the server (smtp_road_of), a pretended one in tests. */
struct smtp_road {
    int (*rcpt)(void *ctx, struct str address, struct intake_rcpt *out);
    int (*quota)(void *ctx, const struct intake_rcpt *rcpt, uint64_t more);
    void (*begin)(void *ctx, const struct intake_txn *t, intake_done_fn *done, void *done_ctx, uint64_t session);
    void (*replied)(void *ctx, int64_t cell, int64_t org, const char *id);
    void (*new_id)(void *ctx, int64_t org, char out[INTAKE_ID_MAX + 1]);
    void (*refused)(void *ctx, const struct intake_refusal *r);
    void (*grey_load)(void *ctx, int64_t cell, int64_t org, intake_grey_fn *fn, void *fn_ctx);
    void (*grey_keep)(void *ctx, int64_t cell, const struct greylist_row *row);
    void *ctx;
};
struct smtp_road smtp_road_of(struct intake *in);

struct smtp_conf { /* numbers: see the keys smtp.* in core/conf.def; a rate or network limit of 0 is none */
    struct str hostname;
    uint64_t max_size;
    int64_t max_rcpt, max_connections, max_commands, max_errors, max_unknown, max_transactions;
    int64_t max_header, max_header_fields;
    int64_t timeout_ms, session_ms, data_ms, tarpit_ms, greeting_ms, grey_ms;
    int64_t min_rate, network_connections, network_rate, network_messages, network_unknown, firm_messages;
    bool greylist;
    struct smtp_networks exempt;
    const char *spool_dir; /* of intake_spool */
    struct net_tls *tls;   /* NULL: STARTTLS is not offered */
    struct smtp_road road;
    int counters;  /* memfd of the counters by network and firm that all processes share; 0: this process's own */
    unsigned unit; /* number of this process among them */
};
/* The numbers, flags and networks; hostname, spool_dir, tls and road are the caller's. ERR_INVALID with a sentence. */
int smtp_conf_read(const struct conf *c, struct smtp_conf *out, struct err *e) MUST_USE;

struct smtp_server;
struct smtp_server *smtp_server_new(struct net_loop *l,
                                    const struct smtp_conf *conf); /* conf is copied, what it points to is not */
void smtp_server_free(struct smtp_server **s);                     /* after smtp_server_stop's done */
void smtp_server_tls(struct smtp_server *s, struct net_tls *tls);
/* A connection; fits net_accept_fn. */
void smtp_accept(void *server, int fd, const struct net_peer *peer);
/* Past the limits of smtp_accept; fd -1: in memory (tests). peer NULL: a local one. */
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

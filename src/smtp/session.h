#pragma once
/* Inside of the SMTP room: one session, its states, the command table. */
#include "smtp/dot.h"
#include "smtp/line.h"
#include "smtp/smtp.h"
#include "core/map.h"
#include "net/peers.h"
#include <stdatomic.h>

enum smtp_reply_id {
#define SMTP_REPLY(id, code, enhanced, text) REPLY_##id,
#include "smtp/reply.def"
#undef SMTP_REPLY
    REPLY_COUNT
};

enum smtp_state {
    SMTP_CONNECTED, /* no EHLO yet */
    SMTP_READY,     /* greeted, no transaction */
    SMTP_MAIL,      /* MAIL accepted */
    SMTP_RCPT,      /* at least one RCPT accepted */
    SMTP_DATA,      /* receiving */
    SMTP_COMMIT,    /* final dot seen, intake has it */
    SMTP_SECURING,  /* STARTTLS: handshake */
    SMTP_ENDED,     /* last words said */
    SMTP_STATES
};

/* A transaction lives from MAIL to its reply. intake reads it until done, even when the session died meanwhile. */
struct smtp_txn {
    struct arena arena;
    struct intake_txn in;
    struct intake_spool spool;
    struct intake_rcpt *rcpt; /* grows in the arena */
    size_t rcpt_cap;
    struct smtp_dot dot;
    int64_t data_until_ms;
    bool refused_rcpt;            /* some recipient was refused: DATA without any says 554, not 503 */
    struct smtp_session *session; /* NULL: gone */
    struct smtp_server *server;
    uint64_t id;
};
/* A 250 that is written but perhaps not yet in the socket. */
struct smtp_replied {
    struct smtp_replied *next;
    int64_t cell, org;
    char id[INTAKE_ID_MAX + 1];
};
struct smtp_session {
    struct smtp_server *server;
    struct conn *conn;
    struct list node;
    char *helo; /* malloc'ed, NULL before EHLO */
    struct smtp_txn *txn;
    struct smtp_replied *replied;
    uint8_t state;
    bool esmtp, skip_line;
    uint16_t bad, idle, unknown_rcpt;
};
struct smtp_server {
    struct net_loop *loop;
    struct smtp_conf conf;
    struct list sessions;
    struct imap commits; /* id -> smtp_txn at intake */
    struct net_peers peers;
    struct smtp_counts counts;
    _Atomic int64_t flowing; /* sessions in DATA */
    _Atomic int64_t last_data_ms;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct net_later stop_later;
};

enum { /* flags of a command */
       CMD_NO_ARGS = 1,
       CMD_HELO = 2, /* needs EHLO or HELO before */
       CMD_LAST = 4, /* RFC 2920 3.1: nothing may follow before its reply */
       CMD_IDLE = 8, /* counts against SMTP_IDLE_COMMANDS_MAX */
};
struct smtp_command {
    struct str verb;
    void (*run)(struct smtp_session *s, struct str args);
    unsigned flags;
    const char *help;
};
extern const struct smtp_command smtp_commands[];
extern const size_t smtp_commands_n;

/* One file each. */
void smtp_cmd_ehlo(struct smtp_session *s, struct str args);
void smtp_cmd_helo(struct smtp_session *s, struct str args);
void smtp_cmd_mail(struct smtp_session *s, struct str args);
void smtp_cmd_rcpt(struct smtp_session *s, struct str args);
void smtp_cmd_data(struct smtp_session *s, struct str args);
void smtp_cmd_starttls(struct smtp_session *s, struct str args);
void smtp_cmd_rset(struct smtp_session *s, struct str args);
void smtp_cmd_noop(struct smtp_session *s, struct str args);
void smtp_cmd_vrfy(struct smtp_session *s, struct str args);
void smtp_cmd_help(struct smtp_session *s, struct str args);
void smtp_cmd_quit(struct smtp_session *s, struct str args);
void smtp_cmd_not_offered(struct smtp_session *s, struct str args);

void smtp_set_state(struct smtp_session *s, enum smtp_state to);
void smtp_say(struct smtp_session *s, enum smtp_reply_id id);
void smtp_say_bad(struct smtp_session *s, enum smtp_reply_id id);  /* the peer's fault: counted */
void smtp_say_last(struct smtp_session *s, enum smtp_reply_id id); /* and close */
/* Ends the open transaction, if any, without a reply; state READY (or CONNECTED). */
void smtp_txn_drop(struct smtp_session *s);
void smtp_txn_free(struct smtp_txn *t);
/* The conn is closed: out of lists and counts. */
void smtp_session_leave(struct smtp_session *s);
/* Bytes of DATA; returns what was consumed. */
size_t smtp_data_bytes(struct smtp_session *s, struct str in);

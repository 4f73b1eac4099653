#pragma once
/* Inside of the SMTP room: one session, its states, the command table. */
#include "smtp/chunk.h"
#include "smtp/grey.h"
#include "smtp/limits.h"
#include "smtp/smtp.h"
#include "core/map.h"
#include <stdatomic.h>

enum smtp_reply_id {
#define SMTP_REPLY(id, code, enhanced, kept, text) REPLY_##id,
#include "smtp/reply.def"
#undef SMTP_REPLY
    REPLY_COUNT
};

enum smtp_state {
    SMTP_GREETING,  /* 220 not said yet (smtp.greeting_delay) */
    SMTP_CONNECTED, /* no EHLO yet */
    SMTP_READY,     /* greeted, no transaction */
    SMTP_MAIL,      /* MAIL accepted */
    SMTP_RCPT,      /* at least one RCPT accepted */
    SMTP_DATA,      /* receiving after DATA */
    SMTP_BDAT,      /* receiving the octets of a chunk, or draining one that is refused */
    SMTP_CHUNKED,   /* between two chunks of a message */
    SMTP_COMMIT,    /* all of it has come, intake has it */
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
    uint64_t declared; /* SIZE; 0: not said */
    struct smtp_dot dot;
    struct smtp_chunk chunk;
    uint64_t got;                 /* octets of DATA or BDAT */
    int64_t data_from_ms;         /* 0: not begun */
    bool refused_rcpt;            /* some recipient was refused */
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
    char *held; /* a reply in the tarpit, malloc'ed */
    struct smtp_txn *txn;
    struct smtp_replied *replied;
    uint64_t chunk_left;
    int64_t since_ms;
    uint32_t commands, mails;
    uint16_t bad, idle, unknown_rcpt;
    uint8_t state, after; /* after: where a drained chunk leads back to */
    uint8_t drain;        /* the reply that waits behind a drained chunk; 0: it is kept */
    bool esmtp, skip_line, exempt, entered, flowing, last_chunk;
};
struct smtp_server {
    struct net_loop *loop;
    struct smtp_conf conf;
    struct list sessions;
    struct imap commits; /* id -> smtp_txn at intake */
    struct smtp_limit_table limits;
    struct smtp_grey grey; /* rows NULL: off */
    struct imap greyed;    /* firms whose rows were asked for; org -> server */
    struct smtp_counts counts;
    _Atomic int64_t flowing; /* sessions that receive data */
    _Atomic int64_t last_data_ms;
    int64_t warned_ms; /* last warning of too many connections */
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct net_later stop_later;
};

enum { /* flags of a command */
       CMD_NO_ARGS = 1,
       CMD_HELO = 2,  /* needs EHLO or HELO before */
       CMD_LAST = 4,  /* RFC 2920 3.1: nothing may follow before its reply */
       CMD_IDLE = 8,  /* counts against SMTP_IDLE_COMMANDS_MAX */
       CMD_LONG = 16, /* takes ESMTP parameters: SMTP_LINE_MAX instead of SMTP_LINE_PLAIN_MAX */
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
void smtp_cmd_bdat(struct smtp_session *s, struct str args);
void smtp_cmd_starttls(struct smtp_session *s, struct str args);
void smtp_cmd_rset(struct smtp_session *s, struct str args);
void smtp_cmd_noop(struct smtp_session *s, struct str args);
void smtp_cmd_vrfy(struct smtp_session *s, struct str args);
void smtp_cmd_help(struct smtp_session *s, struct str args);
void smtp_cmd_quit(struct smtp_session *s, struct str args);
void smtp_cmd_not_offered(struct smtp_session *s, struct str args);

void smtp_set_state(struct smtp_session *s, enum smtp_state to);
/* reply.c. A reply that is kept is filed with the open transaction's sender and firm. */
void smtp_say(struct smtp_session *s, enum smtp_reply_id id);
void smtp_say_bad(struct smtp_session *s, enum smtp_reply_id id);  /* the peer's fault: counted, tarpitted */
void smtp_say_last(struct smtp_session *s, enum smtp_reply_id id); /* and close */
struct smtp_about {                                                /* what a refusal was about */
    struct str recipient;
    int64_t cell, org; /* 0: of the transaction's first recipient, or of no firm */
};
void smtp_say_about(struct smtp_session *s, enum smtp_reply_id id, const struct smtp_about *about);
void smtp_say_slowly(struct smtp_session *s, enum smtp_reply_id id, const struct smtp_about *about); /* tarpitted */
bool smtp_say_held(struct smtp_session *s); /* the tarpit's wait is over; false: nothing was held */
/* A peer that gets no session: the line, with its id, into out. */
void smtp_refuse_line(struct smtp_server *s, const struct net_peer *peer, enum smtp_reply_id id, struct buf *out);
/* Files what intake refused. */
void smtp_keep_refused(struct smtp_session *s, const struct smtp_txn *t, const struct intake_reply *r);

/* Ends the open transaction, if any, without a reply; state READY (or CONNECTED). */
void smtp_txn_drop(struct smtp_session *s);
void smtp_txn_free(struct smtp_txn *t);
/* The conn is closed: out of lists and counts. */
void smtp_session_leave(struct smtp_session *s);
/* Bytes of DATA and of a chunk; return what was consumed. */
size_t smtp_data_bytes(struct smtp_session *s, struct str in);
size_t smtp_bdat_bytes(struct smtp_session *s, struct str in);
/* handover.c: 0 or the reply when a message may not begin now. */
int smtp_message_begin(struct smtp_session *s);
/* Data flows, or has stopped flowing. */
void smtp_flow(struct smtp_session *s, bool on);
/* n more octets came: false when it took too long or too much and the last words are said. */
bool smtp_pace(struct smtp_session *s, size_t n);
/* Octets of a message that is refused already which are still read; above, the connection ends. */
static inline uint64_t smtp_drain_max(const struct smtp_conf *c) { return 2 * c->max_size + SMTP_DRAIN_EXTRA; }
int smtp_data_refused(const struct smtp_txn *t); /* 0, or why this message is not for intake */
void smtp_hand_over(struct smtp_session *s);     /* all of it has come */
/* headers.c: 0 or why. The header block by mime/, the one reader of headers. */
int smtp_headers_check(struct smtp_session *s, struct str message);
/* limits of the session's network and of a firm; false: spent */
bool smtp_network_take(struct smtp_session *s, enum smtp_limit what, int64_t most, int64_t window_us);
bool smtp_firm_take(struct smtp_session *s, int64_t org);

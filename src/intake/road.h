#pragma once
/* Inside intake/: one message on the road. The stations are the enum; road.c reads top to bottom in that order. */
#include "core/list.h"
#include "core/map.h"
#include "intake/resolve.h"
#include "mime/identity.h"
#include "store/unread.h"
#include <stdatomic.h>

#define ROAD_ARENA_MAX (160u * 1024 * 1024)
#define ROAD_COMMIT_TRIES 3
#define ROAD_REPLIED_MAX 4096

enum road_state {
    ROAD_SCAN,     /* a sealed worker reads it */
    ROAD_STORE,    /* what the guard must know, its judgement, hooks, packs, database: on the store's threads */
    ROAD_ANSWERED, /* the reply is out; only the commit's end is awaited */
};
enum road_refusal {
    ROAD_AGAIN = 1 /* history changed: judge again */,
    ROAD_RESENT = 2 /* equal to an unreplied one: first id */
};

struct guard_lists;
struct policy;
struct policies;
struct scan_pool;

struct road {
    struct intake *in;
    uint64_t id, session;
    intake_done_fn *done;
    void *ctx;
    struct arena arena;
    enum road_state state;
    bool counted; /* in intake.busy */
    int tries;
    bool again;  /* the message is stored already: judged anew (again.c) */
    bool rescan; /* again, but only its facts are made anew */
    struct unread unread;
    bool drained; /* from the spool of last resort: its id is the idempotency key */
    void *deadline;
    struct cell *cell;
    int64_t org;
    struct intake_target *target;
    size_t n_target;
    struct str client, helo, reverse_path;
    struct str bytes; /* as stored: trace header + DATA */
    size_t data_at;   /* where DATA begins in bytes */
    /* auth.c */
    struct str received;  /* DATA as it came, when forged fields were removed from bytes; else p == NULL */
    char *front_at;       /* room before bytes, for our Authentication-Results */
    size_t front, path_n; /* its size; length of the Return-Path line, which stays first */
    struct auth_job auth;
    struct auth_input *auth_input;
    void *auth_timer;
    bool auth_done, auth_judged; /* nothing is awaited any more; results are there and not used yet */
    bool scanned;                /* the facts are there, or failed for good */
    struct guard_authentication guard_auth;
    struct mime_identity who;
    struct facts_insight insight;
    struct guard_input input;
    struct policy *policy; /* what input.policy is part of */
    struct guard_history history;
    struct guard_verdict verdict;
    struct mail_draft draft;
    struct mail_accepted accepted;
    struct blob_draft blob, stub;
    struct blob_draft *drafts[2];
    size_t n_drafts;
    struct str *replied; /* ids whose 250 was written: marked with this commit */
    size_t n_replied;
    char id_text[INTAKE_ID_MAX + 1], first_id[INTAKE_ID_MAX + 1];
};
struct quota_seen { /* answers of account_quota that may be used again */
    int64_t org, account, until_ms;
    struct account_quota q;
};
#define QUOTA_SEEN_MAX 1024u
struct replied {
    struct list node;
    int64_t cell, org;
    char id[INTAKE_ID_MAX + 1];
};
#define SPOOLED_KEEP 1024u /* ids put into the spool of last resort whose 250 may still be written */
struct intake {
    struct intake_conf conf;
    struct imap roads;
    uint64_t next_id;
    struct scan_pool *scan;
    struct resolver *resolver;
    struct imap txts;   /* txt.c: questions that are no message's, by the same numbers as roads */
    unsigned auth_late; /* messages since the last DNS answer that were given up */
    bool auth_heard;    /* there was an answer once */
    struct mime_charsets *charsets;
    struct guard_lists *lists;
    struct policies *policies;
    struct list replied;
    size_t n_replied;
    void *replied_timer;
    char spooled[SPOOLED_KEEP][INTAKE_ID_MAX + 1]; /* a ring: fallback.c */
    size_t n_spooled;
    struct list refusals, greys; /* refused.c: not written yet */
    size_t n_refusals, n_greys, n_keeps, refusals_lost;
    void *refusals_timer;
    struct place_of own_firm; /* rcpt.c: who reads postmaster without a domain */
    int64_t own_firm_until_ms;
    struct quota_seen quotas[QUOTA_SEEN_MAX]; /* rcpt.c: one place for each hash */
    atomic_int busy; /* roads between final dot and their hand-over to the store: those a commit group may wait for */
};

/* answer.c */
enum road_outcome {
    OUT_ACCEPTED,
    OUT_RESENT,
    OUT_SPOOLED,
    OUT_LOOP,
    OUT_DISK_LOW,
    OUT_TROUBLE,
    OUT_UNKNOWN,
    OUT_BUSY,
    OUT_COUNT
};
void road_answer(struct road *r, enum road_outcome o);
/* prepare.c: envelope, identity, trace header, resend key; 0 or an outcome that ends the road at once. */
int road_prepare(struct road *r, const struct intake_txn *t, struct str data, enum road_outcome *o);
void road_draft(struct road *r); /* after judging: everything the commit needs */
/* stub.c: the link-free stand-in of a held message. */
struct str road_stub(struct road *r);
/* history.c: in a cell_fn. */
int road_history(struct txn *t, const struct guard_input *in, int64_t org, struct arena *a, struct guard_history *h);
/* In the commit: the same, as far as it may have changed for the worse since `before`. */
int road_history_again(struct txn *t, const struct guard_input *in, int64_t org, const struct guard_history *before,
                       struct arena *a, struct guard_history *h);
/* txt.c: an answer that no road asked for; what is still open is dropped. */
void txt_answer(struct intake *in, uint64_t id, const struct resolve_answer *a);
void txt_free(struct intake *in);
/* fallback.c: the cell is broken; tries the spool of last resort. */
enum road_outcome road_fallback(struct road *r);
/* fallback.c: the 250 with this id was written; marks its entry when it is one of the spool. */
void road_spool_replied(struct intake *in, const char *id);
/* again.c: the commit of a road that judges anew. */
int again_commit(struct txn *t, struct road *r);
/* again.c: the facts of a rescan are there, or not. */
void again_scanned(struct road *r);
/* road.c, for again.c */
struct road *road_new(struct intake *in, int64_t org, intake_done_fn *done, void *ctx, uint64_t session);
void road_to_scan(struct road *r);
void road_finish(struct road *r, enum road_outcome o);
void road_deadline(struct road *r);
void road_input(struct road *r); /* prepare.c: guard's input from who */
void road_read(struct road *r);  /* scan or authentication came to its end */
/* auth.c */
void road_auth_begin(struct road *r);
void road_auth_answer(void *intake, uint64_t road, unsigned question, const struct resolve_answer *a);
void road_auth_give_up(struct road *r);
void road_auth_use(struct road *r); /* both are done: tells the guard's input, writes our field */
void road_auth_stored(struct road *r);
/* refused.c */
void refusals_init(struct intake *in);
void refusals_free(struct intake *in);
void refusals_flush(struct intake *in);
/* replied.c */
void road_take_replied(struct road *r);
void road_return_replied(struct road *r); /* those that it could not keep */

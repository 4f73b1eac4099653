#pragma once
/* One commit: the numbers given under the fence and what the pack must record. Used by mail_*.c, directory.c and others through txn. All arrays live in
 * the group's arena; what a job did is undone with its savepoint. */
#include "store/store_priv.h"

struct org_row { /* org.seq and org.next_id, read once per group, written once before COMMIT */
    int64_t org, seq, next_id;
    int64_t saved_seq, saved_id; /* before the running job */
    uint32_t job;
    bool dirty, saved_dirty;
    uint8_t key[32];
};
struct state_row { /* highest seq per JMAP type of an account (0: untouched) */
    int64_t org, account, seq[3], saved[3];
    uint32_t job;
};
struct fresh { /* message added by the running job: spares reading it back */
    int64_t org, account, message, thread, blob, size, seq, received_ms;
    const struct blob_draft *draft;
    bool new_thread, held, placed;
};
struct group {
    struct txn t;
    struct arena *arena;
    struct pack_uuid uuid;
    uint32_t job; /* number of the running job, from 1 */
    struct org_row *orgs;
    size_t n_orgs, cap_orgs, mark_orgs;
    struct state_row *states;
    size_t n_states, cap_states, mark_states;
    struct fresh *fresh;
    size_t n_fresh, cap_fresh;
    struct pack_place *places;
    size_t n_places, cap_places, mark_places;
    struct pack_gone *gones;
    size_t n_gones, cap_gones, mark_gones;
};
void group_init(struct group *g, struct cell *c, struct db *db);
void group_job_begin(struct group *g);
void group_job_undo(struct group *g);
int group_flush(struct group *g) MUST_USE; /* writes numbers and states */

/* For functions inside a cell_fn. */
int txn_seq(struct txn *t, int64_t org, int64_t *seq) MUST_USE;            /* next seq; ERR_NOENT: no such firm here */
int txn_id(struct txn *t, int64_t org, int64_t *id) MUST_USE;              /* next id */
int txn_org_key(struct txn *t, int64_t org, const uint8_t **key) MUST_USE; /* 32 bytes in t->arena */
enum { CHANGED_MAILBOX = 1, CHANGED_EMAIL = 2, CHANGED_THREAD = 4 };
void txn_changed(struct txn *t, int64_t org, int64_t account, unsigned types,
                 int64_t seq);                                  /* JMAP states of the account */
void txn_pack_place(struct txn *t, const struct pack_place *p); /* strings are copied */
void txn_pack_gone(struct txn *t, const struct pack_gone *p);
struct fresh *txn_fresh_add(struct txn *t);
struct fresh *txn_fresh_find(struct txn *t, int64_t org, int64_t message);
/* Hostile text made fit for a text column: valid UTF-8 without NUL, at most max bytes; a view when nothing had to change. */
struct str txn_text(struct arena *a, struct str s, size_t max);

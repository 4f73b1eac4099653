#pragma once
/* The jobs role: what its files share. Work that nobody waits for: indexing, draining the spool of last resort, upkeep. */
#include "core/map.h"
#include "intake/intake.h"
#include "net/loop.h"
#include "os/role.h"
#include "store/search.h"

#include <pthread.h>

#define JOBS_LOOK_MS 30000 /* every session also looks by itself: a lost wake-up costs at most this */
#define JOBS_DRAIN_MS 5000

struct jobs_cell {
    struct search *search; /* NULL while it cannot be opened: tried again at the next wake-up */
};
struct jobs_net { /* channel to one process of net */
    struct jobs_role *jobs;
    int fd;
    void *watch;
};
struct jobs_role {
    struct role_ctx *ctx;
    struct net_loop *loop;
    struct store *store;
    struct intake *intake;     /* for what comes out of the spool */
    struct jobs_net *nets;     /* ROLE_NETS_MAX */
    pthread_mutex_t nets_lock; /* of their descriptors: the store's threads write to them */
    char hostname[256];
    void *control_watch;
    struct net_timer look_timer;
    int64_t next_drain_ms, next_all_ms, next_prune_ms, next_domains_ms;
    struct imap cells;    /* cell id -> struct jobs_cell */
    struct imap walks;    /* cell id -> struct jobs_walk */
    size_t domains_asked; /* looks that are not answered yet */
    bool look, stopping;  /* look: some cell has news */
    char *msg;            /* receive buffer of the nets' channels */
};

/* jobs_index.c: brings search.db of the noted firms (all: of every cell and firm) up to date; true when something was left for the next turn. */
bool jobs_index(struct jobs_role *j, bool all);
void jobs_index_wake(struct jobs_role *j, int64_t cell, int64_t org);
void jobs_index_close(struct jobs_role *j);
/* jobs_unread.c: reads again what could not be read in time. */
void jobs_unread(struct jobs_role *j);
/* jobs_rescan.c: reads again what an older release read. */
void jobs_rescan(struct jobs_role *j);
/* jobs_walks.c: references of conversations that are gone, what the guard remembers of messages too old to be answered. */
void jobs_walks(struct jobs_role *j);
/* jobs_scrub.c: a little more of the weekly reading of all packs. */
void jobs_scrub(struct jobs_role *j);
/* jobs_prune.c: what is kept for a while only, once a day. */
void jobs_prune(struct jobs_role *j);
/* jobs_domains.c: proven domains are looked up again. */
void jobs_domains(struct jobs_role *j);
/* jobs_drain.c: one pass over the spool of last resort. */
void jobs_drain(struct jobs_role *j);

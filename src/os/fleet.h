#pragma once
/* The supervisor's units (processes of roles, role_table.h) while they run: starting, granting, restarting with back-off, stopping in turn. No parsing of
 * anything that came from the network; messages of roles are READY and CONNECT only. One thread, one fleet. */
#include "core/conf.h"
#include "core/env.h"
#include "os/channel.h"
#include "os/owner.h"
#include "os/role_table.h"

#define FLEET_LISTENERS_MAX 32
#define FLEET_LINKS_MAX (CHANNEL_COUNT * ROLE_NETS_MAX)
#define FLEET_COUNTERS_BYTES (4u << 20) /* of the memfd; pages come with use */
#define FLEET_LAYERS_MAX 640
#define FLEET_QUICK_MS 1000         /* a role that dies sooner after its start is backed off */
#define FLEET_BACKOFF_FREE 5        /* so many quick deaths wait at most FLEET_BACKOFF_SHORT_MS */
#define FLEET_BACKOFF_FIRST_MS 50LL /* doubled each time */
#define FLEET_BACKOFF_SHORT_MS 1000
#define FLEET_BACKOFF_MAX_MS 30000
#define FLEET_STOP_MS 10000     /* from STOP to SIGKILL */
#define FLEET_STOP_REST_MS 2000 /* for each turn after one that had to be killed */
#define FLEET_START_TRIES 5     /* deaths of one role before the first "ready" after which the start is given up */

struct fleet_role {
    int exe;     /* for execveat */
    pid_t pid;   /* 0: not running */
    int control; /* our end; -1 */
    int64_t started_ms;
    int64_t due_ms; /* start again at; 0: not planned */
    unsigned quick, deaths, restarts;
    bool ready, stop_sent;
    char layers[FLEET_LAYERS_MAX];
};
struct fleet_link { /* a channel between two units */
    int a, b;
    int ends[2]; /* made and not yet handed over; -1 */
};
struct fleet_listener {
    int row; /* of listen_table */
    int fd;
};
enum fleet_phase { FLEET_MIGRATING, FLEET_SERVING, FLEET_STOPPING, FLEET_ENDED };
struct fleet {
    const struct env *env;
    const struct conf *conf;
    const struct owner *owner;
    struct fleet_role role[ROLE_UNITS_MAX];
    int n_units;
    struct fleet_link links[FLEET_LINKS_MAX];
    size_t n_links;
    int counters; /* memfd shared by all units of net; -1: there is one */
    struct fleet_listener listeners[FLEET_LISTENERS_MAX];
    size_t n_listeners;
    enum fleet_phase phase;
    bool was_ready;    /* every role was ready once */
    int status;        /* exit status once FLEET_ENDED; not 0 when a role had to be killed */
    int64_t kill_ms;   /* while stopping: SIGKILL to those who were told to stop, at */
    bool stop_at_once; /* asked a second time */
    char *msg;
    const char *layers; /* the supervisor's own sandbox, for HEALTH */
};
/* Opens every executable. */
int fleet_init(struct fleet *f, const struct env *env, const struct conf *conf, const struct owner *o,
               struct err *e) MUST_USE;
/* With the settings read: how many units there are, the links between them, what the units of net share. */
int fleet_size(struct fleet *f, struct err *e) MUST_USE;
int fleet_begin(struct fleet *f) MUST_USE;        /* starts migrate; the rest follows its end */
void fleet_on_message(struct fleet *f, int unit); /* its control channel is readable */
void fleet_reap(struct fleet *f);                 /* after SIGCHLD */
void fleet_stop(struct fleet *f, int status);     /* first call: in order; second: at once */
int64_t fleet_tick(struct fleet *f); /* does what is due; milliseconds until the next, -1 nothing planned */

#pragma once
/* The picture of the house: which processes there are, who listens, and who may talk to whom. The supervisor makes
 * exactly these channels and no others; a role that is not named beside another cannot reach it. */
#include "core/buf.h"
#include "core/conf.h"
#include "core/err.h"

enum { ROLE_IX_MIGRATE, ROLE_IX_KEYS, ROLE_IX_DNS, ROLE_IX_SCAN, ROLE_IX_JOBS, ROLE_IX_NET, ROLE_COUNT };

struct role_row {
    const char *name;
    const char *exe; /* own executable, or "sigillo" run as `sigillo --role NAME` */
    unsigned conf;   /* slice of the settings it gets (conf.def) */
    bool once;       /* runs to its end before the others start, and must exit 0 */
    /* From start to READY (a one-shot role: to its end); then it is killed and started again. Generous where a cell may have to be
     * recovered first. */
    int start_ms;
    int stop_turn; /* STOP is sent in this order: those who took work in end before those who serve them */
    int count;     /* setting that says how many processes it has; -1: one */
};
extern const struct role_row role_table[ROLE_COUNT];

/* A unit is one process of a role. The first unit of each role has the role's number and name; net, last in the table, may have more: net2, net3 ...
 * Each has its own channels. Listening sockets are the same for all of them: what one cannot accept another does. */
#define ROLE_NETS_MAX 8
#define ROLE_UNITS_MAX (ROLE_COUNT - 1 + ROLE_NETS_MAX)
int role_of_unit(int unit);
const char *role_unit_name(int unit);
/* How many of ROLE_UNITS_MAX there are with these settings. */
int role_units(const struct conf *c);
/* What the table asks of settings together. ERR_INVALID with the sentence. */
int role_table_check(const struct conf *c, struct err *e) MUST_USE;

/* Those who ask scan, dns and keys: jobs at place 0, then the units of net. */
#define ROLE_PEERS_MAX (1 + ROLE_NETS_MAX)
const char *role_peer_name(size_t place); /* of the unit */
int role_peer_role(size_t place);

struct channel_row {
    int a, b;
};
#define CHANNEL_COUNT 7
extern const struct channel_row channel_table[CHANNEL_COUNT];

struct listen_row {
    const char *name;
    int conf; /* CONF_ADDRS; -1: the unix socket STATE/control.sock */
    int role;
};
#define LISTEN_COUNT 4
extern const struct listen_row listen_table[LISTEN_COUNT];
#define CONTROL_SOCKET "control.sock"
#define SUPERVISOR_LOCK "supervisor.lock"

/* Settings whose address a role may ask the broker for; ends at role < 0. */
struct broker_row {
    int role;
    enum conf_id conf;
};
extern const struct broker_row broker_table[];
/* docs/ipc.md: roles, channels, listeners and messages, from these tables and msg.def (`sigillo-supervisor --picture`). */
void role_table_picture(struct buf *out);

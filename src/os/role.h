#pragma once
/* The skeleton every role starts with. A role is a const struct role and a main() (or a row in role/main.c) that calls
 * role_main(): descriptor 3 is the channel to the supervisor -> START (settings) -> GRANT... -> GO -> init() -> sandbox
 * -> run(). run() builds its loop, says role_ready() once it serves, and reads role_control() whenever role_ctx.control
 * is readable. A role ignores SIGTERM, SIGINT, SIGHUP and SIGPIPE: it ends by STOP, and with the supervisor (its
 * channel ends, and the kernel kills it). */
#include "core/conf.h"
#include "core/env.h"
#include "os/channel.h"
#include "os/sandbox.h"

#define ROLE_GRANTS_MAX 64
#define ROLE_NAME_MAX 16
#define ROLE_EXIT_CONFIG 78 /* EX_CONFIG: starting again would not help; before "ready" the supervisor gives up */

struct role_grant {
    char kind[ROLE_NAME_MAX]; /* listen, channel, file */
    char name[ROLE_NAME_MAX]; /* smtp, http, control; the peer's role for a channel */
    int fd;                   /* non-blocking; -1 once taken */
};
struct role;
struct role_ctx {
    const struct role *role;
    const char *unit; /* role->name, or with a number behind it */
    const struct env *env;
    struct conf conf;  /* the role's slice */
    const char *state; /* absolute path of the state folder */
    int control;       /* non-blocking once run() is called */
    struct role_grant grants[ROLE_GRANTS_MAX];
    size_t n_grants;
    struct sandbox_spec sandbox; /* copy of role->sandbox; init() may add paths or clear flags */
    struct sandbox_report report;
    char *msg; /* receive buffer of role_control, CHANNEL_MSG_MAX bytes */
};
struct role {
    const char *name;
    const struct sandbox_spec *sandbox;
    /* Before the sandbox: open what must be open, load libraries and lists. May be NULL. Not 0: exit status of the
     * process. */
    int (*init)(struct role_ctx *r);
    /* Sealed. Returns the exit status; 0 after STOP. */
    int (*run)(struct role_ctx *r);
};
int role_main(const struct role *role) MUST_USE;
/* The same as one of several processes of that role: its name in logs and in the names of fault points. */
int role_main_unit(const struct role *role, const char *unit) MUST_USE;

/* Takes the nth (from 0) descriptor of that kind and name among those not yet taken; the caller owns it. -1 when there
 * is none. */
int role_take(struct role_ctx *r, const char *kind, const char *name, size_t nth);
/* READY, with the sandbox report. Call it once, when the loop runs. */
int role_ready(struct role_ctx *r) MUST_USE;

enum role_event_kind { ROLE_STOP, ROLE_PEER, ROLE_HEALTH, ROLE_CONNECTED };
struct role_event {
    enum role_event_kind kind;
    uint64_t id;     /* ROLE_CONNECTED: of the request */
    struct str name; /* ROLE_PEER: role that was restarted. View, dies with the next role_control */
    struct str body; /* ROLE_HEALTH: see os/health.h */
    int fd; /* ROLE_PEER: the new channel (non-blocking), the old one is dead; ROLE_CONNECTED: socket, -1 refused.
               Yours. */
};
/* Next message of the supervisor; ERR_BUSY when there is none. Does not return when the supervisor is gone: then so are
 * we. */
int role_control(struct role_ctx *r, struct role_event *ev) MUST_USE;
/* Asks the broker for a connection to a configured address (its text as in the settings); answered by ROLE_CONNECTED
 * with a socket that is connecting: wait until it is writable. */
int role_connect(struct role_ctx *r, uint64_t id, struct str address) MUST_USE;

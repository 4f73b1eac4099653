#pragma once
/* What a role may still do once it serves. One const spec stands at the top of each role's file; sandbox_seal applies
 * it whole: no_new_privs, rlimits, Landlock, seccomp, not dumpable. A layer that the kernel lacks is left out and
 * reported, never fatal; a layer that the kernel has and refuses is an error. Sealing is one-way and inherited by
 * children. */
#include "core/err.h"

#define SANDBOX_PATHS_MAX 24
#define SANDBOX_REPORT_MAX 640

enum sandbox_access {
    SANDBOX_READ = 1,  /* read files, list folders */
    SANDBOX_WRITE = 2, /* read, and create, change, rename, remove below it */
};
struct sandbox_path {
    const char
        *path; /* absolute, or below the state folder ("cells"; "." is the folder itself); absent paths are skipped */
    enum sandbox_access access;
};
enum sandbox_calls {
    SANDBOX_SERVICE, /* everything but the calls no role of ours needs (sandbox_calls.c); those kill the process */
    SANDBOX_SEALED,  /* nothing but the short list of a scan worker: design of the scan role */
    SANDBOX_PARENT,  /* supervisor: as SERVICE, but it starts programs and changes users, and its children inherit this
                      */
};
enum {
    SANDBOX_NO_FORK = 1,    /* no new process (threads are allowed) */
    SANDBOX_NO_CONNECT = 2, /* connect(2) fails with EACCES: the role talks only over what it was handed */
    SANDBOX_NO_LISTEN = 4,  /* bind(2), listen(2), accept(2) fail with EACCES */
    SANDBOX_NO_SOCKET = 8,  /* socket(2) fails with EACCES; implies the two above */
};
struct sandbox_spec {
    enum sandbox_calls calls;
    unsigned flags;
    struct sandbox_path
        paths[SANDBOX_PATHS_MAX]; /* ends at the first NULL; what is not listed cannot be opened (Landlock) */
    size_t memory;                /* RLIMIT_AS bytes; 0: as it is */
    unsigned cpu_s;               /* RLIMIT_CPU; 0: as it is */
    unsigned files;               /* RLIMIT_NOFILE; 0: as it is */
    size_t file_size;             /* RLIMIT_FSIZE bytes; 0: as it is */
};
struct sandbox_report {
    char text[SANDBOX_REPORT_MAX]; /* lines "layer=on|off|absent (why)", shown on the health page */
};
/* state: absolute path, for relative entries; may be NULL when there are none. */
int sandbox_seal(const struct sandbox_spec *spec, const char *state, struct sandbox_report *r, struct err *e) MUST_USE;

/* The parts, for sandbox_seal and the tests. */
int landlock_seal(const struct sandbox_path *paths, const char *state, int *abi,
                  struct err *e) MUST_USE; /* *abi 0: absent */
int seccomp_seal(enum sandbox_calls calls, unsigned flags, struct err *e) MUST_USE;
bool sandbox_sanitized(void); /* built with AddressSanitizer: layers that it cannot live with are left out */

#pragma once
/* Finding our executables and starting them with nothing but their channel. */
#include "core/err.h"
#include "os/owner.h"

#define SPAWN_CONTROL_FD 3 /* the child's end of its channel to the supervisor */

/* Path of one of our executables ("sigillo", "sigillo-scan"), from where this process itself was started:
 * built   build/sigillo    and build/libexec/NAME
 * install PREFIX/bin/sigillo and PREFIX/libexec/sigillo/NAME. */
int spawn_find(const char *name, char *path, size_t cap, struct err *e) MUST_USE;
/* Opened for execveat(2) while we may still read it: a checkout below /root is closed to the owner of the state folder.
 */
int spawn_open(const char *name, int *fd, struct err *e) MUST_USE;
/* fork + exec. The child becomes owner (when we are root), dies with us, has an environment reduced to SIGILLO_*, TZ,
 * LD_PRELOAD and the sanitizers' options, stdin from /dev/null, our stderr, and control as descriptor 3; all else is
 * closed. argv[0] is the name shown. *pid of the child; -1 on error. */
int spawn_role(int exe_fd, char *const argv[], int control, const struct owner *o, pid_t *pid, struct err *e) MUST_USE;

#pragma once
/* Listening sockets, bound once by the supervisor and kept open by it: while net is being restarted connections wait in
 * the backlog. */
#include "core/err.h"
#include <sys/socket.h>

#define LISTEN_BACKLOG 4096
#define LISTEN_RETRY_MS 1500 /* a server killed a moment ago may hold its ports until its roles are gone too */

/* "127.0.0.1:25", "[::1]:25", "*:25" (all of IPv4 and IPv6), "localhost:25". Numeric only: nothing is resolved here. */
int listen_parse(struct str text, struct sockaddr_storage *sa, socklen_t *len, struct err *e) MUST_USE;
/* Non-blocking listening TCP socket. what: the setting's name, for the sentence. */
int listen_tcp(struct str address, const char *what, int *fd, struct err *e) MUST_USE;
/* Text of the address a socket is really bound to (port 0 in the setting: chosen by the kernel). */
void listen_name(int fd, char out[64]);
/* Unix stream listener DIR/name, mode 0600; an old socket of that name is removed (hold the state's lock). Works for
 * any length of DIR. */
int listen_unix(const char *dir, const char *name, int *fd, struct err *e) MUST_USE;
/* Blocking connection to such a listener. ERR_NOENT or ERR_GONE when no server runs there. */
int listen_unix_connect(const char *dir, const char *name, int *fd, struct err *e) MUST_USE;

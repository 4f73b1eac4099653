#pragma once
/* Accepting on a listening descriptor that the supervisor bound and granted. */
#include "net/loop.h"
#include "net/peer.h"

#define LISTEN_BACKLOG 1024
#define LISTEN_ROUND 64    /* accepts before other events get their turn */
#define LISTEN_REST_MS 250 /* pause after EMFILE, ENFILE, ENOMEM: the connection stays in the kernel's queue */

struct net_listener;
/* fd: non-blocking, close-on-exec, TCP_NODELAY; owned by the callee. */
typedef void net_accept_fn(void *ctx, int fd, const struct net_peer *peer);
struct net_listener *net_listen(struct net_loop *l, int fd, net_accept_fn *accept, void *ctx); /* takes fd */
void net_listener_free(struct net_listener **n); /* stops and closes; queued connections are refused by the kernel */
/* Descriptors this process may have at once, raised to the hard limit. */
int64_t net_raise_nofile(void);

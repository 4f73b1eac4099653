#pragma once
/* A piece of memory that several processes share through a memfd, under a robust mutex: who dies holding it stops nobody. */
#include "core/env.h"
#include "core/err.h"

/* The parts of the one memfd that the processes of net share (os/fleet.h: FLEET_COUNTERS_BYTES), and how many processes have a column in them. */
#define NET_SHARED_UNITS 8u
#define NET_SHARED_SMTP 0u
#define NET_SHARED_SMTP_BYTES 0x140000u
#define NET_SHARED_HTTP (NET_SHARED_SMTP + NET_SHARED_SMTP_BYTES)
#define NET_SHARED_HTTP_BYTES 0x240000u
#define NET_SHARED_FIGURES (NET_SHARED_HTTP + NET_SHARED_HTTP_BYTES)
#define NET_SHARED_FIGURES_BYTES 0x10000u

struct net_shared;
/* fd stays the caller's, zeros at first, at least net_shared_size(bytes) long. ERR_INVALID, ERR_SYS. */
int net_shared_open(struct net_shared **out, int fd, size_t bytes, const struct env *env) MUST_USE;
/* The same in the part of the file that begins at `from`, a multiple of the page. */
int net_shared_part(struct net_shared **out, int fd, size_t from, size_t bytes, const struct env *env) MUST_USE;
void net_shared_close(struct net_shared **s);
size_t net_shared_size(size_t bytes);
void *net_shared_memory(struct net_shared *s);
void net_shared_seed(const struct net_shared *s, uint64_t seed[2]); /* the same for all */
void net_shared_lock(struct net_shared *s);
void net_shared_unlock(struct net_shared *s);

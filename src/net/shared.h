#pragma once
/* A piece of memory that several processes share through a memfd, under a robust mutex: who dies holding it stops nobody. */
#include "core/env.h"
#include "core/err.h"

struct net_shared;
/* fd stays the caller's, zeros at first, at least net_shared_size(bytes) long. ERR_INVALID, ERR_SYS. */
int net_shared_open(struct net_shared **out, int fd, size_t bytes, const struct env *env) MUST_USE;
void net_shared_close(struct net_shared **s);
size_t net_shared_size(size_t bytes);
void *net_shared_memory(struct net_shared *s);
void net_shared_seed(const struct net_shared *s, uint64_t seed[2]); /* the same for all */
void net_shared_lock(struct net_shared *s);
void net_shared_unlock(struct net_shared *s);

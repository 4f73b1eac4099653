#pragma once
/* How many connections each network address holds (net_peer_key: one IPv4 address, one IPv6 /64). Loopback is not counted: proxies and tests stand there. */
#include "core/env.h"
#include "core/map.h"
#include "net/peer.h"

struct net_peers {
    struct map counts;
    int most;
};
void net_peers_init(struct net_peers *p, int most, const struct env *env);
void net_peers_free(struct net_peers *p);
bool net_peers_enter(struct net_peers *p, const struct net_peer *peer) MUST_USE; /* false: that address has enough */
void net_peers_leave(struct net_peers *p, const struct net_peer *peer); /* once for every enter that was true */

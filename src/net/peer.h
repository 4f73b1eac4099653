#pragma once
/* Address of the other end of a connection, in 20 bytes. IPv4-mapped IPv6 addresses are folded to IPv4, so that limits
 * and logs see one form. */
#include "core/str.h"
#include <sys/socket.h>

#define NET_PEER_TEXT 46u
struct net_peer {
    uint8_t addr[16]; /* first 4 for IPv4 */
    uint16_t port;
    uint8_t family; /* AF_INET, AF_INET6, AF_UNIX (no address) */
};
void net_peer_from(struct net_peer *p, const struct sockaddr *sa, socklen_t n);
struct str net_peer_text(const struct net_peer *p, char out[NET_PEER_TEXT]); /* "192.0.2.1", "2001:db8::1", "local" */
bool net_peer_read(struct net_peer *p, struct str text); /* an address without port or brackets; false: none */
bool net_peer_loopback(const struct net_peer *p);
/* What one subscriber holds: the address (IPv4) or its /64 (IPv6). Bytes for a limit's key; view into p or scratch. */
struct str net_peer_key(const struct net_peer *p);

#pragma once
/* Lists of networks as "192.0.2.0/24, 2001:db8::/32, 127.0.0.1", and the network a peer counts as. Pure. */
#include "core/err.h"
#include "net/peer.h"

#define SMTP_NETWORKS_MAX 64u

struct smtp_network {
    uint8_t addr[16]; /* bits behind the prefix are 0 */
    uint8_t family, bits;
};
struct smtp_networks {
    struct smtp_network v[SMTP_NETWORKS_MAX];
    size_t n;
};
/* ERR_INVALID with a sentence when one of them is no network or there are too many. */
int smtp_networks_parse(struct str text, struct smtp_networks *out, struct err *e) MUST_USE;
bool smtp_networks_has(const struct smtp_networks *v, const struct net_peer *p);

/* What limits count as one sender: the /24 of IPv4, the /56 of IPv6 (what a provider gives one customer); all local peers are one. */
#define SMTP_NETWORK_KEY_MAX 8u
struct str smtp_network_key(const struct net_peer *p, char out[SMTP_NETWORK_KEY_MAX]);

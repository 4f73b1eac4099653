#pragma once
/* Keyed BLAKE2b-256: how session ids and verified passwords are kept in memory (never themselves). OpenSSL's, fetched
 * once. */
#include "core/str.h"

#define NET_MAC_LEN 32u
#define NET_MAC_KEY 32u
struct net_mac;
struct net_mac *net_mac_new(const uint8_t key[NET_MAC_KEY]);
void net_mac_free(struct net_mac **m);
/* Each part is preceded by its length, so ("ab","c") and ("a","bc") differ. */
void net_mac_of(struct net_mac *m, const struct str *parts, size_t n, uint8_t out[NET_MAC_LEN]);

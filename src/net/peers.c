#include "net/peers.h"
#include <stdlib.h>

struct count {
    int n;
};

void net_peers_init(struct net_peers *p, int most, const struct env *env)
{
    uint64_t seed[2];
    env_random(env, seed, sizeof seed);
    map_init(&p->counts, seed[0], seed[1]);
    p->most = most;
}

void net_peers_free(struct net_peers *p)
{
    size_t it = 0;
    struct str key;
    void *c;
    while (map_next(&p->counts, &it, &key, &c))
        free(c);
    map_free(&p->counts);
}

bool net_peers_enter(struct net_peers *p, const struct net_peer *peer)
{
    if (net_peer_loopback(peer))
        return true;
    struct str key = net_peer_key(peer);
    struct count *c = map_get(&p->counts, key);
    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c)
            abort();
        map_put(&p->counts, key, c);
    }
    if (c->n >= p->most)
        return false;
    c->n++;
    return true;
}

void net_peers_leave(struct net_peers *p, const struct net_peer *peer)
{
    struct str key = net_peer_key(peer);
    struct count *c = net_peer_loopback(peer) ? NULL : map_get(&p->counts, key);
    if (c && --c->n == 0)
        free(map_del(&p->counts, key));
}

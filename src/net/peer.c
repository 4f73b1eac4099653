#include "net/peer.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void net_peer_from(struct net_peer *p, const struct sockaddr *sa, socklen_t n)
{
    *p = (struct net_peer){.family = AF_UNIX};
    if (n >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)sa;
        p->family = AF_INET;
        p->port = ntohs(in->sin_port);
        memcpy(p->addr, &in->sin_addr, 4);
    } else if (n >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)sa;
        p->port = ntohs(in->sin6_port);
        if (!memcmp(&in->sin6_addr, mapped_prefix, 12)) {
            p->family = AF_INET;
            memcpy(p->addr, (const uint8_t *)&in->sin6_addr + 12, 4);
        } else {
            p->family = AF_INET6;
            memcpy(p->addr, &in->sin6_addr, 16);
        }
    }
}

bool net_peer_read(struct net_peer *p, struct str text)
{
    char z[NET_PEER_TEXT];
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (text.n == 0 || text.n >= sizeof z || memchr(text.p, 0, text.n))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    if (inet_pton(AF_INET, z, &in.sin_addr) == 1)
        net_peer_from(p, (const struct sockaddr *)(const void *)&in, sizeof in);
    else if (inet_pton(AF_INET6, z, &in6.sin6_addr) == 1)
        net_peer_from(p, (const struct sockaddr *)(const void *)&in6, sizeof in6);
    else
        return false;
    return true;
}

struct str net_peer_text(const struct net_peer *p, char out[NET_PEER_TEXT])
{
    if (p->family == AF_UNIX || !inet_ntop(p->family, p->addr, out, NET_PEER_TEXT))
        return STR("local");
    return str_c(out);
}

bool net_peer_loopback(const struct net_peer *p)
{
    static const uint8_t one[16] = {[15] = 1};
    if (p->family == AF_INET)
        return p->addr[0] == 127;
    return p->family == AF_UNIX || !memcmp(p->addr, one, 16);
}

struct str net_peer_key(const struct net_peer *p)
{
    return str_n(p->addr, p->family == AF_INET ? 4 : p->family == AF_INET6 ? 8 : 0);
}

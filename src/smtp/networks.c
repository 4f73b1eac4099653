#include "smtp/networks.h"
#include <arpa/inet.h>

static unsigned family_bits(int family) { return family == AF_INET ? 32 : 128; }

static void mask(struct smtp_network *n)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned from = i * 8;
        if (from >= n->bits)
            n->addr[i] = 0;
        else if (from + 8 > n->bits)
            n->addr[i] &= (uint8_t)(0xff << (from + 8 - n->bits));
    }
}

static bool parse_one(struct str s, struct smtp_network *out)
{
    char z[INET6_ADDRSTRLEN];
    struct str addr, bits;
    uint64_t n;
    bool has = str_cut(s, '/', &addr, &bits);
    if (addr.n == 0 || addr.n >= sizeof z || memchr(addr.p, 0, addr.n))
        return false;
    memcpy(z, addr.p, addr.n);
    z[addr.n] = 0;
    *out = (struct smtp_network){.family = str_chr(addr, ':', 0) >= 0 ? AF_INET6 : AF_INET};
    if (inet_pton(out->family, z, out->addr) != 1)
        return false;
    n = family_bits(out->family);
    if (has && (!str_u64(bits, &n) || n > family_bits(out->family)))
        return false;
    out->bits = (uint8_t)n;
    mask(out);
    return true;
}

int smtp_networks_parse(struct str text, struct smtp_networks *out, struct err *e)
{
    struct str rest = text, one;
    out->n = 0;
    while (str_token(&rest, ',', &one)) {
        one = str_trim(one);
        if (one.n == 0)
            continue;
        if (out->n == SMTP_NETWORKS_MAX)
            return err_set(e, ERR_INVALID, "more than %u networks", SMTP_NETWORKS_MAX);
        if (!parse_one(one, &out->v[out->n]))
            return err_set(e, ERR_INVALID, "\"%.*s\" is no network: write 192.0.2.0/24 or 2001:db8::/32",
                           STRF(str_upto(one, 60)));
        out->n++;
    }
    return 0;
}

bool smtp_networks_has(const struct smtp_networks *v, const struct net_peer *p)
{
    for (size_t i = 0; i < v->n; i++) {
        struct smtp_network n = {.family = p->family, .bits = v->v[i].bits};
        if (v->v[i].family != p->family)
            continue;
        memcpy(n.addr, p->addr, family_bits(p->family) / 8);
        mask(&n);
        if (!memcmp(n.addr, v->v[i].addr, sizeof n.addr))
            return true;
    }
    return false;
}

struct str smtp_network_key(const struct net_peer *p, char out[SMTP_NETWORK_KEY_MAX])
{
    size_t n = p->family == AF_INET ? 3 : p->family == AF_INET6 ? 7 : 0;
    out[0] = p->family == AF_INET ? '4' : p->family == AF_INET6 ? '6' : 'u';
    memcpy(out + 1, p->addr, n);
    return str_n(out, n + 1);
}

/* TLS of net: certificates come from the keys role, and so does every signature. Without keys there is no STARTTLS and no https; mail still comes in. Two
 * certificates are in use: one for the mail host's name, one for the host of http.origin (the same where the names are). A renewed file is found within
 * KEYS_RELOAD_MS by keys and NET_TLS_LOOK_MS by us; connections under way keep the old one. */
#include "role/net.h"
#include "core/hash.h"
#include "core/log.h"
#include "os/key_client.h"

#include <unistd.h>

static int sign_by_keys(void *ctx, struct str digest, uint8_t *sig, size_t *n);
static void certificates_get(struct net_role *n);
static void on_look(struct net_timer *t);

_Static_assert(KEY_SIG_MAX <= NET_TLS_SIG_MAX && (int)KEY_RSA_PKCS1 == (int)NET_TLS_RSA_PKCS1 &&
                   (int)KEY_RSA_BLOCK == (int)NET_TLS_RSA_BLOCK,
               "net/ and the keys role mean the same");

void net_keys_open(struct net_role *n, int fd)
{
    if (n->keys_fd >= 0)
        close(n->keys_fd);
    n->keys_fd = fd;
    if (!n->tls_timer.fn)
        net_timer_init(&n->tls_timer, n->loop, on_look);
    if (fd >= 0)
        certificates_get(n);
}

void net_keys_close(struct net_role *n)
{
    if (n->tls_timer.fn)
        net_timer_clear(&n->tls_timer);
    if (n->keys_fd >= 0)
        close(n->keys_fd);
    n->keys_fd = -1;
    for (size_t i = 0; i < NET_CERTS; i++)
        net_tls_free(&n->cert[i].tls);
}

static void on_look(struct net_timer *t)
{
    certificates_get((struct net_role *)(void *)((char *)t - offsetof(struct net_role, tls_timer)));
}

/* Host name of http.origin, else of the mail host. */
static struct str name_of(const struct net_role *n, enum net_cert_use use)
{
    struct str origin = conf_s(&n->ctx->conf, CONF_HTTP_ORIGIN), host, port;
    ptrdiff_t at = str_find(origin, STR("://"), 0);
    if (use == NET_CERT_MAIL || at < 0)
        return str_c(n->hostname);
    str_cut(str_from(origin, (size_t)at + 3), ':', &host, &port);
    return host;
}

static void certificate_give(struct net_role *n, enum net_cert_use use)
{
    struct net_tls *tls = n->cert[use].tls;
    if (use == NET_CERT_MAIL && n->smtp)
        smtp_server_tls(n->smtp, tls);
    if (use == NET_CERT_WEB && n->http)
        http_server_tls(n->http, tls);
}

static int certificate_use(struct net_role *n, enum net_cert_use use, struct str chain, uint32_t handle)
{
    struct net_cert *c = &n->cert[use];
    struct err e = {0};
    uint64_t mark = hash64(chain);
    if (c->tls && c->handle == handle && c->mark == mark)
        return 0;
    int r = c->tls ? net_tls_reload(c->tls, chain, &e) : net_tls_new(&c->tls, chain, sign_by_keys, c, &e);
    if (r != 0) {
        log_error("net.certificate_unusable", L_S("name", name_of(n, use)), L_Z("why", e.text));
        return r;
    }
    if (c->mark)
        log_info("net.certificate_renewed", L_S("name", name_of(n, use)));
    c->net = n;
    c->handle = handle;
    c->mark = mark;
    certificate_give(n, use);
    return 0;
}

static void certificates_get(struct net_role *n)
{
    int bad = 0;
    for (enum net_cert_use use = 0; use < NET_CERTS; use++) {
        AUTO(buf) struct buf chain = {0};
        uint32_t handle = 0;
        buf_init(&chain, KEY_CHAIN_MAX);
        int r = key_tls(n->keys_fd, name_of(n, use), &chain, &handle);
        if (r == 0)
            r = certificate_use(n, use, buf_str(&chain), handle);
        if (r != 0 && !n->cert[use].tls)
            certificate_give(n, use);
        bad = r ? r : bad;
    }
    if (bad)
        log_warn("net.no_certificate", L_I("code", bad));
    net_timer_set(&n->tls_timer, bad ? NET_TLS_RETRY_MS : NET_TLS_LOOK_MS);
}

static int sign_by_keys(void *ctx, struct str digest, uint8_t *sig, size_t *len)
{
    struct net_cert *c = ctx;
    uint8_t made[KEY_SIG_MAX];
    size_t got = 0;
    int r = key_sign(c->net->keys_fd, c->handle, digest, made, &got);
    if (r != 0 || got > NET_TLS_SIG_MAX) {
        log_warn("net.signature_refused", L_I("code", r));
        c->mark = 0; /* a renewed certificate has a new handle: ask again, this handshake is lost */
        net_timer_set(&c->net->tls_timer, 0);
        return ERR_GONE;
    }
    memcpy(sig, made, got);
    *len = got;
    return 0;
}

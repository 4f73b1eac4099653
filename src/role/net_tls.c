/* STARTTLS of net: the certificate comes from the keys role, and so does every signature. Without keys there is no
 * STARTTLS; mail still comes in. */
#include "role/net.h"
#include "core/log.h"
#include "os/key_client.h"

#include <unistd.h>

static int sign_by_keys(void *ctx, struct str digest, uint8_t *sig, size_t *n);
static void certificate_get(struct net_role *n);
static void on_retry(struct net_timer *t);

_Static_assert(KEY_SIG_MAX <= 2 * NET_TLS_SIG_MAX, "the answer is received into a buffer of its own");

void net_keys_open(struct net_role *n, int fd)
{
    if (n->keys_fd >= 0)
        close(n->keys_fd);
    n->keys_fd = fd;
    if (!n->tls_timer.fn)
        net_timer_init(&n->tls_timer, n->loop, on_retry);
    if (fd >= 0)
        certificate_get(n);
}

void net_keys_close(struct net_role *n)
{
    if (n->tls_timer.fn)
        net_timer_clear(&n->tls_timer);
    if (n->keys_fd >= 0)
        close(n->keys_fd);
    n->keys_fd = -1;
    net_tls_free(&n->tls);
}

static void on_retry(struct net_timer *t)
{
    certificate_get((struct net_role *)(void *)((char *)t - offsetof(struct net_role, tls_timer)));
}

static int certificate_use(struct net_role *n, struct str chain)
{
    struct err e = {0};
    int r = n->tls ? net_tls_reload(n->tls, chain, &e) : net_tls_new(&n->tls, chain, sign_by_keys, n, &e);
    if (r != 0)
        log_error("net.certificate_unusable", L_Z("why", e.text));
    else if (n->smtp)
        smtp_server_tls(n->smtp, n->tls);
    return r;
}

static void certificate_get(struct net_role *n)
{
    AUTO(buf) struct buf chain = {0};
    buf_init(&chain, KEY_CHAIN_MAX);
    int r = key_tls(n->keys_fd, str_c(n->hostname), &chain, &n->key_handle);
    if (r == 0)
        r = certificate_use(n, buf_str(&chain));
    if (r == 0)
        return;
    log_warn("net.no_certificate", L_I("code", r));
    if (n->smtp && !n->tls)
        smtp_server_tls(n->smtp, NULL);
    net_timer_set(&n->tls_timer, NET_TLS_RETRY_MS);
}

static int sign_by_keys(void *ctx, struct str digest, uint8_t *sig, size_t *len)
{
    struct net_role *n = ctx;
    uint8_t der[KEY_SIG_MAX];
    size_t got = 0;
    int r = key_sign(n->keys_fd, n->key_handle, digest, der, &got);
    if (r != 0 || got > NET_TLS_SIG_MAX) {
        log_warn("net.signature_refused", L_I("code", r));
        net_timer_set(&n->tls_timer, 0); /* a renewed certificate has a new handle: ask again, this handshake is lost */
        return ERR_GONE;
    }
    memcpy(sig, der, got);
    *len = got;
    return 0;
}

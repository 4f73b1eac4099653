/* TLS of net: certificates come from the keys role, and so does every signature. Without keys there is no STARTTLS and no https; mail still comes in. Two
 * certificates are always in use: one for the mail host's name, one for the host of http.origin (the same where the names are). For other names that clients
 * ask for (SNI) keys is asked as they come, with what it said kept for NET_NAMES_MAX names. A renewed file is found within KEYS_RELOAD_MS by keys and
 * NET_TLS_LOOK_MS by us; connections under way keep the old one. */
#include "role/net.h"
#include "core/hash.h"
#include "core/log.h"
#include "os/key_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMES_A_LOOK \
    50 /* new names asked for in NET_TLS_LOOK_MS: a flood of made-up ones gets the certificate that there is */

struct net_name {
    char name[254];
    struct net_cert cert;
    bool own; /* there is a certificate that names it; else the listener's is shown */
};
struct net_names {
    struct net_name v[NET_NAMES_MAX];
    size_t n, next, asked;
};

static int sign_by_keys(void *ctx, struct str digest, uint8_t *sig, size_t *n);
static void certificates_get(struct net_role *n);
static struct net_tls *certificate_of_name(void *net_role, struct str name);
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
    for (size_t i = 0; n->names && i < n->names->n; i++)
        net_tls_free(&n->names->v[i].cert.tls);
    free(n->names);
    n->names = NULL;
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

/* 1: a new context was made, 0, or < 0. */
static int certificate_use(struct net_role *n, struct net_cert *c, struct str name, struct str chain, uint32_t handle)
{
    struct err e = {0};
    uint64_t mark = hash64(chain);
    bool fresh = !c->tls;
    if (c->tls && c->handle == handle && c->mark == mark)
        return 0;
    int r = c->tls ? net_tls_reload(c->tls, chain, &e) : net_tls_new(&c->tls, chain, sign_by_keys, c, &e);
    if (r != 0) {
        log_error("net.certificate_unusable", L_S("name", name), L_Z("why", e.text));
        return r;
    }
    if (c->mark)
        log_info("net.certificate_renewed", L_S("name", name));
    c->net = n;
    c->handle = handle;
    c->mark = mark;
    return fresh;
}

/* For a name that no certificate names keys gives one all the same: for the host of our own settings that is right, for others it is not. */
static bool names_it(struct str chain, struct str name)
{
    BIO *bio = BIO_new_mem_buf(chain.p, (int)chain.n);
    X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool yes = leaf && X509_check_host(leaf, name.p, name.n, 0, NULL) == 1;
    X509_free(leaf);
    BIO_free(bio);
    ERR_clear_error();
    return yes;
}

static int certificate_ask(struct net_role *n, struct net_cert *c, struct str name)
{
    AUTO(buf) struct buf chain = {0};
    uint32_t handle = 0;
    buf_init(&chain, KEY_CHAIN_MAX);
    int r = key_tls(n->keys_fd, name, &chain, &handle);
    return r ? (r > 0 ? -r : r) : certificate_use(n, c, name, buf_str(&chain), handle);
}

/* --- further names --- */

static int name_ask(struct net_role *n, struct net_name *x)
{
    AUTO(buf) struct buf chain = {0};
    uint32_t handle = 0;
    struct str name = str_c(x->name);
    buf_init(&chain, KEY_CHAIN_MAX);
    int r = key_tls(n->keys_fd, name, &chain, &handle);
    if (r != 0)
        return r > 0 ? -r : r;
    x->own = names_it(buf_str(&chain), name) && certificate_use(n, &x->cert, name, buf_str(&chain), handle) >= 0;
    return 0;
}

/* Contexts of names are never freed before the end (a handshake may use one): a full table gives the place of the oldest to the new name. */
static struct net_name *name_new(struct net_role *n, struct str name)
{
    struct net_names *names = n->names;
    if (!names)
        names = n->names = calloc(1, sizeof *names);
    if (!names)
        abort();
    if (names->asked++ >= NAMES_A_LOOK || name.n >= sizeof names->v[0].name)
        return NULL;
    struct net_name *x = names->n < NET_NAMES_MAX ? &names->v[names->n++] : &names->v[names->next++ % NET_NAMES_MAX];
    memcpy(x->name, name.p, name.n);
    x->name[name.n] = 0;
    x->cert.mark = 0;
    x->own = false;
    return x;
}

static struct net_tls *certificate_of_name(void *net_role, struct str name)
{
    struct net_role *n = net_role;
    struct net_name *x = NULL;
    for (size_t i = 0; n->names && i < n->names->n && !x; i++)
        if (str_eq(name, str_c(n->names->v[i].name)))
            x = &n->names->v[i];
    if (!x) {
        x = name_new(n, name);
        if (x && name_ask(n, x) < 0)
            x->name[0] = 0; /* asked again when it comes again */
    }
    return x && x->own ? x->cert.tls : NULL;
}

static void certificates_get(struct net_role *n)
{
    int bad = 0;
    for (enum net_cert_use use = 0; use < NET_CERTS; use++) {
        int r = certificate_ask(n, &n->cert[use], name_of(n, use));
        if (r == 1)
            net_tls_names(n->cert[use].tls, certificate_of_name, n);
        if (r == 1 || !n->cert[use].tls)
            certificate_give(n, use);
        bad = r < 0 ? r : bad;
    }
    if (n->names)
        n->names->asked = 0;
    for (size_t i = 0; n->names && i < n->names->n && !bad; i++)
        if (n->names->v[i].name[0])
            (void)name_ask(n, &n->names->v[i]);
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

/* The role keys: it alone reads STATE/keys. Private keys and the master key never leave it; other roles get signatures,
 * sealed values, and the few plaintexts that the table below permits. Everything else is refused and logged. */
#include "role/keys.h"
#include "core/log.h"
#include "role/roles.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_GRANTED_MAX 512u /* handles a peer holds */
#define KEYS_MEMORY (256ull * 1024 * 1024)

static const struct sandbox_spec keys_sandbox = {
    .calls = SANDBOX_SERVICE,
    .flags = SANDBOX_NO_FORK | SANDBOX_NO_SOCKET,
    .paths = {{"keys", SANDBOX_READ}},
    .memory = KEYS_MEMORY,
    .files = 256,
};

/* Who may ask what. Purposes name the kind of secret that a value holds (design: secrets). */
static const struct permit {
    int role;
    enum channel_type type;
    const char *purpose; /* NULL: the request has none */
} permits[] = {
    {ROLE_IX_NET, MSG_KEY_TLS, NULL},
    {ROLE_IX_NET, MSG_KEY_SIGN, NULL},
    {ROLE_IX_NET, MSG_KEY_SEAL, "totp"},
    {ROLE_IX_NET, MSG_KEY_SEAL, "webhook"},
    {ROLE_IX_NET, MSG_KEY_SEAL, "smarthost"},
    {ROLE_IX_NET, MSG_KEY_SEAL, "s3"},
    {ROLE_IX_NET, MSG_KEY_SEAL, "login"},
    {ROLE_IX_NET, MSG_KEY_UNSEAL, "login"}, /* the key under which log-ins are hashed */
    {ROLE_IX_JOBS, MSG_KEY_SEAL, "dkim"},
    {ROLE_IX_JOBS, MSG_KEY_SEAL, "webhook"},
    {ROLE_IX_JOBS, MSG_KEY_UNSEAL, "webhook"},
    {ROLE_IX_JOBS, MSG_KEY_UNSEAL, "smarthost"},
    {ROLE_IX_JOBS, MSG_KEY_UNSEAL, "s3"},
};

struct peer {
    const char *name; /* of the unit */
    int role;
    int fd;
    uint32_t granted[KEYS_GRANTED_MAX]; /* handles given by KEY_TLS on this channel */
    size_t n_granted;
};
static struct peer peers[ROLE_PEERS_MAX];
static struct master master;
static struct keys_tls *tls;
static const struct env *env;
static char *msg;

static bool permitted(const struct peer *p, enum channel_type type, struct str purpose);
static bool granted(const struct peer *p, uint32_t handle);
static void handle_grant(struct peer *p, uint32_t handle);
static int on_tls(struct peer *p, const struct channel_msg *m, struct buf *out);
static int on_sign(struct peer *p, const struct channel_msg *m, struct buf *out);
static int on_value(struct peer *p, const struct channel_msg *m, struct buf *out);
static int on_request(struct peer *p, const struct channel_msg *m);
static void peer_read(struct peer *p);
static void peer_set(struct peer *p, int fd);
static int control_event(struct role_ctx *r);
static int keys_init(struct role_ctx *r);
static int keys_run(struct role_ctx *r);

static bool permitted(const struct peer *p, enum channel_type type, struct str purpose)
{
    for (size_t i = 0; i < N_ELEMENTS(permits); i++) {
        const struct permit *a = &permits[i];
        if (a->type == type && a->role == p->role && (!a->purpose || str_eq(purpose, str_c(a->purpose))))
            return true;
    }
    return false;
}

static bool granted(const struct peer *p, uint32_t handle)
{
    for (size_t i = 0; i < p->n_granted; i++)
        if (p->granted[i] == handle)
            return true;
    return false;
}

static void handle_grant(struct peer *p, uint32_t handle)
{
    if (granted(p, handle))
        return;
    if (p->n_granted == KEYS_GRANTED_MAX)
        p->n_granted = 0; /* the peer gets KEY_STALE and asks anew */
    p->granted[p->n_granted++] = handle;
}

/* Each of these: 0 and the answer's body in out; > 0 enum key_reason; < 0 the message is not well formed. */
static int on_tls(struct peer *p, const struct channel_msg *m, struct buf *out)
{
    struct str name, chain;
    uint32_t handle;
    int r = key_get_tls(m, &name);
    if (r == 0)
        r = keys_tls_choose(tls, name, &chain, &handle);
    if (r != 0)
        return r;
    handle_grant(p, handle);
    key_put_certificate(out, chain, handle);
    return 0;
}

static int on_sign(struct peer *p, const struct channel_msg *m, struct buf *out)
{
    uint8_t sig[KEY_SIG_MAX];
    struct str digest;
    uint32_t handle;
    size_t n = 0;
    int r = key_get_sign(m, &handle, &digest);
    if (r != 0)
        return r;
    if (!granted(p, handle))
        return KEY_STALE;
    r = keys_tls_sign(tls, handle, digest, sig, &n);
    if (r == 0)
        key_put_result(out, str_n(sig, n));
    return r;
}

static int on_value(struct peer *p, const struct channel_msg *m, struct buf *out)
{
    AUTO(buf) struct buf made = {0};
    struct str purpose, value;
    int r = key_get_value(m, &purpose, &value);
    if (r != 0)
        return r;
    if (!permitted(p, m->type, purpose)) {
        log_warn("keys.purpose.refused", L_Z("peer", p->name), L_Z("request", channel_type_name(m->type)),
                 L_S("purpose", purpose));
        return KEY_REFUSED;
    }
    buf_init(&made, KEY_VALUE_MAX + KEY_SEAL_OVERHEAD);
    r = m->type == MSG_KEY_SEAL ? keys_seal(&master, env, purpose, value, &made)
                                : keys_unseal(&master, purpose, value, &made);
    if (r == 0)
        key_put_result(out, buf_str(&made));
    else
        log_warn("keys.value.failed", L_Z("peer", p->name), L_S("purpose", purpose),
                 L_Z("why", key_reason_text((enum key_reason)r)));
    if (made.p)
        sodium_memzero(made.p, made.cap);
    return r;
}

static int on_request(struct peer *p, const struct channel_msg *m)
{
    static const struct {
        enum channel_type type;
        int (*fn)(struct peer *p, const struct channel_msg *m, struct buf *out);
        bool by_purpose; /* fn asks the table itself */
    } requests[] = {{MSG_KEY_TLS, on_tls, false},
                    {MSG_KEY_SIGN, on_sign, false},
                    {MSG_KEY_SEAL, on_value, true},
                    {MSG_KEY_UNSEAL, on_value, true}};
    AUTO(buf) struct buf out = {0};
    int r = KEY_REFUSED;
    buf_init(&out, CHANNEL_MSG_MAX - CHANNEL_HEADER);
    for (size_t i = 0; i < N_ELEMENTS(requests); i++)
        if (requests[i].type == m->type && (requests[i].by_purpose || permitted(p, m->type, STR_NULL)))
            r = requests[i].fn(p, m, &out);
    if (r < 0)
        return r;
    if (r == KEY_REFUSED)
        log_warn("keys.refused", L_Z("peer", p->name), L_Z("request", channel_type_name(m->type)));
    if (r > 0) {
        buf_clear(&out);
        key_put_error(&out, (enum key_reason)r);
    }
    int s = channel_send(p->fd, r > 0 ? MSG_KEY_ERROR : m->type, m->id, buf_str(&out), NULL, 0);
    if (out.p)
        sodium_memzero(out.p, out.cap);
    return s == ERR_BUSY ? 0 : s; /* who does not read his answers loses them */
}

static void peer_set(struct peer *p, int fd)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = fd;
    p->n_granted = 0;
}

/* Peers are less trusted than we are: a bad message costs the sender his channel, and us nothing. */
static void peer_read(struct peer *p)
{
    struct channel_msg m;
    int r = channel_recv(p->fd, msg, CHANNEL_MSG_MAX, &m);
    if (r == ERR_BUSY)
        return;
    if (r == 0) {
        r = on_request(p, &m);
        channel_msg_close(&m);
        sodium_memzero(msg, CHANNEL_HEADER + m.body.n);
    }
    if (r == 0)
        return;
    if (r != ERR_GONE)
        log_error("keys.peer.bad", L_Z("peer", p->name), L_Z("code", err_name(r)));
    peer_set(p, -1);
}

/* 1: stop. */
static int control_event(struct role_ctx *r)
{
    struct role_event ev;
    while (role_control(r, &ev) == 0) {
        if (ev.kind == ROLE_STOP)
            return 1;
        if (ev.kind != ROLE_PEER)
            continue;
        struct peer *to = NULL;
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            if (str_eq(ev.name, str_c(peers[i].name)))
                to = &peers[i];
        if (to)
            peer_set(to, ev.fd);
        else
            close(ev.fd);
    }
    return 0;
}

static int keys_init(struct role_ctx *r)
{
    struct err e = {0};
    env = r->env;
    msg = malloc(CHANNEL_MSG_MAX);
    if (!msg || sodium_init() < 0)
        return 1;
    sodium_mlock(&master, sizeof(master)); /* kept out of swap where the limit allows it */
    int s = master_load(r->state, &master, &e);
    if (s == ERR_NOENT) {
        /* A state made without `init` (tests, a hand-made folder). When the file was lost, sealed values say so: they
         * carry the key's id. */
        log_warn("keys.master.made", L_Z("why", e.text));
        s = master_create(r->state, env, &e);
        if (s == 0)
            s = master_load(r->state, &master, &e);
    }
    if (s == 0)
        s = keys_tls_open(&tls, r->state, env, &e);
    if (s == 0)
        return 0;
    log_error("keys.start.failed", L_Z("why", e.text));
    return ROLE_EXIT_CONFIG;
}

static int keys_run(struct role_ctx *r)
{
    int64_t looked = env_mono_ms(env);
    for (size_t i = 0; i < ROLE_PEERS_MAX; i++) {
        peers[i].name = role_peer_name(i);
        peers[i].role = role_peer_role(i);
        peers[i].fd = role_take(r, "channel", peers[i].name, 0);
    }
    if (role_ready(r) != 0)
        return 1;
    for (;;) {
        struct pollfd p[1 + ROLE_PEERS_MAX] = {{r->control, POLLIN, 0}};
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            p[1 + i] = (struct pollfd){peers[i].fd, POLLIN, 0};
        int n = poll(p, N_ELEMENTS(p), KEYS_RELOAD_MS);
        if (n < 0 && errno != EINTR)
            return 1;
        int64_t now = env_mono_ms(env);
        if (now - looked >= KEYS_RELOAD_MS) {
            looked = now;
            keys_tls_refresh(tls);
        }
        for (size_t i = 0; i < ROLE_PEERS_MAX && n > 0; i++)
            if (p[1 + i].revents && peers[i].fd >= 0)
                peer_read(&peers[i]);
        if (n > 0 && p[0].revents && control_event(r)) {
            sodium_munlock(&master, sizeof(master)); /* wipes it */
            return 0;
        }
    }
}

const struct role role_keys = {"keys", &keys_sandbox, keys_init, keys_run};

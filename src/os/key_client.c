#include "os/key_client.h"
#include "core/env.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static int wait_readable(int fd, int64_t until);
static int ask(int fd, enum channel_type type, struct str body, char *reply, struct channel_msg *m);
static int value(int fd, enum channel_type type, struct str purpose, struct str in, struct buf *out);

static int wait_readable(int fd, int64_t until)
{
    for (;;) {
        int64_t left = until - env_mono_ms(env_system());
        struct pollfd p = {fd, POLLIN, 0};
        if (left <= 0)
            return ERR_TIMEOUT;
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_from_errno(errno);
    }
}

/* The answer with our id; all others are late ones of calls that gave up. */
static int ask(int fd, enum channel_type type, struct str body, char *reply, struct channel_msg *m)
{
    static _Thread_local uint64_t last_id;
    int64_t until = env_mono_ms(env_system()) + KEY_CLIENT_MS;
    if (last_id == 0)
        env_random(env_system(), &last_id, sizeof(last_id));
    uint64_t id = ++last_id;
    int r = channel_send(fd, type, id, body, NULL, 0);
    while (r == 0) {
        r = wait_readable(fd, until);
        if (r == 0)
            r = channel_recv(fd, reply, CHANNEL_MSG_MAX, m);
        if (r == ERR_BUSY) {
            r = 0;
            continue;
        }
        if (r != 0)
            break;
        if (m->id == id)
            break;
        channel_msg_close(m);
    }
    if (r != 0)
        return r;
    channel_msg_close(m);
    enum key_reason reason;
    if (m->type != MSG_KEY_ERROR)
        return m->type == type ? 0 : ERR_CORRUPT;
    r = key_get_error(m, &reason);
    return r ? r : (int)reason;
}

int key_tls(int fd, struct str server_name, struct buf *chain, uint32_t *handle)
{
    AUTO(buf) struct buf b = {0};
    AUTO(heap) char *reply = malloc(CHANNEL_MSG_MAX);
    struct channel_msg m;
    struct str pem;
    if (!reply)
        return ERR_NOMEM;
    buf_init(&b, 1024);
    key_put_tls(&b, str_upto(server_name, KEY_NAME_MAX));
    int r = ask(fd, MSG_KEY_TLS, buf_str(&b), reply, &m);
    if (r == 0 && (r = key_get_certificate(&m, &pem, handle)) == 0)
        buf_adds(chain, pem);
    return r ? r : chain->err ? ERR_LIMIT : 0;
}

int key_sign(int fd, uint32_t handle, struct str digest, uint8_t *sig, size_t *n)
{
    AUTO(buf) struct buf b = {0};
    AUTO(heap) char *reply = malloc(CHANNEL_MSG_MAX);
    struct channel_msg m;
    struct str der;
    if (!reply)
        return ERR_NOMEM;
    buf_init(&b, 1024);
    key_put_sign(&b, handle, digest);
    int r = ask(fd, MSG_KEY_SIGN, buf_str(&b), reply, &m);
    if (r == 0)
        r = key_get_result(&m, &der);
    if (r == 0 && (der.n == 0 || der.n > KEY_SIG_MAX))
        r = ERR_CORRUPT;
    if (r != 0)
        return r;
    memcpy(sig, der.p, der.n);
    *n = der.n;
    return 0;
}

static int value(int fd, enum channel_type type, struct str purpose, struct str in, struct buf *out)
{
    AUTO(buf) struct buf b = {0};
    AUTO(heap) char *reply = malloc(CHANNEL_MSG_MAX);
    struct channel_msg m;
    struct str result;
    if (!reply)
        return ERR_NOMEM;
    buf_init(&b, CHANNEL_MSG_MAX - CHANNEL_HEADER);
    key_put_value(&b, purpose, in);
    int r = b.err ? ERR_LIMIT : ask(fd, type, buf_str(&b), reply, &m);
    if (r == 0)
        r = key_get_result(&m, &result);
    if (r == 0)
        buf_adds(out, result);
    explicit_bzero(reply, CHANNEL_MSG_MAX);
    explicit_bzero(b.p, b.n);
    return r ? r : out->err ? ERR_LIMIT : 0;
}

int key_seal(int fd, struct str purpose, struct str plain, struct buf *sealed)
{
    return value(fd, MSG_KEY_SEAL, purpose, plain, sealed);
}

int key_unseal(int fd, struct str purpose, struct str sealed, struct buf *plain)
{
    return value(fd, MSG_KEY_UNSEAL, purpose, sealed, plain);
}

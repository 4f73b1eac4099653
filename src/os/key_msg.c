#include "os/key_msg.h"

static int body_ok(const struct channel_msg *m, const struct rd *r);

const char *key_reason_text(enum key_reason reason)
{
    switch (reason) {
    case KEY_REFUSED: return "this role may not ask for that";
    case KEY_STALE: return "the key handle is not known any more";
    case KEY_NO_CERTIFICATE: return "there is no certificate";
    case KEY_WRONG_KEY:
        return "the value was sealed with a master key that is not in keys/master; restore it from the recovery sheet";
    case KEY_DAMAGED: return "the sealed value was changed or belongs to another purpose";
    case KEY_FAILED: return "the cryptographic library failed";
    }
    return "unknown reason";
}

static int body_ok(const struct channel_msg *m, const struct rd *r)
{
    return rd_done(r) && m->n_fds == 0 ? 0 : ERR_CORRUPT;
}

void key_put_tls(struct buf *b, struct str server_name) { buf_vstr(b, server_name); }

int key_get_tls(const struct channel_msg *m, struct str *server_name)
{
    struct rd r = rd_of(m->body);
    *server_name = rd_vstr(&r);
    return m->type == MSG_KEY_TLS && server_name->n <= KEY_NAME_MAX ? body_ok(m, &r) : ERR_CORRUPT;
}

void key_put_certificate(struct buf *b, struct str chain, uint32_t handle)
{
    buf_vstr(b, chain);
    buf_u32(b, handle);
}

int key_get_certificate(const struct channel_msg *m, struct str *chain, uint32_t *handle)
{
    struct rd r = rd_of(m->body);
    *chain = rd_vstr(&r);
    *handle = rd_u32(&r);
    return m->type == MSG_KEY_TLS && chain->n <= KEY_CHAIN_MAX ? body_ok(m, &r) : ERR_CORRUPT;
}

void key_put_sign(struct buf *b, uint32_t handle, struct str digest)
{
    buf_u32(b, handle);
    buf_vstr(b, digest);
}

int key_get_sign(const struct channel_msg *m, uint32_t *handle, struct str *digest)
{
    struct rd r = rd_of(m->body);
    *handle = rd_u32(&r);
    *digest = rd_vstr(&r);
    return m->type == MSG_KEY_SIGN && digest->n && digest->n <= KEY_DIGEST_MAX ? body_ok(m, &r) : ERR_CORRUPT;
}

void key_put_value(struct buf *b, struct str purpose, struct str value)
{
    buf_vstr(b, purpose);
    buf_vstr(b, value);
}

int key_get_value(const struct channel_msg *m, struct str *purpose, struct str *value)
{
    struct rd r = rd_of(m->body);
    *purpose = rd_vstr(&r);
    *value = rd_vstr(&r);
    if ((m->type != MSG_KEY_SEAL && m->type != MSG_KEY_UNSEAL) || purpose->n == 0 || purpose->n > KEY_NAME_MAX ||
        value->n > KEY_VALUE_MAX + KEY_SEAL_OVERHEAD)
        return ERR_CORRUPT;
    return body_ok(m, &r);
}

void key_put_result(struct buf *b, struct str result) { buf_vstr(b, result); }

int key_get_result(const struct channel_msg *m, struct str *result)
{
    struct rd r = rd_of(m->body);
    *result = rd_vstr(&r);
    return body_ok(m, &r);
}

void key_put_error(struct buf *b, enum key_reason reason) { buf_u32(b, (uint32_t)reason); }

int key_get_error(const struct channel_msg *m, enum key_reason *reason)
{
    struct rd r = rd_of(m->body);
    uint32_t v = rd_u32(&r);
    *reason = v >= KEY_REFUSED && v <= KEY_FAILED ? (enum key_reason)v : KEY_FAILED;
    return m->type == MSG_KEY_ERROR ? body_ok(m, &r) : ERR_CORRUPT;
}

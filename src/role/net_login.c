/* Log-ins that last: sessions of the panel and app tokens live in the cell of their account (store/login.h), so they survive a restart and hold on every
 * machine of the installation. The key under which ids are hashed lies sealed in the directory; the keys role opens it. */
#include "role/net.h"
#include "core/log.h"
#include "os/key_client.h"
#include "store/login.h"

#include <sodium.h>
#include <stdlib.h>

#define KEY_NAME STR("login")
#define JOB_ARENA_MAX (64u * 1024)
#define SECRET_ROUNDS 3 /* another process may put its key in between */

struct job {
    struct net_role *net;
    uint64_t ticket; /* 0: nobody waits */
    struct http_login at;
    struct login_key key, old;
    bool has_old;
    struct login_row row;
    int found;
    struct arena arena;
};
struct secret {
    struct arena *arena;
    struct str sealed, old;
    int found;
};

static void login_find_row(void *ctx, uint64_t ticket, const struct http_login *l);
static void login_begin(void *ctx, uint64_t ticket, const struct http_login *l, const struct http_login *old);
static void login_end(void *ctx, uint64_t ticket, const struct http_login *l);
static void on_retry(struct net_timer *t);

static struct login_key key_of(const struct http_login *l)
{
    struct login_key k = {
        .org = l->org, .account = l->account, .kind = l->kind == HTTP_LOGIN_TOKEN ? LOGIN_TOKEN : LOGIN_SESSION};
    _Static_assert(LOGIN_HASH_LEN == NET_MAC_LEN, "one hash");
    memcpy(k.hash, l->hash, LOGIN_HASH_LEN);
    return k;
}

static struct job *job_new(struct net_role *n, uint64_t ticket, const struct http_login *l)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    arena_init(&j->arena, JOB_ARENA_MAX);
    j->net = n;
    j->ticket = ticket;
    j->at = *l;
    j->key = key_of(l);
    return j;
}

static void job_free(struct job *j)
{
    arena_free(&j->arena);
    free(j);
}

/* The store cannot even take the job. */
static void job_refused(struct job *j)
{
    if (j->ticket)
        http_login_done(j->net->http, j->ticket, HTTP_VERIFY_DOWN, NULL);
    job_free(j);
}

/* --- find --- */

static int fn_find(struct txn *t, void *arg)
{
    struct job *j = arg;
    j->found = j->at.kind == HTTP_LOGIN_PASSWORD
                   ? login_password(t, &j->arena, j->at.org, j->at.account, j->at.password_ms, &j->row)
                   : login_lookup(t, &j->arena, &j->key, &j->row);
    return j->found < 0 ? j->found : 0;
}

static int fn_touch(struct txn *t, void *arg) { return login_touch(t, &((struct job *)arg)->key); }

static void on_written(void *arg, enum cell_outcome outcome, int code)
{
    struct job *j = arg;
    enum http_verdict v = outcome == CELL_DURABLE                          ? HTTP_VERIFY_OK
                          : outcome == CELL_REFUSED && code == LOGIN_STALE ? HTTP_VERIFY_NO
                                                                           : HTTP_VERIFY_DOWN;
    if (j->ticket && j->net->http)
        http_login_done(j->net->http, j->ticket, v, NULL);
    job_free(j);
}

static void write_job(struct job *j, cell_fn *fn)
{
    struct cell *c;
    if (store_cell(j->net->store, j->at.cell, &c, NULL) != 0 || cell_write(c, fn, j, NULL, 0, on_written) != 0)
        job_refused(j);
}

static void on_found(void *arg, enum cell_outcome outcome, int code)
{
    struct job *j = arg;
    struct net_role *n = j->net;
    (void)code;
    struct http_person p = {.cell = j->at.cell,
                            .org = j->at.org,
                            .account = j->at.account,
                            .address = j->row.address,
                            .name = j->row.person,
                            .firm = j->row.firm,
                            .may = j->row.may,
                            .password_ms = j->row.password_ms};
    enum http_verdict v = outcome != CELL_DURABLE ? HTTP_VERIFY_DOWN : j->found == 1 ? HTTP_VERIFY_OK : HTTP_VERIFY_NO;
    if (n->http)
        http_login_done(n->http, j->ticket, v, &p);
    j->ticket = 0;
    /* That it was used is written now and then, lazily: a lost one shortens an unused session by LOGIN_TOUCH_MS at most. */
    if (v == HTTP_VERIFY_OK && env_wall_ms(n->ctx->env) - j->row.used_ms > LOGIN_TOUCH_MS && !n->stopping)
        write_job(j, fn_touch);
    else
        job_free(j);
}

static void login_find_row(void *ctx, uint64_t ticket, const struct http_login *l)
{
    struct net_role *n = ctx;
    struct job *j = job_new(n, ticket, l);
    struct cell *c;
    if (store_cell(n->store, l->cell, &c, NULL) != 0 || cell_read(c, fn_find, j, on_found) != 0)
        job_refused(j);
}

/* --- begin, end --- */

static int fn_begin(struct txn *t, void *arg)
{
    struct job *j = arg;
    int r = j->has_old ? login_drop(t, &j->old) : 0;
    j->row = (struct login_row){.may = HTTP_MAY_ALL, .password_ms = j->at.password_ms};
    return r ? r : login_keep(t, &j->key, &j->row);
}

static int fn_end(struct txn *t, void *arg) { return login_drop(t, &((struct job *)arg)->key); }

static void login_begin(void *ctx, uint64_t ticket, const struct http_login *l, const struct http_login *old)
{
    struct net_role *n = ctx;
    struct job *j = job_new(n, ticket, l);
    if (old && old->cell == l->cell) {
        j->old = key_of(old);
        j->has_old = true;
    } else if (old) {
        write_job(job_new(n, 0, old), fn_end);
    }
    write_job(j, fn_begin);
}

static void login_end(void *ctx, uint64_t ticket, const struct http_login *l)
{
    write_job(job_new(ctx, ticket, l), fn_end);
}

void net_login_init(struct net_role *n)
{
    n->logins = (struct http_logins){login_find_row, login_begin, login_end, n};
    net_timer_init(&n->login_timer, n->loop, on_retry);
}

/* --- the key --- */

static int fn_secret_read(struct txn *t, void *arg)
{
    struct secret *s = arg;
    s->found = secret_read(t, s->arena, KEY_NAME, &s->sealed);
    return s->found < 0 ? s->found : 0;
}

static int fn_secret_write(struct txn *t, void *arg)
{
    const struct secret *s = arg;
    return secret_write(t, KEY_NAME, s->old, s->sealed);
}

/* A key of our own into the directory, in place of `old` that no key of ours opens. */
static int secret_make(struct net_role *n, struct secret *s)
{
    uint8_t key[NET_MAC_KEY];
    AUTO(buf) struct buf sealed;
    buf_init(&sealed, KEY_VALUE_MAX);
    env_random(n->ctx->env, key, sizeof key);
    int r = key_seal(n->keys_fd, KEY_NAME, str_n(key, sizeof key), &sealed), code = 0;
    sodium_memzero(key, sizeof key);
    if (r != 0)
        return r;
    struct secret put = {.sealed = buf_str(&sealed), .old = s->found ? s->sealed : STR_NULL};
    return cell_write_wait(store_directory(n->store), fn_secret_write, &put, NULL, 0, &code) == CELL_DURABLE ? 0
                                                                                                             : ERR_GONE;
}

static int key_get(struct net_role *n)
{
    AUTO(arena) struct arena a;
    arena_init(&a, JOB_ARENA_MAX);
    int r = 0;
    for (int i = 0; i < SECRET_ROUNDS; i++) {
        struct secret s = {.arena = &a};
        AUTO(buf) struct buf key;
        buf_init(&key, KEY_VALUE_MAX);
        r = cell_read_wait(store_directory(n->store), fn_secret_read, &s);
        if (r != 0)
            return r;
        if (s.found) {
            r = key_unseal(n->keys_fd, KEY_NAME, s.sealed, &key);
            if (r == 0 && key.n == NET_MAC_KEY)
                http_server_key(n->http, (const uint8_t *)key.p);
            if (key.p)
                sodium_memzero(key.p, key.cap);
            if (r == 0)
                return 0;
            if (r != KEY_WRONG_KEY && r != KEY_DAMAGED)
                return r;
            log_warn("net.login_key_lost", L_Z("why", key_reason_text((enum key_reason)r)));
        }
        r = secret_make(n, &s);
        if (r != 0)
            return r;
    }
    return ERR_BUSY;
}

void net_login_key(struct net_role *n)
{
    const char *why = "";
    /* Never waits for a database that is known to be away. */
    int r = cell_state(store_directory(n->store), &why) == CELL_DOWN || n->keys_fd < 0 ? ERR_GONE : key_get(n);
    n->login_key = r == 0;
    if (r == 0)
        return;
    log_warn("net.no_login_key", L_I("code", r));
    net_timer_set(&n->login_timer, NET_LOGIN_RETRY_MS);
}

static void on_retry(struct net_timer *t)
{
    net_login_key((struct net_role *)(void *)((char *)t - offsetof(struct net_role, login_timer)));
}

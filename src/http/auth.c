#include "http/auth.h"
#include "core/hash.h"
#include "core/list.h"
#include "core/map.h"
#include <stdlib.h>

#define SWEEP_MS 60000
#define LOOPBACK_FACTOR 10

struct session {
    struct list node; /* oldest first */
    uint8_t key[NET_MAC_LEN];
    struct arena arena;
    struct http_person person;
    int64_t begun_ms, used_ms;
};
struct cred {
    uint8_t key[NET_MAC_LEN];
    struct arena arena;
    struct http_person person;
    int64_t until_ms;
};
struct fail {
    int64_t since_ms;
    int n;
};
struct http_auth {
    struct net_loop *loop;
    struct net_mac *mac;
    struct map sessions, creds, fails;
    struct list by_age;
    struct net_timer sweep;
};

/* Whose log-ins end: the account, or the address. */
struct whose {
    int64_t org, account;
    struct str address;
};

static void on_sweep(struct net_timer *t);
static void session_free(struct http_auth *a, struct session *s);
static void creds_drop(struct http_auth *a, int64_t now, const struct whose *w);

struct http_auth *http_auth_new(struct net_loop *l)
{
    struct http_auth *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    uint8_t key[NET_MAC_KEY];
    uint64_t seed[6];
    const struct env *env = net_loop_env(l);
    env_random(env, key, sizeof key);
    env_random(env, seed, sizeof seed);
    a->loop = l;
    a->mac = net_mac_new(key);
    explicit_bzero(key, sizeof key);
    map_init(&a->sessions, seed[0], seed[1]);
    map_init(&a->creds, seed[2], seed[3]);
    map_init(&a->fails, seed[4], seed[5]);
    list_init(&a->by_age);
    net_timer_init(&a->sweep, l, on_sweep);
    net_timer_set(&a->sweep, SWEEP_MS);
    return a;
}

void http_auth_free(struct http_auth **ap)
{
    struct http_auth *a = *ap;
    if (!a)
        return;
    *ap = NULL;
    net_timer_clear(&a->sweep);
    while (!list_empty(&a->by_age))
        session_free(a, LIST_ITEM(a->by_age.next, struct session, node));
    creds_drop(a, INT64_MAX, NULL);
    size_t it = 0;
    struct str key;
    void *v;
    while (map_next(&a->fails, &it, &key, &v))
        free(v);
    map_free(&a->sessions);
    map_free(&a->creds);
    map_free(&a->fails);
    net_mac_free(&a->mac);
    free(a);
}

void http_person_copy(struct arena *a, struct http_person *to, const struct http_person *from)
{
    *to = *from;
    to->address = arena_str(a, from->address);
    to->name = arena_str(a, from->name);
    to->firm = arena_str(a, from->firm);
    to->lang = arena_str(a, from->lang);
}

static void session_free(struct http_auth *a, struct session *s)
{
    map_del(&a->sessions, str_n(s->key, NET_MAC_LEN));
    list_del(&s->node);
    arena_free(&s->arena);
    free(s);
}

/* Room for one more of this account, and one more at all. */
static void sessions_trim(struct http_auth *a, int64_t org, int64_t account)
{
    size_t n = 0;
    struct session *oldest = NULL;
    LIST_EACH (node, &a->by_age) {
        struct session *s = LIST_ITEM(node, struct session, node);
        if (s->person.org != org || s->person.account != account)
            continue;
        n++;
        if (!oldest)
            oldest = s;
    }
    if (n >= HTTP_SESSIONS_OF_ACCOUNT)
        session_free(a, oldest);
    else if (a->sessions.n >= HTTP_SESSIONS_MAX)
        session_free(a, LIST_ITEM(a->by_age.next, struct session, node));
}

void http_session_start(struct http_auth *a, const struct http_person *p, char id[HTTP_SESSION_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    sessions_trim(a, p->org, p->account);
    uint8_t raw[HTTP_SESSION_BYTES];
    env_random(net_loop_env(a->loop), raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        id[2 * i] = digits[raw[i] >> 4];
        id[2 * i + 1] = digits[raw[i] & 15];
    }
    id[HTTP_SESSION_TEXT] = 0;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    arena_init(&s->arena, ARENA_NO_LIMIT);
    http_person_copy(&s->arena, &s->person, p);
    s->begun_ms = s->used_ms = net_now_ms(a->loop);
    net_mac_of(a->mac, (struct str[]){STR("session"), str_n(id, HTTP_SESSION_TEXT)}, 2, s->key);
    map_put(&a->sessions, str_n(s->key, NET_MAC_LEN), s);
    list_add(&a->by_age, &s->node);
}

static struct session *session_get(struct http_auth *a, struct str id)
{
    if (id.n != HTTP_SESSION_TEXT)
        return NULL;
    uint8_t key[NET_MAC_LEN];
    net_mac_of(a->mac, (struct str[]){STR("session"), id}, 2, key);
    return map_get(&a->sessions, str_n(key, NET_MAC_LEN));
}

static bool session_over(const struct session *s, int64_t now)
{
    return now - s->used_ms > HTTP_SESSION_IDLE_MS || now - s->begun_ms > HTTP_SESSION_LIFE_MS;
}

const struct http_person *http_session_find(struct http_auth *a, struct str id)
{
    struct session *s = session_get(a, id);
    int64_t now = net_now_ms(a->loop);
    if (!s)
        return NULL;
    if (session_over(s, now)) {
        session_free(a, s);
        return NULL;
    }
    s->used_ms = now;
    return &s->person;
}

void http_session_end(struct http_auth *a, struct str id)
{
    struct session *s = session_get(a, id);
    if (s)
        session_free(a, s);
}

static void cred_free(struct cred *c)
{
    arena_free(&c->arena);
    free(c);
}

/* Those that are over at `now`, and those of the account. Maps must not change while iterated: keys are gathered first.
 */
static bool is_of(const struct http_person *p, const struct whose *w)
{
    return w && ((w->account && p->org == w->org && p->account == w->account) ||
                 (w->address.n && str_ieq(p->address, w->address)));
}

static void creds_drop(struct http_auth *a, int64_t now, const struct whose *w)
{
    struct cred **gone = calloc(a->creds.n + 1, sizeof *gone);
    if (!gone)
        abort();
    size_t n = 0, it = 0;
    struct str key;
    void *v;
    while (map_next(&a->creds, &it, &key, &v)) {
        struct cred *c = v;
        if (c->until_ms <= now || is_of(&c->person, w))
            gone[n++] = c;
    }
    for (size_t i = 0; i < n; i++) {
        map_del(&a->creds, str_n(gone[i]->key, NET_MAC_LEN));
        cred_free(gone[i]);
    }
    free(gone);
}

void http_auth_end_account(struct http_auth *a, int64_t org, int64_t account, struct str address)
{
    struct whose w = {org, account, address};
    LIST_EACH_SAFE (node, &a->by_age) {
        struct session *s = LIST_ITEM(node, struct session, node);
        if (is_of(&s->person, &w))
            session_free(a, s);
    }
    creds_drop(a, net_now_ms(a->loop), &w);
}

void http_cred_key(struct http_auth *a, struct str address, struct str password, uint8_t out[NET_MAC_LEN])
{
    net_mac_of(a->mac, (struct str[]){STR("credentials"), address, password}, 3, out);
}

const struct http_person *http_cred_find(struct http_auth *a, const uint8_t key[NET_MAC_LEN])
{
    struct cred *c = map_get(&a->creds, str_n(key, NET_MAC_LEN));
    return c && c->until_ms > net_now_ms(a->loop) ? &c->person : NULL;
}

void http_cred_keep(struct http_auth *a, const uint8_t key[NET_MAC_LEN], const struct http_person *p)
{
    int64_t now = net_now_ms(a->loop);
    if (a->creds.n >= HTTP_VERIFIED_MAX)
        creds_drop(a, INT64_MAX, NULL); /* they are only verified once more */
    struct cred *c = map_get(&a->creds, str_n(key, NET_MAC_LEN));
    if (c) {
        c->until_ms = now + HTTP_VERIFIED_MS;
        return;
    }
    c = calloc(1, sizeof *c);
    if (!c)
        abort();
    memcpy(c->key, key, NET_MAC_LEN);
    arena_init(&c->arena, ARENA_NO_LIMIT);
    http_person_copy(&c->arena, &c->person, p);
    c->until_ms = now + HTTP_VERIFIED_MS;
    map_put(&a->creds, str_n(c->key, NET_MAC_LEN), c);
}

/* Keys of the two counters are short MACs: nothing a stranger typed is kept as it is. */
static void fail_key(struct http_auth *a, struct str kind, struct str what, uint8_t out[NET_MAC_LEN])
{
    net_mac_of(a->mac, (struct str[]){kind, what}, 2, out);
}

static int64_t fail_left(struct http_auth *a, struct str kind, struct str what, int most)
{
    uint8_t key[NET_MAC_LEN];
    fail_key(a, kind, what, key);
    struct fail *f = map_get(&a->fails, str_n(key, NET_MAC_LEN));
    int64_t left = f ? f->since_ms + HTTP_FAIL_WINDOW_MS - net_now_ms(a->loop) : 0;
    return f && f->n >= most && left > 0 ? left / 1000 + 1 : 0;
}

int64_t http_fail_wait(struct http_auth *a, struct str address, const struct net_peer *peer)
{
    int64_t x = fail_left(a, STR("address"), address, HTTP_FAILS_ADDRESS);
    int64_t y = fail_left(a, STR("peer"), net_peer_key(peer),
                          HTTP_FAILS_PEER * (net_peer_loopback(peer) ? LOOPBACK_FACTOR : 1));
    return x > y ? x : y;
}

static void fails_sweep(struct http_auth *a, int64_t now)
{
    uint8_t *gone = malloc((a->fails.n + 1) * NET_MAC_LEN);
    if (!gone)
        abort();
    size_t n = 0, it = 0;
    struct str key;
    void *v;
    while (map_next(&a->fails, &it, &key, &v))
        if (now - ((struct fail *)v)->since_ms > HTTP_FAIL_WINDOW_MS)
            memcpy(gone + NET_MAC_LEN * n++, key.p, NET_MAC_LEN);
    for (size_t i = 0; i < n; i++)
        free(map_del(&a->fails, str_n(gone + NET_MAC_LEN * i, NET_MAC_LEN)));
    free(gone);
}

static void fail_add(struct http_auth *a, struct str kind, struct str what)
{
    uint8_t key[NET_MAC_LEN];
    fail_key(a, kind, what, key);
    int64_t now = net_now_ms(a->loop);
    struct fail *f = map_get(&a->fails, str_n(key, NET_MAC_LEN));
    if (!f) {
        if (a->fails.n >= HTTP_FAILS_MAX)
            fails_sweep(a, now);
        if (a->fails.n >= HTTP_FAILS_MAX) /* a flood over many addresses: those already counted stay counted */
            return;
        f = calloc(1, sizeof *f);
        if (!f)
            abort();
        f->since_ms = now;
        map_put(&a->fails, str_n(key, NET_MAC_LEN), f);
    }
    if (now - f->since_ms > HTTP_FAIL_WINDOW_MS)
        *f = (struct fail){now, 0};
    f->n++;
}

void http_fail_note(struct http_auth *a, struct str address, const struct net_peer *peer)
{
    fail_add(a, STR("address"), address);
    fail_add(a, STR("peer"), net_peer_key(peer));
}

void http_fail_clear(struct http_auth *a, struct str address)
{
    uint8_t key[NET_MAC_LEN];
    fail_key(a, STR("address"), address, key);
    free(map_del(&a->fails, str_n(key, NET_MAC_LEN)));
}

static void on_sweep(struct net_timer *t)
{
    struct http_auth *a = (struct http_auth *)(void *)((char *)t - offsetof(struct http_auth, sweep));
    int64_t now = net_now_ms(a->loop);
    LIST_EACH_SAFE (node, &a->by_age) {
        struct session *s = LIST_ITEM(node, struct session, node);
        if (session_over(s, now))
            session_free(a, s);
    }
    creds_drop(a, now, NULL);
    fails_sweep(a, now);
    net_timer_set(&a->sweep, SWEEP_MS);
}

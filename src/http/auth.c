#include "http/auth.h"
#include "core/hash.h"
#include "core/list.h"
#include "core/map.h"
#include <stdlib.h>

#define SWEEP_MS 60000
#define LOOPBACK_FACTOR 10

struct seen {         /* a log-in that showed itself lately */
    struct list node; /* longest unused first */
    struct http_login login;
    struct http_person person;
    int64_t begun_ms, used_ms, checked_ms;
    char text[]; /* of person: ten thousand of these must be small */
};
struct cred {
    uint8_t key[NET_MAC_LEN];
    struct http_person person;
    int64_t until_ms, checked_ms;
    char text[];
};
struct fail {
    int64_t since_ms;
    int n;
};
struct http_auth {
    struct net_loop *loop;
    struct net_mac *mac, *id_mac; /* id_mac NULL: its key has not come yet */
    struct map seen, creds, fails;
    struct list by_use;
    bool lasting; /* the store is the judge of log-ins, `seen` only spares asking it */
    struct net_timer sweep;
};

/* Whose log-ins end: the account, or the address. */
struct whose {
    int64_t org, account;
    struct str address;
};

static void on_sweep(struct net_timer *t);
static void seen_free(struct http_auth *a, struct seen *s);
static void creds_drop(struct http_auth *a, int64_t now, const struct whose *w);

struct http_auth *http_auth_new(struct net_loop *l, bool lasting)
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
    a->lasting = lasting;
    if (!lasting) {
        env_random(env, key, sizeof key);
        a->id_mac = net_mac_new(key);
    }
    explicit_bzero(key, sizeof key);
    map_init(&a->seen, seed[0], seed[1]);
    map_init(&a->creds, seed[2], seed[3]);
    map_init(&a->fails, seed[4], seed[5]);
    list_init(&a->by_use);
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
    while (!list_empty(&a->by_use))
        seen_free(a, LIST_ITEM(a->by_use.next, struct seen, node));
    creds_drop(a, INT64_MAX, NULL);
    size_t it = 0;
    struct str key;
    void *v;
    while (map_next(&a->fails, &it, &key, &v))
        free(v);
    map_free(&a->seen);
    map_free(&a->creds);
    map_free(&a->fails);
    net_mac_free(&a->mac);
    net_mac_free(&a->id_mac);
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

static size_t person_size(const struct http_person *p) { return p->address.n + p->name.n + p->firm.n + p->lang.n + 1; }

/* Its texts go to mem (person_size bytes). */
static void person_put(struct http_person *to, const struct http_person *from, char *mem)
{
    struct str *texts[] = {&to->address, &to->name, &to->firm, &to->lang};
    *to = *from;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i]->n)
            memcpy(mem, texts[i]->p, texts[i]->n);
        *texts[i] = str_n(mem, texts[i]->n);
        mem += texts[i]->n;
    }
}

void http_auth_key(struct http_auth *a, const uint8_t key[NET_MAC_KEY])
{
    net_mac_free(&a->id_mac);
    a->id_mac = net_mac_new(key);
}

bool http_auth_ready(const struct http_auth *a) { return a->id_mac != NULL; }

/* --- ids --- */

static void put_number(uint8_t *to, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static uint64_t number_of(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* The last 8 bytes of raw are a tag over the rest. The kind is part of both sums, so that a token is never a cookie. */
static void id_sums(struct http_auth *a, enum http_login_kind kind, const uint8_t raw[HTTP_ID_RAW],
                    uint8_t tag[NET_MAC_LEN], uint8_t hash[NET_MAC_LEN])
{
    struct str what = kind == HTTP_LOGIN_TOKEN ? STR("token") : STR("session"), id = str_n(raw, HTTP_ID_RAW - 8);
    net_mac_of(a->id_mac, (struct str[]){STR("tag"), what, id}, 3, tag);
    net_mac_of(a->id_mac, (struct str[]){STR("id"), what, id}, 3, hash);
}

void http_id_new(struct http_auth *a, struct http_login *l, char text[HTTP_ID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[HTTP_ID_RAW], tag[NET_MAC_LEN];
    put_number(raw, (uint64_t)l->cell, 4);
    put_number(raw + 4, (uint64_t)l->org, 8);
    put_number(raw + 12, (uint64_t)l->account, 8);
    env_random(net_loop_env(a->loop), raw + 20, HTTP_ID_RANDOM);
    id_sums(a, l->kind, raw, tag, l->hash);
    memcpy(raw + HTTP_ID_RAW - 8, tag, 8);
    for (size_t i = 0; i < sizeof raw; i++) {
        text[2 * i] = digits[raw[i] >> 4];
        text[2 * i + 1] = digits[raw[i] & 15];
    }
    text[HTTP_ID_TEXT] = 0;
    explicit_bzero(raw, sizeof raw);
}

bool http_id_parse(struct http_auth *a, enum http_login_kind kind, struct str text, struct http_login *l)
{
    uint8_t raw[HTTP_ID_RAW], tag[NET_MAC_LEN];
    if (!a->id_mac || text.n != HTTP_ID_TEXT || !hex_get(text, raw, sizeof raw))
        return false;
    *l = (struct http_login){.cell = (int64_t)number_of(raw, 4),
                             .org = (int64_t)(number_of(raw + 4, 8) & INT64_MAX),
                             .account = (int64_t)(number_of(raw + 12, 8) & INT64_MAX),
                             .kind = kind};
    id_sums(a, kind, raw, tag, l->hash);
    return str_eq_ct(str_n(tag, 8), str_n(raw + HTTP_ID_RAW - 8, 8));
}

/* --- log-ins seen lately --- */

static void seen_free(struct http_auth *a, struct seen *s)
{
    map_del(&a->seen, str_n(s->login.hash, NET_MAC_LEN));
    list_del(&s->node);
    free(s);
}

static struct seen *seen_get(struct http_auth *a, const struct http_login *l)
{
    return map_get(&a->seen, str_n(l->hash, NET_MAC_LEN));
}

/* Room for one more; where log-ins do not last also at most so many of one account. */
static void seen_trim(struct http_auth *a, const struct http_login *l)
{
    size_t n = 0;
    struct seen *oldest = NULL;
    if (!a->lasting) {
        LIST_EACH (node, &a->by_use) {
            struct seen *s = LIST_ITEM(node, struct seen, node);
            if (s->login.org != l->org || s->login.account != l->account)
                continue;
            n++;
            if (!oldest)
                oldest = s;
        }
    }
    if (n >= HTTP_SESSIONS_OF_ACCOUNT)
        seen_free(a, oldest);
    else if (a->seen.n >= HTTP_SESSIONS_MAX)
        seen_free(a, LIST_ITEM(a->by_use.next, struct seen, node));
}

void http_login_note(struct http_auth *a, const struct http_login *l, const struct http_person *p)
{
    struct seen *s = seen_get(a, l);
    int64_t now = net_now_ms(a->loop), begun = s ? s->begun_ms : now;
    if (s)
        seen_free(a, s); /* name or firm may be others now */
    seen_trim(a, l);
    s = calloc(1, sizeof *s + person_size(p));
    if (!s)
        abort();
    s->login = *l;
    person_put(&s->person, p, s->text);
    s->begun_ms = begun;
    s->used_ms = s->checked_ms = now;
    map_put(&a->seen, str_n(s->login.hash, NET_MAC_LEN), s);
    list_add(&a->by_use, &s->node);
}

static bool seen_over(const struct seen *s, int64_t now)
{
    return s->login.kind == HTTP_LOGIN_SESSION &&
           (now - s->used_ms > HTTP_SESSION_IDLE_MS || now - s->begun_ms > HTTP_SESSION_LIFE_MS);
}

const struct http_person *http_login_known(struct http_auth *a, const struct http_login *l, bool *fresh)
{
    struct seen *s = seen_get(a, l);
    int64_t now = net_now_ms(a->loop);
    if (!s)
        return NULL;
    if (seen_over(s, now)) {
        seen_free(a, s);
        return NULL;
    }
    s->used_ms = now;
    list_del(&s->node);
    list_add(&a->by_use, &s->node);
    *fresh = !a->lasting || now - s->checked_ms < HTTP_LOGIN_TRUST_MS;
    return &s->person;
}

bool http_login_forget(struct http_auth *a, const struct http_login *l)
{
    struct seen *s = seen_get(a, l);
    if (s)
        seen_free(a, s);
    return s != NULL;
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
        free(gone[i]);
    }
    free(gone);
}

void http_auth_end_account(struct http_auth *a, int64_t org, int64_t account, struct str address)
{
    struct whose w = {org, account, address};
    LIST_EACH_SAFE (node, &a->by_use) {
        struct seen *s = LIST_ITEM(node, struct seen, node);
        if (is_of(&s->person, &w))
            seen_free(a, s);
    }
    creds_drop(a, net_now_ms(a->loop), &w);
}

void http_cred_key(struct http_auth *a, struct str address, struct str password, uint8_t out[NET_MAC_LEN])
{
    net_mac_of(a->mac, (struct str[]){STR("credentials"), address, password}, 3, out);
}

const struct http_person *http_cred_find(struct http_auth *a, const uint8_t key[NET_MAC_LEN], bool *fresh)
{
    struct cred *c = map_get(&a->creds, str_n(key, NET_MAC_LEN));
    int64_t now = net_now_ms(a->loop);
    *fresh = c && (!a->lasting || c->person.password_ms == 0 || now - c->checked_ms < HTTP_LOGIN_TRUST_MS);
    return c && c->until_ms > now ? &c->person : NULL;
}

void http_cred_checked(struct http_auth *a, const uint8_t key[NET_MAC_LEN], bool holds)
{
    struct cred *c = map_get(&a->creds, str_n(key, NET_MAC_LEN));
    if (c && holds)
        c->checked_ms = net_now_ms(a->loop);
    else if (c)
        free(map_del(&a->creds, str_n(key, NET_MAC_LEN)));
}

void http_cred_keep(struct http_auth *a, const uint8_t key[NET_MAC_LEN], const struct http_person *p)
{
    int64_t now = net_now_ms(a->loop);
    if (a->creds.n >= HTTP_VERIFIED_MAX)
        creds_drop(a, INT64_MAX, NULL); /* they are only verified once more */
    free(map_del(&a->creds, str_n(key, NET_MAC_LEN)));
    struct cred *c = calloc(1, sizeof *c + person_size(p));
    if (!c)
        abort();
    memcpy(c->key, key, NET_MAC_LEN);
    person_put(&c->person, p, c->text);
    c->until_ms = now + HTTP_VERIFIED_MS;
    c->checked_ms = now;
    map_put(&a->creds, str_n(c->key, NET_MAC_LEN), c);
}

/* Keys of the counters are MACs: nothing a stranger typed is kept as it is. */
static void fail_key(struct http_auth *a, struct str kind, struct str what, uint8_t out[NET_MAC_LEN])
{
    net_mac_of(a->mac, (struct str[]){kind, what}, 2, out);
}

static int64_t peer_most(const struct net_peer *peer)
{
    return HTTP_FAILS_PEER * (net_peer_loopback(peer) ? LOOPBACK_FACTOR : 1);
}

static int64_t fail_left(struct http_auth *a, struct str kind, struct str what, int64_t most)
{
    uint8_t key[NET_MAC_LEN];
    fail_key(a, kind, what, key);
    struct fail *f = map_get(&a->fails, str_n(key, NET_MAC_LEN));
    int64_t left = f ? f->since_ms + HTTP_FAIL_WINDOW_MS - net_now_ms(a->loop) : 0;
    return f && f->n >= most && left > 0 ? left / 1000 + 1 : 0;
}

/* address and network address together */
static struct str pair_of(struct arena *a, struct str address, const struct net_peer *peer)
{
    struct str p = net_peer_key(peer);
    char *both = arena_alloc(a, p.n + address.n + 1);
    memcpy(both, p.p, p.n);
    memcpy(both + p.n, address.p, address.n);
    return str_n(both, p.n + address.n);
}

int64_t http_fail_wait(struct http_auth *a, struct str address, const struct net_peer *peer)
{
    AUTO(arena) struct arena tmp;
    arena_init(&tmp, ARENA_NO_LIMIT);
    int64_t wait[] = {fail_left(a, STR("pair"), pair_of(&tmp, address, peer), HTTP_FAILS_PAIR),
                      fail_left(a, STR("address"), address, HTTP_FAILS_ADDRESS),
                      fail_left(a, STR("peer"), net_peer_key(peer), peer_most(peer))};
    int64_t most = 0;
    for (size_t i = 0; i < N_ELEMENTS(wait); i++)
        most = wait[i] > most ? wait[i] : most;
    return most;
}

bool http_fail_tries(struct http_auth *a, struct str address, const struct net_peer *peer,
                     struct http_try out[HTTP_TRIES])
{
    AUTO(arena) struct arena tmp;
    arena_init(&tmp, ARENA_NO_LIMIT);
    const struct {
        struct str kind, what;
        int64_t most;
    } rows[HTTP_TRIES] = {[HTTP_TRIES_PAIR] = {STR("try pair"), pair_of(&tmp, address, peer), HTTP_FAILS_PAIR},
                          [HTTP_TRIES_ADDRESS] = {STR("try address"), address, HTTP_FAILS_ADDRESS},
                          [HTTP_TRIES_PEER] = {STR("try peer"), net_peer_key(peer), peer_most(peer)}};
    if (!a->lasting || !a->id_mac)
        return false;
    for (size_t i = 0; i < HTTP_TRIES; i++) {
        out[i].most = rows[i].most;
        if (i == HTTP_TRIES_PEER && net_peer_loopback(peer)) /* each machine's own: a proxy stands there for many */
            out[i].most = INT64_MAX;
        net_mac_of(a->id_mac, (struct str[]){rows[i].kind, rows[i].what}, 2, out[i].mark);
    }
    return true;
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
    AUTO(arena) struct arena tmp;
    arena_init(&tmp, ARENA_NO_LIMIT);
    fail_add(a, STR("pair"), pair_of(&tmp, address, peer));
    fail_add(a, STR("address"), address);
    fail_add(a, STR("peer"), net_peer_key(peer));
}

/* Only the pair: who knows one password of a firm must not clear what he does to others. */
void http_fail_clear(struct http_auth *a, struct str address, const struct net_peer *peer)
{
    AUTO(arena) struct arena tmp;
    uint8_t key[NET_MAC_LEN];
    arena_init(&tmp, ARENA_NO_LIMIT);
    fail_key(a, STR("pair"), pair_of(&tmp, address, peer), key);
    free(map_del(&a->fails, str_n(key, NET_MAC_LEN)));
}

static void on_sweep(struct net_timer *t)
{
    struct http_auth *a = (struct http_auth *)(void *)((char *)t - offsetof(struct http_auth, sweep));
    int64_t now = net_now_ms(a->loop);
    LIST_EACH_SAFE (node, &a->by_use) {
        struct seen *s = LIST_ITEM(node, struct seen, node);
        if (seen_over(s, now))
            seen_free(a, s);
    }
    creds_drop(a, now, NULL);
    fails_sweep(a, now);
    net_timer_set(&a->sweep, SWEEP_MS);
}

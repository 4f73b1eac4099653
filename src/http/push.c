#include "http/push.h"
#include "core/hash.h"
#include <stdlib.h>

#define LOOK_TICK_MS 1000
#define LOOKS_A_TICK 1000 /* accounts asked in one tick */

static void on_due(struct net_timer *t);
static void on_look(struct net_timer *t);
static void account_ask(struct http_push *p, struct push_account *a);

struct http_push *http_push_new(struct http_server *s)
{
    struct http_push *p = calloc(1, sizeof *p);
    uint64_t seed[2];
    if (!p)
        abort();
    env_random(net_loop_env(s->loop), seed, sizeof seed);
    p->server = s;
    map_init(&p->accounts, seed[0], seed[1]);
    imap_init(&p->tickets);
    imap_init(&p->checks);
    list_init(&p->by_look);
    list_init(&p->due);
    net_timer_init(&p->due_timer, s->loop, on_due);
    net_timer_init(&p->look_timer, s->loop, on_look);
    return p;
}

/* All streams are closed by then. */
void http_push_free(struct http_push **pp)
{
    struct http_push *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    net_timer_clear(&p->due_timer);
    net_timer_clear(&p->look_timer);
    map_free(&p->accounts);
    imap_free(&p->tickets);
    imap_free(&p->checks);
    free(p);
}

void http_push_conf(struct http_server *s, http_push_ask *states, void *ctx)
{
    s->push->ask = states;
    s->push->ask_ctx = ctx;
}

size_t http_push_clients(const struct http_push *p) { return p->n_clients; }

static struct str key_of(const int64_t key[3]) { return str_n(key, 3 * sizeof key[0]); }

struct push_account *push_account_get(struct http_push *p, const struct http_person *who)
{
    int64_t key[3] = {who->cell, who->org, who->account};
    struct push_account *a = map_get(&p->accounts, key_of(key));
    if (a)
        return a;
    a = calloc(1, sizeof *a);
    if (!a)
        abort();
    memcpy(a->key, key, sizeof key);
    list_init(&a->clients);
    list_init(&a->due);
    list_add(&p->by_look, &a->node);
    map_put(&p->accounts, key_of(key), a);
    if (!p->look_timer.armed)
        net_timer_set(&p->look_timer, LOOK_TICK_MS);
    account_ask(p, a);
    return a;
}

void push_account_leave(struct http_push *p, struct push_account *a)
{
    if (!list_empty(&a->clients))
        return;
    map_del(&p->accounts, key_of(a->key));
    if (a->ticket)
        imap_del(&p->tickets, a->ticket);
    list_del(&a->node);
    list_del(&a->due);
    free(a->state);
    free(a);
}

uint64_t push_account_id(const struct push_account *a)
{
    uint64_t id = 1;
    for (size_t i = 0; i < a->n; i++)
        id = hash64(str_c(a->state[i].type)) * 31 + hash64(str_c(a->state[i].state)) * 17 + id * 1099511628211u;
    return id;
}

static void account_ask(struct http_push *p, struct push_account *a)
{
    a->looked_ms = net_now_ms(p->server->loop);
    list_del(&a->node);
    list_add(&p->by_look, &a->node);
    if (!p->ask)
        return;
    if (a->ticket) {
        a->again = true;
        return;
    }
    a->ticket = net_next_id(p->server->loop);
    imap_put(&p->tickets, a->ticket, a);
    p->ask(p->ask_ctx, a->ticket, a->key[0], a->key[1], a->key[2]);
}

/* Takes over what is new; true when anything is. Types that are not named any more stay as they were. */
static bool account_learn(struct push_account *a, const struct http_push_state *v, size_t n)
{
    bool changed = false;
    for (size_t i = 0; i < n && i < HTTP_PUSH_TYPES_MAX; i++) {
        size_t at = 0;
        if (v[i].type.n > HTTP_PUSH_STATE_MAX || v[i].state.n > HTTP_PUSH_STATE_MAX)
            continue;
        while (at < a->n && !str_eq(str_c(a->state[at].type), v[i].type))
            at++;
        if (at < a->n && str_eq(str_c(a->state[at].state), v[i].state))
            continue;
        if (at == a->n) {
            if (a->n == HTTP_PUSH_TYPES_MAX)
                continue;
            a->state = realloc(a->state, (a->n + 1) * sizeof *a->state);
            if (!a->state)
                abort();
            a->state[a->n++] = (struct push_state){0};
            memcpy(a->state[at].type, v[i].type.p, v[i].type.n);
        }
        struct push_state *s = &a->state[at];
        memset(s->state, 0, sizeof s->state);
        memcpy(s->state, v[i].state.p, v[i].state.n);
        s->since = a->version + 1;
        changed = true;
    }
    a->version += changed;
    return changed;
}

void http_push_states(struct http_server *s, uint64_t ticket, const struct http_push_state *v, size_t n)
{
    struct http_push *p = s->push;
    struct push_account *a = imap_del(&p->tickets, ticket);
    if (!a)
        return; /* nobody listens any more */
    a->ticket = 0;
    (void)account_learn(a, v, n);
    if (a->version > 0)
        LIST_EACH (node, &a->clients)
            stream_tell(LIST_ITEM(node, struct http_stream, node));
    if (a->again) {
        a->again = false;
        http_push_wake(s, a->key[0], a->key[1], a->key[2]);
    }
}

void http_push_wake(struct http_server *s, int64_t cell, int64_t org, int64_t account)
{
    struct http_push *p = s->push;
    int64_t key[3] = {cell, org, account};
    struct push_account *a = map_get(&p->accounts, key_of(key));
    if (!a || !list_empty(&a->due))
        return;
    list_add(&p->due, &a->due);
    if (!p->due_timer.armed)
        net_timer_set(&p->due_timer, HTTP_PUSH_MS);
}

static void on_due(struct net_timer *t)
{
    struct http_push *p = (struct http_push *)(void *)((char *)t - offsetof(struct http_push, due_timer));
    struct list now;
    list_init(&now);
    while (!list_empty(&p->due)) {
        struct list *n = p->due.next;
        list_del(n);
        list_add(&now, n);
    }
    while (!list_empty(&now)) {
        struct push_account *a = LIST_ITEM(now.next, struct push_account, due);
        list_del(&a->due);
        account_ask(p, a);
    }
}

static void on_look(struct net_timer *t)
{
    struct http_push *p = (struct http_push *)(void *)((char *)t - offsetof(struct http_push, look_timer));
    int64_t now = net_now_ms(p->server->loop);
    for (int i = 0; i < LOOKS_A_TICK && !list_empty(&p->by_look); i++) {
        struct push_account *a = LIST_ITEM(p->by_look.next, struct push_account, node);
        if (now - a->looked_ms < HTTP_PUSH_LOOK_MS)
            break;
        account_ask(p, a);
    }
    if (!list_empty(&p->by_look))
        net_timer_set(&p->look_timer, LOOK_TICK_MS);
}

/* --- ends --- */

static void each_client(struct http_push *p, bool (*fits)(const struct http_stream *st, const void *arg),
                        const void *arg)
{
    LIST_EACH (an, &p->by_look) {
        struct push_account *a = LIST_ITEM(an, struct push_account, node);
        LIST_EACH (n, &a->clients) {
            struct http_stream *st = LIST_ITEM(n, struct http_stream, node);
            if (fits(st, arg))
                stream_end(st);
        }
    }
}

static bool fits_all(const struct http_stream *st, const void *arg)
{
    (void)st;
    (void)arg;
    return true;
}

static bool fits_login(const struct http_stream *st, const void *arg)
{
    const struct http_login *l = arg;
    return st->login.kind == l->kind && memcmp(st->login.hash, l->hash, NET_MAC_LEN) == 0;
}

struct whose {
    int64_t org, account;
    uint64_t address;
};
static bool fits_account(const struct http_stream *st, const void *arg)
{
    const struct whose *w = arg;
    return (w->account && st->account->key[1] == w->org && st->account->key[2] == w->account) ||
           (w->address && st->address == w->address);
}

void http_push_stop(struct http_push *p) { each_client(p, fits_all, NULL); }
void http_push_end_login(struct http_push *p, const struct http_login *l) { each_client(p, fits_login, l); }

void http_push_end_account(struct http_push *p, int64_t org, int64_t account, struct str address)
{
    each_client(p, fits_account, &(struct whose){org, account, address.n ? hash64(address) : 0});
}

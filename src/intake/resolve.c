#include "intake/resolve.h"
#include "core/hash.h"
#include "core/list.h"
#include "core/log.h"
#include "core/map.h"
#include "os/dns_msg.h"

#include <stdlib.h>
#include <unistd.h>

_Static_assert((int)AUTH_RR_OK == (int)DNS_OK && (int)AUTH_RR_NXDOMAIN == (int)DNS_NXDOMAIN &&
                   (int)AUTH_RR_SERVFAIL == (int)DNS_SERVFAIL && (int)AUTH_RR_TIMEOUT == (int)DNS_TIMEOUT,
               "auth and the dns role say the same");

struct pending {
    struct list node; /* in unsent, or alone */
    uint64_t id, road;
    unsigned question, type;
    size_t n;
    char name[DNS_NAME_MAX];
};
struct kept {
    unsigned type;
    size_t name_n;
    enum auth_rr_status status;
    int64_t until_ms;
    size_t n;
    struct str *rdata;
    char bytes[]; /* rdata views, name, record data */
};
struct resolver {
    const struct env *env;
    struct intake_io io;
    resolve_done_fn *done;
    void *ctx;
    int fd;
    bool had; /* there was a channel once */
    void *watch, *retry;
    struct imap open;
    struct list unsent;
    uint64_t next_id;
    char *buf;
    struct kept *cache[RESOLVE_CACHE_SLOTS];
};

static void flush(struct resolver *r);

/* ---- cache ---- */

static struct kept **slot(struct resolver *r, unsigned type, struct str name)
{
    return &r->cache[(hash64(name) + type * 2654435761u) % RESOLVE_CACHE_SLOTS];
}

static const struct kept *cached(struct resolver *r, unsigned type, struct str name)
{
    const struct kept *k = *slot(r, type, name);
    if (!k || k->type != type || k->until_ms <= env_mono_ms(r->env))
        return NULL;
    struct str have = str_n((const char *)(k->rdata + k->n), k->name_n);
    return str_eq(have, name) ? k : NULL;
}

static void keep(struct resolver *r, const struct pending *p, const struct dns_answer *a)
{
    int64_t ms = a->n ? (int64_t)a->ttl * 1000 : RESOLVE_CACHE_ABSENT_MS;
    size_t bytes = p->n;
    for (size_t i = 0; i < a->n; i++)
        bytes += a->rdata[i].n;
    ms = ms < RESOLVE_CACHE_MS ? ms : RESOLVE_CACHE_MS;
    if (a->status > DNS_NXDOMAIN || ms <= 0 || bytes > RESOLVE_CACHE_ANSWER_MAX)
        return;
    struct kept *k = malloc(sizeof *k + sizeof(struct str) * a->n + bytes);
    if (!k)
        return;
    *k = (struct kept){p->type, p->n, (enum auth_rr_status)a->status, env_mono_ms(r->env) + ms, a->n, NULL};
    k->rdata = (struct str *)(void *)k->bytes;
    char *at = k->bytes + sizeof(struct str) * a->n;
    memcpy(at, p->name, p->n);
    at += p->n;
    for (size_t i = 0; i < a->n; i++) {
        if (a->rdata[i].n)
            memcpy(at, a->rdata[i].p, a->rdata[i].n);
        k->rdata[i] = str_n(at, a->rdata[i].n);
        at += a->rdata[i].n;
    }
    struct kept **place = slot(r, p->type, str_n(p->name, p->n));
    free(*place);
    *place = k;
}

/* ---- the channel ---- */

static void lost(struct resolver *r)
{
    if (r->watch)
        r->io.unwatch(r->io.ctx, r->watch);
    r->watch = NULL;
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

static void on_answer(struct resolver *r, const struct channel_msg *m)
{
    struct dns_answer a;
    if (dns_answer_read(m, &a) != 0) {
        log_error("intake.dns.bad_answer", L_I("id", m->id));
        lost(r);
        return;
    }
    struct pending *p = imap_del(&r->open, m->id);
    if (!p)
        return;
    list_del(&p->node);
    keep(r, p, &a);
    struct resolve_answer out = {(enum auth_rr_status)a.status, a.n, a.rdata};
    r->done(r->ctx, p->road, p->question, &out);
    free(p);
}

static void on_readable(void *arg)
{
    struct resolver *r = arg;
    struct channel_msg m;
    int err = 0;
    while (r->fd >= 0 && (err = channel_recv(r->fd, r->buf, CHANNEL_MSG_MAX, &m)) == 0) {
        on_answer(r, &m);
        channel_msg_close(&m);
    }
    if (r->fd >= 0 && err != ERR_BUSY)
        lost(r);
    flush(r);
}

static void on_retry(void *arg)
{
    struct resolver *r = arg;
    r->retry = NULL;
    flush(r);
}

static void flush(struct resolver *r)
{
    while (r->fd >= 0 && !list_empty(&r->unsent)) {
        struct pending *p = LIST_ITEM(r->unsent.next, struct pending, node);
        int err = dns_query_send(r->fd, p->id, p->type, str_n(p->name, p->n));
        if (err == ERR_BUSY) {
            if (!r->retry)
                r->retry = r->io.after(r->io.ctx, RESOLVE_RETRY_MS, on_retry, r);
            return;
        }
        if (err != 0) {
            lost(r);
            return;
        }
        list_del(&p->node);
    }
}

void resolver_channel(struct resolver *r, int fd)
{
    size_t it = 0;
    uint64_t id;
    void *p;
    lost(r);
    r->fd = fd;
    if (fd < 0)
        return;
    r->had = true;
    r->watch = r->io.watch(r->io.ctx, fd, on_readable, r);
    while (imap_next(&r->open, &it, &id, &p)) {
        struct pending *one = p;
        list_del(&one->node);
        list_add(&r->unsent, &one->node);
    }
    flush(r);
}

bool resolver_ask(struct resolver *r, uint64_t road, const struct auth_question *q, struct resolve_answer *now)
{
    const struct kept *k = cached(r, (unsigned)q->type, q->name);
    if (k) {
        *now = (struct resolve_answer){k->status, k->n, k->rdata};
        return true;
    }
    if (!r->had || r->open.n >= RESOLVE_OPEN_MAX || q->name.n > DNS_NAME_MAX) {
        *now = (struct resolve_answer){AUTH_RR_SERVFAIL, 0, NULL};
        return true;
    }
    struct pending *p = malloc(sizeof *p);
    if (!p)
        abort();
    p->id = ++r->next_id;
    p->road = road;
    p->question = q->id;
    p->type = (unsigned)q->type;
    p->n = q->name.n;
    memcpy(p->name, q->name.p, q->name.n);
    imap_put(&r->open, p->id, p);
    list_add(&r->unsent, &p->node);
    flush(r);
    return false;
}

int resolver_create(struct resolver **out, const struct intake_conf *conf, resolve_done_fn *done, void *ctx)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r || !(r->buf = malloc(CHANNEL_MSG_MAX))) {
        free(r);
        return ERR_NOMEM;
    }
    r->env = conf->env;
    r->io = conf->io;
    r->done = done;
    r->ctx = ctx;
    r->fd = -1;
    imap_init(&r->open);
    list_init(&r->unsent);
    *out = r;
    return 0;
}

void resolver_free(struct resolver **rp)
{
    struct resolver *r = *rp;
    size_t it = 0;
    uint64_t id;
    void *p;
    if (!r)
        return;
    lost(r);
    if (r->retry)
        r->io.cancel(r->io.ctx, r->retry);
    while (imap_next(&r->open, &it, &id, &p))
        free(p);
    imap_free(&r->open);
    for (size_t i = 0; i < RESOLVE_CACHE_SLOTS; i++)
        free(r->cache[i]);
    free(r->buf);
    free(r);
    *rp = NULL;
}

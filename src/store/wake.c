/* Wake-ups. After each commit the store tells its process which accounts changed (store_conf.wake), and on PostgreSQL the other processes, here and on other
 * machines: one thread with one connection sends them (NOTIFY) and hears theirs (LISTEN). A committing thread never waits for it. What is lost with a
 * connection, or does not fit, is found by everybody's own look every 30 s. */
#include "core/log.h"
#include "store/store_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WAKE_QUEUE_MAX 4096u /* accounts waiting to be told of while the server is slow or away */
#define WAKE_CELL_MAX 4096u  /* accounts of one group */
#define WAKE_BATCH 64u       /* lines of one notification: 64 * 4 numbers of 19 digits stay below DB_NOTIFY_MAX */
#define WAKE_RETRY_MS 1000
#define WAKE_LISTEN_PROBE_MS 30000 /* how soon a connection that died silently is found */

struct store_wakes {
    struct store *store;
    pthread_mutex_t lock;
    pthread_t thread;
    bool running, stop;
    int fd;
    struct store_wake queue[WAKE_QUEUE_MAX];
    size_t n;
    struct db *db; /* the thread's own */
};

static void *wakes_main(void *arg);

int wakes_open(struct store *s, struct err *e)
{
    if (s->conf.engine != DB_POSTGRESQL || s->conf.readonly)
        return 0;
    struct store_wakes *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_NOMEM, "out of memory");
    w->store = s;
    pthread_mutex_init(&w->lock, NULL);
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->wakes = w;
    w->running = w->fd >= 0 && pthread_create(&w->thread, NULL, wakes_main, w) == 0;
    return w->running ? 0 : err_set(e, ERR_SYS, "no thread could be started");
}

static void nudge(struct store_wakes *w)
{
    const uint64_t one = 1;
    if (write(w->fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_warn("store.wake", L_I("errno", errno));
}

void wakes_close(struct store *s)
{
    struct store_wakes *w = s->wakes;
    if (!w)
        return;
    s->wakes = NULL;
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_mutex_unlock(&w->lock);
        nudge(w);
        pthread_join(w->thread, NULL);
    }
    if (w->fd >= 0)
        close(w->fd);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- what a group changed ---- */

void cell_touched(struct cell *c, int64_t org, int64_t account, int64_t seq)
{
    for (size_t i = c->n_touched; i > 0 && i + 8 > c->n_touched; i--) {
        struct store_wake *t = &c->touched[i - 1];
        if (t->org == org && t->account == account) {
            t->seq = seq > t->seq ? seq : t->seq;
            return;
        }
    }
    if (c->n_touched == c->cap_touched) {
        size_t cap = c->cap_touched ? c->cap_touched * 2 : 16;
        struct store_wake *more = cap > WAKE_CELL_MAX ? NULL : realloc(c->touched, cap * sizeof *more);
        if (!more)
            return;
        c->touched = more;
        c->cap_touched = cap;
    }
    c->touched[c->n_touched++] = (struct store_wake){c->id, org, account, seq};
}

static void send_later(struct store *s, const struct store_wake *list, size_t n)
{
    struct store_wakes *w = s->wakes;
    if (!w || n == 0)
        return;
    pthread_mutex_lock(&w->lock);
    size_t room = WAKE_QUEUE_MAX - w->n, take = n < room ? n : room;
    memcpy(&w->queue[w->n], list, take * sizeof *list);
    w->n += take;
    pthread_mutex_unlock(&w->lock);
    nudge(w);
}

/* A group that failed may have left its accounts here: looking once too often costs nothing. */
void writer_notify(struct cell *c)
{
    struct store *s = c->store;
    if (c->n_touched && s->conf.wake)
        s->conf.wake(s->conf.wake_ctx, c->touched, c->n_touched, false);
    send_later(s, c->touched, c->n_touched);
    c->n_touched = 0;
}

void store_wake_others(struct store *s, const struct store_wake *w) { send_later(s, w, 1); }

/* ---- the thread ---- */

static const char *channel(const struct store *s) { return s->conf.prefix ? s->conf.prefix : "sigillo"; }

static int connect_server(struct store_wakes *w)
{
    struct store *s = w->store;
    int r = db_open(
        &w->db,
        &(struct db_conf){.engine = DB_POSTGRESQL, .url = s->conf.url, .schema = s->dir->schema, .set = s->dir->set},
        NULL);
    if (r == 0)
        r = db_listen(w->db, channel(s));
    if (r != 0)
        db_close(&w->db);
    return r;
}

/* Sends what waits; what cannot be sent now stays. */
static int tell(struct store_wakes *w)
{
    AUTO(buf) struct buf b = {0};
    struct store_wake list[WAKE_BATCH];
    int r = 0;
    buf_init(&b, DB_NOTIFY_MAX);
    while (r == 0) {
        pthread_mutex_lock(&w->lock);
        size_t n = w->n < WAKE_BATCH ? w->n : WAKE_BATCH;
        memcpy(list, w->queue, n * sizeof *list);
        pthread_mutex_unlock(&w->lock);
        if (n == 0)
            return 0;
        buf_clear(&b);
        for (size_t i = 0; i < n; i++)
            buf_printf(&b, "%lld %lld %lld %lld\n", (long long)list[i].cell, (long long)list[i].org,
                       (long long)list[i].account, (long long)list[i].seq);
        r = db_notify(w->db, channel(w->store), buf_str(&b));
        if (r != 0)
            return r;
        pthread_mutex_lock(&w->lock);
        w->n -= n;
        memmove(w->queue, w->queue + n, w->n * sizeof *w->queue);
        pthread_mutex_unlock(&w->lock);
    }
    return r;
}

size_t wake_parse(struct str text, struct store_wake *out, size_t most)
{
    size_t n = 0;
    struct str line, word;
    while (n < most && text.n) {
        (void)str_cut(text, '\n', &line, &text);
        uint64_t v[4];
        size_t k = 0;
        while (k < 4 && str_token(&line, ' ', &word) && str_u64(word, &v[k]) && v[k] <= INT64_MAX)
            k++;
        if (k == 4 && line.n == 0)
            out[n++] = (struct store_wake){(int64_t)v[0], (int64_t)v[1], (int64_t)v[2], (int64_t)v[3]};
    }
    return n;
}

static int hear(struct store_wakes *w)
{
    const struct store_conf *conf = &w->store->conf;
    struct store_wake list[WAKE_BATCH];
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str from, text;
    int r;
    while ((r = db_notify_next(w->db, &a, &from, &text)) == 1) {
        size_t n = wake_parse(text, list, WAKE_BATCH);
        if (n && conf->wake)
            conf->wake(conf->wake_ctx, list, n, true);
        arena_free(&a);
        arena_init(&a, ARENA_NO_LIMIT);
    }
    return r;
}

/* Those who only write connect when they have something to say. */
static bool wanted(struct store_wakes *w, bool *stop)
{
    pthread_mutex_lock(&w->lock);
    bool want = w->store->conf.wake || w->n;
    *stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return want;
}

static void *wakes_main(void *arg)
{
    struct store_wakes *w = arg;
    bool stop = false;
    int64_t retry_ms = 0;
    while (!stop) {
        uint64_t drained;
        while (read(w->fd, &drained, sizeof drained) > 0)
            ;
        bool want = wanted(w, &stop);
        int64_t now = env_mono_ms(w->store->env);
        if (want && !w->db && (now >= retry_ms || stop) && connect_server(w) != 0)
            retry_ms = now + WAKE_RETRY_MS;
        if (w->db && (tell(w) != 0 || hear(w) < 0)) {
            db_close(&w->db);
            retry_ms = now + WAKE_RETRY_MS;
        }
        if (stop)
            break;
        struct pollfd p[2] = {{w->fd, POLLIN, 0}, {w->db ? db_notify_fd(w->db) : -1, POLLIN, 0}};
        (void)poll(p, N_ELEMENTS(p), w->db || !want ? WAKE_LISTEN_PROBE_MS : WAKE_RETRY_MS);
    }
    db_close(&w->db);
    return NULL;
}

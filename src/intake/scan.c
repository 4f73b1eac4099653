#include "intake/scan.h"
#include "core/list.h"
#include "core/log.h"
#include "core/map.h"
#include "os/channel.h"
#include "os/scan_msg.h"
#include <stdlib.h>
#include <unistd.h>

enum worker_state { WORKER_ASKED, WORKER_IDLE, WORKER_BUSY };
struct job {
    struct list node;
    uint64_t id;
    int64_t org;
    struct str bytes;
    int tries;
    struct worker *worker;
};
struct worker {
    struct list node;
    struct scan_pool *pool;
    enum worker_state state;
    uint64_t request; /* of SCAN_WORKER, while asked */
    uint32_t number;
    int fd;
    int64_t org;
    int served;
    struct job *job;
    void *watch, *timer;
};
struct scan_pool {
    struct intake_conf conf;
    scan_done_fn *done;
    void *ctx;
    int zygote; /* -1 while the scan role is down */
    void *watch;
    struct list workers, waiting;
    struct imap jobs;
    int n_workers;
    uint64_t next_request;
    char *buf; /* CHANNEL_MSG_MAX */
};

static void dispatch(struct scan_pool *p);
static void on_worker(void *arg);
static void on_zygote(void *arg);

static void worker_free(struct worker *w)
{
    const struct intake_io *io = &w->pool->conf.io;
    if (w->timer)
        io->cancel(io->ctx, w->timer);
    if (w->watch)
        io->unwatch(io->ctx, w->watch);
    if (w->fd >= 0)
        close(w->fd); /* the worker ends when its channel does */
    list_del(&w->node);
    w->pool->n_workers--;
    free(w);
}

static void job_free(struct scan_pool *p, struct job *j)
{
    if (j->worker)
        j->worker->job = NULL;
    list_del(&j->node);
    imap_del(&p->jobs, j->id);
    free(j);
}

static void job_done(struct scan_pool *p, struct job *j, const struct scan_result *r)
{
    uint64_t id = j->id;
    job_free(p, j);
    p->done(p->ctx, id, r);
}

/* A try failed: once more from the front of the queue, then the honest answer. */
static void job_failed(struct scan_pool *p, struct job *j, const char *why)
{
    j->worker = NULL;
    log_warn("scan.failed", L_Z("reason", why), L_I("try", j->tries));
    if (j->tries < INTAKE_SCAN_TRIES) {
        list_del(&j->node);
        list_add(p->waiting.next, &j->node); /* before the first: list_add puts it in front of the node given */
        return;
    }
    job_done(p, j, &(struct scan_result){.failed = why});
}

static void worker_failed(struct worker *w, const char *why)
{
    struct scan_pool *p = w->pool;
    struct job *j = w->job;
    if (w->state == WORKER_BUSY && p->zygote >= 0)
        (void)!scan_kill(p->zygote, w->number);
    worker_free(w);
    if (j)
        job_failed(p, j, why);
    dispatch(p);
}

static void on_late(void *arg)
{
    struct worker *w = arg;
    w->timer = NULL;
    worker_failed(w, "it took too long to read");
}

static int ask_worker(struct scan_pool *p, int64_t org)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    *w = (struct worker){.pool = p, .state = WORKER_ASKED, .request = ++p->next_request, .fd = -1, .org = org};
    if (scan_worker_ask(p->zygote, w->request, (uint64_t)org) != 0) {
        free(w);
        return ERR_GONE;
    }
    list_add(&p->workers, &w->node);
    p->n_workers++;
    return 0;
}

static bool give(struct worker *w, struct job *j)
{
    const struct intake_io *io = &w->pool->conf.io;
    j->tries++;
    if (scan_job_send(w->fd, j->id, 0, j->bytes, -1, 0) != 0)
        return false;
    list_del(&j->node);
    list_init(&j->node);
    j->worker = w;
    w->job = j;
    w->state = WORKER_BUSY;
    w->served++;
    w->timer = io->after(io->ctx, w->pool->conf.scan_timeout_ms, on_late, w);
    return true;
}

static struct worker *find(struct scan_pool *p, enum worker_state state, int64_t org, bool same)
{
    LIST_EACH (n, &p->workers) {
        struct worker *w = LIST_ITEM(n, struct worker, node);
        if (w->state == state && (w->org == org) == same)
            return w;
    }
    return NULL;
}

static int asked(const struct scan_pool *p, int64_t org)
{
    int n = 0;
    LIST_EACH (it, &p->workers) {
        struct worker *w = LIST_ITEM(it, struct worker, node);
        n += w->state == WORKER_ASKED && w->org == org;
    }
    return n;
}

/* A worker for this job: an idle one of its firm, a new one, or the place of an idle one of another firm. */
static bool place(struct scan_pool *p, struct job *j, int ahead)
{
    struct worker *w = find(p, WORKER_IDLE, j->org, true);
    if (w) {
        if (give(w, j))
            return true;
        worker_free(w);
    }
    if (p->zygote < 0 || asked(p, j->org) > ahead)
        return false;
    if (p->n_workers >= p->conf.scan_workers) {
        w = find(p, WORKER_IDLE, j->org, false);
        if (!w)
            return false;
        worker_free(w);
    }
    (void)ask_worker(p, j->org);
    return false;
}

static void dispatch(struct scan_pool *p)
{
    int ahead = 0;
    LIST_EACH_SAFE (n, &p->waiting) {
        if (!place(p, LIST_ITEM(n, struct job, node), ahead) && ++ahead > p->conf.scan_workers)
            return;
    }
}

static void retire_or_idle(struct worker *w)
{
    if (w->served >= (int)SCAN_WORKER_JOBS)
        worker_free(w);
    else
        w->state = WORKER_IDLE;
}

static void on_worker(void *arg)
{
    struct worker *w = arg;
    struct scan_pool *p = w->pool;
    struct channel_msg m;
    AUTO(buf) struct buf large = {0};
    struct scan_facts f;
    int err = channel_recv(w->fd, p->buf, CHANNEL_MSG_MAX, &m);
    if (err == ERR_BUSY)
        return;
    if (err != 0) {
        worker_failed(w, err == ERR_GONE ? "the reader stopped in the middle" : "the reader's answer was damaged");
        return;
    }
    buf_init(&large, SCAN_FACTS_MAX);
    struct job *j = w->job;
    err = scan_facts_read(&m, &f, &large);
    channel_msg_close(&m);
    if (err != 0 || !j || m.id != j->id) {
        worker_failed(w, "the reader's answer was damaged");
        return;
    }
    const struct intake_io *io = &p->conf.io;
    io->cancel(io->ctx, STEAL(w->timer));
    w->job = NULL;
    j->worker = NULL;
    retire_or_idle(w);
    if (f.status != SCAN_DONE)
        job_done(p, j, &(struct scan_result){.failed = "a limit was reached"});
    else
        job_done(p, j, &(struct scan_result){.structure = f.structure, .insight = f.insight});
    dispatch(p);
}

static void attach(struct scan_pool *p, struct channel_msg *m)
{
    uint32_t number;
    int fd = -1, err = scan_worker_answer_read(m, &number, &fd);
    LIST_EACH (n, &p->workers) {
        struct worker *w = LIST_ITEM(n, struct worker, node);
        if (w->state != WORKER_ASKED || w->request != m->id)
            continue;
        if (err != 0 || fd < 0) {
            worker_free(w);
            return;
        }
        w->state = WORKER_IDLE;
        w->number = number;
        w->fd = fd;
        w->watch = p->conf.io.watch(p->conf.io.ctx, fd, on_worker, w);
        return;
    }
    if (fd >= 0)
        close(fd);
}

/* The zygote is gone: its workers end with it. Jobs wait for the restarted role; each road's deadline bounds the wait.
 */
static void zygote_lost(struct scan_pool *p)
{
    if (p->zygote < 0)
        return;
    p->conf.io.unwatch(p->conf.io.ctx, STEAL(p->watch));
    close(p->zygote);
    p->zygote = -1;
    LIST_EACH_SAFE (n, &p->workers) {
        struct worker *w = LIST_ITEM(n, struct worker, node);
        struct job *j = w->job;
        worker_free(w);
        if (j)
            job_failed(p, j, "the reader stopped in the middle");
    }
}

static void on_zygote(void *arg)
{
    struct scan_pool *p = arg;
    struct channel_msg m;
    int err;
    while ((err = channel_recv(p->zygote, p->buf, CHANNEL_MSG_MAX, &m)) == 0) {
        if (m.type == MSG_SCAN_WORKER)
            attach(p, &m);
        channel_msg_close(&m);
    }
    if (err != ERR_BUSY)
        zygote_lost(p);
    dispatch(p);
}

void scan_pool_channel(struct scan_pool *p, int zygote_fd)
{
    zygote_lost(p);
    p->zygote = zygote_fd;
    if (zygote_fd >= 0)
        p->watch = p->conf.io.watch(p->conf.io.ctx, zygote_fd, on_zygote, p);
    dispatch(p);
}

void scan_submit(struct scan_pool *p, uint64_t id, int64_t org, struct str bytes)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    *j = (struct job){.id = id, .org = org, .bytes = bytes};
    list_add(&p->waiting, &j->node);
    imap_put(&p->jobs, id, j);
    dispatch(p);
}

void scan_cancel(struct scan_pool *p, uint64_t id)
{
    struct job *j = imap_get(&p->jobs, id);
    if (!j)
        return;
    struct worker *w = j->worker;
    job_free(p, j);
    if (w)
        worker_failed(w, "");
}

int scan_pool_create(struct scan_pool **out, const struct intake_conf *conf, scan_done_fn *done, void *ctx)
{
    struct scan_pool *p = calloc(1, sizeof *p);
    if (!p || !(p->buf = malloc(CHANNEL_MSG_MAX))) {
        free(p);
        return ERR_NOMEM;
    }
    p->conf = *conf;
    p->done = done;
    p->ctx = ctx;
    p->zygote = -1;
    list_init(&p->workers);
    list_init(&p->waiting);
    imap_init(&p->jobs);
    scan_pool_channel(p, conf->scan_fd);
    *out = p;
    return 0;
}

void scan_pool_free(struct scan_pool **pp)
{
    struct scan_pool *p = *pp;
    if (!p)
        return;
    zygote_lost(p);
    LIST_EACH_SAFE (n, &p->waiting) {
        list_del(n);
        free(LIST_ITEM(n, struct job, node));
    }
    imap_free(&p->jobs);
    free(p->buf);
    free(p);
    *pp = NULL;
}

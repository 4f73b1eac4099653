/* The store: its cells, its threads, its queues. A cell with waiting jobs stands once in store->ready; the writer
 * thread that takes it serves one group and puts it back, so many cells share few threads and a cell is never served
 * twice at a time. */
#include "core/log.h"
#include "store/store_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MORE_COMING_POLL_US 200

static char *copy(const char *z);
static void *writer_main(void *arg);
static void *reader_main(void *arg);
static int start_threads(struct store *s, struct err *e);
static size_t take_group(struct store *s, struct cell *c, struct job *jobs[CELL_GROUP_MAX]);

static char *copy(const char *z)
{
    char *p = z ? strdup(z) : NULL;
    if (z && !p)
        abort();
    return p;
}

static void init_struct(struct store *s, const struct store_conf *conf, const struct env *env)
{
    s->conf = *conf;
    s->env = env;
    s->conf.state = copy(conf->state);
    s->conf.url = copy(conf->url);
    s->conf.last_resort = copy(conf->last_resort);
    s->conf.prefix = copy(conf->prefix);
    char host[64] = "local";
    (void)gethostname(host, sizeof host - 1);
    s->conf.node = copy(conf->node && *conf->node ? conf->node : host);
    if (s->conf.writers <= 0)
        s->conf.writers = STORE_WRITERS;
    if (s->conf.readers <= 0)
        s->conf.readers = STORE_READERS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->cache_lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->read_work, NULL);
    pthread_cond_init(&s->idle, NULL);
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&s->upkeep_wake, &mono);
    pthread_condattr_destroy(&mono);
    list_init(&s->ready);
    list_init(&s->reads);
    imap_init(&s->cells);
    uint64_t seed[2];
    env_random(env, seed, sizeof seed);
    map_init(&s->cache, seed[0], seed[1]);
}

int store_open(struct store **out, const struct store_conf *conf, const struct env *env, struct err *e)
{
    *out = NULL;
    struct stat sb;
    char path[4200];
    if ((size_t)snprintf(path, sizeof path, "%s/directory/cell.lock", conf->state) >= sizeof path)
        return err_set(e, ERR_LIMIT, "the state folder's path is too long");
    if (conf->engine == DB_SQLITE && stat(path, &sb) != 0)
        return err_set(e, err_from_errno(errno),
                       errno == ENOENT ? "%s holds no state yet: run `sigillo init --state %s`"
                                       : "%s: %s cannot be read",
                       conf->state, errno == ENOENT ? conf->state : "its directory");
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory");
    fence_setup();
    init_struct(s, conf, env);
    struct reader *rd = NULL;
    int r = cell_create_struct(s, STORE_DIRECTORY_CELL, &s->dir, e);
    if (r == 0)
        r = reader_take(s->dir, &rd, e);
    /* Without its server a node still starts: sessions get 451 until it is back. */
    if (r == ERR_GONE) {
        cell_set_down(s->dir, true, e ? e->text : "no server");
        r = 0;
    }
    if (rd)
        reader_give(s->dir, rd, false);
    if (r == 0)
        r = wakes_open(s, e);
    if (r == 0)
        r = start_threads(s, e);
    if (r == 0)
        r = lane_open(s, e);
    if (r) {
        store_close(&s);
        return r;
    }
    *out = s;
    return 0;
}

static int start_threads(struct store *s, struct err *e)
{
    size_t n = (size_t)s->conf.writers + (size_t)s->conf.readers;
    s->threads = calloc(n, sizeof *s->threads);
    if (!s->threads)
        return err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (pthread_create(&s->threads[i], NULL, i < (size_t)s->conf.writers ? writer_main : reader_main, s) != 0)
            return err_set(e, ERR_SYS, "no thread could be started");
        s->n_threads++;
    }
    s->upkeep_on = pthread_create(&s->upkeep, NULL, store_upkeep_main, s) == 0;
    return s->upkeep_on ? 0 : err_set(e, ERR_SYS, "no thread could be started");
}

void store_close(struct store **sp)
{
    struct store *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    /* Jobs hand in jobs: reads write, and a done without a loop to run on asks again. All threads stay until none is left. */
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->closing, true);
    while (atomic_load(&s->accepted) > 0)
        pthread_cond_wait(&s->idle, &s->lock);
    pthread_mutex_unlock(&s->lock);
    lane_close(s);
    pthread_mutex_lock(&s->lock);
    s->stop_reads = true;
    pthread_cond_broadcast(&s->read_work);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = (size_t)s->conf.writers; i < s->n_threads; i++)
        pthread_join(s->threads[i], NULL);
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->n_threads && i < (size_t)s->conf.writers; i++)
        pthread_join(s->threads[i], NULL);
    /* The upkeep thread last: it interrupts writers that wait for a fence. */
    if (s->upkeep_on) {
        pthread_mutex_lock(&s->lock);
        s->stop_upkeep = true;
        pthread_cond_broadcast(&s->upkeep_wake);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->upkeep, NULL);
    }
    wakes_close(s);
    free(s->threads);
    size_t it = 0;
    uint64_t id;
    void *c;
    while (imap_next(&s->cells, &it, &id, &c))
        cell_free(c);
    imap_free(&s->cells);
    cell_free(s->dir);
    void *v;
    struct str key;
    it = 0;
    while (map_next(&s->cache, &it, &key, &v))
        free(v);
    map_free(&s->cache);
    free((char *)s->conf.state);
    free((char *)s->conf.url);
    free((char *)s->conf.last_resort);
    free((char *)s->conf.node);
    free((char *)s->conf.prefix);
    free(s);
}

int store_cell(struct store *s, int64_t cell_id, struct cell **out, struct err *e)
{
    if (cell_id < 0)
        return err_set(e, ERR_INVALID, "no such cell");
    if (cell_id == STORE_DIRECTORY_CELL) {
        *out = s->dir;
        return 0;
    }
    int r = 0;
    pthread_mutex_lock(&s->lock);
    struct cell *c = imap_get(&s->cells, (uint64_t)cell_id);
    if (!c && (r = cell_create_struct(s, cell_id, &c, e)) == 0) {
        if (s->conf.engine == DB_SQLITE && access(c->dir, F_OK) != 0) {
            r = err_set(e, ERR_NOENT, "there is no cell %lld in %s", (long long)cell_id, s->conf.state);
            cell_free(c);
        } else {
            imap_put(&s->cells, (uint64_t)cell_id, c);
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (r == 0)
        *out = c;
    return r;
}

const struct env *store_env(const struct store *s) { return s->env; }
const struct store_conf *store_conf(const struct store *s) { return &s->conf; }
struct cell *store_directory(struct store *s) { return s->dir; }

/* ---- queues ---- */

static void enqueue(struct job *j)
{
    struct cell *c = j->cell;
    struct store *s = c->store;
    atomic_fetch_add(&s->accepted, 1);
    pthread_mutex_lock(&s->lock);
    if (j->read) {
        list_add(&s->reads, &j->node);
        pthread_cond_signal(&s->read_work);
    } else {
        if (c->n_jobs++ == 0)
            c->first_ns = env_mono_ns(s->env);
        list_add(&c->jobs, &j->node);
        if (!c->queued && !c->served) {
            c->queued = true;
            list_add(&s->ready, &c->ready);
            pthread_cond_signal(&s->work);
        }
    }
    pthread_mutex_unlock(&s->lock);
}

static struct job *job_new(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n,
                           cell_done_fn *done)
{
    struct job *j = malloc(sizeof *j);
    if (j)
        *j = (struct job){.cell = c, .fn = fn, .done = done, .arg = arg, .drafts = drafts, .n_drafts = n};
    return j;
}

static int enqueue_new(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n,
                       cell_done_fn *done, bool read)
{
    struct job *j = job_new(c, fn, arg, drafts, n, done);
    if (!j)
        return ERR_NOMEM;
    j->read = read;
    enqueue(j);
    return 0;
}

int cell_write(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n_drafts,
               cell_done_fn *done)
{
    return c->store->conf.readonly ? ERR_READONLY : enqueue_new(c, fn, arg, drafts, n_drafts, done, false);
}

int cell_read(struct cell *c, cell_fn *fn, void *arg, cell_done_fn *done)
{
    return enqueue_new(c, fn, arg, NULL, 0, done, true);
}

int cell_read_short(struct cell *c, cell_fn *fn, void *arg, cell_done_fn *done)
{
    struct job *j = job_new(c, fn, arg, NULL, 0, done);
    if (!j)
        return ERR_NOMEM;
    j->read = true;
    atomic_fetch_add(&c->store->accepted, 1); /* before a thread of the lane can be done with it */
    if (!lane_add(c->store, j)) {
        enqueue(j);
        store_job_over(c->store);
    }
    return 0;
}

int cell_write_wait(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n_drafts,
                    int *code)
{
    if (c->store->conf.readonly) {
        *code = ERR_READONLY;
        return CELL_REFUSED;
    }
    sem_t wait;
    sem_init(&wait, 0, 0);
    struct job j = {.cell = c, .fn = fn, .arg = arg, .drafts = drafts, .n_drafts = n_drafts, .wait = &wait};
    enqueue(&j);
    while (sem_wait(&wait) != 0)
        ;
    sem_destroy(&wait);
    *code = j.code;
    return j.outcome;
}

static void run_done(void *arg)
{
    struct job *j = arg;
    if (j->done)
        j->done(j->arg, j->outcome, j->code);
    free(j);
}

void store_job_over(struct store *s)
{
    if (atomic_fetch_sub(&s->accepted, 1) > 1 || !atomic_load(&s->closing))
        return;
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->lock);
}

void store_post(struct store *s, struct job *j)
{
    if (j->wait)
        sem_post(j->wait);
    else if (s->conf.post)
        s->conf.post(s->conf.post_ctx, run_done, j);
    else
        run_done(j);
    store_job_over(s);
}

/* Jobs of one group, called with the lock held: waits while more are coming, never beyond group_ms after the first. */
static size_t take_group(struct store *s, struct cell *c, struct job *jobs[CELL_GROUP_MAX])
{
    int64_t until = c->first_ns + (int64_t)s->conf.group_ms * 1000000;
    while (s->conf.more_coming && c->n_jobs < CELL_GROUP_MAX && !atomic_load(&s->closing) &&
           env_mono_ns(s->env) < until && s->conf.more_coming(s->conf.more_ctx)) {
        pthread_mutex_unlock(&s->lock);
        nanosleep(&(struct timespec){.tv_nsec = MORE_COMING_POLL_US * 1000}, NULL);
        pthread_mutex_lock(&s->lock);
    }
    size_t n = 0;
    while (n < CELL_GROUP_MAX && !list_empty(&c->jobs)) {
        jobs[n] = LIST_ITEM(c->jobs.next, struct job, node);
        list_del(&jobs[n]->node);
        n++;
    }
    c->n_jobs -= n;
    c->first_ns = env_mono_ns(s->env);
    return n;
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    struct job *jobs[CELL_GROUP_MAX];
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (list_empty(&s->ready) && !s->stop)
            pthread_cond_wait(&s->work, &s->lock);
        if (list_empty(&s->ready))
            break;
        struct cell *c = LIST_ITEM(s->ready.next, struct cell, ready);
        list_del(&c->ready);
        c->queued = false;
        c->served = true;
        size_t n = take_group(s, c, jobs);
        pthread_mutex_unlock(&s->lock);
        if (n)
            group_serve(c, jobs, n);
        else
            cell_probe(c);
        pthread_mutex_lock(&s->lock);
        c->served = false;
        if (c->n_jobs && !c->queued) {
            c->queued = true;
            list_add(&s->ready, &c->ready);
            pthread_cond_signal(&s->work);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *reader_main(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (list_empty(&s->reads) && !s->stop_reads)
            pthread_cond_wait(&s->read_work, &s->lock);
        if (list_empty(&s->reads))
            break;
        struct job *j = LIST_ITEM(s->reads.next, struct job, node);
        list_del(&j->node);
        pthread_mutex_unlock(&s->lock);
        cell_read_run(j);
        if (j->code == CELL_HANDED_ON) {
            free(j);
            store_job_over(s);
        } else {
            store_post(s, j);
        }
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

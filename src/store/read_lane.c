/* Short reads of one cell, together in one snapshot. SQLite forgets its pages with every commit of another connection: read one by one, each of them
 * would fetch the same pages again. While a batch runs the next one gathers, so the busier the server, the larger the batches.
 *
 * On PostgreSQL a read waits for the network and keeps no pages: there short reads go to the readers like any other. */
#include "store/store_priv.h"

#include <stdlib.h>

#define LANE_THREADS 2
#define LANE_BATCH 32
#define LANE_CROWD 2 /* jobs waiting for each thread that is awake: another one is woken */

struct read_lane {
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct list jobs;
    size_t n_jobs, awake; /* awake: threads that run or were told to */
    size_t told;          /* of them those that did not see it yet */
    bool stop;
    pthread_t threads[LANE_THREADS];
    size_t n_threads;
};

/* The jobs of the first one's cell. */
static size_t take(struct read_lane *l, struct job *jobs[LANE_BATCH])
{
    size_t n = 0;
    LIST_EACH_SAFE (it, &l->jobs) {
        struct job *j = LIST_ITEM(it, struct job, node);
        if (n > 0 && j->cell != jobs[0]->cell)
            continue;
        list_del(it);
        jobs[n++] = j;
        if (n == LANE_BATCH)
            break;
    }
    l->n_jobs -= n;
    return n;
}

static void serve(struct store *s, struct job **jobs, size_t n)
{
    cell_read_batch(jobs[0]->cell, jobs, n);
    for (size_t i = 0; i < n; i++) {
        if (jobs[i]->code == CELL_HANDED_ON) {
            free(jobs[i]);
            store_job_over(s);
        } else {
            store_post(s, jobs[i]);
        }
    }
}

static void *lane_main(void *arg)
{
    struct read_lane *l = arg;
    struct job *jobs[LANE_BATCH];
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (l->told == 0 && !l->stop)
            pthread_cond_wait(&l->work, &l->lock);
        l->told -= l->told > 0;
        while (!list_empty(&l->jobs)) {
            size_t n = take(l, jobs);
            pthread_mutex_unlock(&l->lock);
            serve(l->store, jobs, n);
            pthread_mutex_lock(&l->lock);
        }
        if (l->stop)
            break;
        l->awake--;
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

int lane_open(struct store *s, struct err *e)
{
    if (s->conf.engine != DB_SQLITE)
        return 0;
    struct read_lane *l = calloc(1, sizeof *l);
    if (!l)
        return err_set(e, ERR_NOMEM, "out of memory");
    l->store = s;
    list_init(&l->jobs);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    s->lane = l;
    for (; l->n_threads < LANE_THREADS; l->n_threads++)
        if (pthread_create(&l->threads[l->n_threads], NULL, lane_main, l) != 0)
            return err_set(e, ERR_SYS, "no thread could be started");
    return 0;
}

void lane_close(struct store *s)
{
    struct read_lane *l = s->lane;
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->n_threads; i++)
        pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    free(l);
    s->lane = NULL;
}

bool lane_add(struct store *s, struct job *j)
{
    struct read_lane *l = s->lane;
    if (!l)
        return false;
    pthread_mutex_lock(&l->lock);
    list_add(&l->jobs, &j->node);
    l->n_jobs++;
    if (l->awake < l->n_threads && l->n_jobs > l->awake * LANE_CROWD) {
        l->awake++;
        l->told++;
        pthread_cond_signal(&l->work);
    }
    pthread_mutex_unlock(&l->lock);
    return true;
}

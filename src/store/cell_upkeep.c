/* The store's one upkeep thread: WAL checkpoints (wal_autocheckpoint is 0: no delivery ever waits for one), waits for a
 * fence that lasted too long, databases that were down. */
#include "core/log.h"
#include "store/store_priv.h"

#include <stdlib.h>
#include <time.h>

#define CHECKPOINT_GROUPS 256 /* commits since the last checkpoint that are worth one */
#define CHECKPOINT_IDLE 10    /* rounds (STORE_UPKEEP_MS) after which fewer are written back too */

static size_t collect(struct store *s, struct cell ***cells, size_t *cap);
static void checkpoint(struct cell *c);

static size_t collect(struct store *s, struct cell ***cells, size_t *cap)
{
    size_t n = 0, it = 0;
    uint64_t id;
    void *c;
    pthread_mutex_lock(&s->lock);
    if (*cap < s->cells.n + 1) {
        size_t want = s->cells.n * 2 + 16;
        struct cell **more = realloc(*cells, want * sizeof *more);
        if (more) {
            *cells = more;
            *cap = want;
        }
    }
    if (n < *cap)
        (*cells)[n++] = s->dir;
    while (n < *cap && imap_next(&s->cells, &it, &id, &c))
        (*cells)[n++] = c;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void checkpoint(struct cell *c)
{
    unsigned before = atomic_load(&c->dirty);
    if (!c->checkpointer && cell_db_open(c, &c->checkpointer, 0, NULL) != 0)
        return;
    int64_t left = 0;
    int r = db_checkpoint(c->checkpointer, &left);
    if (r == 0)
        atomic_fetch_sub(&c->dirty, before);
    else if (r != ERR_BUSY) {
        log_error("cell.checkpoint", L_I("cell", c->id), L_Z("code", err_name(r)),
                  L_Z("error", db_error(c->checkpointer)));
        if (r == ERR_IO)
            cell_mark_readonly(c, "writing the database file failed (I/O error at a checkpoint)");
        db_close(&c->checkpointer);
    }
}

/* An empty group is asked of a writer thread: the writer half is its own. */
static void ask_probe(struct store *s, struct cell *c)
{
    pthread_mutex_lock(&s->lock);
    if (!c->queued && !c->served && !s->stop) {
        c->queued = true;
        list_add(&s->ready, &c->ready);
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
}

static void cool(struct store *s, struct cell *c, int64_t now, int64_t after_ms)
{
    int64_t used = atomic_load(&c->used_ns);
    if (used == 0 || now - used < after_ms * 1000000LL)
        return;
    atomic_store(&c->used_ns, 0);
    db_close(&c->checkpointer);
    readers_close(c);
    atomic_store(&c->cold, true);
    ask_probe(s, c);
}

static void round_of(struct store *s, struct cell *c, bool idle, bool many)
{
    int64_t now = env_mono_ns(s->env);
    if (c->store->conf.engine == DB_SQLITE)
        fence_watch(&c->fence, now);
    if ((atomic_load(&c->down) || (idle && atomic_load(&c->row_readonly))) && !s->conf.readonly)
        ask_probe(s, c);
    unsigned dirty = atomic_load(&c->dirty);
    if (s->conf.engine == DB_SQLITE && !s->conf.readonly && (dirty >= CHECKPOINT_GROUPS || (dirty && idle)))
        checkpoint(c);
    else if (idle)
        cool(s, c, now, many ? STORE_COLD_MS : STORE_COLD_FEW_MS);
}

void *store_upkeep_main(void *arg)
{
    struct store *s = arg;
    struct cell **cells = NULL;
    size_t cap = 0;
    for (unsigned rounds = 1;; rounds++) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += STORE_UPKEEP_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        pthread_mutex_lock(&s->lock);
        if (!s->stop_upkeep)
            (void)pthread_cond_timedwait(&s->upkeep_wake, &s->lock, &until);
        bool stop = s->stop_upkeep;
        pthread_mutex_unlock(&s->lock);
        if (stop)
            break;
        size_t n = collect(s, &cells, &cap);
        for (size_t i = 0; i < n; i++)
            round_of(s, cells[i], rounds % CHECKPOINT_IDLE == 0, n > STORE_WARM_CELLS);
    }
    size_t n = collect(s, &cells, &cap);
    for (size_t i = 0; i < n; i++)
        if (atomic_load(&cells[i]->dirty) && s->conf.engine == DB_SQLITE && !s->conf.readonly)
            checkpoint(cells[i]);
    free(cells);
    return NULL;
}

#pragma once
/* Inside of the store: what store.c, cell_*.c and group_*.c share. Lock order: store->lock, then cell->lock; neither is held over I/O of a
 * database or pack. A cell's writer half (w, fence, pack writer, last group) belongs to the one writer thread that serves the cell. */
#include "core/list.h"
#include "core/map.h"
#include "store/fence.h"
#include "store/store.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#define STORE_WRITERS 4
#define STORE_READERS 4
#define STORE_CELL_READERS 4 /* idle reading connections kept per cell */
#define STORE_IDLE_MAX 256   /* and in all cells together */
#define STORE_UPKEEP_MS 100
#define STORE_STATE_MS 1000 /* age of a cell's cached state (statvfs, readonly file) */
#define STORE_WARM_CELLS 64 /* with more, a cell is cold sooner */
#define STORE_COLD_MS 30000 /* not used so long: its connections and their caches are given back */
#define STORE_COLD_FEW_MS 300000
#define CELL_BACKOFF_MS 100 /* first wait before a failed database is opened again; doubles */
#define CELL_BACKOFF_MAX_MS 5000
#define CELL_WRITER_CACHE_KIB 24576 /* page cache of the one writing connection; readers keep db's default */
#define COMMIT_LOG_KEEP_MS (24 * 3600 * 1000LL)
#define COMMIT_LOG_PRUNE 256 /* groups between two prunings */
#define CELL_WHY_MAX 200u

struct job {
    struct list node;
    struct cell *cell;
    cell_fn *fn;
    cell_done_fn *done;
    void *arg;
    struct blob_draft *const *drafts;
    size_t n_drafts;
    bool read;
    sem_t *wait; /* a waiting caller owns the job then */
    enum cell_outcome outcome;
    int code;
    bool kept; /* within the attempt: its savepoint was released */
};

struct reader {
    struct list node;
    struct db *db;
};

/* The statements that exist in both sets. */
struct cell_sql {
    enum sql_id fence, meta_read, meta_insert, meta_group, meta_readonly, log_insert, log_find, log_prune;
};

/* Seeds of firms' key hashes, by firm (known.c): a firm's key never changes. */
#define CELL_SEEDS 64u
struct cell_seed {
    int64_t org; /* 0: empty */
    uint64_t seed[2];
};

struct cell {
    struct store *store;
    int64_t id;
    bool directory;
    const char *set;
    const struct cell_sql *sql;
    char *dir, *path, *lock_path, *readonly_path, *schema;
    /* under store->lock */
    struct list ready; /* in store->ready when it has jobs and no thread serves it */
    struct list jobs;
    size_t n_jobs;
    int64_t first_ns; /* arrival of the oldest waiting job */
    bool queued, served;
    struct list readers; /* idle */
    size_t n_readers;
    /* writer half */
    struct db *w;
    struct fence fence;
    bool fence_open;
    struct pack_writer *packs_out;
    struct pack_uuid last_group;
    int64_t last_wall_ms;
    uint64_t groups_since_prune;
    struct store_wake *touched; /* accounts, since the last writer_notify */
    size_t n_touched, cap_touched;
    struct cell_seed seeds[CELL_SEEDS]; /* under lock */
    int64_t retry_ns;                   /* not opened again before */
    int backoff_ms;
    struct arena group_arena, job_arena;
    /* checkpoint thread */
    struct db *checkpointer;
    atomic_uint dirty; /* groups since the last checkpoint */
    /* set once by whoever opens first, under lock */
    pthread_mutex_t lock;
    atomic_bool known; /* uuid, epoch and packs are set */
    struct pack_uuid uuid;
    int64_t epoch;
    _Atomic(struct pack_set *) packs;
    /* state, under lock except the atomics */
    atomic_bool down, readonly, unwritten; /* unwritten: the mark stands in this process only */
    atomic_bool cold;                      /* the writer thread is to close its connection */
    atomic_llong used_ns;
    atomic_bool row_readonly; /* seen in the meta row: another node's mark */
    atomic_int cached_state;
    atomic_llong cached_ns;
    char why_down[CELL_WHY_MAX], why_readonly[CELL_WHY_MAX];
    atomic_ullong groups, jobs_done, reruns, unknown, refused;
};

struct store {
    struct store_conf conf; /* strings owned */
    const struct env *env;
    pthread_mutex_t lock;
    pthread_cond_t work, read_work, upkeep_wake, idle;
    atomic_size_t accepted; /* jobs whose done has not run (or been posted) yet */
    atomic_bool closing;
    struct imap cells;
    struct cell *dir;
    struct list ready; /* cells */
    struct list reads; /* jobs */
    size_t idle_readers;
    bool stop, stop_reads, stop_upkeep;
    pthread_t *threads;
    size_t n_threads;
    pthread_t upkeep;
    bool upkeep_on;
    /* directory cache */
    pthread_mutex_t cache_lock;
    struct map cache;
    size_t cache_n;
    struct store_wakes *wakes; /* NULL on SQLite */
    struct read_lane *lane;    /* NULL on PostgreSQL */
};

/* store.c */
void store_job_over(struct store *s);            /* once for each that was accepted; store_post does it */
void store_post(struct store *s, struct job *j); /* the caller learns the outcome */
/* cell.c */
int cell_create_struct(struct store *s, int64_t id, struct cell **out, struct err *e) MUST_USE;
void cell_free(struct cell *c);
int cell_db_open(struct cell *c, struct db **db, int cache_kib,
                 struct err *e) MUST_USE;     /* opened and its schema checked; meta loaded once */
int cell_fence_take(struct cell *c) MUST_USE; /* SQLite only; PostgreSQL's comes with cell_meta_fence */
void cell_fence_give(struct cell *c);
struct cell_meta {
    struct pack_uuid uuid, last_group;
    int64_t epoch, last_wall_ms, next_pack;
    bool readonly;
};
const char *cell_name(const struct cell *c);                                     /* for sentences: path or schema */
int cell_meta_load(struct db *db, enum sql_id id, struct cell_meta *m) MUST_USE; /* ERR_NOENT when the row is missing */
int cell_make(const struct store_conf *conf, const struct env *env, int64_t id, bool create,
              struct err *e) MUST_USE; /* folder, schema, meta row */
/* cell_state.c */
void cell_set_down(struct cell *c, bool down, const char *why);
void cell_row_readonly(struct cell *c, bool set);
bool cell_is_readonly(struct cell *c); /* looks at the file */
/* cell_read.c */
int reader_take(struct cell *c, struct reader **r, struct err *e) MUST_USE;
void reader_give(struct cell *c, struct reader *r, bool broken);
void cell_read_run(struct job *j);
void cell_read_batch(struct cell *c, struct job **jobs, size_t n); /* jobs of c, in one snapshot */
/* cell_writer.c */
int writer_open(struct cell *c) MUST_USE;  /* a new connection; an error backs off */
int writer_ready(struct cell *c) MUST_USE; /* ERR_READONLY; ERR_GONE while backing off */
int writer_pack(struct cell *c) MUST_USE;  /* a pack file with room; its id costs a transaction */
void writer_back_off(struct cell *c, const char *why);
/* group.c */
void group_serve(struct cell *c, struct job **jobs, size_t n);
void cell_writer_close(struct cell *c); /* connection and pack file; opened again when needed */
void cell_probe(struct cell *c);        /* empty group: is the database back? Or: close, when cold */
void readers_close(struct cell *c);     /* the idle ones */
/* wake.c */
int wakes_open(struct store *s, struct err *e) MUST_USE;
void wakes_close(struct store *s);                                            /* after the writers: sends what waits */
void cell_touched(struct cell *c, int64_t org, int64_t account, int64_t seq); /* by the group that is being written */
void writer_notify(struct cell *c);                                           /* after the group */
size_t wake_parse(struct str text, struct store_wake *out, size_t most); /* a notification; bad lines are left out */
/* read_lane.c */
int lane_open(struct store *s, struct err *e) MUST_USE;
void lane_close(struct store *s);              /* what waits is run first */
bool lane_add(struct store *s, struct job *j); /* false: there is none */
/* cell_upkeep.c */
void *store_upkeep_main(void *store);

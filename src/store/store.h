#pragma once
/* The durable store of one state: directory + cells, opened once per process. Contract: cell_write's done(CELL_DURABLE) is called only after
 * the packs are fdatasync'ed and the database has committed with synchronous=FULL. See docs/store.md for formats.
 *
 * Threads: the store owns a small pool of writer threads (a cell is served by one at a time) and one of reader threads. fn runs on
 * them; done runs where conf.post puts it (net: its event loop; CLI and tests: the store thread itself when post is NULL). */
#include "core/arena.h"
#include "core/conf.h"
#include "core/env.h"
#include "db/db.h"
#include "store/pack.h"

#define STORE_DIRECTORY_CELL 0
#define CELL_GROUP_MAX 64    /* jobs of one commit */
#define CELL_FN_ROWS_MAX 500 /* rows written by one job; larger work is a cursored job. Both asserted in the tests */
#define CELL_FN_CPU_MS_MAX 5
#define CELL_WRITE_PATIENCE_MS 10000
#define CELL_READ_LIMIT_MS 50

struct store;
struct cell;
/* A wake-up: says only "look again". seq 0: who is logged in, not what is stored. */
struct store_wake {
    int64_t cell, org, account, seq;
};
struct store_conf {
    const char *state; /* folder: cells/<id>/{cell.db,cell.lock,search.db,packs/}, directory/{cell.db,cell.lock} */
    enum db_engine engine;
    const char *url;         /* PostgreSQL; schemas <prefix>_directory, <prefix>_cell_<id> */
    int group_ms;            /* see cell_write */
    int writers, readers;    /* pool sizes; 0: built-in */
    int64_t low_water;       /* free bytes; below: cell_state() says CELL_DISK_LOW */
    const char *last_resort; /* spool folder on another device, or NULL */
    void (*post)(void *ctx, void (*run)(void *arg), void *arg); /* thread-safe; NULL: call at once */
    void *post_ctx;
    /* True while some session is in DATA or scan, so that a group may wait for it (at most group_ms). NULL: never wait. Thread-safe. */
    bool (*more_coming)(void *ctx);
    void *more_ctx;
    /* Accounts changed by a commit: of this process, before its done calls, or of another (elsewhere; PostgreSQL only). On a thread of the store: copy, and
     * do not wait. NULL: nobody cares. */
    void (*wake)(void *ctx, const struct store_wake *list, size_t n, bool elsewhere);
    void *wake_ctx;
    bool readonly;      /* verify, trace */
    const char *node;   /* name of this machine in pack rows; NULL: the host name */
    const char *prefix; /* of PostgreSQL schema names; NULL: sigillo */
};
/* ERR_NOENT: no state there (run init). ERR_VERSION: the directory is newer than this binary. ERR_INVALID: older (run migrate). */
int store_open(struct store **s, const struct store_conf *conf, const struct env *env, struct err *e) MUST_USE;
/* Brings directory, cells and search databases to this release's schema, each under its fence. Safe to repeat; the role migrate calls it. */
int store_migrate(const struct store_conf *conf, const struct env *env, struct err *e) MUST_USE;
void store_close(struct store **s); /* finishes accepted jobs first, and what their fn and done (post NULL) hand in */
int store_cell(struct store *s, int64_t cell_id, struct cell **c, struct err *e) MUST_USE; /* opened lazily, kept */

/* Wakes the other processes on this database (PostgreSQL; else nothing). Any thread; never waits. */
void store_wake_others(struct store *s, const struct store_wake *w);

const struct env *store_env(const struct store *s);
const struct store_conf *store_conf(const struct store *s);
struct cell *store_directory(struct store *s); /* the directory's own cell; its statements are those of set directory */
int64_t cell_id(const struct cell *c);
const char *cell_dir(const struct cell *c); /* folder of the cell */

enum cell_state {
    CELL_OK,
    CELL_DOWN /* database fails */,
    CELL_DISK_LOW,
    CELL_READONLY /* an I/O error was seen: until `sigillo verify` clears it */
};
enum cell_state cell_state(struct cell *c, const char **why);

/* One write job. fn runs inside the group's transaction under the cell's fence, may run more than once, touches nothing but t, arg's own job data and
 * t->arena. Its result: 0; > 0 refused (its own code, what it wrote is undone; cheapest before the first write); < 0 forwarded database error (group is
 * retried one by one). */
struct txn {
    struct db *db;
    struct cell *cell;
    struct store *store;
    struct arena *arena; /* emptied before each run */
    const struct env *env;
    int64_t now_ms; /* one wall time per group; never before the last commit's (clock may jump back) */
    void *group;    /* store-private */
};
enum cell_outcome {
    CELL_DURABLE,
    CELL_REFUSED /* code: fn's > 0, or < 0 nothing was kept */,
    CELL_UNKNOWN /* code ERR_UNKNOWN: answer 451 */
};
typedef int cell_fn(struct txn *t, void *arg);
typedef void cell_done_fn(void *arg, enum cell_outcome outcome, int code);
/* drafts: blobs the job needs in packs before fn runs (may be 0); they must live until done. Group closes when !more_coming(), at
 * CELL_GROUP_MAX jobs, or group_ms after its first. */
int cell_write(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n_drafts,
               cell_done_fn *done) MUST_USE;
int cell_write_wait(struct cell *c, cell_fn *fn, void *arg, struct blob_draft *const *drafts, size_t n_drafts,
                    int *code) MUST_USE; /* outcome; for CLI, jobs, tests */
/* Reads: one snapshot, on a reader thread; fn copies what it needs into its own arena. A statement that reads for longer than CELL_READ_LIMIT_MS (as
 * db_read_limit counts) fails with ERR_TIMEOUT: ask in pages. */
int cell_read(struct cell *c, cell_fn *fn, void *arg, cell_done_fn *done) MUST_USE;
/* The same for a read of few rows: on SQLite several run after one another in one snapshot (read_lane.c). fn may give arg to another job as its last act
 * and return CELL_HANDED_ON: done is not called then. */
#define CELL_HANDED_ON (1 << 20)
int cell_read_short(struct cell *c, cell_fn *fn, void *arg, cell_done_fn *done) MUST_USE;
int cell_read_wait(struct cell *c, cell_fn *fn, void *arg) MUST_USE; /* fn's result or < 0 */
struct pack_set *cell_packs(struct cell *c);
/* Marks the cell read-only for all processes: file cells/<id>/readonly holds the reason, and its row where that still can be written. */
void cell_mark_readonly(struct cell *c, const char *reason);
/* verify found nothing wrong (or the operator decided): the cell may be written again. */
int cell_clear_readonly(struct cell *c, struct err *e) MUST_USE;
/* New epoch after restore, salvage or fail-over with loss: UIDNEXT, seq and ids of every firm jump by CELL_EPOCH_JUMP. Alone on the cell. */
#define CELL_EPOCH_JUMP (1LL << 24)
int cell_new_epoch(struct cell *c, struct err *e) MUST_USE;
struct cell_info {
    struct pack_uuid uuid, last_group;
    int64_t epoch, last_wall_ms;
};
int cell_info(struct cell *c, struct cell_info *out) MUST_USE;
/* Counters since start, for the health page, tests and benches. */
struct cell_stats {
    uint64_t groups, jobs, reruns, unknown, refused;
};
void cell_stats(struct cell *c, struct cell_stats *out);

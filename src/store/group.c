/* Group commit (design 4). Order within a group: blobs to the pack (not synced), the fence, BEGIN, the jobs each in its
 * savepoint, the pack's group end with its fdatasync, COMMIT. So a row never names bytes that a power cut can take
 * away.
 *
 * Crash points (core/fault.h): cell.fence cell.begin cell.fn cell.pack cell.commit cell.commit.after cell.done */
#include "store/group.h"
#include "core/cpu.h"
#include "core/fault.h"
#include "core/log.h"

#include <time.h>

#define GROUP_TRIES 3 /* of a group whose connection was lost before or at COMMIT */
#define RESOLVE_WAIT_MS 200
#define JOB_SLOW_MS 50
#define JOB_ARENA_KEEP (1u << 20)
#ifdef SIGILLO_DEBUG /* sanitizers: everything takes that much longer */
#define JOB_CPU_MAX_MS (10 * CELL_FN_CPU_MS_MAX)
#endif

enum attempt {
    ATTEMPT_UNKNOWN = 1,       /* COMMIT was sent, the answer did not come */
    ATTEMPT_NOT_COMMITTED = 2, /* asked afterwards: it was not */
    ATTEMPT_NEEDS_PACK = 3,    /* no job had a blob, yet something must be recorded */
    ATTEMPT_UNCERTAIN = 4,     /* the disk failed inside COMMIT: nobody can tell before `sigillo verify` */
    ATTEMPT_GUARD = 5          /* a job that had written was refused: again, each job in a savepoint */
};

static int put_blobs(struct cell *c, struct job **jobs, size_t n, size_t *put);
static int64_t thread_cpu_ms(void);
static void check_size(const struct group *g, uint64_t rows, int64_t cpu_ms);
static int run_fn(struct group *g, struct job *j);
static int run_plain(struct group *g, struct job *j);
static int run_guarded(struct group *g, struct job *j);
static int run_jobs(struct group *g, struct job **jobs, size_t n, bool guard, size_t *kept);
static int finish(struct group *g, const struct cell_meta *m, size_t kept, bool packed);
static int attempt(struct cell *c, struct job **jobs, size_t n, struct pack_uuid *uuid);
static int resolve(struct cell *c, const struct pack_uuid *uuid);
static int attempt_known(struct cell *c, struct job **jobs, size_t n);
static void settle(struct cell *c, struct job **jobs, size_t n, enum cell_outcome outcome, int code);
static void after_error(struct cell *c, int code);

/* All blobs of the group in one call: few writes. */
static int put_blobs(struct cell *c, struct job **jobs, size_t n, size_t *put)
{
    *put = 0;
    for (size_t i = 0; i < n; i++)
        *put += jobs[i]->n_drafts;
    int r = *put ? writer_pack(c) : 0;
    if (r || *put == 0)
        return r;
    struct blob_draft **all = arena_array(&c->group_arena, struct blob_draft *, *put);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < jobs[i]->n_drafts; k++)
            all[at++] = jobs[i]->drafts[k];
    return pack_put_blobs(c->packs_out, all, *put);
}

/* ---- one attempt ---- */

/* Only where a test would see it: the clock costs a system call. */
static int64_t thread_cpu_ms(void)
{
#ifdef SIGILLO_DEBUG
    return cpu_thread_ms();
#else
    return 0;
#endif
}

/* A job holds the fence: what is larger must be a cursored one. log_bug ends a test. */
static void check_size(const struct group *g, uint64_t rows, int64_t cpu_ms)
{
    if (UNLIKELY(rows > CELL_FN_ROWS_MAX))
        log_bug("cell.job_rows", L_I("cell", g->t.cell->id), L_I("rows", rows));
#ifdef SIGILLO_DEBUG
    if (cpu_ms > JOB_CPU_MAX_MS)
        log_bug("cell.job_cpu", L_I("cell", g->t.cell->id), L_I("ms", cpu_ms));
#else
    (void)cpu_ms;
#endif
}

static int run_fn(struct group *g, struct job *j)
{
    struct cell *c = g->t.cell;
    if (c->job_arena.used > JOB_ARENA_KEEP) {
        arena_free(&c->job_arena);
        arena_init(&c->job_arena, ARENA_NO_LIMIT);
    }
    struct arena_mark mark = arena_mark(&c->job_arena);
    j->kept = false;
    group_job_begin(g);
    int64_t from = env_mono_ms(g->t.env), cpu = thread_cpu_ms();
    uint64_t writes = db_writes(g->t.db);
    int r = fault_point("cell.fn") ? ERR_SYS : j->fn(&g->t, j->arg);
    check_size(g, db_writes(g->t.db) - writes, thread_cpu_ms() - cpu);
    int64_t took = env_mono_ms(g->t.env) - from;
    if (UNLIKELY(took > JOB_SLOW_MS))
        log_warn("cell.slow_job", L_I("cell", c->id), L_I("ms", took));
    arena_reset(&c->job_arena, mark);
    return r;
}

static void refuse(struct group *g, struct job *j, int code)
{
    j->outcome = CELL_REFUSED;
    j->code = code;
    group_job_undo(g);
}

/* Without a savepoint: SQLite copies every page that a savepoint sees change, which costs a delivery more than its rows do. Most jobs that
 * refuse do so before they write. */
static int run_plain(struct group *g, struct job *j)
{
    uint64_t writes = db_writes(g->t.db);
    int r = run_fn(g, j);
    if (r == 0)
        r = db_txn_error(g->t.db);
    if (r < 0)
        return r;
    if (r == 0) {
        j->kept = true;
        return 0;
    }
    if (db_writes(g->t.db) != writes)
        return ATTEMPT_GUARD;
    refuse(g, j, r);
    return 0;
}

static int run_guarded(struct group *g, struct job *j)
{
    struct db *db = g->t.db;
    int r = db_savepoint(db);
    if (r)
        return r;
    r = run_fn(g, j);
    if (r == 0 && (r = db_savepoint_release(db)) == 0) {
        j->kept = true;
        return 0;
    }
    if (r < 0)
        return r;
    refuse(g, j, r);
    return db_savepoint_rollback(db);
}

static int run_jobs(struct group *g, struct job **jobs, size_t n, bool guard, size_t *kept)
{
    *kept = 0;
    for (size_t i = 0; i < n; i++) {
        int r = guard ? run_guarded(g, jobs[i]) : run_plain(g, jobs[i]);
        if (r)
            return r;
        *kept += jobs[i]->kept;
    }
    return 0;
}

/* The group's own rows and the pack's group end; all that stands between the jobs and COMMIT. */
static int finish(struct group *g, const struct cell_meta *m, size_t kept, bool packed)
{
    struct cell *c = g->t.cell;
    struct db *db = g->t.db;
    const struct pack_uuid *last = packed ? &g->uuid : &m->last_group;
    int r = c->directory ? 0 : group_flush(g);
    if (r == 0)
        r = db_run(db, c->sql->log_insert,
                   DB_ARGS(db_blob(str_n(g->uuid.b, sizeof g->uuid.b)), db_int(g->t.now_ms), db_int((int64_t)kept)),
                   NULL);
    if (r == 0)
        r = db_run(db, c->sql->meta_group, DB_ARGS(db_blob(str_n(last->b, sizeof last->b)), db_int(g->t.now_ms)), NULL);
    if (r == 0 && c->groups_since_prune++ >= COMMIT_LOG_PRUNE) {
        c->groups_since_prune = 0;
        r = db_run(db, c->sql->log_prune, DB_ARGS(db_int(g->t.now_ms - COMMIT_LOG_KEEP_MS)), NULL);
    }
    if (r == 0 && packed)
        r = fault_point("cell.pack")
                ? ERR_IO
                : pack_end_group(c->packs_out, &g->uuid, &m->last_group, g->places, g->n_places, g->gones, g->n_gones);
    return r > 0 ? ERR_INVALID : r;
}

static int begin(struct cell *c, struct cell_meta *m)
{
    if (fault_point("cell.begin"))
        return ERR_GONE;
    int r = db_begin_write(c->w);
    if (r == 0)
        r = cell_meta_load(c->w, c->sql->fence, m);
    if (r == 0)
        cell_row_readonly(c, m->readonly);
    return r == 0 && m->readonly ? ERR_READONLY : r;
}

static int commit(struct cell *c)
{
    if (fault_point("cell.commit")) { /* as if the connection went with COMMIT */
        db_rollback(c->w);
        return ERR_UNKNOWN;
    }
    int r = db_commit(c->w);
    if (r == 0 && fault_point("cell.commit.after"))
        r = ERR_UNKNOWN;
    return r;
}

/* 0: every job has its outcome. ATTEMPT_UNKNOWN: COMMIT was sent, uuid tells which group. < 0: nothing was kept. */
static int attempt(struct cell *c, struct job **jobs, size_t n, struct pack_uuid *uuid)
{
    struct group g;
    struct cell_meta m = {0};
    size_t put, kept = 0;
    int r = writer_ready(c);
    if (r == 0)
        r = put_blobs(c, jobs, n, &put);
    if (r == 0)
        r = fault_point("cell.fence") ? ERR_BUSY : cell_fence_take(c);
    if (r)
        return r;
    for (int guard = 0; guard < 2; guard++) {
        group_init(&g, c, c->w);
        *uuid = g.uuid;
        r = begin(c, &m);
        int64_t wall = env_wall_ms(g.t.env);
        g.t.now_ms = wall > m.last_wall_ms ? wall : m.last_wall_ms;
        if (r == 0)
            r = run_jobs(&g, jobs, n, guard, &kept);
        if (r != ATTEMPT_GUARD)
            break;
        db_rollback(c->w);
    }
    if (r == 0 && kept) {
        bool packed = put || g.n_places || g.n_gones;
        bool no_pack = packed && !c->packs_out;
        if (!no_pack)
            r = finish(&g, &m, kept, packed);
        if (r == 0 && !no_pack) {
            r = commit(c);
            cell_fence_give(c);
            /* SQLite: the WAL may hold the commit frame although its fsync failed. */
            return r == ERR_UNKNOWN ? ATTEMPT_UNKNOWN : r == ERR_IO ? ATTEMPT_UNCERTAIN : r;
        }
        if (no_pack)
            r = ATTEMPT_NEEDS_PACK;
    }
    db_rollback(c->w);
    cell_fence_give(c);
    return r;
}

/* Was this group committed? Asked under the fence over a new connection: on PostgreSQL the row lock is free only once
 * the lost backend has ended, so an absent row is final. 0 yes, ATTEMPT_NOT_COMMITTED no, < 0 still unknown. */
static int resolve(struct cell *c, const struct pack_uuid *uuid)
{
    int64_t until = env_mono_ns(c->store->env) + CELL_WRITE_PATIENCE_MS * 1000000LL;
    int r;
    do {
        struct cell_meta m;
        int64_t jobs;
        cell_writer_close(c);
        r = writer_open(c);
        if (r == 0)
            r = cell_fence_take(c);
        if (r == 0) {
            r = db_begin_write(c->w);
            if (r == 0)
                r = cell_meta_load(c->w, c->sql->fence, &m);
            if (r == 0) {
                r = db_get_int(c->w, c->sql->log_find, DB_ARGS(db_blob(str_n(uuid->b, sizeof uuid->b))), &jobs);
                r = r == 1 ? 0 : r == 0 ? ATTEMPT_NOT_COMMITTED : r;
            }
            db_rollback(c->w);
            cell_fence_give(c);
        }
        if (r < 0)
            nanosleep(&(struct timespec){.tv_nsec = RESOLVE_WAIT_MS * 1000000L}, NULL);
    } while (r < 0 && env_mono_ns(c->store->env) < until);
    return r;
}

/* attempt() with a lost connection mended. 0: all jobs have their outcome; < 0: nothing was kept. */
static int attempt_known(struct cell *c, struct job **jobs, size_t n)
{
    int r = 0;
    for (int tries = 0; tries < GROUP_TRIES; tries++) {
        struct pack_uuid uuid;
        r = attempt(c, jobs, n, &uuid);
        if (r == ATTEMPT_NEEDS_PACK && (r = writer_pack(c)) == 0)
            r = attempt(c, jobs, n, &uuid);
        if (r == ATTEMPT_UNCERTAIN) {
            atomic_fetch_add(&c->unknown, 1);
            settle(c, jobs, n, CELL_UNKNOWN, ERR_UNKNOWN);
            after_error(c, ERR_IO);
            return 0;
        }
        if (r == ATTEMPT_UNKNOWN) {
            atomic_fetch_add(&c->unknown, 1);
            log_warn("cell.commit_unknown", L_I("cell", c->id), L_Z("error", db_error(c->w)));
            r = resolve(c, &uuid);
            if (r == ATTEMPT_NOT_COMMITTED)
                continue;
            if (r != 0) {
                settle(c, jobs, n, CELL_UNKNOWN, ERR_UNKNOWN);
                return 0;
            }
        } else if (r == ERR_GONE && c->w) { /* lost before COMMIT: certainly nothing was kept */
            cell_writer_close(c);
            c->retry_ns = 0;
            continue;
        }
        if (r == 0)
            settle(c, jobs, n, CELL_DURABLE, 0);
        return r;
    }
    return r > 0 ? ERR_GONE : r;
}

/* Jobs that were refused keep that. */
static void settle(struct cell *c, struct job **jobs, size_t n, enum cell_outcome outcome, int code)
{
    for (size_t i = 0; i < n; i++) {
        if (outcome == CELL_REFUSED || jobs[i]->kept) {
            jobs[i]->outcome = outcome;
            jobs[i]->code = code;
        }
        if (jobs[i]->outcome == CELL_REFUSED)
            atomic_fetch_add(&c->refused, 1);
    }
}

static void after_error(struct cell *c, int code)
{
    log_error("cell.write", L_I("cell", c->id), L_Z("code", err_name(code)), L_Z("error", c->w ? db_error(c->w) : ""));
    switch (code) {
    case ERR_IO:
        cell_mark_readonly(c, "an I/O error was seen while writing: what the disk holds is not certain");
        cell_writer_close(c);
        break;
    case ERR_CORRUPT:
        cell_mark_readonly(c, "the database is damaged");
        cell_writer_close(c);
        break;
    case ERR_BUSY: cell_set_down(c, true, "the cell's fence could not be had in time"); break;
    case ERR_GONE:
        cell_writer_close(c);
        writer_back_off(c, "the database server is gone");
        break;
    default: break;
    }
}

static bool worth_rerun(int code)
{
    return code != ERR_IO && code != ERR_GONE && code != ERR_BUSY && code != ERR_READONLY && code != ERR_CORRUPT;
}

static void serve_each(struct cell *c, struct job **jobs, size_t n)
{
    atomic_fetch_add(&c->reruns, 1);
    for (size_t i = 0; i < n; i++) {
        int r = attempt_known(c, &jobs[i], 1);
        if (r == 0)
            continue;
        settle(c, &jobs[i], 1, CELL_REFUSED, r);
        after_error(c, r);
        if (!worth_rerun(r)) {
            settle(c, jobs + i, n - i, CELL_REFUSED, r);
            return;
        }
    }
}

void group_serve(struct cell *c, struct job **jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        jobs[i]->kept = false;
    bool was_ready = c->w != NULL;
    atomic_store(&c->used_ns, env_mono_ns(c->store->env));
    int r = attempt_known(c, jobs, n);
    if (r && n > 1 && worth_rerun(r) && c->w) {
        serve_each(c, jobs, n);
    } else if (r) {
        settle(c, jobs, n, CELL_REFUSED, r);
        if (was_ready || r != ERR_GONE)
            after_error(c, r);
    }
    if (r == 0 && c->w) {
        c->backoff_ms = 0;
        c->retry_ns = 0;
        cell_set_down(c, false, "");
    }
    atomic_fetch_add(&c->groups, 1);
    atomic_fetch_add(&c->jobs_done, n);
    atomic_fetch_add(&c->dirty, 1);
    writer_notify(c);
    (void)fault_point("cell.done");
    for (size_t i = 0; i < n; i++)
        store_post(c->store, jobs[i]);
}

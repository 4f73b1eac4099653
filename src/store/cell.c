/* A cell: its folder, its schema, its meta row, its state. */
#include "core/log.h"
#include "store/pack_groups.h"
#include "store/store_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *format(const char *fmt, ...) PRINTF_LIKE(1, 2);
static int check_schema(struct cell *c, struct db *db, struct err *e);
static int learn(struct cell *c, struct db *db, struct err *e);
static int make_dir(const char *path, struct err *e);
static int make_folders(struct cell *c, struct err *e);

static const struct cell_sql cell_sql = {SQL_FENCE_READ,      SQL_CELL_META_READ,     SQL_CELL_META_INSERT,
                                         SQL_CELL_META_GROUP, SQL_CELL_META_READONLY, SQL_COMMIT_LOG_INSERT,
                                         SQL_COMMIT_LOG_FIND, SQL_COMMIT_LOG_PRUNE};
static const struct cell_sql dir_sql = {SQL_DIR_FENCE_READ,      SQL_DIR_CELL_META_READ,     SQL_DIR_CELL_META_INSERT,
                                        SQL_DIR_CELL_META_GROUP, SQL_DIR_CELL_META_READONLY, SQL_DIR_COMMIT_LOG_INSERT,
                                        SQL_DIR_COMMIT_LOG_FIND, SQL_DIR_COMMIT_LOG_PRUNE};

static char *format(const char *fmt, ...)
{
    char *out = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&out, fmt, ap) < 0)
        abort();
    va_end(ap);
    return out;
}

int cell_create_struct(struct store *s, int64_t id, struct cell **out, struct err *e)
{
    struct cell *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_NOMEM, "out of memory");
    c->store = s;
    c->id = id;
    c->directory = id == STORE_DIRECTORY_CELL;
    c->set = c->directory ? "directory" : "cell";
    c->sql = c->directory ? &dir_sql : &cell_sql;
    c->dir =
        c->directory ? format("%s/directory", s->conf.state) : format("%s/cells/%lld", s->conf.state, (long long)id);
    c->path = format("%s/cell.db", c->dir);
    c->lock_path = format("%s/cell.lock", c->dir);
    c->readonly_path = format("%s/readonly", c->dir);
    const char *prefix = s->conf.prefix ? s->conf.prefix : "sigillo";
    c->schema = c->directory ? format("%s_directory", prefix) : format("%s_cell_%lld", prefix, (long long)id);
    c->fence.fd = -1;
    c->cached_ns = INT64_MIN;
    list_init(&c->ready);
    list_init(&c->jobs);
    list_init(&c->readers);
    arena_init(&c->group_arena, ARENA_NO_LIMIT);
    arena_init(&c->job_arena, ARENA_NO_LIMIT);
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return 0;
}

void cell_free(struct cell *c)
{
    if (!c)
        return;
    cell_writer_close(c);
    LIST_EACH_SAFE (it, &c->readers) {
        struct reader *r = LIST_ITEM(it, struct reader, node);
        db_close(&r->db);
        free(r);
    }
    db_close(&c->checkpointer);
    struct pack_set *packs = atomic_load(&c->packs);
    if (packs)
        pack_set_close(&packs);
    if (c->fence_open)
        fence_close(&c->fence);
    arena_free(&c->group_arena);
    arena_free(&c->job_arena);
    pthread_mutex_destroy(&c->lock);
    free(c->touched);
    free(c->dir);
    free(c->path);
    free(c->lock_path);
    free(c->readonly_path);
    free(c->schema);
    free(c);
}

int64_t cell_id(const struct cell *c) { return c->id; }
const char *cell_dir(const struct cell *c) { return c->dir; }
const char *cell_name(const struct cell *c) { return c->store->conf.engine == DB_SQLITE ? c->path : c->schema; }

int cell_db_open(struct cell *c, struct db **db, int cache_kib, struct err *e)
{
    const struct store_conf *conf = &c->store->conf;
    struct db_conf dc = {.engine = conf->engine,
                         .path = c->path,
                         .url = conf->url,
                         .schema = c->schema,
                         .set = c->set,
                         .cache_kib = cache_kib,
                         .readonly = conf->readonly,
                         .patience_ms = CELL_WRITE_PATIENCE_MS};
    int r = db_open(db, &dc, e);
    if (r)
        return r;
    r = check_schema(c, *db, e);
    if (r == 0 && !atomic_load(&c->known))
        r = learn(c, *db, e);
    if (r)
        db_close(db);
    return r;
}

static int check_schema(struct cell *c, struct db *db, struct err *e)
{
    int64_t have = 0, want = 0;
    int r = db_schema_version(db, &have, &want);
    if (r)
        return err_set(e, r, "%s: its schema cannot be read: %s", cell_name(c), db_error(db));
    if (have > want)
        return err_set(e, ERR_VERSION,
                       "%s was written by a newer release (schema %lld, this binary knows %lld): nothing was touched, "
                       "install that release again",
                       cell_name(c), (long long)have, (long long)want);
    if (have < want)
        return err_set(e, ERR_INVALID, "%s has schema %lld, this binary needs %lld: run `sigillo migrate`",
                       cell_name(c), (long long)have, (long long)want);
    return 0;
}

/* A database that was put beside the packs of another cell would take mail in the wrong firm's name. Foreign files among
 * our own are verify's matter (which reads on); here it counts whether any is ours. */
static int check_packs(const struct cell *c, const char *dir, const struct pack_uuid *uuid, struct err *e)
{
    AUTO(heap) int64_t *ids = NULL;
    size_t n = 0, foreign = 0;
    if (pack_list(dir, &ids, &n) != 0)
        return 0;
    for (size_t i = n; i-- > 0;) {
        char path[4300];
        struct pack_head h;
        (void)snprintf(path, sizeof path, "%s/%016llx.pack", dir, (unsigned long long)ids[i]);
        if (pack_head_read(path, &h, NULL) != 0)
            continue;
        if (h.cell_fold == pack_cell_fold(uuid))
            return 0;
        foreign++;
    }
    return foreign ? err_set(e, ERR_CORRUPT,
                             "%s and the packs beside it are of two different cells: nothing was touched, put this "
                             "cell's own database (or packs) back",
                             cell_name(c))
                   : 0;
}

/* uuid, epoch and packs: the same for the whole life of this process (a new epoch is begun by a verb that has the cell
 * alone). */
static int learn(struct cell *c, struct db *db, struct err *e)
{
    struct cell_meta m;
    int r = db_begin_read(db);
    if (r == 0)
        r = cell_meta_load(db, c->sql->meta_read, &m);
    db_rollback(db);
    if (r)
        return err_set(e, r, "%s: its own row cannot be read: %s", cell_name(c), db_error(db));
    char *dir = format("%s/packs", c->dir);
    r = c->directory || c->store->conf.readonly ? 0 : check_packs(c, dir, &m.uuid, e);
    pthread_mutex_lock(&c->lock);
    if (r == 0 && !atomic_load(&c->known)) {
        struct pack_set *packs = NULL;
        /* A further node of a PostgreSQL cell has no folder for its own packs yet. */
        if (c->store->conf.engine == DB_POSTGRESQL && !c->store->conf.readonly)
            r = make_folders(c, e);
        if (r == 0 && !c->directory)
            r = pack_set_open(&packs, dir, &m.uuid, e);
        if (r == 0) {
            c->uuid = m.uuid;
            c->epoch = m.epoch;
            atomic_store(&c->packs, packs);
            atomic_store(&c->known, true);
        }
    }
    pthread_mutex_unlock(&c->lock);
    free(dir);
    return r;
}

int cell_meta_load(struct db *db, enum sql_id id, struct cell_meta *m)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(db, &c, id, NULL, 0);
    if (r == 0 && (r = db_next(&c)) == 1) {
        struct str uuid = db_col_str(&c, 0), last = db_col_str(&c, 2);
        if (uuid.n != sizeof m->uuid.b || last.n != sizeof m->last_group.b)
            return ERR_CORRUPT;
        memcpy(m->uuid.b, uuid.p, uuid.n);
        memcpy(m->last_group.b, last.p, last.n);
        m->epoch = db_col_int(&c, 1);
        m->last_wall_ms = db_col_int(&c, 3);
        m->next_pack = db_col_int(&c, 4);
        m->readonly = db_col_str(&c, 5).n > 0;
        return 0;
    }
    return r == 0 ? ERR_NOENT : r > 0 ? ERR_CORRUPT : r;
}

int cell_fence_take(struct cell *c)
{
    if (c->store->conf.engine == DB_POSTGRESQL)
        return 0;
    if (!c->fence_open) {
        int r = fence_open(&c->fence, c->lock_path, true, NULL);
        if (r)
            return r;
        c->fence_open = true;
    }
    return fence_take(&c->fence, env_mono_ns(c->store->env), CELL_WRITE_PATIENCE_MS);
}

void cell_fence_give(struct cell *c)
{
    if (c->store->conf.engine == DB_SQLITE)
        fence_give(&c->fence);
}

struct pack_set *cell_packs(struct cell *c)
{
    if (!atomic_load(&c->known)) {
        struct reader *r;
        if (reader_take(c, &r, NULL) == 0)
            reader_give(c, r, false);
    }
    return atomic_load(&c->packs);
}

/* ---- making ---- */

static int make_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return err_set(e, err_from_errno(errno), "cannot create %s: %s", path, strerror(errno));
}

static int make_folders(struct cell *c, struct err *e)
{
    int r = 0;
    if (!c->directory) {
        char *up = format("%s/cells", c->store->conf.state);
        r = make_dir(up, e);
        free(up);
    }
    if (r == 0)
        r = make_dir(c->dir, e);
    if (r == 0 && !c->directory) {
        char *packs = format("%s/packs", c->dir);
        r = make_dir(packs, e);
        free(packs);
    }
    return r;
}

static int insert_meta(struct cell *c, struct db *db)
{
    struct pack_uuid uuid, zero = {{0}};
    env_random(c->store->env, uuid.b, sizeof uuid.b);
    int r = db_begin_write(db);
    if (r == 0)
        r = db_run(db, c->sql->meta_insert,
                   DB_ARGS(db_blob(str_n(uuid.b, sizeof uuid.b)), db_blob(str_n(zero.b, sizeof zero.b)),
                           db_int(env_wall_ms(c->store->env))),
                   NULL);
    if (r == 0 && c->directory)
        r = db_run(db, SQL_DIR_COUNTER_INSERT, NULL, 0, NULL);
    if (r == 0)
        return db_commit(db);
    db_rollback(db);
    return r > 0 ? ERR_CORRUPT : r;
}

int cell_make(const struct store_conf *conf, const struct env *env, int64_t id, bool create, struct err *e)
{
    struct store s = {.conf = *conf, .env = env};
    struct cell *c;
    int r = cell_create_struct(&s, id, &c, e);
    if (r)
        return r;
    AUTO(db) struct db *db = NULL;
    bool fenced = false;
    if (create)
        r = make_folders(c, e);
    if (r == 0 && (r = cell_fence_take(c)) != 0)
        err_set(e, r, "the lock %s cannot be had", c->lock_path);
    fenced = r == 0;
    if (r == 0)
        r = db_open(&db,
                    &(struct db_conf){.engine = conf->engine,
                                      .path = c->path,
                                      .url = conf->url,
                                      .schema = c->schema,
                                      .set = c->set,
                                      .create = create,
                                      .patience_ms = CELL_WRITE_PATIENCE_MS},
                    e);
    if (r == 0)
        r = db_migrate(db, e);
    if (r == 0 && create && (r = insert_meta(c, db)) != 0)
        err_set(e, r, "%s: the cell's first row cannot be written: %s", cell_name(c), db_error(db));
    db_close(&db);
    if (fenced)
        cell_fence_give(c);
    cell_free(c);
    return r;
}

/* ---- looking ---- */

struct info_job {
    struct cell_info *out;
};

static int read_info(struct txn *t, void *arg)
{
    struct cell_meta m;
    int r = cell_meta_load(t->db, t->cell->sql->meta_read, &m);
    if (r == 0)
        *((struct info_job *)arg)->out = (struct cell_info){m.uuid, m.last_group, m.epoch, m.last_wall_ms};
    return r;
}

int cell_info(struct cell *c, struct cell_info *out)
{
    struct info_job j = {out};
    return cell_read_wait(c, read_info, &j);
}

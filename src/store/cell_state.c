/* What a cell may do now. The reason for read-only is a file, because the database may be what broke; every process
 * looks at it. */
#include "core/log.h"
#include "store/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool read_reason(struct cell *c);
static void write_reason(struct cell *c, const char *reason);

void cell_set_down(struct cell *c, bool down, const char *why)
{
    if (!down && !atomic_load(&c->down))
        return;
    if (down && !atomic_load(&c->down))
        log_error("cell.down", L_I("cell", c->id), L_Z("why", why));
    else if (!down)
        log_info("cell.up", L_I("cell", c->id));
    pthread_mutex_lock(&c->lock);
    if (down)
        snprintf(c->why_down, sizeof c->why_down, "%s", why);
    atomic_store(&c->down, down);
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->cached_ns, INT64_MIN);
}

bool cell_is_readonly(struct cell *c)
{
    bool there = access(c->readonly_path, F_OK) == 0;
    if (!there && atomic_load(&c->unwritten))
        return true;
    if (there != atomic_load(&c->readonly)) {
        if (there)
            there = read_reason(c);
        atomic_store(&c->readonly, there);
        atomic_store(&c->cached_ns, INT64_MIN);
    }
    return there;
}

static bool read_reason(struct cell *c)
{
    AUTO(fd) int fd = open(c->readonly_path, O_RDONLY | O_CLOEXEC);
    char text[CELL_WHY_MAX];
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n < 0 && errno == ENOENT)
        return false;
    pthread_mutex_lock(&c->lock);
    snprintf(c->why_readonly, sizeof c->why_readonly, "%.*s", n > 0 ? (int)n : 0, text);
    if (n <= 0)
        snprintf(c->why_readonly, sizeof c->why_readonly, "marked read-only");
    pthread_mutex_unlock(&c->lock);
    return true;
}

/* Best effort: the disk may be what failed. In this process the mark stands in memory in any case. */
static void write_reason(struct cell *c, const char *reason)
{
    AUTO(fd) int fd = open(c->readonly_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    AUTO(fd) int dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || access(c->readonly_path, F_OK) == 0)
        atomic_store(&c->unwritten, false);
    if (fd >= 0 && (write(fd, reason, strlen(reason)) < 0 || fsync(fd) != 0 || dir < 0 || fsync(dir) != 0))
        log_error("cell.readonly_file", L_I("cell", c->id), L_Z("error", strerror(errno)));
}

static void write_row(struct cell *c, const char *reason)
{
    AUTO(db) struct db *db = NULL;
    if (cell_db_open(c, &db, 0, NULL) != 0 || db_begin_write(db) != 0)
        return;
    if (db_run(db, c->sql->meta_readonly, DB_ARGS(db_text(str_c(reason))), NULL) != 0 || db_commit(db) != 0)
        log_warn("cell.readonly_row", L_I("cell", c->id), L_Z("error", db_error(db)));
}

/* The mark of another node, known from the row only: it goes when the row is cleared, so no file of our own is made. */
void cell_row_readonly(struct cell *c, bool set)
{
    if (atomic_exchange(&c->row_readonly, set) == set)
        return;
    if (set) {
        log_error("cell.readonly", L_I("cell", c->id), L_Z("reason", "marked read-only in its database"));
        pthread_mutex_lock(&c->lock);
        snprintf(c->why_readonly, sizeof c->why_readonly, "marked read-only in its database: run `sigillo verify`");
        pthread_mutex_unlock(&c->lock);
    }
    atomic_store(&c->cached_ns, INT64_MIN);
}

void cell_mark_readonly(struct cell *c, const char *reason)
{
    /* In memory first: until the file is there whoever looks for it would take the mark off again. */
    bool was = atomic_exchange(&c->unwritten, true);
    if (atomic_exchange(&c->readonly, true)) {
        if (!was)
            atomic_store(&c->unwritten, false);
        return;
    }
    log_error("cell.readonly", L_I("cell", c->id), L_Z("reason", reason),
              L_Z("cure", "mend the disk, then run `sigillo verify`: it clears the mark when nothing is damaged"));
    pthread_mutex_lock(&c->lock);
    snprintf(c->why_readonly, sizeof c->why_readonly, "%s", reason);
    pthread_mutex_unlock(&c->lock);
    atomic_store(&c->cached_ns, INT64_MIN);
    write_reason(c, reason);
    write_row(c, reason);
}

int cell_clear_readonly(struct cell *c, struct err *e)
{
    AUTO(db) struct db *db = NULL;
    int r = cell_fence_take(c);
    if (r)
        return err_set(e, r, "the cell's fence cannot be had");
    r = cell_db_open(c, &db, 0, e);
    if (r == 0 && (r = db_begin_write(db)) == 0)
        r = db_run(db, c->sql->meta_readonly, DB_ARGS(db_text(STR(""))), NULL);
    if (r == 0)
        r = db_commit(db);
    cell_fence_give(c);
    if (r)
        return err_set(e, r, "%s: the mark cannot be cleared: %s", c->path, db ? db_error(db) : "cannot be opened");
    if (unlink(c->readonly_path) != 0 && errno != ENOENT)
        return err_set(e, err_from_errno(errno), "cannot remove %s: %s", c->readonly_path, strerror(errno));
    atomic_store(&c->unwritten, false);
    atomic_store(&c->readonly, false);
    atomic_store(&c->cached_ns, INT64_MIN);
    return 0;
}

static bool disk_low(const struct cell *c)
{
    struct statvfs v;
    if (c->store->conf.low_water <= 0 || statvfs(c->dir, &v) != 0)
        return false;
    return (int64_t)v.f_bavail * (int64_t)v.f_frsize < c->store->conf.low_water;
}

enum cell_state cell_state(struct cell *c, const char **why)
{
    int64_t now = env_mono_ns(c->store->env);
    long long at = atomic_load(&c->cached_ns);
    if (at == INT64_MIN || now - at > STORE_STATE_MS * 1000000LL) {
        atomic_store(&c->cached_ns, now);
        enum cell_state s = cell_is_readonly(c) || atomic_load(&c->row_readonly) ? CELL_READONLY
                            : atomic_load(&c->down)                              ? CELL_DOWN
                            : disk_low(c)                                        ? CELL_DISK_LOW
                                                                                 : CELL_OK;
        atomic_store(&c->cached_state, s);
    }
    enum cell_state s = (enum cell_state)atomic_load(&c->cached_state);
    if (why)
        *why = s == CELL_READONLY   ? c->why_readonly
               : s == CELL_DOWN     ? c->why_down
               : s == CELL_DISK_LOW ? "the cell's disk is below low water"
                                    : "";
    return s;
}

#include "store/spool_format.h"
#include "store/spool_name.h"
#include "store/pack_io.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/map.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAIN_BATCH 4096 /* names in memory at a time; a spool of days may hold millions */
#define DAMAGED_DIR "damaged"

struct name {
    char z[SPOOL_NAME_MAX + 1];
};
struct drain {
    const char *dir;
    spool_fn *cb;
    void *arg;
    struct name *names; /* room for two batches */
    size_t n;
    struct map blocked; /* recipients with an entry that stays: later ones must not overtake it */
    bool removed;
};

static int by_name(const void *a, const void *b);
static void remove_leftover(const char *dir, const char *name);
static int next_batch(struct drain *d, const char *after);
static int read_whole(int fd, char **bytes, size_t *n);
static int set_aside(struct drain *d, const char *name);
static bool is_blocked(const struct drain *d, const struct spool_entry *s);
static void block(struct drain *d, const struct spool_entry *s);
static int drain_entry(struct drain *d, const char *path, const char *mark, const struct spool_entry *s);
static void remove_marks(const char *dir);
static int drain_one(struct drain *d, const char *name);

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* A file in the making is locked by its writer; an unlocked one was left by a crash before its 250: nobody was told it
 * is kept. */
static void remove_leftover(const char *dir, const char *name)
{
    char path[PATH_MAX];
    AUTO(fd) int fd = -1;

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return;
    fd = pack_io()->open(path, O_RDWR, 0);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlink(path);
}

/* The DRAIN_BATCH first names behind `after`, in order. */
static int next_batch(struct drain *d, const char *after)
{
    DIR *dir = opendir(d->dir);
    uint64_t order;

    if (!dir)
        return err_from_errno(errno);
    d->n = 0;
    for (struct dirent *it; (it = readdir(dir));) {
        if (strncmp(it->d_name, SPOOL_TMP_PREFIX, strlen(SPOOL_TMP_PREFIX)) == 0)
            remove_leftover(d->dir, it->d_name);
        if (!spool_name_get(it->d_name, &order) || strcmp(it->d_name, after) <= 0)
            continue;
        if (d->n == 2 * (size_t)DRAIN_BATCH) {
            qsort(d->names, d->n, sizeof *d->names, by_name);
            d->n = DRAIN_BATCH;
        }
        memcpy(d->names[d->n++].z, it->d_name, strlen(it->d_name) + 1);
    }
    (void)closedir(dir);
    qsort(d->names, d->n, sizeof *d->names, by_name);
    if (d->n > DRAIN_BATCH)
        d->n = DRAIN_BATCH;
    return 0;
}

static int read_whole(int fd, char **bytes, size_t *n)
{
    struct stat st;
    ssize_t got;

    if (fstat(fd, &st) != 0)
        return ERR_IO;
    if (st.st_size > (off_t)(SPOOL_HEAD_LEN + SPOOL_ENVELOPE_MAX + (size_t)SPOOL_DATA_MAX + SPOOL_TAIL_LEN))
        return ERR_CORRUPT;
    if (!(*bytes = malloc((size_t)st.st_size + 1)))
        return ERR_NOMEM;
    if ((got = pack_io_read(fd, *bytes, (size_t)st.st_size, 0)) < 0)
        return ERR_IO;
    *n = (size_t)got;
    return 0;
}

static int set_aside(struct drain *d, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX], dir[PATH_MAX];

    if (snprintf(from, sizeof from, "%s/%s", d->dir, name) >= (int)sizeof from ||
        snprintf(dir, sizeof dir, "%s/" DAMAGED_DIR, d->dir) >= (int)sizeof dir ||
        snprintf(to, sizeof to, "%s/" DAMAGED_DIR "/%s", d->dir, name) >= (int)sizeof to)
        return ERR_INVALID;
    if ((mkdir(dir, 0700) != 0 && errno != EEXIST) || pack_io()->rename(from, to) != 0)
        return err_from_errno(errno);
    d->removed = true;
    log_error(
        "spool.damaged", L_Z("file", to),
        L_Z("meaning",
            "one spooled message does not check; it was moved aside and kept, nothing else is affected; its sender, "
            "recipients and text may still be readable in the file"));
    return pack_io_sync_dir(dir) ? ERR_IO : 0;
}

static bool is_blocked(const struct drain *d, const struct spool_entry *s)
{
    for (size_t i = 0; i < s->n_recipients; i++)
        if (map_get(&d->blocked, s->recipients[i]))
            return true;
    return false;
}

static void block(struct drain *d, const struct spool_entry *s)
{
    for (size_t i = 0; i < s->n_recipients; i++)
        (void)map_put(&d->blocked, s->recipients[i], d);
}

static int drain_entry(struct drain *d, const char *path, const char *mark, const struct spool_entry *s)
{
    int rc = is_blocked(d, s) ? 1 : d->cb(d->arg, s);

    if (rc > 0) {
        block(d, s);
        return 0;
    }
    if (rc < 0)
        return rc;
    (void)fault_point("spool.remove");
    if (unlink(path) != 0 && errno != ENOENT)
        return err_from_errno(errno);
    if (s->replied)
        (void)unlink(mark);
    d->removed = true;
    return 0;
}

static int drain_one(struct drain *d, const char *name)
{
    AUTO(arena) struct arena a;
    AUTO(heap) char *bytes = NULL;
    AUTO(fd) int fd = -1;
    struct spool_entry s;
    char path[PATH_MAX];
    size_t n = 0;
    int rc;

    arena_init(&a, ARENA_NO_LIMIT);
    if (snprintf(path, sizeof path, "%s/%s", d->dir, name) >= (int)sizeof path)
        return ERR_INVALID;
    if ((fd = pack_io()->open(path, O_RDONLY, 0)) < 0)
        return errno == ENOENT ? 0 : err_from_errno(errno); /* drained by another process meanwhile */
    rc = read_whole(fd, &bytes, &n);
    if (rc == 0)
        rc = spool_parse(str_n(bytes, n), &a, &s);
    if (rc == ERR_CORRUPT)
        return set_aside(d, name);
    char mark[PATH_MAX];
    if (rc == 0 && snprintf(mark, sizeof mark, "%s/%.*s" SPOOL_REPLIED, d->dir, STRF(s.id)) < (int)sizeof mark)
        s.replied = access(mark, F_OK) == 0;
    return rc == 0 ? drain_entry(d, path, mark, &s) : rc;
}

/* Marks whose entry is gone: a crash between the two. Only when no entry is there. */
static void remove_marks(const char *dir)
{
    DIR *d = opendir(dir);

    for (struct dirent *it; d && (it = readdir(d));) {
        size_t n = strlen(it->d_name), k = strlen(SPOOL_REPLIED);
        if (n > k && strcmp(it->d_name + n - k, SPOOL_REPLIED) == 0)
            (void)unlinkat(dirfd(d), it->d_name, 0);
    }
    if (d)
        (void)closedir(d);
}

int spool_drain(const char *dir, spool_fn *cb, void *arg, struct err *e)
{
    struct drain d = {.dir = dir, .cb = cb, .arg = arg};
    AUTO(heap) struct name *names = calloc(2 * (size_t)DRAIN_BATCH, sizeof *names);
    struct name after = {{0}};
    int rc = 0;

    if (!names)
        return err_set(e, ERR_NOMEM, "No memory to drain the spool %s. Its mail is kept there.", dir);
    d.names = names;
    map_init(&d.blocked, (uint64_t)(uintptr_t)names,
             0x5370); /* keys passed RCPT already; the address of a heap block is seed enough */
    do {
        rc = next_batch(&d, after.z);
        if (rc == 0 && d.n == 0 && !after.z[0])
            remove_marks(dir);
        for (size_t i = 0; i < d.n && rc == 0; i++)
            rc = drain_one(&d, names[i].z);
        if (d.n)
            after = names[d.n - 1];
    } while (rc == 0 && d.n == DRAIN_BATCH);
    map_free(&d.blocked);
    if (d.removed && pack_io_sync_dir(dir) && rc == 0)
        rc = ERR_IO;
    if (rc == ERR_VERSION)
        return err_set(
            e, rc,
            "A file in the spool %s was written by a newer release. All its mail is kept: drain it with that release.",
            dir);
    return rc ? err_set(e, rc,
                        "Draining the spool %s stopped (%s). What was not yet delivered is kept there and tried again.",
                        dir, err_name(rc))
              : 0;
}

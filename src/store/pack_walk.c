#include "store/pack_format.h"
#include "store/pack_io.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_MIN (1u << 20)
/* Search for the next good record: at most this many times the file's size is summed up for candidates whose head
 * checks but whose body does not, so that no planted bytes make the walk quadratic. */
#define RESYNC_BUDGET 4

struct walk {
    const char *path;
    int fd;
    int64_t size;
    uint32_t seed;
    char *win; /* bytes [base, base + n) of the file */
    size_t cap, n;
    int64_t base;
    int64_t budget;
    int64_t stop;    /* no record that begins here or behind; 0: the end */
    int64_t reached; /* end of the last one */
    struct pack_head head;
    bool head_damaged;
    pack_walk_fn *cb;
    void *arg;
};

static int need(struct walk *w, int64_t at, size_t n, const char **p);
static int record_at(struct walk *w, int64_t at, struct pack_seen *seen, int64_t *length);
static int resync(struct walk *w, int64_t from, int64_t *good);
static int report_damage(struct walk *w, int64_t from, int64_t to);
static int damage_end(struct walk *w, int64_t at, int64_t length, int64_t *end);
static int open_file(struct walk *w, const char *path, struct err *e);
static int read_head(struct walk *w, const uint64_t *fold, struct err *e);
static int walk_records(struct walk *w, int64_t from, struct err *e);
static int note_end(void *arg, const struct pack_seen *seen);
static int hand_on(void *arg, const struct pack_seen *seen);
static int walk_file(const char *path, const uint64_t *fold, bool groups, pack_walk_fn *cb, void *arg, struct err *e);

enum { REC_GOOD = 0, REC_BAD = 1 };

struct groups { /* pass 1: where closed groups end */
    int64_t last_end;
};
struct second { /* pass 2: hands on with in_closed_group */
    int64_t last_end;
    pack_walk_fn *cb;
    void *arg;
};

/* *p: n bytes at `at`, which must lie inside the file. ERR_CORRUPT when the file became shorter meanwhile. */
static int need(struct walk *w, int64_t at, size_t n, const char **p)
{
    size_t want;
    ssize_t got;

    if (at >= w->base && at + (int64_t)n <= w->base + (int64_t)w->n) {
        *p = w->win + (at - w->base);
        return 0;
    }
    want = n > WINDOW_MIN ? n : WINDOW_MIN;
    if (want > w->cap) {
        char *q = realloc(w->win, want);

        if (!q)
            return ERR_NOMEM;
        w->win = q;
        w->cap = want;
    }
    if ((int64_t)want > w->size - at)
        want = (size_t)(w->size - at);
    w->n = 0;
    if ((got = pack_io_read(w->fd, w->win, want, at)) < 0)
        return ERR_IO;
    w->base = at;
    w->n = (size_t)got;
    if (w->n < n)
        return ERR_CORRUPT;
    *p = w->win;
    return 0;
}

/* REC_GOOD, REC_BAD or < 0. length: of the whole record when its head checks, also of a bad one; else 0. */
static int record_at(struct walk *w, int64_t at, struct pack_seen *seen, int64_t *length)
{
    const char *p;
    struct pack_rec r;
    struct str body;
    int rc;

    *length = 0;
    if (w->size - at < (int64_t)PACK_REC_LEN)
        return REC_BAD;
    if ((rc = need(w, at, PACK_REC_LEN, &p)) != 0)
        return rc;
    if (!pack_rec_get((const uint8_t *)p, w->seed, at, &r))
        return REC_BAD;
    *length = (int64_t)PACK_REC_LEN + r.len;
    if (*length > w->size - at)
        return REC_BAD;
    if ((rc = need(w, at, (size_t)*length, &p)) != 0)
        return rc;
    body = str_n(p + PACK_REC_LEN, r.len);
    *seen = (struct pack_seen){.kind = r.kind, .loc = {w->head.id, at, *length}};
    if (!pack_rec_check((const uint8_t *)p, w->seed, at, body)) {
        w->budget -= *length;
        return REC_BAD;
    }
    return pack_body_get(body, r.flags, seen) ? REC_GOOD : REC_BAD;
}

/* Next offset at or after `from` with a good record, or the end of the file. */
static int resync(struct walk *w, int64_t from, int64_t *good)
{
    struct pack_seen seen;
    const char *p, *hit;
    int64_t length;
    int rc;

    while (w->size - from >= (int64_t)PACK_REC_LEN && w->budget > 0) {
        size_t n = w->size - from < WINDOW_MIN ? (size_t)(w->size - from) : WINDOW_MIN / 2;

        if ((rc = need(w, from, n, &p)) != 0)
            return rc;
        if (!(hit = memmem(p, n, "SGr1", 4))) {
            from += (int64_t)n - 3;
            continue;
        }
        from += hit - p;
        if ((rc = record_at(w, from, &seen, &length)) < 0)
            return rc;
        if (rc == REC_GOOD) {
            *good = from;
            return 0;
        }
        from++;
    }
    *good = w->size;
    return 0;
}

static int report_damage(struct walk *w, int64_t from, int64_t to)
{
    struct pack_seen seen = {.damaged = true, .loc = {w->head.id, from, to - from}};

    return w->cb(w->arg, &seen);
}

/* End of the damage that begins at `at`: of the record itself when its head checks and a good record (or the end)
 * follows, so that one broken body does not make its neighbour suspect; else where the search finds the next good one.
 */
static int damage_end(struct walk *w, int64_t at, int64_t length, int64_t *end)
{
    struct pack_seen after;
    int64_t unused;
    int rc = REC_BAD;

    *end = at + length;
    if (length > 0 && *end == w->size)
        return 0;
    if (length > 0 && *end < w->size)
        rc = record_at(w, *end, &after, &unused);
    return rc == REC_BAD ? resync(w, at + 1, end) : rc;
}

static int walk_records(struct walk *w, int64_t from, struct err *e)
{
    struct pack_seen seen;
    int64_t length, end;

    w->reached = from;
    for (int64_t at = from; at < w->size && (w->stop == 0 || at < w->stop); at = end) {
        int rc = record_at(w, at, &seen, &length);

        end = at + length;
        if (rc == REC_BAD)
            rc = damage_end(w, at, length, &end);
        else
            length = -1;
        if (rc < 0)
            return err_set(e, rc, "Reading the pack %s failed at offset %lld.", w->path, (long long)at);
        rc = length < 0 ? w->cb(w->arg, &seen) : report_damage(w, at, end);
        if (rc != 0)
            return rc;
        w->reached = end;
    }
    return 0;
}

static int open_file(struct walk *w, const char *path, struct err *e)
{
    struct stat st;

    w->path = path;
    w->fd = pack_io()->open(path, O_RDONLY, 0);
    if (w->fd < 0)
        return err_set(e, err_from_errno(errno), "Cannot open the pack %s: %m.", path);
    if (fstat(w->fd, &st) != 0)
        return err_set(e, ERR_IO, "Cannot read the size of the pack %s: %m.", path);
    /* After a failed fsync the cache may show bytes that the disk never got: what is checked must be what a restart would read. */
    (void)posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED);
    w->size = st.st_size;
    w->budget = w->size * RESYNC_BUDGET + WINDOW_MIN;
    return 0;
}

/* Sets w->head and the seed, from the file or (header damaged) from what name and caller say they must be. */
static int read_head(struct walk *w, const uint64_t *fold, struct err *e)
{
    uint8_t head[PACK_HEAD_LEN] = {0};
    ssize_t n = pack_io_read(w->fd, head, sizeof head, 0);
    int64_t name = pack_name_id(w->path);
    int rc;

    if (n < 0)
        return err_set(e, ERR_IO, "Cannot read the header of the pack %s.", w->path);
    rc = n == sizeof head ? pack_head_get(head, &w->head) : ERR_CORRUPT;
    if (rc == ERR_VERSION)
        return err_set(e, ERR_VERSION,
                       "The pack %s was written by a newer release (format %u, this one reads %u). It was not touched: "
                       "use that release.",
                       w->path, w->head.version, PACK_FORMAT);
    if (rc == 0 && fold && w->head.cell_fold != *fold)
        return err_set(e, ERR_CORRUPT,
                       "The pack %s belongs to another cell. It was not touched: put back this cell's own file.",
                       w->path);
    if (rc == 0 && name > 0 && w->head.id != name)
        return err_set(e, ERR_CORRUPT,
                       "The pack %s holds pack %016llx: it was renamed. It was not touched: give it its own name back.",
                       w->path, (unsigned long long)w->head.id);
    if (rc != 0) {
        if (!fold || name <= 0)
            return err_set(e, ERR_CORRUPT, "The file %s is not a pack, or its header is damaged.", w->path);
        w->head = (struct pack_head){PACK_FORMAT, *fold, name};
        w->head_damaged = true;
    }
    w->seed = pack_seed(w->head.cell_fold, w->head.id);
    return 0;
}

static int note_end(void *arg, const struct pack_seen *seen)
{
    struct groups *g = arg;

    if (!seen->damaged && seen->kind == PACK_GROUP_END)
        g->last_end = seen->loc.offset;
    return 0;
}

static int hand_on(void *arg, const struct pack_seen *seen)
{
    struct second *s = arg;
    struct pack_seen with = *seen;

    with.in_closed_group = !seen->damaged && seen->loc.offset <= s->last_end;
    return s->cb(s->arg, &with);
}

static int walk_file(const char *path, const uint64_t *fold, bool groups, pack_walk_fn *cb, void *arg, struct err *e)
{
    struct walk w = {.fd = -1, .cb = cb, .arg = arg};
    struct groups g = {0};
    struct second s = {0, cb, arg};
    int64_t from = PACK_HEAD_LEN;
    int rc = open_file(&w, path, e);

    if (rc == 0)
        rc = read_head(&w, fold, e);
    if (rc == 0 && groups) {
        w.cb = note_end;
        w.arg = &g;
        rc = walk_records(&w, from, e);
        s.last_end = g.last_end;
        w.cb = hand_on;
        w.arg = &s;
        w.budget = w.size * RESYNC_BUDGET + WINDOW_MIN;
    }
    if (rc == 0 && w.head_damaged)
        rc = report_damage(&w, 0, w.size < from ? w.size : from);
    if (rc == 0)
        rc = walk_records(&w, from, e);
    free(w.win);
    if (w.fd >= 0)
        (void)close(w.fd);
    return rc;
}

int pack_walk_part(const char *path, const struct pack_uuid *cell, int64_t *at, int64_t bytes, pack_walk_fn *cb,
                   void *arg, struct err *e)
{
    struct walk w = {.fd = -1, .cb = cb, .arg = arg, .stop = bytes};
    uint64_t fold = pack_cell_fold(cell);
    int rc = open_file(&w, path, e);

    if (rc == 0)
        rc = read_head(&w, &fold, e);
    if (rc == 0 && *at < (int64_t)PACK_HEAD_LEN) {
        *at = PACK_HEAD_LEN;
        rc = w.head_damaged ? report_damage(&w, 0, w.size < *at ? w.size : *at) : 0;
    }
    w.stop += *at;
    if (rc == 0)
        rc = walk_records(&w, *at, e);
    if (rc == 0)
        *at = w.reached < *at ? *at : w.reached;
    free(w.win);
    if (w.fd >= 0)
        (void)close(w.fd);
    return rc;
}

int pack_walk(const char *path, const struct pack_uuid *cell, pack_walk_fn *cb, void *arg, struct err *e)
{
    uint64_t fold = cell ? pack_cell_fold(cell) : 0;

    return walk_file(path, cell ? &fold : NULL, false, cb, arg, e);
}

int pack_walk_groups(const char *path, const struct pack_uuid *cell, pack_walk_fn *cb, void *arg, struct err *e)
{
    uint64_t fold = cell ? pack_cell_fold(cell) : 0;

    return walk_file(path, cell ? &fold : NULL, true, cb, arg, e);
}

int pack_walk_fold(const char *path, uint64_t cell_fold, pack_walk_fn *cb, void *arg, struct err *e)
{
    return walk_file(path, &cell_fold, true, cb, arg, e);
}

int pack_head_read(const char *path, struct pack_head *h, struct err *e)
{
    uint8_t head[PACK_HEAD_LEN] = {0};
    AUTO(fd) int fd = pack_io()->open(path, O_RDONLY, 0);
    ssize_t n;
    int rc;

    if (fd < 0)
        return err_set(e, err_from_errno(errno), "Cannot open the pack %s: %m.", path);
    if ((n = pack_io_read(fd, head, sizeof head, 0)) < 0)
        return err_set(e, ERR_IO, "Cannot read the header of the pack %s.", path);
    rc = n == sizeof head ? pack_head_get(head, h) : ERR_CORRUPT;
    return rc == ERR_CORRUPT ? err_set(e, rc, "The file %s is not a pack, or its header is damaged.", path) : rc;
}

int pack_seen_plain(const struct pack_seen *seen, struct arena *a, struct str *plain)
{
    if (seen->damaged || seen->kind != PACK_BLOB)
        return ERR_CORRUPT;
    return pack_blob_plain(seen->blob.bytes, seen->blob.zstd, seen->blob.size, seen->blob.sha256, a, plain);
}

#include "store/pack_format.h"
#include "store/pack_io.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define OPEN_MAX_PACKS 64 /* descriptors kept per set */
#define STACK_RECORD (32u << 10)

struct slot {
    int64_t id; /* 0: free */
    int fd, refs;
    uint64_t used;
};
struct pack_set {
    pthread_mutex_t lock;
    uint64_t tick;
    uint64_t fold;
    char *dir;
    struct slot slots[OPEN_MAX_PACKS];
};
struct held { /* a descriptor in use; slot NULL: closed after use */
    struct slot *slot;
    int fd;
};

static int open_checked(struct pack_set *s, int64_t id, int *fd);
static bool cache_take(struct pack_set *s, int64_t id, struct held *h);
static void cache_keep(struct pack_set *s, int64_t id, struct held *h);
static void release(struct pack_set *s, struct held *h);
static int read_record(struct pack_set *s, int fd, struct pack_loc loc, const uint8_t *want, char *rec, struct arena *a,
                       struct str *plain);

int pack_set_open(struct pack_set **sp, const char *dir, const struct pack_uuid *cell, struct err *e)
{
    struct pack_set *s = calloc(1, sizeof *s);

    if (!s || !(s->dir = strdup(dir))) {
        free(s);
        return err_set(e, ERR_NOMEM, "No memory to open the packs in %s.", dir);
    }
    s->fold = pack_cell_fold(cell);
    pthread_mutex_init(&s->lock, NULL);
    *sp = s;
    return 0;
}

void pack_set_close(struct pack_set **sp)
{
    struct pack_set *s = *sp;

    if (!s)
        return;
    for (size_t i = 0; i < OPEN_MAX_PACKS; i++)
        if (s->slots[i].id)
            (void)close(s->slots[i].fd);
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s);
    *sp = NULL;
}

static int open_checked(struct pack_set *s, int64_t id, int *out)
{
    AUTO(buf) struct buf path;
    AUTO(fd) int fd = -1;
    uint8_t head[PACK_HEAD_LEN];
    struct pack_head h;
    ssize_t n;
    int rc;

    buf_init(&path, 4096);
    pack_path(&path, s->dir, id);
    if (path.err)
        return ERR_INVALID;
    if ((fd = pack_io()->open(path.p, O_RDONLY, 0)) < 0)
        return err_from_errno(errno);
    if ((n = pack_io_read(fd, head, sizeof head, 0)) < 0)
        return ERR_IO;
    if (n != sizeof head)
        return ERR_CORRUPT;
    /* One flipped bit in the head must not hide a gigabyte of mail: the sums of the records start from what the head
     * has to be, so each of them still says for itself that it is of this cell and file. */
    rc = pack_head_get(head, &h);
    if (rc == 0 && (h.cell_fold != s->fold || h.id != id))
        return ERR_CORRUPT;
    if (rc != 0 && rc != ERR_CORRUPT)
        return rc;
    *out = STEAL_FD(fd);
    return 0;
}

static bool cache_take(struct pack_set *s, int64_t id, struct held *h)
{
    bool found = false;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < OPEN_MAX_PACKS && !found; i++)
        if (s->slots[i].id == id) {
            s->slots[i].refs++;
            s->slots[i].used = ++s->tick;
            *h = (struct held){&s->slots[i], s->slots[i].fd};
            found = true;
        }
    pthread_mutex_unlock(&s->lock);
    return found;
}

/* Puts a fresh descriptor in the place of the longest unused one; when all are in use it stays the caller's alone. Two
 * threads that miss at once may both keep theirs: harmless. */
static void cache_keep(struct pack_set *s, int64_t id, struct held *h)
{
    struct slot *oldest = NULL;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < OPEN_MAX_PACKS; i++)
        if (s->slots[i].refs == 0 && (!oldest || s->slots[i].used < oldest->used))
            oldest = &s->slots[i];
    if (oldest) {
        if (oldest->id)
            (void)close(oldest->fd);
        *oldest = (struct slot){.id = id, .fd = h->fd, .refs = 1, .used = ++s->tick};
        h->slot = oldest;
    }
    pthread_mutex_unlock(&s->lock);
}

static void release(struct pack_set *s, struct held *h)
{
    if (!h->slot) {
        (void)close(h->fd);
        return;
    }
    pthread_mutex_lock(&s->lock);
    h->slot->refs--;
    pthread_mutex_unlock(&s->lock);
}

static int read_record(struct pack_set *s, int fd, struct pack_loc loc, const uint8_t *want, char *rec, struct arena *a,
                       struct str *plain)
{
    uint32_t seed = pack_seed(s->fold, loc.pack);
    struct pack_seen seen = {.kind = PACK_BLOB};
    struct pack_rec r;
    struct str body, out;
    ssize_t n = pack_io_read(fd, rec, (size_t)loc.length, loc.offset);
    int rc;

    if (n < 0)
        return ERR_IO;
    if (n != loc.length || !pack_rec_get((uint8_t *)rec, seed, loc.offset, &r) || r.kind != PACK_BLOB ||
        r.len + PACK_REC_LEN != (size_t)n)
        return ERR_CORRUPT;
    body = str_n(rec + PACK_REC_LEN, r.len);
    if (!pack_rec_check((uint8_t *)rec, seed, loc.offset, body) || !pack_body_get(body, r.flags, &seen))
        return ERR_CORRUPT;
    if (want && memcmp(want, seen.blob.sha256, SHA256_LEN) != 0)
        return ERR_CORRUPT;
    rc = pack_blob_plain(seen.blob.bytes, seen.blob.zstd, seen.blob.size, seen.blob.sha256, a, &out);
    if (rc != 0)
        return rc;
    if (!seen.blob.zstd) { /* the view would die with the record */
        char *p = arena_try(a, out.n ? out.n : 1);

        if (!p)
            return ERR_NOMEM;
        if (out.n)
            memcpy(p, out.p, out.n);
        out.p = p;
    }
    *plain = out;
    return 0;
}

int pack_read_blob(struct pack_set *s, struct pack_loc loc, const uint8_t *want_sha256, struct arena *a,
                   struct str *plain)
{
    char small[STACK_RECORD];
    AUTO(heap) char *big = NULL;
    struct held h = {NULL, -1};
    int rc;

    if (loc.pack <= 0 || loc.offset < (int64_t)PACK_HEAD_LEN || loc.length < (int64_t)(PACK_REC_LEN + PACK_BLOB_HEAD) ||
        loc.length > (int64_t)(PACK_REC_LEN + PACK_BODY_MAX) || loc.offset > INT64_MAX - loc.length)
        return ERR_CORRUPT;
    if (loc.length > (int64_t)sizeof small && !(big = malloc((size_t)loc.length)))
        return ERR_NOMEM;
    if (!cache_take(s, loc.pack, &h)) {
        if ((rc = open_checked(s, loc.pack, &h.fd)) != 0)
            return rc;
        cache_keep(s, loc.pack, &h);
    }
    rc = read_record(s, h.fd, loc, want_sha256, big ? big : small, a, plain);
    release(s, &h);
    return rc;
}

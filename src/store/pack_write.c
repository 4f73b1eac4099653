#include "store/pack_format.h"
#include "store/pack_io.h"
#include "core/fault.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH_BLOBS 256 /* blobs in one write call: two pieces each */
#define BATCH_BYTES (4u << 20)
#define GROUP_META_MAX (16u << 20) /* places, gones and end of one group */

struct pack_writer {
    int fd;
    int64_t id;
    uint32_t seed;
    int64_t size;        /* bytes written */
    int64_t group_start; /* the file is cut back to here when the disk is full */
    uint32_t records;    /* since the last group end */
    bool failed;
    struct buf meta;
};

static int put_head(struct pack_writer *w, uint64_t fold, const char *dir, const char *path, struct err *e);
static int fail(struct pack_writer *w, int er);
static int append(struct pack_writer *w, struct iovec *iov, int n, size_t bytes);
static int append_torn(struct pack_writer *w, const struct iovec *iov);
static size_t batch_take(struct pack_writer *w, struct blob_draft *const *drafts, size_t n,
                         uint8_t (*heads)[PACK_REC_LEN + PACK_BLOB_HEAD], struct iovec *iov, size_t *bytes);
static void add_record(struct pack_writer *w, enum pack_kind kind, size_t body_at);

int pack_writer_open(struct pack_writer **wp, const char *dir, const struct pack_uuid *cell, int64_t id, struct err *e)
{
    AUTO(buf) struct buf path;
    struct pack_writer *w;
    uint64_t fold = pack_cell_fold(cell);
    int rc;

    buf_init(&path, 4096);
    pack_path(&path, dir, id);
    if (path.err || id <= 0)
        return err_set(e, ERR_INVALID, "The pack folder's path is too long, or %lld is no pack number.", (long long)id);
    if (!(w = calloc(1, sizeof *w)))
        return err_set(e, ERR_NOMEM, "No memory for a pack writer.");
    buf_init(&w->meta, GROUP_META_MAX);
    w->id = id;
    w->seed = pack_seed(fold, id);
    w->fd = pack_io()->open(path.p, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (w->fd < 0)
        rc = err_set(e, err_from_errno(errno), "Cannot create the pack file %s: %m.", path.p);
    else
        rc = put_head(w, fold, dir, path.p, e);
    if (rc != 0) {
        pack_writer_close(&w);
        return rc;
    }
    *wp = w;
    return 0;
}

static int put_head(struct pack_writer *w, uint64_t fold, const char *dir, const char *path, struct err *e)
{
    uint8_t head[PACK_HEAD_LEN];
    struct iovec iov = {head, sizeof head};
    int er;

    pack_head_put(head, fold, w->id);
    er = fault_point("pack.open") ? EIO : pack_io_write(w->fd, &iov, 1, 0);
    if (!er && pack_io()->fsync(w->fd) != 0)
        er = errno;
    if (!er)
        er = pack_io_sync_dir(dir);
    if (er) {
        (void)unlink(path); /* nothing refers to it; if this fails too, the next id is used */
        return err_set(e, err_from_errno(er), "Cannot begin the pack file %s: %s. Nothing was accepted into it.", path,
                       strerror(er));
    }
    (void)fault_point("pack.open.after");
    w->size = w->group_start = PACK_HEAD_LEN;
    return 0;
}

void pack_writer_close(struct pack_writer **wp)
{
    struct pack_writer *w = *wp;

    if (!w)
        return;
    if (w->fd >= 0)
        (void)close(w->fd); /* everything that counts was synced by its group end */
    buf_free(&w->meta);
    free(w);
    *wp = NULL;
}

int64_t pack_writer_id(const struct pack_writer *w) { return w->id; }

int64_t pack_writer_size(const struct pack_writer *w) { return w->size; }

bool pack_writer_failed(const struct pack_writer *w) { return w->failed; }

/* ENOSPC before any sync is the one error with a way back: no page of the group is promised to anybody yet. */
static int fail(struct pack_writer *w, int er)
{
    int rc = err_from_errno(er);

    if (rc == ERR_FULL && pack_io()->ftruncate(w->fd, w->group_start) == 0) {
        w->size = w->group_start;
        w->records = 0;
        return ERR_FULL;
    }
    w->failed = true;
    return rc == ERR_FULL ? ERR_FULL : ERR_IO;
}

/* For the crash suite: half of the first piece, then the point. */
static COLD int append_torn(struct pack_writer *w, const struct iovec *iov)
{
    struct iovec half = {iov->iov_base, (iov->iov_len + 1) / 2};
    int er = pack_io_write(w->fd, &half, 1, w->size);

    return er ? er : fault_point("pack.write.half") ? EIO : 0;
}

static int append(struct pack_writer *w, struct iovec *iov, int n, size_t bytes)
{
    int er = fault_point("pack.write") ? EIO : 0;

    if (!er && UNLIKELY(fault_armed))
        er = append_torn(w, iov);
    if (!er)
        er = pack_io_write(w->fd, iov, n, w->size);
    if (!er && fault_point("pack.write.after"))
        er = EIO;
    if (er)
        return fail(w, er);
    w->size += (int64_t)bytes;
    return 0;
}

/* Lays out as many drafts as one write call takes; returns how many. */
static size_t batch_take(struct pack_writer *w, struct blob_draft *const *drafts, size_t n,
                         uint8_t (*heads)[PACK_REC_LEN + PACK_BLOB_HEAD], struct iovec *iov, size_t *bytes)
{
    size_t i;

    *bytes = 0;
    for (i = 0; i < n && i < BATCH_BLOBS && *bytes < BATCH_BYTES; i++) {
        struct blob_draft *d = drafts[i];
        int64_t at = w->size + (int64_t)*bytes;
        size_t total = sizeof heads[i] + d->bytes.n;

        pack_blob_head_put(heads[i] + PACK_REC_LEN, d);
        pack_rec_put(heads[i], w->seed, at, PACK_BLOB, d->zstd ? PACK_FLAG_ZSTD : 0,
                     str_n(heads[i] + PACK_REC_LEN, PACK_BLOB_HEAD), d->bytes);
        iov[2 * i] = (struct iovec){heads[i], sizeof heads[i]};
        iov[2 * i + 1] = (struct iovec){(char *)(uintptr_t)d->bytes.p, d->bytes.n};
        d->loc = (struct pack_loc){w->id, at, (int64_t)total};
        *bytes += total;
    }
    return i;
}

int pack_put_blobs(struct pack_writer *w, struct blob_draft *const *drafts, size_t n)
{
    uint8_t heads[BATCH_BLOBS][PACK_REC_LEN + PACK_BLOB_HEAD];
    struct iovec iov[2 * BATCH_BLOBS];

    if (w->failed)
        return ERR_IO;
    for (size_t i = 0; i < n; i++)
        if (drafts[i]->bytes.n > PACK_BLOB_MAX)
            return ERR_LIMIT;
    for (size_t done = 0; done < n;) {
        size_t bytes, took = batch_take(w, drafts + done, n - done, heads, iov, &bytes);
        int rc = append(w, iov, (int)(2 * took), bytes);

        if (rc != 0)
            return rc;
        w->records += (uint32_t)took;
        done += took;
    }
    return 0;
}

/* The body stands in meta behind room for its header. */
static void add_record(struct pack_writer *w, enum pack_kind kind, size_t head_at)
{
    size_t body_at = head_at + PACK_REC_LEN;

    if (w->meta.err)
        return;
    pack_rec_put((uint8_t *)w->meta.p + head_at, w->seed, w->size + (int64_t)head_at, kind, 0,
                 str_n(w->meta.p + body_at, w->meta.n - body_at), STR_NULL);
    w->records += kind != PACK_GROUP_END;
}

int pack_end_group(struct pack_writer *w, const struct pack_uuid *group, const struct pack_uuid *last_committed,
                   const struct pack_place *places, size_t n_places, const struct pack_gone *gones, size_t n_gones)
{
    static const char blank[PACK_REC_LEN];
    struct buf *m = &w->meta;
    struct iovec iov;
    uint32_t blobs = w->records;
    size_t at;
    int rc;

    if (w->failed)
        return ERR_IO;
    buf_clear(m);
    for (size_t i = 0; i < n_places; i++) {
        at = m->n;
        buf_add(m, blank, sizeof blank);
        pack_place_put(m, &places[i]);
        add_record(w, PACK_PLACE, at);
    }
    for (size_t i = 0; i < n_gones; i++) {
        at = m->n;
        buf_add(m, blank, sizeof blank);
        pack_gone_put(m, &gones[i]);
        add_record(w, PACK_GONE, at);
    }
    at = m->n;
    buf_add(m, blank, sizeof blank);
    pack_end_put(m, group, last_committed, w->records);
    add_record(w, PACK_GROUP_END, at);
    if (m->err) {
        w->records = blobs;
        return ERR_LIMIT;
    }
    iov = (struct iovec){m->p, m->n};
    if ((rc = append(w, &iov, 1, m->n)) != 0)
        return rc;
    if (fault_point("pack.fdatasync") || pack_io()->fdatasync(w->fd) != 0 || fault_point("pack.fdatasync.after")) {
        w->failed = true; /* the kernel may have dropped the dirty pages: a second fdatasync would lie */
        return ERR_IO;
    }
    w->group_start = w->size;
    w->records = 0;
    return 0;
}

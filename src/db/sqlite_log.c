/* SQLite writes each frame of its write-ahead log with two system calls: 24 bytes of header, then the page. Here they are gathered and written
 * together, at the latest when SQLite syncs the log. That is before anybody may read the frames: with synchronous=FULL every commit syncs the log before
 * the index in shared memory names its frames, and frames that leave the page cache earlier are read by their own connection alone, through here.
 * So only a connection that syncs every commit asks for it (sqlite_log_gather).
 *
 * An error comes out of the sync, or of a later write: SQLite then gives the transaction up, as after a failed write. The frame that commits is the
 * last of them, so what was written in part is no commit. */
#include "db/sqlite_vfs.h"

#include <stdlib.h>

#define GATHER_BYTES (124u << 10) /* SQLite cuts a write to 17 bits: one of 128 KiB would be one of nothing */

struct log_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    const bool *gather; /* of the main file; NULL when SQLite does not tell which that is */
    char *bytes;        /* GATHER_BYTES, made at the first write */
    size_t n;
    sqlite3_int64 at; /* where they belong */
};

static struct log_file *of(sqlite3_file *p) { return (struct log_file *)(void *)p; }
static sqlite3_file *real_of(sqlite3_file *p) { return of(p)->real; }

static int put(struct log_file *f)
{
    size_t n = f->n;
    f->n = 0;
    return n ? f->real->pMethods->xWrite(f->real, f->bytes, (int)n, f->at) : SQLITE_OK;
}

static int l_write(sqlite3_file *p, const void *bytes, int n, sqlite3_int64 offset)
{
    struct log_file *f = of(p);
    int rc = SQLITE_OK;
    bool small = f->gather && *f->gather && (size_t)n <= GATHER_BYTES / 2;
    if (f->n && (!small || offset != f->at + (sqlite3_int64)f->n || f->n + (size_t)n > GATHER_BYTES))
        rc = put(f);
    if (rc != SQLITE_OK)
        return rc;
    if (!small || (!f->bytes && !(f->bytes = malloc(GATHER_BYTES))))
        return f->real->pMethods->xWrite(f->real, bytes, n, offset);
    if (f->n == 0)
        f->at = offset;
    memcpy(f->bytes + f->n, bytes, (size_t)n);
    f->n += (size_t)n;
    return SQLITE_OK;
}

static int l_read(sqlite3_file *p, void *bytes, int n, sqlite3_int64 offset)
{
    struct log_file *f = of(p);
    int rc = f->n && offset + n > f->at ? put(f) : SQLITE_OK;
    return rc == SQLITE_OK ? f->real->pMethods->xRead(f->real, bytes, n, offset) : rc;
}

static int l_sync(sqlite3_file *p, int flags)
{
    int rc = put(of(p));
    return rc == SQLITE_OK ? real_of(p)->pMethods->xSync(real_of(p), flags) : rc;
}

static int l_truncate(sqlite3_file *p, sqlite3_int64 n)
{
    int rc = put(of(p));
    return rc == SQLITE_OK ? real_of(p)->pMethods->xTruncate(real_of(p), n) : rc;
}

static int l_size(sqlite3_file *p, sqlite3_int64 *n)
{
    int rc = put(of(p));
    return rc == SQLITE_OK ? real_of(p)->pMethods->xFileSize(real_of(p), n) : rc;
}

/* What waits here was never synced, so no commit is in it. */
static int l_close(sqlite3_file *p)
{
    free(of(p)->bytes);
    of(p)->bytes = NULL;
    return real_of(p)->pMethods->xClose(real_of(p));
}

static int l_lock(sqlite3_file *p, int level) { return real_of(p)->pMethods->xLock(real_of(p), level); }
static int l_unlock(sqlite3_file *p, int level) { return real_of(p)->pMethods->xUnlock(real_of(p), level); }
static int l_reserved(sqlite3_file *p, int *out) { return real_of(p)->pMethods->xCheckReservedLock(real_of(p), out); }
static int l_control(sqlite3_file *p, int op, void *arg)
{
    return real_of(p)->pMethods->xFileControl(real_of(p), op, arg);
}
static int l_sector(sqlite3_file *p) { return real_of(p)->pMethods->xSectorSize(real_of(p)); }
static int l_traits(sqlite3_file *p) { return real_of(p)->pMethods->xDeviceCharacteristics(real_of(p)); }

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = l_close,
    .xRead = l_read,
    .xWrite = l_write,
    .xTruncate = l_truncate,
    .xSync = l_sync,
    .xFileSize = l_size,
    .xLock = l_lock,
    .xUnlock = l_unlock,
    .xCheckReservedLock = l_reserved,
    .xFileControl = l_control,
    .xSectorSize = l_sector,
    .xDeviceCharacteristics = l_traits,
};

const int sqlite_log_size = sizeof(struct log_file);

int sqlite_log_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *p, int flags, int *out, const bool *gather)
{
    struct log_file *f = of(p);
    *f = (struct log_file){.real = (sqlite3_file *)(void *)(f + 1), .gather = gather};
    int rc = vfs->xOpen(vfs, name, f->real, flags, out);
    if (f->real->pMethods)
        f->base.pMethods = &log_methods;
    return rc;
}

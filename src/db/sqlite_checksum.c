/* A sum in every page of a SQLite file. SQLite has none of its own: a bit that turned over inside a row would be read as if it had been written so.
 * The last PAGE_SUM bytes of each page, which SQLite leaves free when the header's reserve byte says so, hold "SGp1" and the CRC-32C of the page's
 * number and its other bytes. This is a shim between SQLite and its own VFS; it acts on the main database file alone: the write-ahead log carries
 * SQLite's own sums, and its pages get theirs when a checkpoint brings them here.
 *
 * A page that does not check is SQLITE_IOERR_DATA, which sqlite_fail calls ERR_CORRUPT. A page of zeros is one that was never written (a free page
 * beyond which the file grew) and holds nothing. A file without the reserve, written by another program, is read as it is. */
#include "core/hash.h"
#include "core/log.h"
#include "db/sqlite_vfs.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define VFS_NAME "sigillo"
#define PAGE_SUM 8
#define PAGE_LEAST 512
#define RESERVE_AT 20 /* of the file header: bytes left free in each page */
#define LOG_HEAD 32   /* of SQLite's write-ahead log: its header, of a frame, where the salts stand */
#define LOG_FRAME 24
#define LOG_SALT_AT 16
#define RETRIES 5 /* a page read while another process's checkpoint writes it */
#define RETRY_MS 2

static const char sum_magic[4] = {'S', 'G', 'p', '1'};

struct file {
    sqlite3_file base;
    bool sums;   /* pages carry them */
    bool quiet;  /* the caller reports what it finds */
    bool gather; /* frames of its log wait for the sync */
    const char *name;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs *real_vfs;

static uint32_t page_crc(const uint8_t *page, int n, int64_t offset)
{
    uint64_t number = htobe64((uint64_t)(offset / n));

    return crc32c(crc32c(0, &number, sizeof number), page, (size_t)n - PAGE_SUM);
}

static bool is_page(int n, sqlite3_int64 offset) { return n >= PAGE_LEAST && (n & (n - 1)) == 0 && offset % n == 0; }

static bool all_zero(const uint8_t *p, int n) { return p[0] == 0 && memcmp(p, p + 1, (size_t)n - 1) == 0; }

static bool page_good(const uint8_t *page, int n, int64_t offset)
{
    uint32_t crc;

    memcpy(&crc, page + n - 4, sizeof crc);
    return (memcmp(page + n - PAGE_SUM, sum_magic, sizeof sum_magic) == 0 &&
            be32toh(crc) == page_crc(page, n, offset)) ||
           all_zero(page, n);
}

static void page_stamp(uint8_t *page, int n, int64_t offset)
{
    uint32_t crc = htobe32(page_crc(page, n, offset));

    memcpy(page + n - PAGE_SUM, sum_magic, sizeof sum_magic);
    memcpy(page + n - 4, &crc, sizeof crc);
}

/* Whether the file has sums stands in its first page, which is read first and written first. */
static void learn(struct file *f, const uint8_t *bytes, int n, sqlite3_int64 offset)
{
    if (offset == 0 && n >= 100 && memcmp(bytes, "SQLite format 3", 16) == 0)
        f->sums = bytes[RESERVE_AT] == PAGE_SUM;
}

static struct file *of(sqlite3_file *p) { return (struct file *)(void *)p; }
static sqlite3_file *real_of(sqlite3_file *p) { return of(p)->real; }

static int f_close(sqlite3_file *p) { return real_of(p)->pMethods->xClose(real_of(p)); }

static int f_read(sqlite3_file *p, void *bytes, int n, sqlite3_int64 offset)
{
    struct file *f = of(p);
    int rc = f->real->pMethods->xRead(f->real, bytes, n, offset);

    if (rc != SQLITE_OK)
        return rc;
    learn(f, bytes, n, offset);
    if (!f->sums || !is_page(n, offset) || page_good(bytes, n, offset))
        return SQLITE_OK;
    if (!f->quiet)
        log_error("db.page_damaged", L_Z("file", f->name ? f->name : ""), L_I("offset", offset), L_I("bytes", n),
                  L_Z("cure", "run `sigillo verify`; restore this cell from the backup, or salvage it"));
    return SQLITE_IOERR_DATA;
}

/* The bytes are a buffer of SQLite's own that nobody reads on; its last bytes are free by the reserve. */
static int f_write(sqlite3_file *p, const void *bytes, int n, sqlite3_int64 offset)
{
    struct file *f = of(p);

    learn(f, bytes, n, offset);
    if (f->sums && is_page(n, offset))
        page_stamp((uint8_t *)(uintptr_t)bytes, n, offset);
    return f->real->pMethods->xWrite(f->real, bytes, n, offset);
}

static int f_truncate(sqlite3_file *p, sqlite3_int64 n) { return real_of(p)->pMethods->xTruncate(real_of(p), n); }
static int f_sync(sqlite3_file *p, int flags) { return real_of(p)->pMethods->xSync(real_of(p), flags); }
static int f_size(sqlite3_file *p, sqlite3_int64 *n) { return real_of(p)->pMethods->xFileSize(real_of(p), n); }
static int f_lock(sqlite3_file *p, int level) { return real_of(p)->pMethods->xLock(real_of(p), level); }
static int f_unlock(sqlite3_file *p, int level) { return real_of(p)->pMethods->xUnlock(real_of(p), level); }
static int f_reserved(sqlite3_file *p, int *out) { return real_of(p)->pMethods->xCheckReservedLock(real_of(p), out); }
static int f_control(sqlite3_file *p, int op, void *arg)
{
    return real_of(p)->pMethods->xFileControl(real_of(p), op, arg);
}
static int f_sector(sqlite3_file *p) { return real_of(p)->pMethods->xSectorSize(real_of(p)); }
static int f_traits(sqlite3_file *p) { return real_of(p)->pMethods->xDeviceCharacteristics(real_of(p)); }
static int f_shm_map(sqlite3_file *p, int page, int n, int extend, void volatile **out)
{
    return real_of(p)->pMethods->xShmMap(real_of(p), page, n, extend, out);
}
static int f_shm_lock(sqlite3_file *p, int at, int n, int flags)
{
    return real_of(p)->pMethods->xShmLock(real_of(p), at, n, flags);
}
static void f_shm_barrier(sqlite3_file *p) { real_of(p)->pMethods->xShmBarrier(real_of(p)); }
static int f_shm_unmap(sqlite3_file *p, int drop) { return real_of(p)->pMethods->xShmUnmap(real_of(p), drop); }

/* Version 2: without xFetch, no page is ever mapped past f_read. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *p, int flags, int *out)
{
    struct file *f = of(p);
    sqlite3_int64 size = 0;
    int rc;

    (void)v;
    if (flags & SQLITE_OPEN_WAL) {
        struct file *of_log = of(sqlite3_database_file_object(name));
        return sqlite_log_open(real_vfs, name, p, flags, out,
                               of_log && of_log->base.pMethods == &methods ? &of_log->gather : NULL);
    }
    if (!(flags & SQLITE_OPEN_MAIN_DB))
        return real_vfs->xOpen(real_vfs, name, p, flags, out);
    *f = (struct file){.name = name, .real = (sqlite3_file *)(void *)(f + 1)};
    rc = real_vfs->xOpen(real_vfs, name, f->real, flags, out);
    if (rc != SQLITE_OK || !f->real->pMethods)
        return rc;
    f->base.pMethods = &methods;
    /* A file that is just being made gets sums from its first page on, whatever order its pages come in. */
    f->sums = f->real->pMethods->xFileSize(f->real, &size) == SQLITE_OK && size == 0;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    return (void)v, real_vfs->xDelete(real_vfs, name, sync);
}
static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    return (void)v, real_vfs->xAccess(real_vfs, name, flags, out);
}
static int v_full(sqlite3_vfs *v, const char *name, int n, char *out)
{
    return (void)v, real_vfs->xFullPathname(real_vfs, name, n, out);
}
static int v_random(sqlite3_vfs *v, int n, char *out) { return (void)v, real_vfs->xRandomness(real_vfs, n, out); }
static int v_sleep(sqlite3_vfs *v, int us) { return (void)v, real_vfs->xSleep(real_vfs, us); }
static int v_time(sqlite3_vfs *v, double *out) { return (void)v, real_vfs->xCurrentTime(real_vfs, out); }
static int v_error(sqlite3_vfs *v, int n, char *out) { return (void)v, real_vfs->xGetLastError(real_vfs, n, out); }
static int v_time64(sqlite3_vfs *v, sqlite3_int64 *out) { return (void)v, real_vfs->xCurrentTimeInt64(real_vfs, out); }

const char *sqlite_checksum_vfs(void)
{
    static sqlite3_vfs vfs;

    if (real_vfs)
        return VFS_NAME;
    real_vfs = sqlite3_vfs_find(NULL);
    if (!real_vfs)
        abort(); /* this SQLite has no operating system */
    vfs = (sqlite3_vfs){.iVersion = 2,
                        .szOsFile =
                            real_vfs->szOsFile +
                            ((int)sizeof(struct file) > sqlite_log_size ? (int)sizeof(struct file) : sqlite_log_size),
                        .mxPathname = real_vfs->mxPathname,
                        .zName = VFS_NAME,
                        .xOpen = v_open,
                        .xDelete = v_delete,
                        .xAccess = v_access,
                        .xFullPathname = v_full,
                        .xRandomness = v_random,
                        .xSleep = v_sleep,
                        .xCurrentTime = v_time,
                        .xGetLastError = v_error,
                        .xCurrentTimeInt64 = v_time64};
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        abort();
    return VFS_NAME;
}

int sqlite_checksum_reserve(sqlite3 *h)
{
    int n = PAGE_SUM;

    return sqlite3_file_control(h, "main", SQLITE_FCNTL_RESERVE_BYTES, &n);
}

void sqlite_log_gather(sqlite3 *h)
{
    struct file *f = NULL;

    if (sqlite3_file_control(h, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f &&
        f->base.pMethods == &methods)
        f->gather = true;
}

static bool page_checks(struct file *f, uint8_t *page, int n, sqlite3_int64 offset)
{
    for (int i = 0; i < RETRIES; i++) {
        int rc = f_read(&f->base, page, n, offset);

        if (rc != SQLITE_IOERR_DATA)
            return rc == SQLITE_OK;
        sqlite3_sleep(RETRY_MS);
    }
    return false;
}

/* Marks the pages that the write-ahead log holds anew. A power cut in a checkpoint tears what lies under them, and the log
 * mends it; db_integrity reads them through SQLite, from wherever they count. */
static uint8_t *log_pages(sqlite3 *h, int n, size_t pages)
{
    uint8_t *marks = calloc(pages / 8 + 1, 1), head[LOG_HEAD], frame[LOG_FRAME];
    const char *main_file = sqlite3_db_filename(h, "main");
    AUTO(fd) int fd = main_file ? open(sqlite3_filename_wal(main_file), O_RDONLY | O_CLOEXEC) : -1;

    if (!marks || fd < 0 || pread(fd, head, sizeof head, 0) != sizeof head)
        return marks;
    for (off_t at = LOG_HEAD; pread(fd, frame, sizeof frame, at) == sizeof frame; at += LOG_FRAME + n) {
        uint32_t page;

        if (memcmp(frame + 8, head + LOG_SALT_AT, 8) != 0) /* left from before the log was begun anew */
            break;
        memcpy(&page, frame, sizeof page);
        page = be32toh(page);
        if (page > 0 && page <= pages)
            marks[(page - 1) / 8] |= (uint8_t)(1u << (page - 1) % 8);
    }
    return marks;
}

int sqlite_checksum_pages(sqlite3 *h, struct buf *out)
{
    struct file *f = NULL;
    sqlite3_int64 size = 0;
    uint8_t head[100];
    AUTO(heap) uint8_t *page = NULL, *in_log = NULL;
    int n;

    if (sqlite3_file_control(h, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || !f ||
        f->base.pMethods != &methods)
        return 0;
    if (f_size(&f->base, &size) != SQLITE_OK || f->real->pMethods->xRead(f->real, head, sizeof head, 0) != SQLITE_OK)
        return ERR_IO;
    n = head[16] << 8 | head[17];
    n = n == 1 ? 65536 : n;
    if (head[RESERVE_AT] != PAGE_SUM || !is_page(n, 0)) {
        buf_printf(out,
                   "the pages carry no sums (reserve byte %d at offset %d): the header is damaged, or another program "
                   "made the file\n",
                   head[RESERVE_AT], RESERVE_AT);
        return 0;
    }
    if (!(page = malloc((size_t)n)) ||
        !(in_log = log_pages(h, n, (size_t)((size + n - 1) / n)))) /* the last page may be there in part */
        return ERR_NOMEM;
    f->quiet = true;
    f->sums = true;
    for (sqlite3_int64 at = 0, i = 0; at < size && !out->err; at += n, i++)
        if (in_log[i / 8] >> i % 8 & 1)
            continue;
        else if (at + n > size || !page_checks(f, page, n, at))
            buf_printf(out, "the page at offset %lld (%d bytes) does not check\n", (long long)at, n);
    f->quiet = false;
    return 0;
}

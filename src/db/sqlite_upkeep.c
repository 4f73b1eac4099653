/* SQLite upkeep: checkpoint, integrity, snapshot. */
#include "core/buf.h"
#include "db/sqlite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RESTART_WAIT_MS 100
#define REPORT_LINES 100
#define REPORT_BYTES 65536
#define PATH_BYTES 4096
#define SNAPSHOT_SUFFIX ".part"

int sqlite_sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, n);
    folder[n] = 0;
    AUTO(fd) int fd = open(!slash ? "." : n ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

/* PASSIVE never waits; but while there is always some reader the WAL never starts again and only grows. RESTART waits
 * for the readers of the old frames, for a short time: they are bounded to 50 ms by the store. */
int sqlite_checkpoint(struct db *db, int64_t *wal_pages_left)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    int log = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(q->h, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);
    if (rc == SQLITE_OK && log > DB_WAL_RESTART_PAGES) {
        sqlite3_busy_timeout(q->h, RESTART_WAIT_MS);
        rc = sqlite3_wal_checkpoint_v2(q->h, NULL, SQLITE_CHECKPOINT_RESTART, &log, &done);
        sqlite3_busy_timeout(q->h, db->patience_ms);
    }
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        return sqlite_fail(q, rc);
    *wal_pages_left = log > done ? log - done : 0;
    return 0;
}

static int report_rows(struct db_sqlite *q, const char *pragma, struct buf *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(q->h, pragma, -1, &st, NULL), lines = 0;
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(st);
        if (rc != SQLITE_ROW || lines++ >= REPORT_LINES)
            break;
        const char *cell = (const char *)sqlite3_column_text(st, 0);
        if (cell && strcmp(cell, "ok") == 0)
            continue;
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *text = (const char *)sqlite3_column_text(st, i);
            buf_printf(out, "%s%s", i ? " " : "", text ? text : "-");
        }
        buf_addc(out, '\n');
    }
    int r = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : sqlite_fail(q, rc);
    sqlite3_finalize(st);
    return r;
}

int sqlite_integrity(struct db *db, struct arena *a, struct str *report)
{
    struct db_sqlite *q = (struct db_sqlite *)db;
    AUTO(buf) struct buf out;
    buf_init(&out, REPORT_BYTES);
    int r = sqlite3_exec(q->h, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL) == SQLITE_OK
                ? sqlite_checksum_pages(q->h, &out)
                : 0; /* what is wrong then the next line tells */
    (void)sqlite3_exec(q->h, "COMMIT", NULL, NULL, NULL);
    if (r == 0)
        r = report_rows(q, "PRAGMA integrity_check(100)", &out);
    if (r == 0)
        r = report_rows(q, "PRAGMA foreign_key_check", &out);
    /* So broken that the check itself stops: that is a report, not a failure of the call. */
    if (r == ERR_CORRUPT) {
        buf_printf(&out, "%s\n", db->error);
        r = 0;
    }
    *report = arena_str(a, buf_str(&out));
    return r;
}

/* One step copies all pages in one read transaction: writers go on, and none of them restarts the copy. */
static int copy_pages(struct db_sqlite *q, const char *path, struct err *e)
{
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, sqlite_checksum_vfs());
    if (rc == SQLITE_OK)
        rc = sqlite_checksum_reserve(to);
    sqlite3_backup *copy = rc == SQLITE_OK ? sqlite3_backup_init(to, "main", q->h, "main") : NULL;
    int r = 0;
    if (copy) {
        sqlite3_backup_step(copy, -1);
        rc = sqlite3_backup_finish(copy);
    } else if (rc == SQLITE_OK) {
        rc = sqlite3_errcode(to);
    }
    if (rc != SQLITE_OK) {
        int sys = to ? sqlite3_system_errno(to) : 0;
        struct db_sqlite target = {.h = to};
        r = sqlite_fail(&target, rc);
        err_set(e, r, "the copy %s could not be written: %s (errno %d)", path, target.base.error, sys);
    }
    sqlite3_close(to);
    return r;
}

static int sync_file(const char *path)
{
    AUTO(fd) int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int sqlite_snapshot(struct db *db, const char *path, struct err *e)
{
    char part[PATH_BYTES];
    if ((size_t)snprintf(part, sizeof part, "%s%s", path, SNAPSHOT_SUFFIX) >= sizeof part)
        return err_set(e, ERR_INVALID, "the path of the copy is too long");
    if (access(path, F_OK) == 0)
        return err_set(e, ERR_EXIST, "%s exists already", path);
    unlink(part);
    int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, err_from_errno(errno), "cannot create %s: %s", part, strerror(errno));
    close(fd);
    int r = copy_pages((struct db_sqlite *)db, part, e);
    if (r == 0 && (sync_file(part) || rename(part, path) || sqlite_sync_folder(path)))
        r = err_set(e, err_from_errno(errno), "the copy %s could not be made durable: %s", path, strerror(errno));
    if (r) {
        char extra[PATH_BYTES + 16];
        unlink(part);
        for (size_t i = 0; i < 3; i++) {
            snprintf(extra, sizeof extra, "%s%s", part, (const char *[]){"-journal", "-wal", "-shm"}[i]);
            unlink(extra);
        }
    }
    return r;
}

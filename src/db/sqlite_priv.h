#pragma once
/* SQLite driver, shared by its files. */
#include "core/buf.h"
#include "db/driver.h"

#include <sqlite3.h>

enum sqlite_ctl {
    CTL_BEGIN_WRITE,
    CTL_BEGIN_READ,
    CTL_COMMIT,
    CTL_ROLLBACK,
    CTL_SAVEPOINT,
    CTL_RELEASE,
    CTL_UNDO,
    CTL_COUNT
};

struct db_sqlite {
    struct db base;
    sqlite3 *h;
    sqlite3_stmt *stmts[SQL_COUNT];
    bool taken[SQL_COUNT]; /* by an open cursor */
    sqlite3_stmt *ctl[CTL_COUNT];
    int64_t read_steps, read_from_ms; /* of the last statement begun: db_read_limit */
};

extern const struct db_ops sqlite_ops;

/* House code of a SQLite result; sets db_error and ends the transaction where the error means that. */
int sqlite_fail(struct db_sqlite *q, int rc);
int sqlite_ctl(struct db_sqlite *q, enum sqlite_ctl what); /* SQLite result code */
int sqlite_sync_folder(const char *path);                  /* fsync of the folder that holds path; -1 and errno */

/* sqlite_checksum.c: name of the VFS to open with; to be called before the first page of a new file is written; one line for each page of the file
 * that does not check (the caller holds a reading transaction, so that no checkpoint of its frames runs). */
const char *sqlite_checksum_vfs(void);
int sqlite_checksum_reserve(sqlite3 *h);
/* Frames of the write-ahead log are written together at the sync (sqlite_log.c): only where synchronous=FULL. */
void sqlite_log_gather(sqlite3 *h);
int sqlite_checksum_pages(sqlite3 *h, struct buf *out) MUST_USE;

int sqlite_checkpoint(struct db *db, int64_t *wal_pages_left);
int sqlite_integrity(struct db *db, struct arena *a, struct str *report);
int sqlite_snapshot(struct db *db, const char *path, struct err *e);

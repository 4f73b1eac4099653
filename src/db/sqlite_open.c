/* SQLite: opening a file, its settings, and what its errors mean. */
#include "db/sqlite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_KIB 8192 /* page cache of a connection, unless conf says otherwise */
#define MMAP_BYTES 0
#define LOOKASIDE_SLOT 512 /* bytes x slots: 64 KiB a connection */
#define LOOKASIDE_SLOTS 128
#define JOURNAL_KEEP_BYTES (128 * 1024 * 1024) /* a WAL that grew once is cut back to this when it starts again */

static const struct {
    const char *text;
    bool write; /* not on a read-only connection */
} pragmas[] = {
    {"PRAGMA journal_mode = WAL", true},      {"PRAGMA synchronous = FULL", false},
    {"PRAGMA wal_autocheckpoint = 0", false}, {"PRAGMA foreign_keys = ON", false},
    {"PRAGMA temp_store = MEMORY", false},
};

static int map_error(struct db_sqlite *q, int rc);
static int open_file(struct db_sqlite *q, const struct db_conf *conf, struct err *e);
static int configure(struct db_sqlite *q, const struct db_conf *conf, struct err *e);

int sqlite_fail(struct db_sqlite *q, int rc)
{
    db_set_error(&q->base, "%s (SQLite %d, errno %d)", q->h ? sqlite3_errmsg(q->h) : sqlite3_errstr(rc), rc,
                 q->h ? sqlite3_system_errno(q->h) : 0);
    int code = map_error(q, rc);
    bool ends = code == ERR_FULL || code == ERR_IO || code == ERR_CORRUPT || code == ERR_NOMEM;
    if (ends && q->h && !sqlite3_get_autocommit(q->h))
        sqlite_ctl(q, CTL_ROLLBACK);
    return code;
}

static int map_error(struct db_sqlite *q, int rc)
{
    int sys = q->h ? sqlite3_system_errno(q->h) : errno;
    switch (rc & 0xff) {
    case SQLITE_OK: return 0;
    case SQLITE_CONSTRAINT: return DB_CONSTRAINT;
    case SQLITE_FULL: return ERR_FULL;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM)
            return ERR_NOMEM;
        if (rc == SQLITE_IOERR_CORRUPTFS || rc == SQLITE_IOERR_DATA)
            return ERR_CORRUPT;
        return sys == ENOSPC || sys == EDQUOT ? ERR_FULL : ERR_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return ERR_BUSY;
    case SQLITE_READONLY: return ERR_READONLY;
    case SQLITE_NOMEM: return ERR_NOMEM;
    case SQLITE_PERM:
    case SQLITE_AUTH: return ERR_PERM;
    case SQLITE_CANTOPEN: return sys ? err_from_errno(sys) : ERR_IO;
    case SQLITE_INTERRUPT: return ERR_TIMEOUT;
    case SQLITE_TOOBIG: return ERR_LIMIT;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE: return ERR_INVALID;
    default: return ERR_SYS;
    }
}

static void library_setup(void)
{
    /* The counters of sqlite3_status take a process-wide mutex on every allocation. Refused once the library runs: no
     * harm. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    (void)sqlite_checksum_vfs();
}

/* Which page stopped the opening: the first line of what sqlite_checksum_pages finds. */
static void name_page(struct db_sqlite *q, struct err *e)
{
    AUTO(buf) struct buf pages;
    struct str line, rest;
    buf_init(&pages, ERR_TEXT_MAX);
    if (!e || !q->h || sqlite_checksum_pages(q->h, &pages) != 0)
        return;
    rest = buf_str(&pages);
    if (str_token(&rest, '\n', &line) && line.n)
        err_set(e, ERR_CORRUPT, "%s: %.*s", e->text, STRF(line));
}

int db_sqlite_open(struct db **dbp, const struct db_conf *conf, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_setup);
    struct db_sqlite *q = calloc(1, sizeof *q);
    if (!q)
        return err_set(e, ERR_NOMEM, "out of memory");
    q->base.ops = &sqlite_ops;
    int r = open_file(q, conf, e);
    if (r == 0)
        r = configure(q, conf, e);
    if (r == ERR_CORRUPT)
        name_page(q, e);
    if (r) {
        sqlite_ops.close(&q->base);
        return r;
    }
    *dbp = &q->base;
    return 0;
}

/* The file is made here, not by SQLite, for its mode: the WAL and its index inherit it. */
static int create_file(const char *path, struct err *e)
{
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        return sqlite_sync_folder(path)
                   ? err_set(e, ERR_IO, "%s: its folder cannot be synced: %s", path, strerror(errno))
                   : 0;
    return errno == EEXIST ? 0 : err_set(e, err_from_errno(errno), "cannot create %s: %s", path, strerror(errno));
}

static int open_file(struct db_sqlite *q, const struct db_conf *conf, struct err *e)
{
    struct stat sb;
    if (stat(conf->path, &sb) != 0) {
        if (errno != ENOENT || !conf->create || conf->readonly)
            return err_set(e, err_from_errno(errno), "cannot open the database %s: %s", conf->path, strerror(errno));
        int r = create_file(conf->path, e);
        if (r)
            return r;
    } else if (sb.st_size == 0 && !conf->create) {
        /* SQLite takes an empty file for an empty database: mail cut away would look like no mail. */
        return err_set(e, ERR_CORRUPT, "the database %s is empty: it was cut short. Restore it or run salvage",
                       conf->path);
    }
    int flags = conf->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = sqlite3_open_v2(conf->path, &q->h, flags | SQLITE_OPEN_NOMUTEX, sqlite_checksum_vfs());
    if (rc != SQLITE_OK)
        return err_set(e, sqlite_fail(q, rc), "cannot open the database %s: %s", conf->path, q->base.error);
    return 0;
}

static int configure(struct db_sqlite *q, const struct db_conf *conf, struct err *e)
{
    sqlite3_extended_result_codes(q->h, 1);
    sqlite3_db_config(q->h, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_SLOT, LOOKASIDE_SLOTS);
    sqlite3_db_config(q->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(q->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(q->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(q->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_busy_timeout(q->h, conf->patience_ms);
    int rc = sqlite_checksum_reserve(q->h);
    for (size_t i = 0; i < N_ELEMENTS(pragmas) && rc == SQLITE_OK; i++)
        if (!(pragmas[i].write && conf->readonly))
            rc = sqlite3_exec(q->h, pragmas[i].text, NULL, NULL, NULL);
    char text[160];
    snprintf(text, sizeof text, "PRAGMA cache_size = -%d; PRAGMA mmap_size = %d; PRAGMA journal_size_limit = %d",
             conf->cache_kib > 0 ? conf->cache_kib : CACHE_KIB, MMAP_BYTES, JOURNAL_KEEP_BYTES);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(q->h, text, NULL, NULL, NULL);
    if (rc == SQLITE_OK && conf->relaxed)
        rc = sqlite3_exec(q->h, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    if (rc == SQLITE_OK && !conf->relaxed && !conf->readonly)
        sqlite_log_gather(q->h);
    /* The first read of page 1: a file that is no database, or cut inside its header, is found now. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(q->h, "PRAGMA schema_version", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return err_set(e, sqlite_fail(q, rc), "cannot use the database %s: %s", conf->path, q->base.error);
    /* The WAL's name must outlive a power cut before the first commit stands in it. SQLite syncs the folder as well,
     * and takes a failure for success. */
    if (!conf->readonly && sqlite_sync_folder(conf->path) != 0)
        return err_set(e, err_from_errno(errno), "the folder of %s cannot be synced: %s", conf->path, strerror(errno));
    return 0;
}

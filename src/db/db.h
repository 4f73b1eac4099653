#pragma once
/* One SQL API, drivers SQLite, PostgreSQL and (tests) a fault-injecting wrapper. A struct db is one connection and belongs to one
 * thread at a time. Every statement is named, stands in sql/statements, is prepared once per connection, and is called by its generated id
 * (enum sql_id, db/sql_gen.h). No SQL text inside C.
 *
 * Results: 0 ok; < 0 of core/err.h: ERR_IO, ERR_FULL, ERR_CORRUPT, ERR_BUSY (lock not had within the connection's patience), ERR_GONE
 * (server lost; nothing of the transaction stands unless db_commit returned ERR_UNKNOWN), ERR_UNKNOWN (only db_commit: the connection
 * was lost after COMMIT was sent), ERR_READONLY, ERR_VERSION. > 0: enum db_result, to be handled by the caller.
 * ERR_INVALID: a mistake of the caller (foreign set, wrong argument type or count, text that is not UTF-8 or holds NUL, order of calls).
 *
 * After any error inside a transaction (> 0 too) PostgreSQL refuses further statements until rollback to a savepoint; SQLite after ERR_FULL,
 * ERR_IO, ERR_CORRUPT, ERR_NOMEM has rolled back everything, released savepoints included: db_in_txn() tells. Both drivers behave so for
 * the caller: after an error only db_savepoint_rollback, db_rollback are allowed, every other call returns the first error again; when
 * db_savepoint_rollback fails, the outer transaction is lost. */
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"

struct db;
enum db_engine { DB_SQLITE, DB_POSTGRESQL };
enum db_result { DB_CONSTRAINT = 1 /* unique, foreign key, check */ };

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BLOB, DB_REAL };
struct db_val { /* bound value; bytes must live until the call returns */
    enum db_type type;
    int64_t i;
    struct str s;
    double r;
};
static inline struct db_val db_int(int64_t v) { return (struct db_val){DB_INT, v, {0, 0}, 0}; }
static inline struct db_val db_text(struct str s) { return (struct db_val){DB_TEXT, 0, s, 0}; }
static inline struct db_val db_blob(struct str s) { return (struct db_val){DB_BLOB, 0, s, 0}; }
static inline struct db_val db_real(double v) { return (struct db_val){DB_REAL, 0, {0, 0}, v}; }
static inline struct db_val db_null(void) { return (struct db_val){DB_NULL, 0, {0, 0}, 0}; }
#define DB_ARGS(...) \
    (const struct db_val[]){__VA_ARGS__}, sizeof((const struct db_val[]){__VA_ARGS__}) / sizeof(struct db_val)

struct db_conf {
    enum db_engine engine;
    const char *path;   /* SQLite: the database file */
    const char *url;    /* PostgreSQL: libpq connection string */
    const char *schema; /* PostgreSQL: schema of the cell (search_path) */
    const char *set; /* statement set: "cell", "directory", "search": folder of sql/schema, "-- set:" of statements */
    bool create;     /* create file / schema when absent */
    bool readonly;
    bool
        relaxed; /* SQLite: commits are not synced, a power cut may undo the last ones; for what can be made anew (search.db) */
    int cache_kib;   /* SQLite: page cache of this connection at most; 0: 8 MiB */
    int patience_ms; /* lock wait; 0: DB_PATIENCE_MS. PostgreSQL: also the base of statement and network timeouts */
};
#define DB_PATIENCE_MS 10000
/* ERR_NOENT absent and not to be created, ERR_PERM, ERR_CORRUPT (not a database), ERR_GONE (no server), ERR_INVALID (unknown set). */
int db_open(struct db **dbp, const struct db_conf *conf, struct err *e) MUST_USE;
void db_close(struct db **dbp);                                /* rolls back what is open; accepts NULL */
static inline void auto_db(struct db **dbp) { db_close(dbp); } /* AUTO(db) struct db *db = NULL; */
enum db_engine db_engine(const struct db *db);
const char *db_error(const struct db *db); /* last driver text, for logs */

/* Schema: sql/schema/<set>/NNNN_name.sql (+ NNNN_name.sqlite.sql / .postgresql.sql where dialects force it), applied in order, each in one
 * transaction, recorded in table schema_version. ERR_VERSION when the database is newer than this binary (rows above are untouched) or an
 * applied migration has another text than ours; ERR_INVALID when a SQLite file belongs to another set. Any number of processes may call it. */
int db_migrate(struct db *db, struct err *e) MUST_USE;
int db_schema_version(struct db *db, int64_t *have, int64_t *want) MUST_USE;

/* Write transaction: SQLite BEGIN IMMEDIATE (the caller holds the cell's flock, see store/fence.h), PostgreSQL BEGIN. Read: one snapshot (deferred / repeatable read, read only). */
int db_begin_write(struct db *db) MUST_USE;
int db_begin_read(struct db *db) MUST_USE;
/* Whatever it returns, the transaction is over: on an error it is rolled back, but ERR_UNKNOWN (PostgreSQL) and ERR_IO (SQLite: the WAL may
 * hold the commit frame and a crash may bring it back) leave the outcome open. */
int db_commit(struct db *db) MUST_USE;
void db_rollback(struct db *db); /* safe when none is open */
bool db_in_txn(const struct db *db);
int db_savepoint(struct db *db) MUST_USE; /* one level */
int db_savepoint_release(struct db *db) MUST_USE;
int db_savepoint_rollback(struct db *db) MUST_USE; /* undoes and ends it; < 0: the outer transaction is lost too */

/* Statements that may have written since the connection was opened; the first error of the open transaction, 0 for none. With both a caller
 * tells whether work that gave up left something behind. */
uint64_t db_writes(const struct db *db);
int db_txn_error(const struct db *db);

/* Reading transactions only, from the next statement on: one that reads for longer than limit_ms is ended with ERR_TIMEOUT and a sentence in
 * db_error. A slow disk or a busy machine alone is no reason: SQLite stops only what has also done DB_READ_STEPS steps of its machine,
 * PostgreSQL at limit_ms x DB_READ_PATIENCE. 0: no limit. */
#define DB_READ_STEPS 1000000
#define DB_READ_PATIENCE 20
void db_read_limit(struct db *db, int limit_ms);
/* The same by the clock alone, on both: full text works between two steps of SQLite's machine, and nearly nothing is counted. */
void db_read_deadline(struct db *db, int limit_ms);

/* Named arguments of the statement in the order of its "-- args:" line. */
#include "db/sql_gen.h"
/* Runs a statement without rows. changed (may be NULL): rows touched; with NULL PostgreSQL may defer the error to the next call that waits (pipeline). */
int db_run(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *changed) MUST_USE;
/* Rows: for (r = db_query(...); r == 0 && (r = db_next(&c)) == 1;) {...}  db_end(&c).  db_next: 1 a row, 0 end, < 0 error. Column views
 * live until the next db_next/db_end on the cursor. At most 4 cursors open per connection. PostgreSQL fetches all rows at db_query: every
 * statement that can find many has a LIMIT. */
struct db_cursor {
    struct db *db;
    void *state;
    int row;
};
int db_query(struct db *db, struct db_cursor *c, enum sql_id id, const struct db_val *args, size_t n_args) MUST_USE;
int db_next(struct db_cursor *c) MUST_USE;
int64_t db_col_int(const struct db_cursor *c, int col); /* 0 for NULL */
double db_col_real(const struct db_cursor *c, int col);
struct str db_col_str(const struct db_cursor *c, int col); /* text or blob columns; p NULL for NULL, not for empty */
bool db_col_null(const struct db_cursor *c, int col);
void db_end(
    struct db_cursor
        *c); /* needed on every path; accepts a cursor whose db_query failed. Commit and rollback end all cursors */
static inline void auto_db_cursor(struct db_cursor *c) { db_end(c); } /* AUTO(db_cursor) struct db_cursor c = {0}; */
/* First row's first column as integer; 1 found, 0 no row, < 0 error. */
int db_get_int(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *out) MUST_USE;

/* SQLite upkeep, called by the store's checkpoint thread and by verify/backup; no-ops (0) on PostgreSQL. */
/* Copies what no reader needs from the WAL into the file, without waiting; above DB_WAL_RESTART_PAGES it waits up to 100 ms for readers, so that
 * the WAL begins again at its start. Own connection, not inside a transaction. */
#define DB_WAL_RESTART_PAGES 16384 /* 64 MiB */
int db_checkpoint(struct db *db, int64_t *wal_pages_left) MUST_USE;
int db_integrity(struct db *db, struct arena *a, struct str *report) MUST_USE; /* "" when sound */
/* Consistent copy of a live SQLite file, on stable storage when it returns 0; nothing is left at path after an error. ERR_EXIST. */
int db_snapshot(struct db *db, const char *path, struct err *e) MUST_USE;

/* Wake-ups between nodes (PostgreSQL LISTEN/NOTIFY; SQLite: 0, no descriptor, never one to read). A connection that listens is used for nothing
 * else but to notify: it does not wait for the disk, and does not hear itself. Inside a transaction a notification leaves with its commit. Channel: lower case letters, digits, _; payload: text under 8000 bytes. */
#define DB_NOTIFY_MAX 7999u
int db_notify(struct db *db, const char *channel, struct str payload) MUST_USE;
int db_listen(struct db *db, const char *channel) MUST_USE;
int db_notify_fd(const struct db *db); /* readable: call db_notify_next until 0; -1 when there is none */
/* 1 one (copied to a), 0 none, < 0 ERR_GONE: open again, listen again, look at everything. */
int db_notify_next(struct db *db, struct arena *a, struct str *channel, struct str *payload) MUST_USE;

/* PostgreSQL: a connection string (with NUL) whose sessions see the rows of every firm, for pg_dump: row-level security shows a session none before it
 * says whose. ERR_INVALID. */
int db_url_of_all(const char *url, struct buf *out, struct err *e) MUST_USE;

/* Fault injection (tests): the next matching calls fail. Works over any driver and leaves the transaction as the true error would: SQLite has
 * rolled back all after ERR_FULL / ERR_IO / ERR_CORRUPT / ERR_NOMEM; after ERR_GONE / ERR_UNKNOWN the connection is dead until opened again. */
enum db_fault_kind {
    DB_AT_BEGIN,
    DB_AT_RUN /* db_run, db_query */,
    DB_AT_COMMIT,
    DB_AT_COMMIT_AFTER /* committed, then ERR_UNKNOWN */,
    DB_AT_COUNT
};
struct db_fault {
    enum db_fault_kind at;
    int nth;  /* from 1, counted per kind since db_inject */
    int code; /* error returned */
};
void db_inject(struct db *db, const struct db_fault *faults, size_t n); /* replaces the plan; n 0 ends it */

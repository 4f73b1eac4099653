#pragma once
/* One SQL API, drivers SQLite, PostgreSQL and (tests) a fault-injecting wrapper. A struct db is one connection and belongs to one
 * thread at a time. Every statement is named, stands in sql/statements, is prepared once per connection, and is called by its generated id
 * (enum sql_id, db/sql_gen.h). No SQL text inside C.
 *
 * Results: 0 ok; < 0 of core/err.h: ERR_IO, ERR_FULL, ERR_CORRUPT, ERR_BUSY (lock not had within the connection's patience), ERR_GONE
 * (server lost; nothing of the transaction stands unless db_commit returned ERR_UNKNOWN), ERR_UNKNOWN (only db_commit: the connection
 * was lost after COMMIT was sent), ERR_READONLY, ERR_VERSION. > 0: enum db_result, to be handled by the caller.
 * After any error inside a write transaction PostgreSQL refuses further statements until rollback to a savepoint; SQLite after ERR_FULL /
 * ERR_IO may have rolled back everything: db_in_txn() tells. Both drivers behave so for the caller: after an error only db_savepoint_rollback,
 * db_rollback are allowed; when db_savepoint_rollback fails, the outer transaction is lost. */
#include "core/arena.h"
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
static inline struct db_val db_null(void) { return (struct db_val){DB_NULL, 0, {0, 0}, 0}; }
#define DB_ARGS(...) (const struct db_val[]){__VA_ARGS__}, sizeof((const struct db_val[]){__VA_ARGS__}) / sizeof(struct db_val)

struct db_conf {
    enum db_engine engine;
    const char *path;     /* SQLite: the database file */
    const char *url;      /* PostgreSQL: libpq connection string */
    const char *schema;   /* PostgreSQL: schema of the cell (search_path) */
    const char *set;      /* statement set: "cell", "directory", "search": folder of sql/schema and prefix of statements */
    bool create;          /* create file / schema when absent */
    bool readonly;
    int patience_ms;      /* lock wait; 10 s in the servers */
};
int db_open(struct db **dbp, const struct db_conf *conf, struct err *e) MUST_USE;
void db_close(struct db **dbp);
enum db_engine db_engine(const struct db *db);
const char *db_error(const struct db *db); /* last driver text, for logs */

/* Schema: sql/schema/<set>/NNNN_name.sql (+ NNNN_name.sqlite.sql / .postgresql.sql where dialects force it), applied in order, each in one
 * transaction, recorded in table schema_version. ERR_VERSION when the database is newer than this binary (rows above are untouched). */
int db_migrate(struct db *db, struct err *e) MUST_USE;
int db_schema_version(struct db *db, int64_t *have, int64_t *want) MUST_USE;

/* Write transaction: SQLite BEGIN IMMEDIATE (the caller holds the cell's flock, see store/fence.h), PostgreSQL BEGIN. Read: one snapshot (deferred / repeatable read, read only). */
int db_begin_write(struct db *db) MUST_USE;
int db_begin_read(struct db *db) MUST_USE;
int db_commit(struct db *db) MUST_USE;
void db_rollback(struct db *db); /* safe when none is open */
bool db_in_txn(const struct db *db);
int db_savepoint(struct db *db) MUST_USE;          /* one level */
int db_savepoint_release(struct db *db) MUST_USE;
int db_savepoint_rollback(struct db *db) MUST_USE; /* < 0: the outer transaction is lost too */

/* Named arguments of the statement in the order of its "-- args:" line. */
#include "db/sql_gen.h"
/* Runs a statement without rows. changed (may be NULL): rows touched; with NULL PostgreSQL may defer the error to the next call that waits (pipeline). */
int db_run(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *changed) MUST_USE;
/* Rows: for (r = db_query(...); r == 0 && (r = db_next(&c)) == 1;) {...}  db_end(&c).  db_next: 1 a row, 0 end, < 0 error. Column views
 * live until the next db_next/db_end on the cursor. At most 4 cursors open per connection. */
struct db_cursor {
    struct db *db;
    void *state;
    int row;
};
int db_query(struct db *db, struct db_cursor *c, enum sql_id id, const struct db_val *args, size_t n_args) MUST_USE;
int db_next(struct db_cursor *c) MUST_USE;
int64_t db_col_int(const struct db_cursor *c, int col); /* 0 for NULL */
struct str db_col_str(const struct db_cursor *c, int col); /* text or blob; p NULL for NULL */
bool db_col_null(const struct db_cursor *c, int col);
void db_end(struct db_cursor *c);
/* First row's first column as integer; 1 found, 0 no row, < 0 error. */
int db_get_int(struct db *db, enum sql_id id, const struct db_val *args, size_t n_args, int64_t *out) MUST_USE;

/* SQLite upkeep, called by the store's checkpoint thread and by verify/backup; no-ops (0) on PostgreSQL. */
int db_checkpoint(struct db *db, int64_t *wal_pages_left);
int db_integrity(struct db *db, struct arena *a, struct str *report) MUST_USE; /* "" when sound */
int db_snapshot(struct db *db, const char *path, struct err *e) MUST_USE;      /* consistent copy of a live SQLite file (backup API / VACUUM INTO) */

/* Fault injection (tests): the next matching calls fail. Wraps any driver. */
struct db_fault {
    enum { DB_AT_BEGIN, DB_AT_RUN, DB_AT_COMMIT, DB_AT_COMMIT_AFTER /* committed, then ERR_UNKNOWN */ } at;
    int nth;  /* from 1, counted per kind */
    int code; /* error returned */
};
void db_inject(struct db *db, const struct db_fault *faults, size_t n);

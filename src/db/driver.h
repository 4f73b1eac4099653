#pragma once
/* Inside of db/: what a driver gives, and the state that db.c keeps for both of them. db.c checks arguments and order
 * of calls, holds the "after an error only rollback" rule and injects faults; a driver only talks to its engine. */
#include "db/db.h"
#include "db/sql_table.h"

#define DB_CURSORS_MAX 4
#define DB_FAULTS_MAX 16u
#define DB_ERROR_MAX 512u

/* An open cursor. */
struct db_slot {
    bool used;
    bool own; /* SQLite: the statement was in use already, this one is a second copy */
    enum sql_id id;
    void *rows;      /* sqlite3_stmt or PGresult */
    int first;       /* SQLite: result of a step made by query, 0 none */
    bool done;       /* SQLite: the end was reached */
    int row, n_rows; /* PostgreSQL */
};

enum db_txn { DB_TXN_NONE, DB_TXN_READ, DB_TXN_WRITE };
enum db_sp { DB_SP_SET, DB_SP_RELEASE, DB_SP_UNDO };

struct db_ops {
    void (*close)(struct db *db);
    int (*begin)(struct db *db, enum db_txn kind);
    int (*commit)(struct db *db); /* on any error the transaction is over */
    void (*rollback)(struct db *db);
    int (*savepoint)(struct db *db, enum db_sp what);
    bool (*in_txn)(struct db *db); /* does the engine still have the transaction? asked after errors */
    int (*run)(struct db *db, enum sql_id id, const struct db_val *args, int64_t *changed);
    int (*query)(struct db *db, struct db_slot *slot, enum sql_id id, const struct db_val *args);
    int (*next)(struct db *db, struct db_slot *slot);
    int64_t (*col_int)(const struct db_slot *slot, int col);
    double (*col_real)(const struct db_slot *slot, int col);
    struct str (*col_str)(const struct db_slot *slot, int col);
    bool (*col_null)(const struct db_slot *slot, int col);
    void (*end)(struct db *db, struct db_slot *slot);
    int (*prepare)(struct db *db, enum sql_id id); /* compiles and describes, runs nothing */
    int (*script)(struct db *db, const char *sql); /* several statements, inside the transaction of a migration */
    int (*checkpoint)(struct db *db, int64_t *wal_pages_left);
    int (*integrity)(struct db *db, struct arena *a, struct str *report);
    int (*snapshot)(struct db *db, const char *path, struct err *e);
    int (*listen)(struct db *db, const char *channel);
    int (*notify)(struct db *db, const char *channel, struct str payload);
    int (*notify_next)(struct db *db, struct arena *a, struct str *channel, struct str *payload);
    int (*fd)(const struct db *db);
    void (*read_limit)(struct db *db); /* read_limit_ms has changed */
};

struct db {
    const struct db_ops *ops;
    enum db_engine engine;
    int set;
    bool readonly;
    int patience_ms;
    int read_limit_ms; /* 0 none */
    bool read_by_clock;
    enum db_txn txn;
    bool savepoint;
    bool lost; /* the engine ended the transaction by itself; only rollback is left to say */
    bool dead; /* connection lost: only close is left */
    uint64_t writes;
    int failed; /* first error inside the transaction: further statements get it too */
    struct db_slot slots[DB_CURSORS_MAX];
    struct db_fault faults[DB_FAULTS_MAX];
    size_t n_faults;
    int passes[DB_AT_COUNT];
    char error[DB_ERROR_MAX];
};

int db_sqlite_open(struct db **dbp, const struct db_conf *conf, struct err *e) MUST_USE;
int db_postgresql_open(struct db **dbp, const struct db_conf *conf, struct err *e) MUST_USE;
void db_set_error(struct db *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Records the first error of a transaction and whether the engine gave the whole of it up; returns code. */
int db_failed(struct db *db, int code);
void db_end_cursors(struct db *db);
/* Code to fail with at this pass, 0 when none is planned; db_fault_run also leaves the transaction as the true error
 * would. */
int db_fault_at(struct db *db, int at);
int db_fault_run(struct db *db);
/* Compiles one statement against the open schema; the test of sql/statements. */
int db_prepare(struct db *db, enum sql_id id) MUST_USE;
/* db_migrate with another list (tests). */
int db_migrate_list(struct db *db, const struct sql_migration *list, size_t n, struct err *e) MUST_USE;
/* Runs the text of a migration inside the open write transaction. */
int db_script(struct db *db, const char *sql) MUST_USE;

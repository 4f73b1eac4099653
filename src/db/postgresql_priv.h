#pragma once
/* PostgreSQL driver, shared by its files. The connection stays in libpq's pipeline mode: what needs no answer is
 * queued, and every call that waits sends a Sync and reads the answers of all that was queued, in order. The first
 * error among them is the call's error; the server skips everything between an error and the next Sync. */
#include "db/driver.h"

#include <libpq-fe.h>

#define PG_PENDING_MAX 256
#define PG_PENDING_BYTES (1024 * 1024) /* queued arguments before a run waits by itself */
#define PG_STATEMENT_TIMES 3           /* statement_timeout, idle-in-transaction timeout: patience x this */
#define PG_ANSWER_EXTRA_MS 5000        /* the server's own timeout must come first */

enum pg_ctl {
    PG_BEGIN_WRITE,
    PG_BEGIN_READ,
    PG_NO_TIMEOUT,
    PG_COMMIT,
    PG_ROLLBACK,
    PG_SAVEPOINT,
    PG_RELEASE,
    PG_UNDO,
    PG_NOTIFY,
    PG_FIRM,
    PG_READ_LIMIT,
    PG_CTL_COUNT
};
enum pg_kind { PG_K_PREPARE, PG_K_EXEC, PG_K_SYNC };
#define PG_STMT_COUNT (SQL_COUNT + PG_CTL_COUNT) /* control statements are numbered after the named ones */
#define PG_CTL(what) (SQL_COUNT + (int)(what))
#define PG_UNNAMED PG_STMT_COUNT

struct pg_pending {
    enum pg_kind kind;
    int stmt;
};
struct db_pg {
    struct db base;
    PGconn *c;
    bool prepared[PG_STMT_COUNT];
    struct pg_pending queue[PG_PENDING_MAX + 8];
    size_t n_queue, queued_bytes;
    bool wrote;   /* something is queued that the transaction has not been told the result of */
    int64_t firm; /* whose rows the transaction sees: what PG_FIRM said last; 0 nobody's */
    int answer_ms;
};

extern const struct db_ops pg_ops;

/* House code of a failed result, by SQLSTATE; sets db_error. */
int pg_fail(struct db_pg *p, const PGresult *res);
int pg_gone(struct db_pg *p); /* sets db_error; ERR_GONE, or ERR_SYS while the connection stands */
/* Queues a statement (prepared first when it is new). args may be NULL for none. */
int pg_send(struct db_pg *p, int stmt, const struct db_val *args, int n_args);
int pg_send_prepare(struct db_pg *p, int stmt);
int pg_send_text(struct db_pg *p, const char *sql);
/* Sync, then all answers. keep (may be NULL): result of the last execution, to be PQclear'ed by the caller. */
int pg_wait(struct db_pg *p, PGresult **keep);
/* Sync without waiting for the answers. */
int pg_sync(struct db_pg *p);
bool pg_alive(struct db_pg *p); /* looks whether the server has closed; never blocks */
const char *pg_stmt_text(int stmt);

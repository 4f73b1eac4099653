/* Planned failures over any driver: db.c asks at each begin, statement and commit. */
#include "db/driver.h"

void db_inject(struct db *db, const struct db_fault *faults, size_t n)
{
    db->n_faults = n < DB_FAULTS_MAX ? n : DB_FAULTS_MAX;
    if (db->n_faults)
        memcpy(db->faults, faults, db->n_faults * sizeof *faults);
    memset(db->passes, 0, sizeof db->passes);
}

int db_fault_at(struct db *db, int at)
{
    if (LIKELY(db->n_faults == 0))
        return 0;
    int pass = ++db->passes[at];
    for (size_t i = 0; i < db->n_faults; i++)
        if ((int)db->faults[i].at == at && db->faults[i].nth == pass) {
            db_set_error(db, "injected %s", err_name(db->faults[i].code));
            return db->faults[i].code;
        }
    return 0;
}

int db_fault_run(struct db *db)
{
    int code = db_fault_at(db, DB_AT_RUN);
    if (!code)
        return 0;
    bool all = code == ERR_FULL || code == ERR_IO || code == ERR_CORRUPT || code == ERR_NOMEM;
    bool gone = code == ERR_GONE || code == ERR_UNKNOWN;
    if (gone || (all && db->engine == DB_SQLITE && db->txn != DB_TXN_NONE)) {
        db_end_cursors(db);
        db->ops->rollback(db);
        db->lost = true;
    }
    return db_failed(db, code);
}

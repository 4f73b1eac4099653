/* Applies sql/schema in order. Each migration is one write transaction that takes the lock of schema_version, looks
 * again what is applied (another process may have been quicker), runs and records itself: a kill at any moment leaves
 * all of it or nothing. */
#include "core/log.h"
#include "db/driver.h"

#include <stdio.h>

static int prepare_record(struct db *db, const struct sql_migration *list, size_t n, struct err *e);
static int check_set(struct db *db, struct err *e);
static int read_max(struct db *db, int64_t *have);
static int check_applied(struct db *db, const struct sql_migration *m, struct err *e);
static int apply(struct db *db, const struct sql_migration *m, struct err *e);
static int64_t newest(const struct db *db, const struct sql_migration *list, size_t n);

#define SET_ARG(db) db_text(str_c(sql_sets[(db)->set]))

int db_migrate(struct db *db, struct err *e) { return db_migrate_list(db, sql_migrations, sql_migration_count, e); }

int db_migrate_list(struct db *db, const struct sql_migration *list, size_t n, struct err *e)
{
    int64_t have = 0, want = newest(db, list, n);
    int r = prepare_record(db, list, n, e);
    if (r == 0)
        r = check_set(db, e);
    if (r)
        return r;
    r = read_max(db, &have);
    if (r)
        return err_set(e, r, "cannot read which schema the database has: %s", db_error(db));
    if (have > want)
        return err_set(e, ERR_VERSION,
                       "the database has schema %s/%lld, this release knows up to %lld: it was written by a newer "
                       "release. Nothing "
                       "was changed; start the newer release, or restore a backup made before the upgrade",
                       sql_sets[db->set], (long long)have, (long long)want);
    for (size_t i = 0; i < n && r == 0; i++)
        if (list[i].set == db->set)
            r = list[i].version <= have ? check_applied(db, &list[i], e) : apply(db, &list[i], e);
    return r;
}

int db_schema_version(struct db *db, int64_t *have, int64_t *want)
{
    int64_t present = 0;
    *have = 0;
    *want = newest(db, sql_migrations, sql_migration_count);
    int r = db_get_int(db, SQL_SCHEMA_VERSION_PRESENT, NULL, 0, &present);
    if (r < 0 || !present)
        return r < 0 ? r : 0;
    return read_max(db, have);
}

static int64_t newest(const struct db *db, const struct sql_migration *list, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].set == db->set && list[i].version > v)
            v = list[i].version;
    return v;
}

static int read_max(struct db *db, int64_t *have)
{
    int r = db_get_int(db, SQL_SCHEMA_VERSION_MAX, DB_ARGS(SET_ARG(db)), have);
    return r < 0 ? r : 0;
}

/* Makes the table schema_version when it is absent. */
static int prepare_record(struct db *db, const struct sql_migration *list, size_t n, struct err *e)
{
    int64_t present = 0;
    int r = db_get_int(db, SQL_SCHEMA_VERSION_PRESENT, NULL, 0, &present);
    if (r < 0)
        return err_set(e, r, "cannot read the database: %s", db_error(db));
    if (present)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i].set != SQL_SET_ANY)
            continue;
        r = db_begin_write(db);
        if (r == 0)
            r = db_script(db, list[i].text[db->engine]);
        if (r == 0)
            r = db_commit(db);
        if (r == 0)
            continue;
        db_rollback(db);
        /* PostgreSQL's IF NOT EXISTS does not wait for another process that creates the same table: the later one meets
         * 23505, 42710 or 42P07, by the moment. What counts is whether the table is there now. */
        char why[ERR_TEXT_MAX];
        snprintf(why, sizeof why, "%s", db_error(db));
        if (db_get_int(db, SQL_SCHEMA_VERSION_PRESENT, NULL, 0, &present) == 1 && present)
            continue;
        return err_set(e, r < 0 ? r : ERR_SYS, "cannot create the table schema_version: %s", why);
    }
    return 0;
}

/* A SQLite file holds one set: the search database put in the place of the cell's must not get a second schema. */
static int check_set(struct db *db, struct err *e)
{
    if (db->engine != DB_SQLITE)
        return 0;
    struct db_cursor c;
    int r = db_query(db, &c, SQL_SCHEMA_VERSION_OTHER_SET, DB_ARGS(SET_ARG(db)));
    if (r == 0 && (r = db_next(&c)) == 1) {
        struct str other = db_col_str(&c, 0);
        r = err_set(e, ERR_INVALID, "the file holds the database '%.*s' where '%s' belongs: put the right file back",
                    STRF(other), sql_sets[db->set]);
    } else if (r < 0) {
        err_set(e, r, "cannot read the table schema_version: %s", db_error(db));
    }
    db_end(&c);
    return r;
}

static int check_applied(struct db *db, const struct sql_migration *m, struct err *e)
{
    int64_t checksum = 0;
    int r = db_get_int(db, SQL_SCHEMA_VERSION_CHECKSUM, DB_ARGS(SET_ARG(db), db_int(m->version)), &checksum);
    if (r < 0)
        return err_set(e, r, "cannot read the table schema_version: %s", db_error(db));
    if (r == 0)
        return err_set(e, ERR_CORRUPT, "the record of schema %s/%lld is missing although later ones are there",
                       sql_sets[m->set], (long long)m->version);
    if (checksum != m->checksum[db->engine])
        return err_set(
            e, ERR_VERSION,
            "schema %s/%lld (%s) was applied with another text than this release has: the database comes from a "
            "development build. Nothing was changed",
            sql_sets[m->set], (long long)m->version, m->name);
    return 0;
}

static int apply(struct db *db, const struct sql_migration *m, struct err *e)
{
    int64_t done = 0, ignored;
    int r = db_begin_write(db);
    if (r == 0)
        r = db_get_int(db, SQL_SCHEMA_VERSION_LOCK, NULL, 0, &ignored);
    if (r >= 0)
        r = db_get_int(db, SQL_SCHEMA_VERSION_CHECKSUM, DB_ARGS(SET_ARG(db), db_int(m->version)), &done);
    if (r == 1) {
        db_rollback(db);
        return check_applied(db, m, e);
    }
    if (r == 0)
        r = db_script(db, m->text[db->engine]);
    if (r == 0)
        r = db_run(db, SQL_SCHEMA_VERSION_INSERT,
                   DB_ARGS(SET_ARG(db), db_int(m->version), db_text(str_c(m->name)), db_int(m->checksum[db->engine])),
                   NULL);
    if (r == 0)
        r = db_commit(db);
    if (r) {
        err_set(e, r < 0 ? r : ERR_SYS, "schema %s/%lld (%s) could not be applied and was undone: %s", sql_sets[m->set],
                (long long)m->version, m->name, db_error(db));
        db_rollback(db);
        return r < 0 ? r : ERR_SYS;
    }
    log_info("db.migrated", L_Z("set", sql_sets[m->set]), L_I("version", m->version), L_Z("name", m->name));
    return 0;
}

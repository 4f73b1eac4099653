#pragma once
/* Rows of the probe schema, for tests of the engines. */
#include "db/db_testing.h"

#define ORG 1 /* whose rows they are */

/* A row with `size` zero bytes. */
UNUSED static int insert(struct db *db, int64_t id, size_t size)
{
    static char zeros[300000];
    return db_run(db, SQL_PROBE_INSERT,
                  DB_ARGS(db_int(ORG), db_int(id), db_null(), db_blob(str_n(zeros, size)), db_null()), NULL);
}
/* How many there are; -1 when that cannot be read. */
UNUSED static int64_t count(struct db *db)
{
    int64_t n = -1;
    return db_get_int(db, SQL_PROBE_COUNT, DB_ARGS(db_int(ORG)), &n) == 1 ? n : -1;
}

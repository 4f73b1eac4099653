/* PostgreSQL driver. */
#include "db/driver.h"

int db_postgresql_open(struct db **dbp, const struct db_conf *conf, struct err *e)
{
    *dbp = NULL;
    return err_set(e, ERR_GONE, "cannot reach PostgreSQL schema %s", conf->schema ? conf->schema : "");
}

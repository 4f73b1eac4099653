#pragma once
/* Tables that tools/gen_sql.py makes from sql/: every statement's text per engine and every migration. Read by the
 * drivers, the migration code and the tests; other rooms only use enum sql_id. */
#include "db/db.h"

#define SQL_ARGS_MAX 48u
#define SQL_SET_ANY 0 /* statements of set "any" run in every set */

/* Which firms' rows a statement may see on PostgreSQL (row-level security, docs/store.md): that of its :org; all, because it says why it has no :org;
 * or it touches no table of firms. */
enum sql_scope { SQL_SCOPE_NONE, SQL_SCOPE_ORG, SQL_SCOPE_ALL };
#define SQL_ALL_ORGS (-1)

struct sql_statement {
    const char *name;
    int set; /* index into sql_sets */
    int n_args;
    bool no_org; /* exempt from the :org lint, with a reason in the file */
    enum sql_scope scope;
    int org_arg;                 /* index of :org, -1 none */
    uint8_t types[SQL_ARGS_MAX]; /* enum db_type */
    const char *args[SQL_ARGS_MAX];
    const char *text[2]; /* by enum db_engine */
};
struct sql_migration {
    int set;
    int64_t version; /* set "any": 0, run before a set's 1 */
    const char *name;
    int64_t checksum[2]; /* of the text, layout and comments aside */
    const char *text[2];
};

extern const struct sql_statement sql_statements[SQL_COUNT];
extern const struct sql_migration sql_migrations[];
extern const size_t sql_migration_count;
extern const char *const sql_sets[];
extern const size_t sql_set_count;

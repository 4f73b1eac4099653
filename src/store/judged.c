#include "store/judged.h"
#include "store/store_priv.h"

static int fixed(int r) { return r > 0 ? ERR_INVALID : r; }

int judged_put(struct txn *t, int64_t org, const struct judged *j)
{
    return fixed(db_run(t->db, SQL_JUDGED_PUT,
                        DB_ARGS(db_int(org), db_text(j->id), db_int(j->at_ms), db_int(j->guard_version),
                                db_int(j->verdict), db_int(j->score), db_blob(j->record)),
                        NULL));
}

static struct judged row(struct db_cursor *c, struct arena *a)
{
    return (struct judged){.id = arena_str(a, db_col_str(c, 0)),
                           .at_ms = db_col_int(c, 1),
                           .guard_version = db_col_int(c, 2),
                           .verdict = db_col_int(c, 3),
                           .score = db_col_int(c, 4),
                           .record = arena_str(a, db_col_str(c, 5))};
}

int judged_get(struct txn *t, struct arena *a, int64_t org, struct str id, struct judged *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_JUDGED_GET, DB_ARGS(db_int(org), db_text(id)));
    if (r || (r = db_next(&c)) != 1)
        return fixed(r);
    *out = row(&c, a);
    return 1;
}

int judged_list(struct txn *t, struct arena *a, int64_t org, struct str after, struct judged *out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *n = 0;
    int r = db_query(t->db, &c, SQL_JUDGED_LIST, DB_ARGS(db_int(org), db_text(after), db_int(JUDGED_PAGE)));
    while (r == 0 && *n < JUDGED_PAGE && (r = db_next(&c)) == 1) {
        out[(*n)++] = row(&c, a);
        r = 0;
    }
    return fixed(r);
}

int judged_prune(struct txn *t, int64_t org, int64_t *n)
{
    return fixed(db_run(t->db, SQL_JUDGED_PRUNE,
                        DB_ARGS(db_int(org), db_int(t->now_ms - JUDGED_KEEP_MS), db_int(JUDGED_PRUNE_MAX)), n));
}

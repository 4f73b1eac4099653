/* What an account may keep, and who reads a firm's role addresses. */
#include "store/account.h"
#include "store/account_priv.h"
#include "store/store_priv.h"

struct quota_job {
    struct place_of at;
    struct account_quota q;
    bool found;
};

static int read_quota(struct txn *t, void *arg)
{
    struct quota_job *j = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCOUNT_QUOTA, DB_ARGS(db_int(j->at.org), db_int(j->at.account)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    j->found = r == 1;
    if (j->found)
        j->q = (struct account_quota){db_col_int(&c, 0), db_col_int(&c, 1)};
    return 0;
}

int account_quota(struct store *s, const struct place_of *at, struct account_quota *out)
{
    struct cell *c;
    struct quota_job j = {.at = *at};
    int r = store_cell(s, at->cell, &c, NULL);
    if (r == 0)
        r = cell_read_wait(c, read_quota, &j);
    *out = j.q;
    return r ? r : j.found ? 0 : DIR_UNKNOWN;
}

static int set_quota(struct txn *t, void *arg)
{
    struct quota_job *j = arg;
    int64_t changed = 0;
    int r = db_run(t->db, SQL_ACCOUNT_QUOTA_SET, DB_ARGS(db_int(j->at.org), db_int(j->at.account), db_int(j->q.quota)),
                   &changed);
    return r == 0 && changed == 0 ? ERR_NOENT : r;
}

int account_quota_set(struct store *s, const struct place_of *at, int64_t bytes, struct err *e)
{
    struct cell *c;
    struct quota_job j = {.at = *at, .q.quota = bytes};
    int r = store_cell(s, at->cell, &c, e);
    return r ? r : store_must(c, set_quota, &j, "the quota cannot be written", e);
}

static int read_first(struct txn *t, void *arg)
{
    struct quota_job *j = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCOUNT_ADMIN, DB_ARGS(db_int(j->at.org)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    j->found = r == 1;
    if (j->found)
        j->at.account = db_col_int(&c, 0);
    return 0;
}

/* The oldest active administrator; a firm whose administrators are all disabled is still reached: its oldest account then. */
int account_first_admin(struct store *s, const struct place_of *firm, struct place_of *out)
{
    struct cell *c;
    struct quota_job j = {.at = *firm};
    int r = store_cell(s, firm->cell, &c, NULL);
    if (r == 0)
        r = cell_read_wait(c, read_first, &j);
    *out = j.at;
    return r ? r : j.found ? 0 : DIR_UNKNOWN;
}

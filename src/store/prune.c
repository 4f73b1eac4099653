#include "store/prune.h"
#include "store/judged.h"
#include "store/mail_priv.h"
#include "store/refused.h"
#include "store/store_priv.h"

_Static_assert(ACCEPTED_KEEP_MS > JUDGED_KEEP_MS, "a judgement is explained beside its transaction");
_Static_assert(ACCEPTED_KEEP_MS > MAIL_RESEND_MS, "a resend is recognised by its transaction");

static const struct prune_kind {
    int (*prune)(struct txn *t, int64_t org, int64_t *n);
    int64_t most; /* of one call: so many were not all */
} kinds[PRUNE_KINDS] = {
    [PRUNE_REFUSED] = {refused_prune, REFUSED_PRUNE_MAX},
    [PRUNE_GREYLIST] = {greylist_prune, REFUSED_PRUNE_MAX},
    [PRUNE_JUDGED] = {judged_prune, JUDGED_PRUNE_MAX},
    [PRUNE_ACCEPTED] = {accepted_prune, ACCEPTED_PRUNE_MAX},
};

int accepted_prune(struct txn *t, int64_t org, int64_t *n)
{
    return no_constraint(db_run(t->db, SQL_ACCEPTED_PRUNE,
                                DB_ARGS(db_int(org), db_int(t->now_ms - ACCEPTED_KEEP_MS), db_int(ACCEPTED_PRUNE_MAX)),
                                n));
}

struct firm_turn {
    int64_t org;
    bool due[PRUNE_KINDS];
    enum prune_what what;
    int64_t n;
};

static int look(struct txn *t, void *arg)
{
    struct firm_turn *w = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t now = env_wall_ms(t->env);
    int r = db_query(t->db, &c, SQL_PRUNE_DUE,
                     DB_ARGS(db_int(w->org), db_int(now - REFUSED_KEEP_MS), db_int(now - GREYLIST_KEEP_MS),
                             db_int(now - JUDGED_KEEP_MS), db_int(now - ACCEPTED_KEEP_MS)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    for (int i = 0; i < PRUNE_KINDS; i++)
        w->due[i] = db_col_int(&c, i) != 0;
    return 0;
}

static int remove_some(struct txn *t, void *arg)
{
    struct firm_turn *w = arg;
    w->n = 0;
    return kinds[w->what].prune(t, w->org, &w->n);
}

int cell_prune_firm(struct cell *c, int64_t org, struct prune_count *removed)
{
    struct firm_turn w = {.org = org};
    bool more = false;
    int code = 0, r = cell_read_wait(c, look, &w);
    for (w.what = 0; w.what < PRUNE_KINDS && r == 0; w.what++) {
        if (!w.due[w.what])
            continue;
        if (cell_write_wait(c, remove_some, &w, NULL, 0, &code) != CELL_DURABLE)
            return code < 0 ? code : ERR_BUSY;
        removed->rows[w.what] += w.n;
        more |= w.n >= kinds[w.what].most;
    }
    return r < 0 ? r : more;
}

/* Tombstones that are too old. Looked for in reads, removed in small jobs, so that a walk over a cell where nothing is old takes no fence. */
#include "store/mail_priv.h"
#include "store/store_priv.h"
#include "store/sync.h"

#define PRUNE_ACCOUNTS 100 /* looked at in one turn */

struct whose {
    int64_t org, account;
};
struct prune_turn {
    struct sync_place *place;
    struct whose seen[PRUNE_ACCOUNTS], old[PRUNE_ACCOUNTS];
    size_t n_seen, n_old;
};
struct prune_job {
    struct whose who;
    int64_t removed;
};

static int old_upto(struct txn *t, const struct whose *w, int type, int64_t now_ms, int64_t *upto)
{
    int r = db_get_int(t->db, SQL_TOMBSTONE_PRUNE_SEQ,
                       DB_ARGS(db_int(w->org), db_int(w->account), db_int(type), db_int(now_ms - TOMBSTONE_KEEP_MS),
                               db_int(TOMBSTONE_PAGE)),
                       upto);
    return r < 0 ? r : 0;
}

int sync_prune(struct txn *t, int64_t org, int64_t account, int64_t *removed)
{
    const struct whose w = {org, account};
    int r = 0;
    for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0; type++) {
        int64_t upto = 0, n = 0;
        r = old_upto(t, &w, type, t->now_ms, &upto);
        if (r || upto == 0)
            continue;
        r = db_run(t->db, SQL_JMAP_STATE_FLOOR, DB_ARGS(db_int(org), db_int(account), db_int(upto)), NULL);
        if (r == 0)
            r = db_run(t->db, SQL_TOMBSTONE_PRUNE, DB_ARGS(db_int(org), db_int(account), db_int(type), db_int(upto)),
                       &n);
        *removed += n;
    }
    return no_constraint(r);
}

static int look(struct txn *t, void *arg)
{
    struct prune_turn *p = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t now = env_wall_ms(t->env);
    p->n_seen = p->n_old = 0;
    int r = db_query(t->db, &c, SQL_TOMBSTONE_ACCOUNTS,
                     DB_ARGS(db_int(p->place->org), db_int(p->place->account), db_int(PRUNE_ACCOUNTS)));
    while (r == 0 && p->n_seen < PRUNE_ACCOUNTS && (r = db_next(&c)) == 1) {
        p->seen[p->n_seen++] = (struct whose){db_col_int(&c, 0), db_col_int(&c, 1)};
        r = 0;
    }
    db_end(&c);
    for (size_t i = 0; i < p->n_seen && r == 0; i++) {
        int64_t upto = 0;
        for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0 && upto == 0; type++)
            r = old_upto(t, &p->seen[i], type, now, &upto);
        if (upto)
            p->old[p->n_old++] = p->seen[i];
    }
    return no_constraint(r);
}

static int prune(struct txn *t, void *arg)
{
    struct prune_job *j = arg;
    j->removed = 0;
    return sync_prune(t, j->who.org, j->who.account, &j->removed);
}

int cell_prune_tombstones(struct cell *c, struct sync_place *place, int64_t *removed)
{
    struct prune_turn p = {.place = place};
    int r = cell_read_wait(c, look, &p), code;
    for (size_t i = 0; i < p.n_old && r == 0; i++) {
        struct prune_job j = {.who = p.old[i]};
        do {
            if (cell_write_wait(c, prune, &j, NULL, 0, &code) != CELL_DURABLE)
                return code < 0 ? code : ERR_INVALID;
            *removed += j.removed;
        } while (j.removed > 0);
    }
    if (r || p.n_seen == 0)
        return r;
    *place = (struct sync_place){p.seen[p.n_seen - 1].org, p.seen[p.n_seen - 1].account};
    return p.n_seen == PRUNE_ACCOUNTS;
}

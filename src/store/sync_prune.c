/* Tombstones that are too old or too many. Looked for in reads, removed in small jobs, so that a walk over a cell where nothing is old takes no fence. */
#include "store/mail_priv.h"
#include "store/store_priv.h"
#include "store/sync.h"

#define PRUNE_ACCOUNTS 100 /* looked at in one turn */
#define COUNT_PIECE 10000  /* rows of one read */

struct whose {
    int64_t org, account;
};
struct prune_turn {
    struct sync_place *place;
    int64_t most;
    struct whose seen[PRUNE_ACCOUNTS], old[PRUNE_ACCOUNTS], many[PRUNE_ACCOUNTS]; /* many: perhaps */
    size_t n_seen, n_old, n_many;
};
struct prune_job {
    struct whose who;
    int64_t most, removed; /* most: of one type, when they are too many */
};
struct count_job {
    struct whose who;
    int type;
    int64_t after, n;
};

static int seq_before(struct txn *t, const struct whose *w, int type, int64_t before_ms, int64_t most, int64_t *upto)
{
    int r =
        db_get_int(t->db, SQL_TOMBSTONE_PRUNE_SEQ,
                   DB_ARGS(db_int(w->org), db_int(w->account), db_int(type), db_int(before_ms), db_int(most)), upto);
    return r < 0 ? r : 0;
}

static int old_upto(struct txn *t, const struct whose *w, int type, int64_t now_ms, int64_t *upto)
{
    return seq_before(t, w, type, now_ms - TOMBSTONE_KEEP_MS, TOMBSTONE_PAGE, upto);
}

static int raise_floor(struct txn *t, const struct whose *w, int64_t upto)
{
    return db_run(t->db, SQL_JMAP_STATE_FLOOR, DB_ARGS(db_int(w->org), db_int(w->account), db_int(upto)), NULL);
}

static int remove_upto(struct txn *t, const struct whose *w, int type, int64_t upto, int64_t *removed)
{
    int64_t n = 0;
    int r =
        db_run(t->db, SQL_TOMBSTONE_PRUNE, DB_ARGS(db_int(w->org), db_int(w->account), db_int(type), db_int(upto)), &n);
    *removed += n;
    return r;
}

int sync_prune(struct txn *t, int64_t org, int64_t account, int64_t *removed)
{
    const struct whose w = {org, account};
    int r = 0;
    for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0; type++) {
        int64_t upto = 0;
        r = old_upto(t, &w, type, t->now_ms, &upto);
        if (r || upto == 0)
            continue;
        r = raise_floor(t, &w, upto);
        if (r == 0)
            r = remove_upto(t, &w, type, upto, removed);
    }
    return no_constraint(r);
}

/* Two look-ups a type tell that an account cannot have too many: most never had. */
static int perhaps_many(struct txn *t, const struct whose *w, int64_t most, bool *many)
{
    int64_t all = 0;
    int r = 0;
    for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0; type++) {
        int64_t span = 0;
        r = db_get_int(t->db, SQL_TOMBSTONE_SPAN, DB_ARGS(db_int(w->org), db_int(w->account), db_int(type)), &span);
        r = r < 0 ? r : 0;
        all += span;
    }
    *many = all > most;
    return r;
}

static int look(struct txn *t, void *arg)
{
    struct prune_turn *p = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t now = env_wall_ms(t->env);
    p->n_seen = p->n_old = p->n_many = 0;
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
        bool many = false;
        if (r == 0)
            r = perhaps_many(t, &p->seen[i], p->most, &many);
        if (many)
            p->many[p->n_many++] = p->seen[i];
    }
    return no_constraint(r);
}

static int prune(struct txn *t, void *arg)
{
    struct prune_job *j = arg;
    j->removed = 0;
    return sync_prune(t, j->who.org, j->who.account, &j->removed);
}

static int remove_old(struct cell *c, const struct whose *who, int64_t *removed)
{
    struct prune_job j = {.who = *who};
    int code;
    do {
        if (cell_write_wait(c, prune, &j, NULL, 0, &code) != CELL_DURABLE)
            return code < 0 ? code : ERR_INVALID;
        *removed += j.removed;
    } while (j.removed > 0);
    return 0;
}

/* ---- too many ---- */

static int count_piece(struct txn *t, void *arg)
{
    struct count_job *j = arg;
    int r = 0;
    for (int64_t left = COUNT_PIECE; left > 0 && j->type <= TOMBSTONE_PLACEMENT && r == 0;) {
        AUTO(db_cursor) struct db_cursor c = {0};
        r = db_query(
            t->db, &c, SQL_TOMBSTONE_COUNT,
            DB_ARGS(db_int(j->who.org), db_int(j->who.account), db_int(j->type), db_int(j->after), db_int(left)));
        if (r || (r = db_next(&c)) != 1)
            break;
        int64_t n = db_col_int(&c, 0);
        bool whole = n < left;
        j->n += n;
        j->after = whole ? 0 : db_col_int(&c, 1);
        j->type += whole;
        left -= n;
        r = 0;
    }
    return no_constraint(r);
}

/* The oldest of all types up to one seq: a state from before it is refused for every type, so none is kept for nothing. */
static int trim(struct txn *t, void *arg)
{
    struct prune_job *j = arg;
    int64_t upto = INT64_MAX;
    int r = 0;
    j->removed = 0;
    for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0; type++) {
        int64_t seq = 0;
        r = seq_before(t, &j->who, type, INT64_MAX, j->most, &seq);
        if (seq && seq < upto)
            upto = seq;
    }
    if (r == 0 && upto < INT64_MAX)
        r = raise_floor(t, &j->who, upto);
    for (int type = TOMBSTONE_MAILBOX; type <= TOMBSTONE_PLACEMENT && r == 0 && upto < INT64_MAX; type++)
        r = remove_upto(t, &j->who, type, upto, &j->removed);
    return no_constraint(r);
}

static int remove_beyond(struct cell *c, const struct whose *who, int64_t most, int64_t *removed)
{
    struct count_job k = {.who = *who, .type = TOMBSTONE_MAILBOX};
    int r = 0, code;
    while (r == 0 && k.type <= TOMBSTONE_PLACEMENT)
        r = cell_read_wait(c, count_piece, &k);
    for (int64_t left = k.n - most; left > 0 && r == 0;) {
        int64_t each = left / TOMBSTONE_PLACEMENT + 1; /* as many types, and not more than needed */
        struct prune_job j = {.who = *who, .most = each < TOMBSTONE_PAGE ? each : TOMBSTONE_PAGE};
        if (cell_write_wait(c, trim, &j, NULL, 0, &code) != CELL_DURABLE)
            return code < 0 ? code : ERR_INVALID;
        *removed += j.removed;
        left = j.removed ? left - j.removed : 0;
    }
    return r;
}

int cell_prune_tombstones_to(struct cell *c, struct sync_place *place, int64_t most, int64_t *removed)
{
    struct prune_turn p = {.place = place, .most = most};
    int r = cell_read_wait(c, look, &p);
    for (size_t i = 0; i < p.n_old && r == 0; i++)
        r = remove_old(c, &p.old[i], removed);
    for (size_t i = 0; i < p.n_many && r == 0; i++)
        r = remove_beyond(c, &p.many[i], most, removed);
    if (r || p.n_seen == 0)
        return r;
    *place = (struct sync_place){p.seen[p.n_seen - 1].org, p.seen[p.n_seen - 1].account};
    return p.n_seen == PRUNE_ACCOUNTS;
}

int cell_prune_tombstones(struct cell *c, struct sync_place *place, int64_t *removed)
{
    return cell_prune_tombstones_to(c, place, TOMBSTONE_MAX, removed);
}

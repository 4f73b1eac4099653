/* Changes since a state (RFC 8620 5.2, RFC 7162): living rows by seq, merged with tombstones by seq. Every row takes a
 * seq of its own, so a page may end after any of them. */
#include "store/sync.h"
#include "store/mail_priv.h"
#include "store/read.h"

#include <stdio.h>

struct change {
    int64_t id, created_seq, seq;
    bool gone;
};

static int load(struct txn *t, enum sql_id id, const struct db_val *args, size_t n_args, bool gone, struct change *list,
                size_t *n);
static int states(struct txn *t, int64_t org, int64_t account, int64_t seq[3], int64_t *floor);

struct str read_state_text(struct arena *a, struct read_state s)
{
    return s.base ? arena_printf(a, "%lld.%lld", (long long)s.seq, (long long)s.base)
                  : arena_printf(a, "%lld", (long long)s.seq);
}

bool read_state_parse(struct str text, struct read_state *s)
{
    struct str seq, base;
    uint64_t a, b = 0;
    bool two = str_cut(text, '.', &seq, &base);
    if (text.n > 40 || !str_u64(seq, &a) || (two && !str_u64(base, &b)) || a > INT64_MAX || b > a)
        return false;
    *s = (struct read_state){(int64_t)a, (int64_t)b};
    return true;
}

static int states(struct txn *t, int64_t org, int64_t account, int64_t seq[3], int64_t *floor)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_JMAP_STATE_GET, DB_ARGS(db_int(org), db_int(account)));
    if (r || (r = db_next(&c)) != 1)
        return r == 0 ? ERR_NOENT : no_constraint(r);
    for (int i = 0; i < 3; i++)
        seq[i] = db_col_int(&c, i);
    *floor = db_col_int(&c, 3);
    return 0;
}

int read_state(struct txn *t, int64_t org, int64_t account, enum sync_type type, struct read_state *s)
{
    int64_t seq[3], floor;
    int r = states(t, org, account, seq, &floor);
    *s = (struct read_state){r ? 0 : seq[type - 1], 0};
    return r;
}

static int load(struct txn *t, enum sql_id id, const struct db_val *args, size_t n_args, bool gone, struct change *list,
                size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, id, args, n_args);
    *n = 0;
    while (r == 0 && (r = db_next(&c)) == 1) {
        list[(*n)++] = (struct change){db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2), gone};
        r = 0;
    }
    return no_constraint(r);
}

static void put(struct read_changes *out, const struct change *c, struct read_state since)
{
    if (c->gone) {
        if (c->created_seq <= since.seq) /* else it came and went unseen */
            out->destroyed[out->n_destroyed++] = c->id;
    } else if (c->created_seq > since.base) {
        /* Also what an earlier page of this walk could not show yet because it changed again meanwhile. */
        out->created[out->n_created++] = c->id;
    } else {
        out->updated[out->n_updated++] = c->id;
    }
}

int read_changes(struct txn *t, struct arena *a, int64_t org, int64_t account, enum sync_type type,
                 struct read_state since, size_t max, struct read_changes *out)
{
    static const enum sql_id rows_of[] = {
        [SYNC_MAILBOX] = SQL_CHANGES_MAILBOX, [SYNC_EMAIL] = SQL_CHANGES_EMAIL, [SYNC_THREAD] = SQL_CHANGES_THREAD};
    int64_t now[3], floor;
    int r = states(t, org, account, now, &floor);
    if (r)
        return r;
    *out = (struct read_changes){0};
    if (since.seq < floor || since.seq > now[type - 1])
        return READ_CANNOT;
    size_t most = max && max < READ_PAGE_MAX ? max : READ_PAGE_MAX, n_rows, n_gone;
    struct read_state from = {since.seq, since.base ? since.base : since.seq};
    struct change *rows = arena_array(a, struct change, most + 1), *gone = arena_array(a, struct change, most + 1);
    out->created = arena_array(a, int64_t, most + 1);
    out->updated = arena_array(a, int64_t, most + 1);
    out->destroyed = arena_array(a, int64_t, most + 1);
    int64_t limit = (int64_t)most + 1;
    r = load(t, rows_of[type], DB_ARGS(db_int(org), db_int(account), db_int(since.seq), db_int(limit)), false, rows,
             &n_rows);
    if (r == 0)
        r = load(t, SQL_CHANGES_GONE,
                 DB_ARGS(db_int(org), db_int(account), db_int(type), db_int(since.seq), db_int(limit)), true, gone,
                 &n_gone);
    if (r)
        return r;
    size_t i = 0, k = 0, taken = 0;
    int64_t last = since.seq;
    for (; taken < most && (i < n_rows || k < n_gone); taken++) {
        const struct change *c = k == n_gone || (i < n_rows && rows[i].seq < gone[k].seq) ? &rows[i++] : &gone[k++];
        put(out, c, from);
        last = c->seq;
    }
    out->has_more = i < n_rows || k < n_gone;
    out->state = out->has_more ? (struct read_state){last, from.base} : (struct read_state){now[type - 1], 0};
    return 0;
}

static int load_uids(struct txn *t, struct arena *a, enum sql_id id, const struct db_val *args, size_t n_args,
                     bool flags, struct read_uid **out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct read_uid *list = arena_array(a, struct read_uid, READ_PAGE_MAX + 1);
    int r = db_query(t->db, &c, id, args, n_args);
    *n = 0;
    while (r == 0 && (r = db_next(&c)) == 1) {
        list[(*n)++] = (struct read_uid){.uid = db_col_int(&c, 0),
                                         .flags = flags ? (uint32_t)db_col_int(&c, 1) : 0,
                                         .modseq = db_col_int(&c, flags ? 2 : 1)};
        r = 0;
    }
    *out = list;
    return no_constraint(r);
}

int read_vanished(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t mailbox, int64_t since,
                  struct read_uid **changed, size_t *n_changed, struct read_uid **vanished, size_t *n_vanished,
                  bool *has_more)
{
    int64_t now[3], floor, most = READ_PAGE_MAX + 1;
    int r = states(t, org, account, now, &floor);
    if (r)
        return r;
    if (since < floor)
        return READ_CANNOT;
    r = load_uids(t, a, SQL_CHANGES_PLACEMENT,
                  DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(since), db_int(most)), true, changed,
                  n_changed);
    if (r == 0)
        r = load_uids(t, a, SQL_CHANGES_VANISHED,
                      DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(since), db_int(most)), false,
                      vanished, n_vanished);
    *has_more = r == 0 && (*n_changed > READ_PAGE_MAX || *n_vanished > READ_PAGE_MAX);
    return r;
}

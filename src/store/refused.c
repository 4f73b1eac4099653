#include "store/refused.h"
#include "core/log.h"
#include "store/account.h"
#include "store/store_priv.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define LOOK_PAGE 500

static int read_row(struct db_cursor *c, struct arena *a, int64_t org, struct refused *out);

/* A stranger chose these bytes; PostgreSQL takes only UTF-8 without NUL, a terminal should see no control bytes. */
static struct str clean(struct arena *a, struct str s)
{
    bool good = str_utf8_valid(s) == s.n;
    for (size_t i = 0; i < s.n && good; i++)
        good = (unsigned char)s.p[i] >= ' ' && s.p[i] != 127;
    if (good)
        return s.p ? s : STR("");
    char *out = arena_alloc(a, s.n);
    for (size_t i = 0; i < s.n; i++)
        out[i] = (unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 127 ? '?' : s.p[i];
    return str_n(out, s.n);
}

static int add_one(struct txn *t, const struct refused *r)
{
    struct arena *a = t->arena;
    return db_run(t->db, SQL_REFUSED_INSERT,
                  DB_ARGS(db_int(r->org), db_text(clean(a, r->id)), db_int(r->at_ms), db_text(clean(a, r->client)),
                          db_text(clean(a, r->helo)), db_text(clean(a, r->reverse_path)),
                          db_text(clean(a, r->recipient)), db_int(r->bytes), db_int(r->code),
                          db_text(clean(a, r->enhanced)), db_text(clean(a, r->reply))),
                  NULL);
}

/* *room: how many rows of the firm today's measure still takes. */
static int room_of(struct txn *t, int64_t org, int64_t *room)
{
    int64_t today = t->now_ms - t->now_ms % DAY_MS, n = 0;
    int r = db_get_int(t->db, SQL_REFUSED_COUNT, DB_ARGS(db_int(org), db_int(today)), &n);
    *room = REFUSED_A_DAY - n;
    return r < 0 ? r : 0;
}

int refused_add(struct txn *t, const struct refused *rows, size_t n)
{
    bool *done = arena_array(t->arena, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (done[i])
            continue;
        int64_t room;
        int r = room_of(t, rows[i].org, &room);
        int64_t before = room;
        for (size_t k = i; k < n && r == 0; k++) {
            if (rows[k].org != rows[i].org)
                continue;
            done[k] = true;
            if (room-- > 0)
                r = add_one(t, &rows[k]);
        }
        if (r)
            return r > 0 ? ERR_INVALID : r;
        if (room <= 0 && before > 0) /* said once a day */
            log_warn("refused.day_full", L_I("org", rows[i].org), L_I("most", REFUSED_A_DAY));
    }
    return 0;
}

static int read_row(struct db_cursor *c, struct arena *a, int64_t org, struct refused *out)
{
    *out = (struct refused){.org = org,
                            .id = arena_str(a, db_col_str(c, 0)),
                            .at_ms = db_col_int(c, 1),
                            .client = arena_str(a, db_col_str(c, 2)),
                            .helo = arena_str(a, db_col_str(c, 3)),
                            .reverse_path = arena_str(a, db_col_str(c, 4)),
                            .recipient = arena_str(a, db_col_str(c, 5)),
                            .bytes = db_col_int(c, 6),
                            .code = (int)db_col_int(c, 7),
                            .enhanced = arena_str(a, db_col_str(c, 8)),
                            .reply = arena_str(a, db_col_str(c, 9))};
    return 1;
}

int refused_get(struct txn *t, struct arena *a, int64_t org, struct str id, struct refused *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_REFUSED_GET, DB_ARGS(db_int(org), db_text(id)));
    if (r || (r = db_next(&c)) != 1)
        return r > 0 ? ERR_INVALID : r;
    return read_row(&c, a, org, out);
}

static bool holds(const struct refused *r, struct str text)
{
    const struct str all[] = {r->client, r->helo, r->reverse_path, r->recipient, r->id, r->reply};
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        if (str_ifind(all[i], text, 0) >= 0)
            return true;
    return text.n == 0;
}

int refused_list(struct txn *t, struct arena *a, int64_t org, int64_t before_ms, struct str before_id, size_t limit,
                 struct str text, struct refused **out, size_t *n)
{
    size_t most = limit < REFUSED_LIST_MAX ? limit : REFUSED_LIST_MAX, looked = 0, got;
    char last[REFUSED_ID_MAX];
    *out = arena_array(a, struct refused, most + 1);
    *n = 0;
    if (!before_id.p || str_utf8_valid(before_id) != before_id.n || memchr(before_id.p, 0, before_id.n))
        before_id = STR("");
    do {
        AUTO(db_cursor) struct db_cursor c = {0};
        int r = db_query(t->db, &c, SQL_REFUSED_LIST,
                         DB_ARGS(db_int(org), db_int(before_ms), db_text(before_id), db_int(LOOK_PAGE)));
        for (got = 0; r == 0 && *n < most && (r = db_next(&c)) == 1; got++, r = 0) {
            struct arena_mark mark = arena_mark(a);
            struct refused *row = &(*out)[*n];
            (void)read_row(&c, a, org, row);
            before_ms = row->at_ms;
            before_id = str_n(last, row->id.n < sizeof last ? row->id.n : sizeof last);
            memcpy(last, row->id.p, before_id.n); /* the row itself may be thrown away */
            if (holds(row, text))
                ++*n;
            else
                arena_reset(a, mark);
        }
        if (r < 0)
            return r;
        looked += got;
    } while (got == LOOK_PAGE && *n < most && looked < REFUSED_LOOK_MAX);
    return 0;
}

int refused_prune(struct txn *t, int64_t org, int64_t *n)
{
    int r = db_run(t->db, SQL_REFUSED_PRUNE,
                   DB_ARGS(db_int(org), db_int(t->now_ms - REFUSED_KEEP_MS), db_int(REFUSED_PRUNE_MAX)), n);
    return r > 0 ? ERR_INVALID : r;
}

/* ---- trace ---- */

struct ask {
    struct arena *a;
    struct str id;
    int64_t org;
    struct refused *out;
    bool found;
};

static int ask_one(struct txn *t, void *arg)
{
    struct ask *q = arg;
    int r = refused_get(t, q->a, q->org, q->id, q->out);
    q->found = r == 1;
    return r < 0 ? r : 0;
}

int store_refused(struct store *s, struct arena *a, struct str id, struct refused *out, int64_t *down)
{
    struct firm_row *firms;
    size_t n;
    *down = 0;
    if (str_utf8_valid(id) != id.n || memchr(id.p ? id.p : "", 0, id.n))
        return 0;
    int r = firm_list(s, a, &firms, &n);
    for (size_t i = 0; i <= n && r == 0; i++) {
        struct ask q = {.a = a, .id = id, .org = i < n ? firms[i].org : 0, .out = out};
        int64_t in = i < n ? firms[i].cell : REFUSED_CELL;
        struct cell *c;
        if (store_cell(s, in, &c, NULL) != 0 || cell_read_wait(c, ask_one, &q) < 0)
            *down = in;
        if (q.found)
            return 1;
    }
    return r < 0 ? r : 0;
}

/* ---- greylisting ---- */

int greylist_put(struct txn *t, const struct greylist_row *rows, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = db_run(t->db, SQL_GREYLIST_PUT,
                   DB_ARGS(db_int(rows[i].org), db_int(rows[i].key), db_int(rows[i].first_ms), db_int(rows[i].last_ms),
                           db_int(rows[i].passed)),
                   NULL);
    return r > 0 ? ERR_INVALID : r;
}

int greylist_list(struct txn *t, int64_t org, int64_t after, struct greylist_row *out, size_t max, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *n = 0;
    int r = db_query(t->db, &c, SQL_GREYLIST_LIST,
                     DB_ARGS(db_int(org), db_int(after), db_int(t->now_ms - GREYLIST_KEEP_MS), db_int((int64_t)max)));
    while (r == 0 && *n < max && (r = db_next(&c)) == 1) {
        out[(*n)++] =
            (struct greylist_row){org, db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2), db_col_int(&c, 3)};
        r = 0;
    }
    return r > 0 ? ERR_INVALID : r;
}

int greylist_prune(struct txn *t, int64_t org, int64_t *n)
{
    int r = db_run(t->db, SQL_GREYLIST_PRUNE,
                   DB_ARGS(db_int(org), db_int(t->now_ms - GREYLIST_KEEP_MS), db_int(REFUSED_PRUNE_MAX)), n);
    return r > 0 ? ERR_INVALID : r;
}

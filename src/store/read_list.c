#include "store/read_list.h"
#include "store/mail_priv.h"

void list_begin(struct list_walk *w)
{
    if (w->before_ms == 0)
        w->before_ms = INT64_MAX;
    w->end = false;
    if (w->ascending) {
        w->ms = w->after_ms > 0 ? w->after_ms - 1 : -1;
        w->key = INT64_MAX;
    } else {
        w->ms = w->before_ms;
        w->key = 0;
    }
}

static int page(struct txn *t, int64_t org, int64_t account, const struct list_walk *w, struct db_cursor *c)
{
    int64_t bound = w->ascending ? w->before_ms : w->after_ms;
    if (!w->mailbox)
        return db_query(
            t->db, c, w->ascending ? SQL_WALK_ACCOUNT_ASC : SQL_WALK_ACCOUNT_DESC,
            DB_ARGS(db_int(org), db_int(account), db_int(bound), db_int(w->ms), db_int(w->key), db_int(LIST_PAGE)));
    return db_query(t->db, c,
                    w->ascending   ? SQL_WALK_MAILBOX_ASC
                    : w->collapsed ? SQL_WALK_HEADS_DESC
                    : w->flagged   ? SQL_WALK_FLAGGED_DESC
                                   : SQL_WALK_MAILBOX_DESC,
                    DB_ARGS(db_int(org), db_int(account), db_int(w->mailbox), db_int(bound), db_int(w->ms),
                            db_int(w->key), db_int(LIST_PAGE)));
}

int list_next(struct txn *t, int64_t org, int64_t account, struct list_walk *w, struct list_item *out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t rows = 0;
    *n = 0;
    int r = page(t, org, account, w, &c);
    while (r == 0 && rows < LIST_PAGE && (r = db_next(&c)) == 1) {
        rows++;
        struct list_item i = {.message = db_col_int(&c, 0), .thread = db_col_int(&c, 1), .ms = db_col_int(&c, 2)};
        i.key = w->mailbox ? db_col_int(&c, 3) : i.message;
        i.flags = w->mailbox ? (uint32_t)db_col_int(&c, 4) : 0;
        w->ms = i.ms;
        w->key = i.key;
        if (!w->mailbox || db_col_int(&c, 5) == 0)
            out[(*n)++] = i;
        r = 0;
    }
    w->end = rows < LIST_PAGE;
    return no_constraint(r);
}

/* One piece; 1 moved, 0 the list ended before. */
int list_skip_piece(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r;
    if (w->mailbox)
        r = db_query(
            t->db, &c,
            w->ascending   ? SQL_SKIP_MAILBOX_ASC
            : w->collapsed ? SQL_SKIP_HEADS_DESC
                           : SQL_SKIP_MAILBOX_DESC,
            DB_ARGS(db_int(org), db_int(account), db_int(w->mailbox), db_int(w->ms), db_int(w->key), db_int(n - 1)));
    else
        r = db_query(t->db, &c, w->ascending ? SQL_SKIP_ACCOUNT_ASC : SQL_SKIP_ACCOUNT_DESC,
                     DB_ARGS(db_int(org), db_int(account), db_int(w->ms), db_int(w->key), db_int(n - 1)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    w->ms = db_col_int(&c, 0);
    w->key = db_col_int(&c, 1);
    return 1;
}

int list_count_account(struct txn *t, int64_t org, int64_t account, int64_t *total)
{
    struct list_walk w = {.mailbox = 0};
    int64_t rest = 0;
    int r = 1;
    list_begin(&w);
    for (*total = 0; (r = list_skip_piece(t, org, account, &w, LIST_SKIP_PIECE)) == 1;)
        *total += LIST_SKIP_PIECE;
    if (r == 0)
        r = db_get_int(t->db, SQL_COUNT_ACCOUNT_DESC,
                       DB_ARGS(db_int(org), db_int(account), db_int(w.ms), db_int(w.key)), &rest);
    *total += rest;
    return r < 0 ? r : 0;
}

int list_counts(struct txn *t, int64_t org, int64_t account, int64_t mailbox, struct list_counts *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *out = (struct list_counts){0};
    int r = db_query(t->db, &c, SQL_LIST_MAILBOX_COUNTS, DB_ARGS(db_int(org), db_int(account), db_int(mailbox)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *out = (struct list_counts){db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2),
                                db_col_int(&c, 3), db_col_int(&c, 4), db_col_int(&c, 5)};
    return 1;
}

int list_light(struct txn *t, int64_t org, int64_t account, int64_t message, struct list_light *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MESSAGE_LIGHT, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *out = (struct list_light){.id = message,
                               .thread = db_col_int(&c, 0),
                               .received_ms = db_col_int(&c, 1),
                               .size = db_col_int(&c, 2),
                               .sent_ms = db_col_int(&c, 3),
                               .has_attachment = db_col_int(&c, 4) != 0,
                               .held = db_col_int(&c, 5) != 0};
    return 1;
}

#include "store/read.h"
#include "core/map.h"
#include "store/compress.h"
#include "store/mail_priv.h"

#define SCAN_PAGE 500 /* rows read at a time where a query must look at more than it returns */

static int id_list_add(struct arena *a, int64_t **ids, size_t *n, size_t *cap, int64_t id);

static int id_list_add(struct arena *a, int64_t **ids, size_t *n, size_t *cap, int64_t id)
{
    if (*n == *cap) {
        size_t more = *cap ? *cap * 2 : 16;
        int64_t *p = arena_array(a, int64_t, more);
        if (*n)
            memcpy(p, *ids, *n * sizeof *p);
        *ids = p;
        *cap = more;
    }
    (*ids)[(*n)++] = id;
    return 0;
}

int read_mailboxes(struct txn *t, struct arena *a, int64_t org, int64_t account, struct read_mailbox **out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct read_mailbox *list = NULL;
    size_t cap = 0;
    *n = 0;
    int r = db_query(t->db, &c, SQL_MAILBOX_LIST, DB_ARGS(db_int(org), db_int(account)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        if (*n == cap) {
            struct read_mailbox *more = arena_array(a, struct read_mailbox, cap = cap ? cap * 2 : 16);
            if (*n)
                memcpy(more, list, *n * sizeof *list);
            list = more;
        }
        list[(*n)++] = (struct read_mailbox){.id = db_col_int(&c, 0),
                                             .parent = db_col_int(&c, 1),
                                             .name = arena_str(a, db_col_str(&c, 2)),
                                             .role = (enum mail_role)db_col_int(&c, 3),
                                             .sort_order = db_col_int(&c, 4),
                                             .uidvalidity = db_col_int(&c, 5),
                                             .uidnext = db_col_int(&c, 6),
                                             .modseq = db_col_int(&c, 7),
                                             .total = db_col_int(&c, 8),
                                             .unread = db_col_int(&c, 9),
                                             .threads = db_col_int(&c, 10),
                                             .unread_threads = db_col_int(&c, 11),
                                             .stubs = db_col_int(&c, 12),
                                             .seq = db_col_int(&c, 15),
                                             .subscribed = db_col_int(&c, 16) != 0};
        r = 0;
    }
    *out = list;
    return no_constraint(r);
}

/* ---- emails ---- */

static int email_row(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t id, struct read_email *e)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MESSAGE_GET, DB_ARGS(db_int(org), db_int(account), db_int(id)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *e = (struct read_email){.id = id,
                             .thread = db_col_int(&c, 0),
                             .size = db_col_int(&c, 2),
                             .received_ms = db_col_int(&c, 3),
                             .sent_ms = db_col_int(&c, 4),
                             .message_id = arena_str(a, db_col_str(&c, 5)),
                             .in_reply_to = arena_str(a, db_col_str(&c, 6)),
                             .references = arena_str(a, db_col_str(&c, 7)),
                             .subject = arena_str(a, db_col_str(&c, 8)),
                             .from = {arena_str(a, db_col_str(&c, 9)), arena_str(a, db_col_str(&c, 10))},
                             .preview = arena_str(a, db_col_str(&c, 11)),
                             .has_attachment = db_col_int(&c, 12) != 0,
                             .verdict = (enum mail_verdict)db_col_int(&c, 13),
                             .held = db_col_int(&c, 14) != 0,
                             .score_millinats = (int32_t)db_col_int(&c, 15),
                             .findings = arena_str(a, db_col_str(&c, 16)),
                             .accepted_id = arena_str(a, db_col_str(&c, 17)),
                             .seq = db_col_int(&c, 19)};
    return 1;
}

static int email_places(struct txn *t, struct arena *a, int64_t org, int64_t account, struct read_email *e)
{
    struct placement_row *rows;
    size_t n;
    int r = placements_of(t, a, org, account, e->thread, e->id, &rows, &n);
    if (r)
        return r;
    int64_t *boxes = arena_array(a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].stub)
            continue;
        e->flags |= rows[i].flags;
        if (e->n_mailboxes == 0 || boxes[e->n_mailboxes - 1] != rows[i].mailbox) /* sorted by mailbox */
            boxes[e->n_mailboxes++] = rows[i].mailbox;
    }
    e->mailboxes = boxes;
    return 0;
}

int read_emails(struct txn *t, struct arena *a, int64_t org, int64_t account, const int64_t *ids, size_t n_ids,
                struct read_email **out, size_t *n)
{
    if (n_ids > READ_IDS_MAX)
        return ERR_LIMIT;
    struct read_email *list = arena_array(a, struct read_email, n_ids + 1);
    *n = 0;
    for (size_t i = 0; i < n_ids; i++) {
        int r = email_row(t, a, org, account, ids[i], &list[*n]);
        if (r == 1)
            r = email_places(t, a, org, account, &list[(*n)++]);
        if (r < 0)
            return r;
    }
    *out = list;
    return 0;
}

int read_thread(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t thread, int64_t **ids, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t cap = 0;
    *n = 0;
    *ids = NULL;
    int r = db_query(t->db, &c, SQL_THREAD_MEMBERS,
                     DB_ARGS(db_int(org), db_int(account), db_int(thread), db_int(READ_PAGE_MAX)));
    while (r == 0 && (r = db_next(&c)) == 1)
        r = id_list_add(a, ids, n, &cap, db_col_int(&c, 0));
    return r ? no_constraint(r) : *n > 0;
}

/* ---- query ---- */

static int page_rows(struct txn *t, int64_t org, int64_t account, const struct read_query *q, int64_t skip,
                     int64_t most, struct db_cursor *c)
{
    if (q->mailbox)
        return db_query(t->db, c, q->ascending ? SQL_QUERY_MAILBOX_ASC : SQL_QUERY_MAILBOX_DESC,
                        DB_ARGS(db_int(org), db_int(account), db_int(q->mailbox), db_int(most), db_int(skip)));
    return db_query(t->db, c, q->ascending ? SQL_QUERY_ACCOUNT_ASC : SQL_QUERY_ACCOUNT_DESC,
                    DB_ARGS(db_int(org), db_int(account), db_int(most), db_int(skip)));
}

/* Total from counters, without reading rows; -1 when it must be counted. */
static int quick_total(struct txn *t, int64_t org, int64_t account, const struct read_query *q, int64_t *total)
{
    *total = -1;
    if (q->has_flags || q->not_flags)
        return 0;
    if (q->mailbox) {
        AUTO(db_cursor) struct db_cursor c = {0};
        int r = db_query(t->db, &c, SQL_QUERY_MAILBOX_TOTAL, DB_ARGS(db_int(org), db_int(account), db_int(q->mailbox)));
        if (r || (r = db_next(&c)) < 0)
            return no_constraint(r);
        *total = r == 1 ? db_col_int(&c, q->collapse ? 1 : 0) : 0;
        return 0;
    }
    int r = db_get_int(t->db, q->collapse ? SQL_QUERY_ACCOUNT_THREADS : SQL_QUERY_ACCOUNT_TOTAL,
                       DB_ARGS(db_int(org), db_int(account)), total);
    return r < 0 ? r : 0;
}

static bool counts(const struct read_query *q, struct imap *threads, int64_t thread, uint32_t flags)
{
    if ((flags & q->has_flags) != q->has_flags || (flags & q->not_flags))
        return false;
    return !q->collapse || !imap_put(threads, (uint64_t)thread, threads);
}

/* Every id that counts, in order, read in pages: for collapsed, filtered and anchored queries. */
static int scan_all(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_query *q,
                    int64_t **ids, size_t *n)
{
    struct imap threads;
    size_t cap = 0;
    int r = 0;
    *ids = NULL;
    *n = 0;
    imap_init(&threads);
    for (int64_t skip = 0; r == 0; skip += SCAN_PAGE) {
        AUTO(db_cursor) struct db_cursor c = {0};
        int64_t rows = 0;
        r = page_rows(t, org, account, q, skip, SCAN_PAGE, &c);
        while (r == 0 && (r = db_next(&c)) == 1) {
            rows++;
            r = counts(q, &threads, db_col_int(&c, 1), (uint32_t)db_col_int(&c, 2))
                    ? id_list_add(a, ids, n, &cap, db_col_int(&c, 0))
                    : 0;
        }
        if (rows < SCAN_PAGE)
            break;
    }
    imap_free(&threads);
    return no_constraint(r);
}

static int query_scanned(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_query *q,
                         size_t limit, struct read_page *out)
{
    int64_t *ids;
    size_t n;
    int r = scan_all(t, a, org, account, q, &ids, &n);
    if (r)
        return r;
    int64_t from = q->position < 0 ? (int64_t)n + q->position : q->position;
    if (q->anchor) {
        size_t at = 0;
        while (at < n && ids[at] != q->anchor)
            at++;
        if (at == n)
            return READ_NO_ANCHOR;
        from = (int64_t)at + q->anchor_offset;
    }
    if (from < 0)
        from = 0;
    if (from > (int64_t)n)
        from = (int64_t)n;
    out->position = from;
    out->ids = ids + from;
    out->n = n - (size_t)from < limit ? n - (size_t)from : limit;
    out->total = q->want_total ? (int64_t)n : -1;
    return 0;
}

int read_query(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_query *q,
               struct read_page *out)
{
    *out = (struct read_page){.total = -1};
    size_t limit = q->limit && q->limit < READ_PAGE_MAX ? q->limit : READ_PAGE_MAX;
    if ((q->has_flags || q->not_flags) && !q->mailbox)
        return ERR_INVALID;
    if (q->collapse || q->anchor || q->has_flags || q->not_flags)
        return query_scanned(t, a, org, account, q, limit, out);
    int64_t total = -1, from = q->position;
    int r = q->want_total || from < 0 ? quick_total(t, org, account, q, &total) : 0;
    if (r)
        return r;
    if (from < 0)
        from = total + from > 0 ? total + from : 0;
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t cap = 0;
    r = page_rows(t, org, account, q, from, (int64_t)limit, &c);
    while (r == 0 && (r = db_next(&c)) == 1)
        r = id_list_add(a, &out->ids, &out->n, &cap, db_col_int(&c, 0));
    out->position = from;
    out->total = q->want_total ? total : -1;
    return no_constraint(r);
}

/* ---- facts, trace ---- */

int read_facts(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t message, struct read_facts *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_FACTS_GET, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *out = (struct read_facts){.structure = arena_str(a, db_col_str(&c, 0)),
                               .insight_version = (uint32_t)db_col_int(&c, 1)};
    r = insight_unpack(a, db_col_str(&c, 2), &out->insight);
    return r ? r : 1;
}

int read_accepted(struct txn *t, struct arena *a, int64_t org, struct str id, struct read_accepted *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCEPTED_GET, DB_ARGS(db_int(org), db_text(txn_text(a, id, MAIL_ID_MAX))));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    struct str key = db_col_str(&c, 0);
    *out = (struct read_accepted){.row = {.id = arena_str(a, id),
                                          .client = arena_str(a, db_col_str(&c, 1)),
                                          .helo = arena_str(a, db_col_str(&c, 2)),
                                          .reverse_path = arena_str(a, db_col_str(&c, 3)),
                                          .recipients = arena_str(a, db_col_str(&c, 4)),
                                          .size = db_col_int(&c, 5),
                                          .at_ms = db_col_int(&c, 6),
                                          .verdict = (enum mail_verdict)db_col_int(&c, 7)},
                                  .replied = db_col_int(&c, 8) != 0};
    if (key.n == SHA256_LEN)
        memcpy(out->row.key, key.p, key.n);
    return 1;
}

int read_accepted_messages(struct txn *t, struct arena *a, int64_t org, int64_t account, const struct read_accepted *m,
                           int64_t **ids, size_t *n)
{
    /* There is no index by transaction: received_ms is the transaction's own time give or take its deadline. */
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t cap = 0;
    *n = 0;
    *ids = NULL;
    int r = db_query(t->db, &c, SQL_ACCEPTED_MESSAGES,
                     DB_ARGS(db_int(org), db_int(account), db_int(m->row.at_ms - 120000), db_int(m->row.at_ms + 120000),
                             db_text(m->row.id)));
    while (r == 0 && (r = db_next(&c)) == 1)
        r = id_list_add(a, ids, n, &cap, db_col_int(&c, 0));
    return no_constraint(r);
}

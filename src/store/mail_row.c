/* Small readers and writers of mail rows. */
#include "store/mail_priv.h"

int message_brief(struct txn *t, int64_t org, int64_t account, int64_t message, struct message_brief *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MESSAGE_BRIEF, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *out = (struct message_brief){.thread = db_col_int(&c, 0),
                                  .blob = db_col_int(&c, 1),
                                  .size = db_col_int(&c, 2),
                                  .received_ms = db_col_int(&c, 3),
                                  .held = db_col_int(&c, 4) != 0,
                                  .created_seq = db_col_int(&c, 5),
                                  .seq = db_col_int(&c, 6),
                                  .verdict = (enum mail_verdict)db_col_int(&c, 7)};
    return 1;
}

int placement_get(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, struct placement_row *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_PLACEMENT_GET, DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(uid)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *out = (struct placement_row){.mailbox = mailbox,
                                  .uid = uid,
                                  .message = db_col_int(&c, 0),
                                  .thread = db_col_int(&c, 1),
                                  .blob = db_col_int(&c, 2),
                                  .size = db_col_int(&c, 3),
                                  .internal_ms = db_col_int(&c, 4),
                                  .flags = (uint32_t)db_col_int(&c, 5),
                                  .stub = db_col_int(&c, 6) != 0,
                                  .created_seq = db_col_int(&c, 7),
                                  .seq = db_col_int(&c, 8)};
    return 1;
}

int placements_of(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t thread, int64_t message,
                  struct placement_row **rows, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t cap = 0;
    struct placement_row *list = NULL;
    *n = 0;
    int r = db_query(t->db, &c, SQL_PLACEMENT_OF_MESSAGE,
                     DB_ARGS(db_int(org), db_int(account), db_int(thread), db_int(message)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        if (*n == cap) {
            struct placement_row *more = arena_array(a, struct placement_row, cap = cap ? cap * 2 : 4);
            if (*n)
                memcpy(more, list, *n * sizeof *list);
            list = more;
        }
        list[(*n)++] = (struct placement_row){.mailbox = db_col_int(&c, 0),
                                              .uid = db_col_int(&c, 1),
                                              .message = message,
                                              .thread = thread,
                                              .flags = (uint32_t)db_col_int(&c, 2),
                                              .stub = db_col_int(&c, 3) != 0,
                                              .blob = db_col_int(&c, 4),
                                              .size = db_col_int(&c, 5),
                                              .internal_ms = db_col_int(&c, 6),
                                              .seq = db_col_int(&c, 7)};
        r = 0;
    }
    *rows = list;
    return no_constraint(r);
}

int tombstone(struct txn *t, int64_t org, int64_t account, int type, int64_t seq, int64_t id, int64_t uid,
              int64_t created_seq)
{
    return no_constraint(db_run(t->db, SQL_TOMBSTONE_INSERT,
                                DB_ARGS(db_int(org), db_int(account), db_int(type), db_int(seq), db_int(id),
                                        db_int(uid), db_int(created_seq), db_int(t->now_ms)),
                                NULL));
}

int mail_role_mailbox(struct txn *t, int64_t org, int64_t account, enum mail_role role, int64_t *mailbox)
{
    int r = db_get_int(t->db, SQL_MAILBOX_BY_ROLE, DB_ARGS(db_int(org), db_int(account), db_int(role)), mailbox);
    return r == 1 ? 0 : r == 0 ? MAIL_NO_MAILBOX : r;
}

static int read_loc(struct db_cursor *c, struct mail_loc *out)
{
    struct str sha = db_col_str(c, 4);
    if (sha.n != SHA256_LEN)
        return ERR_CORRUPT;
    out->loc = (struct pack_loc){db_col_int(c, 0), db_col_int(c, 1), db_col_int(c, 2)};
    out->size = db_col_int(c, 3);
    memcpy(out->sha256, sha.p, SHA256_LEN);
    return 1;
}

int mail_blob_any(struct txn *t, int64_t org, int64_t account, int64_t message, struct mail_loc *out, bool *held)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MESSAGE_BLOB, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    if (held)
        *held = db_col_int(&c, 5) != 0;
    return read_loc(&c, out);
}

int mail_blob(struct txn *t, int64_t org, int64_t account, int64_t message, struct mail_loc *out)
{
    bool held = false;
    int r = mail_blob_any(t, org, account, message, out, &held);
    return r == 1 && held ? 0 : r;
}

int mail_placement_blob(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, struct mail_loc *out)
{
    struct placement_row p;
    struct message_brief b;
    int r = placement_get(t, org, account, mailbox, uid, &p);
    if (r != 1)
        return r;
    if (!p.stub && ((r = message_brief(t, org, account, p.message, &b)) != 1 || b.held))
        return r < 0 ? r : 0;
    AUTO(db_cursor) struct db_cursor c = {0};
    r = db_query(t->db, &c, SQL_PLACEMENT_BLOB, DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(uid)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    return read_loc(&c, out);
}

/* What happens to placements after they were made: flags, copies, removal. */
#include "store/mail_priv.h"
#include "store/unread.h"

/* Counters of a mailbox after a placement left, or after its \Seen changed by `seen` (+1 read now, -1 unread now). */
struct delta {
    int64_t total, unread, threads, unread_threads, stubs, bytes;
};

static int count(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t seq, const struct delta *d)
{
    txn_changed(t, org, account, CHANGED_MAILBOX, seq);
    return no_constraint(
        db_run(t->db, SQL_MAILBOX_COUNT,
               DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(seq), db_int(d->total), db_int(d->unread),
                       db_int(d->threads), db_int(d->unread_threads), db_int(d->stubs), db_int(d->bytes)),
               NULL));
}

/* The Email lost a placement: it changes, or it and perhaps its thread are gone. */
static int email_left(struct txn *t, int64_t org, int64_t account, const struct placement_row *p, int64_t seq)
{
    struct placement_row *rest;
    size_t n, emails = 0;
    int r = placements_of(t, t->arena, org, account, p->thread, p->message, &rest, &n);
    for (size_t i = 0; r == 0 && i < n; i++)
        emails += !rest[i].stub;
    txn_changed(t, org, account, CHANGED_EMAIL, seq);
    if (r || emails)
        return r ? r
                 : no_constraint(db_run(t->db, SQL_MESSAGE_SEQ,
                                        DB_ARGS(db_int(org), db_int(account), db_int(p->message), db_int(seq)), NULL));
    struct message_brief b;
    if ((r = message_brief(t, org, account, p->message, &b)) != 1)
        return r;
    r = db_run(t->db, SQL_MESSAGE_DELETE, DB_ARGS(db_int(org), db_int(account), db_int(p->message)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_FACTS_DELETE, DB_ARGS(db_int(org), db_int(p->message)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_REPORTED_DELETE, DB_ARGS(db_int(org), db_int(p->message)), NULL);
    if (r == 0 && b.held)
        r = unread_drop(t, org, p->message);
    if (r == 0)
        r = tombstone(t, org, account, TOMBSTONE_EMAIL, seq, p->message, 0, b.created_seq);
    if (r == 0)
        r = thread_leave(t, org, account, p->thread, seq);
    txn_changed(t, org, account, CHANGED_THREAD, seq);
    txn_pack_gone(t, &(struct pack_gone){.org = org, .account = account, .message = p->message});
    return no_constraint(r);
}

static int remove_row(struct txn *t, int64_t org, int64_t account, const struct placement_row *p, int64_t seq)
{
    int64_t emails = 0, unread = 0;
    int r = db_run(t->db, SQL_PLACEMENT_DELETE,
                   DB_ARGS(db_int(org), db_int(account), db_int(p->mailbox), db_int(p->uid)), NULL);
    if (r == 0)
        r = tombstone(t, org, account, TOMBSTONE_PLACEMENT, seq, p->mailbox, p->uid, p->created_seq);
    if (r == 0 && !p->stub)
        r = thread_in_mailbox(t, org, account, p->thread, p->mailbox, &emails, &unread);
    if (r == 0 && emails > 0)
        r = db_run(t->db, SQL_PLACEMENT_HEAD_WENT,
                   DB_ARGS(db_int(org), db_int(account), db_int(p->thread), db_int(p->mailbox)), NULL);
    if (r)
        return no_constraint(r);
    bool was_unread = !p->stub && !(p->flags & FLAG_SEEN);
    struct delta d = {.total = -!p->stub,
                      .unread = -(int64_t)was_unread,
                      .threads = -(int64_t)(!p->stub && emails == 0),
                      .unread_threads = -(int64_t)(was_unread && unread == 0),
                      .stubs = -(int64_t)p->stub,
                      .bytes = -p->size};
    txn_pack_gone(t, &(struct pack_gone){
                         .org = org, .account = account, .mailbox = p->mailbox, .uid = p->uid, .message = p->message});
    return count(t, org, account, p->mailbox, seq, &d);
}

int placement_remove(struct txn *t, int64_t org, int64_t account, const struct placement_row *p)
{
    int64_t seq;
    int r = txn_seq(t, org, &seq);
    if (r == 0)
        r = remove_row(t, org, account, p, seq);
    return r || p->stub ? r : email_left(t, org, account, p, seq);
}

int mail_unplace(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid)
{
    struct placement_row p;
    int r = placement_get(t, org, account, mailbox, uid, &p);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    return placement_remove(t, org, account, &p);
}

int mail_set_flags(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, uint32_t set,
                   uint32_t clear)
{
    struct placement_row p;
    int64_t seq, emails = 0, unread = 0;
    int r = placement_get(t, org, account, mailbox, uid, &p);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    uint32_t flags = (p.flags & ~clear) | set;
    if (flags == p.flags)
        return 0;
    if ((r = txn_seq(t, org, &seq)) != 0)
        return r;
    r = db_run(t->db, SQL_PLACEMENT_FLAGS,
               DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(uid), db_int(flags), db_int(seq)), NULL);
    bool seen_changed = !p.stub && ((flags ^ p.flags) & FLAG_SEEN);
    if (r == 0 && !p.stub) {
        txn_changed(t, org, account, CHANGED_EMAIL, seq);
        r = db_run(t->db, SQL_MESSAGE_SEQ, DB_ARGS(db_int(org), db_int(account), db_int(p.message), db_int(seq)), NULL);
    }
    if (r == 0 && seen_changed)
        r = thread_in_mailbox(t, org, account, p.thread, mailbox, &emails, &unread);
    if (r)
        return no_constraint(r);
    if (!seen_changed)
        return no_constraint(db_run(t->db, SQL_MAILBOX_MODSEQ,
                                    DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(seq)), NULL));
    bool read_now = (flags & FLAG_SEEN) != 0;
    struct delta d = {.unread = read_now ? -1 : 1,
                      .unread_threads = read_now ? -(int64_t)(unread == 0) : (int64_t)(unread == 1)};
    return count(t, org, account, mailbox, seq, &d);
}

/* A held message and its stub stay where they are (design 4, rule hold). */
static int movable(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, struct placement_row *p)
{
    struct message_brief b;
    int r = placement_get(t, org, account, mailbox, uid, p);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if (p->stub)
        return MAIL_HELD;
    if ((r = message_brief(t, org, account, p->message, &b)) != 1)
        return r ? r : MAIL_NO_MESSAGE;
    return b.held ? MAIL_HELD : 0;
}

static int copy_row(struct txn *t, int64_t org, int64_t account, const struct placement_row *p, int64_t to,
                    int64_t *to_uid)
{
    struct mail_loc loc;
    int64_t seq, held;
    int r = mail_role_mailbox(t, org, account, ROLE_HELD, &held);
    if (r || held == to)
        return r ? r : MAIL_HELD;
    if ((r = mail_placement_blob(t, org, account, p->mailbox, p->uid, &loc)) != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if ((r = txn_seq(t, org, &seq)) != 0)
        return r;
    struct placing pl = {.message = p->message,
                         .thread = p->thread,
                         .blob = p->blob,
                         .size = p->size,
                         .internal_ms = p->internal_ms,
                         .sha256 = loc.sha256,
                         .flags = p->flags,
                         .verdict = "",
                         .seq = seq};
    r = db_run(t->db, SQL_MESSAGE_SEQ, DB_ARGS(db_int(org), db_int(account), db_int(p->message), db_int(seq)), NULL);
    txn_changed(t, org, account, CHANGED_EMAIL, seq);
    return r ? no_constraint(r) : place_row(t, org, account, to, &pl, to_uid);
}

int mail_copy(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, int64_t to, int64_t *to_uid)
{
    struct placement_row p;
    int r = movable(t, org, account, mailbox, uid, &p);
    return r ? r : copy_row(t, org, account, &p, to, to_uid);
}

int mail_move(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t uid, int64_t to, int64_t *to_uid)
{
    struct placement_row p;
    int r = movable(t, org, account, mailbox, uid, &p);
    if (r == 0)
        r = copy_row(t, org, account, &p, to, to_uid);
    return r ? r : placement_remove(t, org, account, &p);
}

/* ---- by Email ---- */

static int places(struct txn *t, int64_t org, int64_t account, int64_t message, struct message_brief *b,
                  struct placement_row **rows, size_t *n)
{
    int r = message_brief(t, org, account, message, b);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    return placements_of(t, t->arena, org, account, b->thread, message, rows, n);
}

int mail_email_flags(struct txn *t, int64_t org, int64_t account, int64_t message, uint32_t set, uint32_t clear)
{
    struct message_brief b;
    struct placement_row *rows;
    size_t n = 0;
    int r = places(t, org, account, message, &b, &rows, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        if (!rows[i].stub)
            r = mail_set_flags(t, org, account, rows[i].mailbox, rows[i].uid, set, clear);
    return r;
}

int mail_email_destroy(struct txn *t, int64_t org, int64_t account, int64_t message)
{
    struct message_brief b;
    struct placement_row *rows;
    size_t n;
    int r = places(t, org, account, message, &b, &rows, &n);
    if (r || b.held)
        return r ? r : MAIL_HELD;
    for (size_t i = 0; i < n && r == 0; i++)
        r = mail_unplace(t, org, account, rows[i].mailbox, rows[i].uid);
    return r;
}

int mail_email_move(struct txn *t, int64_t org, int64_t account, int64_t message, int64_t from, int64_t to)
{
    struct message_brief b;
    struct placement_row *rows;
    size_t n;
    int64_t uid;
    int r = places(t, org, account, message, &b, &rows, &n);
    if (r || b.held)
        return r ? r : MAIL_HELD;
    /* The new place first: an Email without any place is destroyed. */
    bool there = to == 0;
    for (size_t i = 0; i < n; i++)
        there = there || rows[i].mailbox == to;
    if (!there && n)
        r = mail_copy(t, org, account, rows[0].mailbox, rows[0].uid, to, &uid);
    for (size_t i = 0; i < n && r == 0; i++)
        if (from && from != to && rows[i].mailbox == from)
            r = mail_unplace(t, org, account, from, rows[i].uid);
    return r;
}

#include "store/unread.h"
#include "store/mail_priv.h"

int unread_add(struct txn *t, int64_t org, int64_t account, int64_t message)
{
    return no_constraint(
        db_run(t->db, SQL_UNREAD_ADD,
               DB_ARGS(db_int(org), db_int(message), db_int(account), db_int(t->now_ms + UNREAD_DELAY_MS)), NULL));
}

int unread_due(struct txn *t, struct unread *out, size_t max, size_t *n)
{
    struct db_cursor c;
    *n = 0;
    int r = db_query(t->db, &c, SQL_UNREAD_DUE, DB_ARGS(db_int(t->now_ms), db_int((int64_t)max)));
    if (r != 0)
        return no_constraint(r);
    while (*n < max && (r = db_next(&c)) == 1)
        out[(*n)++] =
            (struct unread){.org = db_col_int(&c, 0), .message = db_col_int(&c, 1), .account = db_col_int(&c, 2)};
    db_end(&c);
    return r < 0 ? r : 0;
}

static int tries_of(struct txn *t, const struct unread *u, int64_t *tries)
{
    return db_get_int(t->db, SQL_UNREAD_TRIES, DB_ARGS(db_int(u->org), db_int(u->message)), tries);
}

int unread_drop(struct txn *t, int64_t org, int64_t message)
{
    return no_constraint(db_run(t->db, SQL_UNREAD_DONE, DB_ARGS(db_int(org), db_int(message)), NULL));
}

static int done(struct txn *t, const struct unread *u) { return unread_drop(t, u->org, u->message); }

int unread_failed(struct txn *t, const struct unread *u)
{
    int64_t tries = 0;
    int r = tries_of(t, u, &tries);
    if (r <= 0)
        return r;
    if (tries + 1 >= UNREAD_TRIES_MAX)
        return done(t, u);
    return no_constraint(db_run(t->db, SQL_UNREAD_LATER,
                                DB_ARGS(db_int(u->org), db_int(u->message), db_int(t->now_ms + UNREAD_AGAIN_MS)),
                                NULL));
}

int unread_judged(struct txn *t, const struct unread *u, struct mail_draft *d)
{
    struct message_brief b;
    int64_t seq;
    int r = message_brief(t, u->org, u->account, u->message, &b);
    if (r < 0)
        return r;
    int gone = done(t, u);
    if (gone != 0 || r == 0 || !b.held)
        return gone; /* a refusal would undo it, and the row would come up for ever */
    r = mail_draft_prepare(t->arena, d);
    if (r == 0)
        r = txn_seq(t, u->org, &seq);
    if (r == 0)
        txn_changed(t, u->org, u->account, CHANGED_EMAIL, seq);
    if (r == 0)
        r = no_constraint(db_run(t->db, SQL_UNREAD_FACTS,
                                 DB_ARGS(db_int(u->org), db_int(u->message), db_blob(d->structure),
                                         db_int(d->insight_version), db_blob(d->insight_packed)),
                                 NULL));
    if (r == 0)
        r = no_constraint(db_run(
            t->db, SQL_UNREAD_JUDGED,
            DB_ARGS(db_int(u->org), db_int(u->message), db_int(u->account), db_int(d->verdict),
                    db_int(d->score_millinats), db_text(txn_text(t->arena, d->findings, MAIL_FINDINGS_MAX)),
                    db_text(txn_text(t->arena, d->preview, MAIL_PREVIEW_MAX)), db_int(d->has_attachment), db_int(seq)),
            NULL));
    if (r == 0 && d->verdict != VERDICT_HOLD)
        r = mail_release(t, u->org, u->account, u->message, STR("sigillo: read completely"));
    return r;
}

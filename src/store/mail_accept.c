/* Resends (design 3): a transaction equal to one whose 250 was never written is answered with the first id and stored
 * no second time. */
#include "store/mail_priv.h"

#define RECIPIENTS_MAX 32768u

int mail_resend_find(struct txn *t, int64_t org, const uint8_t key[SHA256_LEN], struct str *found_id)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCEPTED_RESEND,
                     DB_ARGS(db_int(org), db_blob(str_n(key, SHA256_LEN)), db_int(t->now_ms - MAIL_RESEND_MS)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    *found_id = arena_str(t->arena, db_col_str(&c, 0));
    return 1;
}

int mail_accepted_add(struct txn *t, int64_t org, const struct mail_accepted *m)
{
    struct arena *a = t->arena;
    return no_constraint(
        db_run(t->db, SQL_ACCEPTED_INSERT,
               DB_ARGS(db_int(org), db_text(m->id), db_blob(str_n(m->key, SHA256_LEN)),
                       db_text(txn_text(a, m->client, MAIL_TEXT_MAX)), db_text(txn_text(a, m->helo, MAIL_TEXT_MAX)),
                       db_text(txn_text(a, m->reverse_path, MAIL_TEXT_MAX)),
                       db_text(txn_text(a, m->recipients, RECIPIENTS_MAX)), db_int(m->size), db_int(m->at_ms),
                       db_int(m->verdict)),
               NULL));
}

int mail_accepted_replied(struct txn *t, int64_t org, struct str id)
{
    return no_constraint(db_run(t->db, SQL_ACCEPTED_REPLIED, DB_ARGS(db_int(org), db_text(id)), NULL));
}

int mail_set_insight(struct txn *t, int64_t org, int64_t account, int64_t message, uint32_t version, struct str insight)
{
    struct message_brief b;
    int64_t seq;
    struct mail_draft d = {.insight = insight};
    int r = message_brief(t, org, account, message, &b);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if ((r = mail_draft_prepare(t->arena, &d)) != 0 || (r = txn_seq(t, org, &seq)) != 0)
        return r;
    r = db_run(t->db, SQL_FACTS_UPDATE,
               DB_ARGS(db_int(org), db_int(message), db_int(version), db_blob(d.insight_packed)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_MESSAGE_SEQ, DB_ARGS(db_int(org), db_int(account), db_int(message), db_int(seq)), NULL);
    txn_changed(t, org, account, CHANGED_EMAIL, seq);
    return no_constraint(r);
}

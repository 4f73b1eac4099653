#include "store/decide.h"
#include "store/audit.h"
#include "store/mail_priv.h"

static int note(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who, struct str what)
{
    int64_t seq;
    int r =
        audit_add(t, org, who, what,
                  arena_printf(t->arena, "account %lld message %lld", (long long)account, (long long)message), &seq);
    return r ? r : audit_event(t, org, account, what, arena_printf(t->arena, "%lld", (long long)message));
}

int mail_discard(struct txn *t, int64_t org, int64_t account, int64_t message, struct str who)
{
    struct message_brief b;
    struct placement_row *rows;
    size_t n = 0;
    int r = message_brief(t, org, account, message, &b);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if (!b.held)
        return MAIL_NOT_HELD;
    r = placements_of(t, t->arena, org, account, b.thread, message, &rows, &n);
    /* The stub first: with its last place the message's row goes. */
    for (int stub = 1; stub >= 0; stub--)
        for (size_t i = 0; i < n && r == 0; i++)
            if (rows[i].stub == (stub == 1))
                r = placement_remove(t, org, account, &rows[i]);
    return r ? r : note(t, org, account, message, who, STR("mail.discard"));
}

/* Domain of the sender as the row has it: "local@domain". */
static struct str domain_of(struct str address)
{
    ptrdiff_t at = str_rchr(address, '@');
    return at < 0 ? STR("") : str_from(address, (size_t)at + 1);
}

static int sender_domain(struct txn *t, int64_t org, int64_t account, int64_t message, struct str *domain)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MESSAGE_SENDER, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) < 0)
        return no_constraint(r);
    *domain = r == 1 ? arena_str(t->arena, domain_of(db_col_str(&c, 0))) : STR("");
    return 0;
}

static int to_role(struct txn *t, int64_t org, int64_t account, int64_t message, const struct message_brief *b,
                   enum mail_role role)
{
    struct placement_row *rows;
    size_t n = 0;
    int64_t box;
    int r = mail_role_mailbox(t, org, account, role, &box);
    if (r == 0)
        r = placements_of(t, t->arena, org, account, b->thread, message, &rows, &n);
    if (r == 0)
        r = mail_email_move(t, org, account, message, 0, box);
    for (size_t i = 0; i < n && r == 0; i++)
        if (!rows[i].stub && rows[i].mailbox != box)
            r = mail_email_move(t, org, account, message, rows[i].mailbox, 0);
    return r;
}

/* The row, and a new state of the Email: a session that shows it must learn of it, even when the message moved nowhere. */
static int remember(struct txn *t, int64_t org, int64_t account, int64_t message, enum mail_report as, struct str who)
{
    int64_t seq;
    int r = db_run(t->db, SQL_REPORTED_PUT,
                   DB_ARGS(db_int(org), db_int(message), db_int(account), db_int(as), db_int(t->now_ms), db_text(who)),
                   NULL);
    if (r == 0)
        r = txn_seq(t, org, &seq);
    if (r == 0)
        r = db_run(t->db, SQL_MESSAGE_SEQ, DB_ARGS(db_int(org), db_int(account), db_int(message), db_int(seq)), NULL);
    if (r == 0)
        txn_changed(t, org, account, CHANGED_EMAIL, seq);
    return no_constraint(r);
}

int mail_reported(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t message,
                  struct mail_reported *out)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_REPORTED_GET, DB_ARGS(db_int(org), db_int(account), db_int(message)));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    int64_t as = db_col_int(&c, 0);
    if (as < 0 || as >= REPORTS)
        return ERR_CORRUPT;
    *out = (struct mail_reported){(enum mail_report)as, db_col_int(&c, 1), arena_str(a, db_col_str(&c, 2))};
    return 1;
}

int mail_report(struct txn *t, int64_t org, int64_t account, int64_t message, enum mail_report as, struct str who)
{
    static const char *const what[] = {"guard.fraud", "guard.junk", "guard.honest"};
    struct message_brief b;
    struct str domain;
    int r = message_brief(t, org, account, message, &b);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    if (b.held && as != REPORT_FRAUD)
        return MAIL_HELD;
    if (!b.held)
        r = to_role(t, org, account, message, &b, as == REPORT_HONEST ? ROLE_INBOX : ROLE_JUNK);
    if (r == 0 && as == REPORT_FRAUD && (r = sender_domain(t, org, account, message, &domain)) == 0 && domain.n)
        r = no_constraint(db_run(t->db, SQL_PARTY_DETAIL_DOUBT, DB_ARGS(db_int(org), db_text(domain)), NULL));
    if (r == 0)
        r = remember(t, org, account, message, as, who);
    return r ? r : note(t, org, account, message, who, str_c(what[as]));
}

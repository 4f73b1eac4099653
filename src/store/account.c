/* People: account, password hash, the seven mailboxes every account begins with. */
#include "store/account.h"
#include "store/account_priv.h"
#include "store/audit.h"
#include "store/group.h"
#include "store/login.h"
#include "store/mail.h"
#include "store/manage.h"

#define USERS_A_JOB 40 /* each is 10 rows: under CELL_FN_ROWS_MAX */

static const struct {
    const char *name;
    enum mail_role role;
} first_mailboxes[] = {{"Inbox", ROLE_INBOX},     {"Held", ROLE_HELD}, {"Drafts", ROLE_DRAFTS}, {"Sent", ROLE_SENT},
                       {"Archive", ROLE_ARCHIVE}, {"Junk", ROLE_JUNK}, {"Trash", ROLE_TRASH}};

struct users_job {
    int64_t org, cell;
    struct str domain; /* must be the firm's still when the row is written; empty: not asked (imports) */
    const struct new_user *u;
    size_t n;
    struct place_of at[USERS_A_JOB];
    bool was_active[USERS_A_JOB];
};

static int make_mailboxes(struct txn *t, int64_t org, int64_t account)
{
    int64_t seq = 0, id;
    int r = 0;
    for (size_t i = 0; i < N_ELEMENTS(first_mailboxes) && r == 0; i++) {
        if ((r = txn_seq(t, org, &seq)) != 0 || (r = txn_id(t, org, &id)) != 0)
            break;
        r = mailbox_add(t, org, account, id, 0, str_c(first_mailboxes[i].name), first_mailboxes[i].role,
                        (int64_t)i * 10, seq);
    }
    return r ? r : db_run(t->db, SQL_JMAP_STATE_INSERT, DB_ARGS(db_int(org), db_int(account), db_int(seq)), NULL);
}

/* uidvalidity comes from seq: it rises, so a mailbox made again under its old name is another one to IMAP (RFC
 * 9051 2.3.1.1). */
int mailbox_add(struct txn *t, int64_t org, int64_t account, int64_t id, int64_t parent, struct str name,
                enum mail_role role, int64_t order, int64_t seq)
{
    return db_run(t->db, SQL_MAILBOX_INSERT,
                  DB_ARGS(db_int(org), db_int(account), db_int(id), db_int(parent), db_text(name), db_int(role),
                          db_int(order), db_int(1 + seq % 0xfffffffe), db_int(seq)),
                  NULL);
}

static int make_account(struct txn *t, int64_t org, const struct new_user *u, int64_t *account, bool *was_active)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCOUNT_BY_ADDRESS, DB_ARGS(db_int(org), db_text(u->address)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    *was_active = r == 1 && db_col_int(&c, 1) != 0;
    if (r == 1) { /* an earlier run ended here */
        *account = db_col_int(&c, 0);
        return *was_active
                   ? 0
                   : db_run(t->db, SQL_CREDENTIAL_REPLACE,
                            DB_ARGS(db_int(org), db_int(*account), db_text(u->password_hash), db_int(t->now_ms)), NULL);
    }
    db_end(&c);
    int64_t credential;
    if ((r = txn_id(t, org, account)) != 0 || (r = txn_id(t, org, &credential)) != 0)
        return r;
    r = db_run(t->db, SQL_ACCOUNT_INSERT,
               DB_ARGS(db_int(org), db_int(*account), db_text(u->address), db_text(u->name), db_int(t->now_ms)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_CREDENTIAL_INSERT,
                   DB_ARGS(db_int(org), db_int(*account), db_int(credential), db_int(CREDENTIAL_PASSWORD),
                           db_text(u->password_hash), db_int(t->now_ms)),
                   NULL);
    return r ? r : make_mailboxes(t, org, *account);
}

static int users_pending(struct txn *t, void *arg)
{
    struct users_job *j = arg;
    struct domain_row domain;
    int r = j->domain.n ? domain_get(t, t->arena, j->org, j->domain, &domain) : 1;
    if (r != 1 || (j->domain.n && (domain.pending || domain.lapsed_ms)))
        return r < 0 ? r : ERR_NOENT;
    r = 0;
    for (size_t i = 0; i < j->n && r == 0; i++) {
        int64_t account = 0;
        r = make_account(t, j->org, &j->u[i], &account, &j->was_active[i]);
        j->at[i] = (struct place_of){.cell = j->cell, .org = j->org, .account = account, .found = true};
    }
    return r;
}

static int users_listed(struct txn *t, void *arg)
{
    struct users_job *j = arg;
    int r = 0;
    for (size_t i = 0; i < j->n && r == 0; i++)
        r = directory_address_put(t, j->u[i].address, &j->at[i]);
    return r;
}

static int users_active(struct txn *t, void *arg)
{
    struct users_job *j = arg;
    int r = 0;
    for (size_t i = 0; i < j->n && r == 0; i++)
        if (!j->was_active[i])
            r = db_run(t->db, SQL_ACCOUNT_STATE, DB_ARGS(db_int(j->org), db_int(j->at[i].account), db_int(1)), NULL);
    return r;
}

static int run_users(struct store *s, struct users_job *j, struct err *e)
{
    struct cell *c;
    int r = store_cell(s, j->cell, &c, e);
    if (r == 0)
        r = store_must(c, users_pending, j, "the account cannot be written", e);
    if (r == 0)
        r = store_must(s->dir, users_listed, j, "the address belongs to somebody else", e);
    if (r == 0)
        r = store_must(c, users_active, j, "the account cannot be made active", e);
    for (size_t i = 0; i < j->n; i++)
        directory_forget(s, j->u[i].address);
    return r;
}

int user_create(struct store *s, struct str domain, const struct new_user *u, struct place_of *out, struct err *e)
{
    struct place_of firm, old;
    int r = directory_domain(s, domain, &firm);
    if (r == DIR_UNKNOWN)
        return err_set(e, ERR_NOENT, "no firm here has the domain %.*s", STRF(domain));
    if (r)
        return err_set(e, r, "the directory cannot be read");
    directory_forget(s, u->address);
    r = directory_find(s, u->address, &old);
    if (r < 0)
        return err_set(e, r, "the directory cannot be read");
    struct users_job j = {.org = firm.org, .cell = firm.cell, .domain = domain, .u = u, .n = 1};
    bool listed = r == 0;
    if (listed && old.org != firm.org)
        return err_set(e, ERR_EXIST, "%.*s exists already", STRF(u->address));
    r = run_users(s, &j, e);
    if (r)
        return r;
    if (listed && j.was_active[0])
        return err_set(e, ERR_EXIST, "%.*s exists already", STRF(u->address));
    *out = j.at[0];
    return 0;
}

int users_create(struct store *s, int64_t org, const struct new_user *u, size_t n, struct err *e)
{
    int64_t cell;
    int r = directory_org_cell(s, org, &cell);
    if (r)
        return err_set(e, r, "no such firm");
    for (size_t at = 0; at < n && r == 0; at += USERS_A_JOB) {
        struct users_job j = {.org = org, .cell = cell, .u = u + at, .n = n - at < USERS_A_JOB ? n - at : USERS_A_JOB};
        r = run_users(s, &j, e);
    }
    return r;
}

/* ---- log-in ---- */

struct login_job {
    struct arena *arena;
    struct login *out;
    bool found;
};

static int read_login(struct txn *t, void *arg)
{
    struct login_job *j = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_CREDENTIAL_LOGIN, DB_ARGS(db_int(j->out->at.org), db_int(j->out->at.account)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    j->found = r == 1;
    if (j->found) {
        j->out->hash = arena_str(j->arena, db_col_str(&c, 0));
        j->out->name = arena_str(j->arena, db_col_str(&c, 1));
        j->out->firm = arena_str(j->arena, db_col_str(&c, 2));
        j->out->set_ms = db_col_int(&c, 3);
    }
    return 0;
}

int login_find(struct store *s, struct arena *a, struct str address, struct login *out)
{
    *out = (struct login){0};
    int r = directory_find(s, address, &out->at);
    if (r)
        return r;
    if (out->at.disabled)
        return DIR_UNKNOWN;
    struct cell *c;
    struct login_job j = {.arena = a, .out = out};
    r = store_cell(s, out->at.cell, &c, NULL);
    if (r == 0)
        r = cell_read_wait(c, read_login, &j);
    return r ? r : j.found ? 0 : DIR_UNKNOWN;
}

struct hash_job {
    struct place_of at;
    struct str hash, who;
    enum login_tokens tokens;
};

static int set_hash(struct txn *t, void *arg)
{
    struct hash_job *j = arg;
    bool keep = j->tokens == LOGIN_KEEP_TOKENS;
    int64_t changed = 0, seq;
    int r = db_run(t->db, SQL_CREDENTIAL_REPLACE,
                   DB_ARGS(db_int(j->at.org), db_int(j->at.account), db_text(j->hash), db_int(t->now_ms)), &changed);
    if (r == 0 && changed == 0)
        return ERR_NOENT;
    if (r == 0)
        r = login_drop_all(t, j->at.org, j->at.account, keep ? LOGIN_SESSION : 0);
    if (r == 0)
        r = audit_add(
            t, j->at.org, j->who, STR("person.password"),
            arena_printf(t->arena, "account %lld, app tokens %s", (long long)j->at.account, keep ? "kept" : "revoked"),
            &seq);
    return r;
}

int login_set_hash(struct store *s, const struct place_of *at, struct str hash, enum login_tokens tokens,
                   struct str who, struct err *e)
{
    struct cell *c;
    struct hash_job j = {*at, hash, who, tokens};
    int r = store_cell(s, at->cell, &c, e);
    return r ? r : store_must(c, set_hash, &j, "the password cannot be written", e);
}

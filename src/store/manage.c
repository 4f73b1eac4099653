#include "store/manage_priv.h"
#include "store/account_priv.h"
#include "store/audit.h"
#include "store/login.h"
#include "store/mail_priv.h"
#include "store/store_priv.h"

#define STATE_ACTIVE 1
#define STATE_DISABLED 2

static void fill(struct arena *a, const struct db_cursor *c, struct person_row *p)
{
    *p = (struct person_row){.account = db_col_int(c, 0),
                             .address = arena_str(a, db_col_str(c, 1)),
                             .name = arena_str(a, db_col_str(c, 2)),
                             .active = db_col_int(c, 3) == STATE_ACTIVE,
                             .admin = db_col_int(c, 4) == 1,
                             .quota_bytes = db_col_int(c, 5),
                             .created_ms = db_col_int(c, 6)};
}

static int use_of(struct txn *t, int64_t org, struct person_row *p)
{
    int r = db_get_int(t->db, SQL_PERSON_USED, DB_ARGS(db_int(org), db_int(p->account)), &p->used_bytes);
    if (r >= 0)
        r = db_get_int(t->db, SQL_PERSON_LOGIN, DB_ARGS(db_int(org), db_int(p->account)), &p->login_ms);
    if (r >= 0)
        r = login_count(t, org, p->account, LOGIN_TOKEN, &p->tokens);
    return r < 0 ? r : 0;
}

int person_list(struct txn *t, struct arena *a, int64_t org, int64_t after, size_t max, struct person_row **out,
                size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t most = max < PERSON_LIST_MAX ? max : PERSON_LIST_MAX;
    struct person_row *list = arena_array(a, struct person_row, most + 1);
    *n = 0;
    int r = db_query(t->db, &c, SQL_PERSON_LIST, DB_ARGS(db_int(org), db_int(after), db_int((int64_t)most)));
    while (r == 0 && *n < most && (r = db_next(&c)) == 1) {
        fill(a, &c, &list[(*n)++]);
        r = 0;
    }
    db_end(&c);
    c = (struct db_cursor){0};
    for (size_t i = 0; i < *n && r == 0; i++)
        r = use_of(t, org, &list[i]);
    *out = list;
    return no_constraint(r);
}

int person_get(struct txn *t, struct arena *a, int64_t org, int64_t account, struct person_row *out)
{
    struct person_row *list;
    size_t n;
    int r = account > 0 ? person_list(t, a, org, account - 1, 1, &list, &n) : 0;
    if (r || account <= 0 || n == 0 || list[0].account != account)
        return r;
    *out = list[0];
    return 1;
}

struct person_job {
    int64_t org;
    const struct person_row *p;
    struct str who, address;
};

static int change_in_cell(struct txn *t, void *arg)
{
    struct person_job *j = arg;
    struct person_row old;
    int64_t admins = 0, seq;
    int r = person_get(t, t->arena, j->org, j->p->account, &old);
    if (r != 1)
        return r ? r : PERSON_UNKNOWN;
    if (j->p->name.n > PERSON_NAME_MAX || str_utf8_valid(j->p->name) != j->p->name.n ||
        (j->p->name.n && memchr(j->p->name.p, 0, j->p->name.n)))
        return PERSON_BAD_NAME;
    if (old.admin && old.active && !(j->p->admin && j->p->active)) {
        if ((r = db_get_int(t->db, SQL_PERSON_ADMINS, DB_ARGS(db_int(j->org)), &admins)) < 0)
            return r;
        if (admins <= 1)
            return PERSON_LAST_ADMIN;
    }
    r = db_run(t->db, SQL_PERSON_UPDATE,
               DB_ARGS(db_int(j->org), db_int(j->p->account), db_text(j->p->name),
                       db_int(j->p->active ? STATE_ACTIVE : STATE_DISABLED), db_int(j->p->admin ? 1 : 0),
                       db_int(j->p->quota_bytes)),
               NULL);
    if (r == 0 && old.active && !j->p->active) /* for good: nothing of it comes back when the person does */
        r = login_drop_all(t, j->org, j->p->account, 0);
    if (r == 0)
        r = audit_add(t, j->org, j->who, STR("person.change"),
                      arena_printf(t->arena, "account %lld %s %s quota %lld", (long long)j->p->account,
                                   j->p->active ? "active" : "disabled", j->p->admin ? "admin" : "member",
                                   (long long)j->p->quota_bytes),
                      &seq);
    return no_constraint(r);
}

static int change_in_directory(struct txn *t, void *arg)
{
    struct person_job *j = arg;
    return db_run(t->db, SQL_DIR_ADDRESS_STATE,
                  DB_ARGS(db_text(j->address), db_int(j->org), db_int(j->p->active ? STATE_ACTIVE : STATE_DISABLED)),
                  NULL);
}

int manage_write(struct cell *c, cell_fn *fn, void *arg, const char *what, struct err *e)
{
    int code = 0;
    int outcome = cell_write_wait(c, fn, arg, NULL, 0, &code);
    if (outcome == CELL_DURABLE)
        return 0;
    if (outcome == CELL_REFUSED && code > 0)
        return code;
    return err_set(e, outcome == CELL_UNKNOWN ? ERR_UNKNOWN : code, "%s (%s)", what, err_name(code));
}

int person_change(struct store *s, int64_t cell, int64_t org, const struct person_row *p, struct str who, struct err *e)
{
    struct cell *c;
    struct person_job j = {.org = org, .p = p, .who = who, .address = p->address};
    int r = store_cell(s, cell, &c, e);
    if (r == 0)
        r = manage_write(c, change_in_cell, &j, "the person cannot be written", e);
    if (r == 0)
        r = store_must(store_directory(s), change_in_directory, &j, "the directory cannot be written", e);
    directory_forget(s, p->address);
    return r;
}

#include "store/login.h"
#include "store/group.h"

#define SECRET_MAX 1024u

static int trim(struct txn *t, const struct login_key *k, int64_t keep);

static struct str hash_of(const struct login_key *k) { return str_n(k->hash, LOGIN_HASH_LEN); }

/* Removes all but the `keep` last used. */
static int trim(struct txn *t, const struct login_key *k, int64_t keep)
{
    for (;;) {
        AUTO(db_cursor) struct db_cursor c = {0};
        struct login_key old = *k;
        int r = db_query(t->db, &c, SQL_LOGIN_OLDEST,
                         DB_ARGS(db_int(k->org), db_int(k->account), db_int(k->kind), db_int(keep)));
        if (r == 0)
            r = db_next(&c);
        if (r != 1)
            return r > 0 ? ERR_INVALID : r;
        struct str h = db_col_str(&c, 0);
        if (h.n != LOGIN_HASH_LEN)
            return ERR_CORRUPT;
        memcpy(old.hash, h.p, LOGIN_HASH_LEN);
        db_end(&c);
        r = login_drop(t, &old);
        if (r)
            return r;
    }
}

int login_keep(struct txn *t, const struct login_key *k, struct login_row *row)
{
    bool session = k->kind == LOGIN_SESSION;
    int64_t idle = session ? LOGIN_SESSION_IDLE_MS : 0;
    if (session)
        row->until_ms = t->now_ms + LOGIN_SESSION_LIFE_MS;
    row->begun_ms = row->used_ms = t->now_ms;
    struct login_row good;
    int r = row->password_ms ? login_password(t, t->arena, k->org, k->account, row->password_ms, &good) : 1;
    if (r != 1)
        return r < 0 ? r : LOGIN_STALE;
    r = db_run(t->db, SQL_LOGIN_PRUNE,
               DB_ARGS(db_int(k->org), db_int(k->account), db_int(k->kind), db_int(t->now_ms), db_int(idle)), NULL);
    if (r == 0 && session)
        r = trim(t, k, LOGIN_SESSIONS_MAX - 1);
    if (r == 0 && !session) {
        struct login_row *all;
        size_t n = 0;
        r = login_list(t, t->arena, k->org, k->account, k->kind, LOGIN_TOKENS_MAX, &all, &n);
        if (r == 0 && n >= LOGIN_TOKENS_MAX)
            return LOGIN_TOO_MANY;
    }
    if (r == 0)
        r = txn_id(t, k->org, &row->number);
    if (r)
        return r > 0 ? ERR_INVALID : r;
    r = db_run(t->db, SQL_LOGIN_INSERT,
               DB_ARGS(db_int(k->org), db_int(k->account), db_blob(hash_of(k)), db_int(k->kind), db_int(row->number),
                       db_text(row->name), db_int((int64_t)row->may), db_int(t->now_ms), db_int(row->until_ms)),
               NULL);
    return r > 0 ? ERR_INVALID : r;
}

int login_lookup(struct txn *t, struct arena *a, const struct login_key *k, struct login_row *row)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t idle = k->kind == LOGIN_SESSION ? LOGIN_SESSION_IDLE_MS : 0;
    int r = db_query(t->db, &c, SQL_LOGIN_FIND_HASH,
                     DB_ARGS(db_int(k->org), db_int(k->account), db_blob(hash_of(k)), db_int(k->kind),
                             db_int(env_wall_ms(t->env)), db_int(idle)));
    if (r == 0)
        r = db_next(&c);
    if (r != 1)
        return r > 0 ? ERR_INVALID : r;
    *row = (struct login_row){.may = (unsigned)db_col_int(&c, 0),
                              .used_ms = db_col_int(&c, 1),
                              .address = arena_str(a, db_col_str(&c, 2)),
                              .person = arena_str(a, db_col_str(&c, 3)),
                              .firm = arena_str(a, db_col_str(&c, 4))};
    return 1;
}

int login_password(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t set_ms, struct login_row *row)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_LOGIN_PASSWORD, DB_ARGS(db_int(org), db_int(account), db_int(set_ms)));
    if (r == 0)
        r = db_next(&c);
    if (r != 1)
        return r > 0 ? ERR_INVALID : r;
    *row = (struct login_row){.used_ms = env_wall_ms(t->env),
                              .address = arena_str(a, db_col_str(&c, 0)),
                              .person = arena_str(a, db_col_str(&c, 1)),
                              .firm = arena_str(a, db_col_str(&c, 2)),
                              .password_ms = set_ms};
    return 1;
}

int login_count(struct txn *t, int64_t org, int64_t account, enum login_kind kind, int64_t *n)
{
    int r = db_get_int(t->db, SQL_LOGIN_COUNT,
                       DB_ARGS(db_int(org), db_int(account), db_int(kind), db_int(env_wall_ms(t->env))), n);
    return r < 0 ? r : 0;
}

int login_touch(struct txn *t, const struct login_key *k)
{
    int r = db_run(t->db, SQL_LOGIN_TOUCH,
                   DB_ARGS(db_int(k->org), db_int(k->account), db_blob(hash_of(k)), db_int(t->now_ms)), NULL);
    return r > 0 ? ERR_INVALID : r;
}

int login_drop(struct txn *t, const struct login_key *k)
{
    int r = db_run(t->db, SQL_LOGIN_DELETE, DB_ARGS(db_int(k->org), db_int(k->account), db_blob(hash_of(k))), NULL);
    return r > 0 ? ERR_INVALID : r;
}

int login_drop_number(struct txn *t, int64_t org, int64_t account, int64_t number, bool *found)
{
    int64_t changed = 0;
    int r = db_run(t->db, SQL_LOGIN_DELETE_NUMBER, DB_ARGS(db_int(org), db_int(account), db_int(number)), &changed);
    *found = changed > 0;
    return r > 0 ? ERR_INVALID : r;
}

int login_drop_all(struct txn *t, int64_t org, int64_t account, int kind)
{
    int r = db_run(t->db, SQL_LOGIN_DELETE_KIND, DB_ARGS(db_int(org), db_int(account), db_int(kind)), NULL);
    return r > 0 ? ERR_INVALID : r;
}

int login_list(struct txn *t, struct arena *a, int64_t org, int64_t account, enum login_kind kind, size_t max,
               struct login_row **out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *out = arena_array(a, struct login_row, max ? max : 1);
    *n = 0;
    int r =
        db_query(t->db, &c, SQL_LOGIN_LIST, DB_ARGS(db_int(org), db_int(account), db_int(kind), db_int((int64_t)max)));
    while (r == 0 && *n < max && (r = db_next(&c)) == 1) {
        (*out)[(*n)++] = (struct login_row){.number = db_col_int(&c, 0),
                                            .name = arena_str(a, db_col_str(&c, 1)),
                                            .may = (unsigned)db_col_int(&c, 2),
                                            .begun_ms = db_col_int(&c, 3),
                                            .used_ms = db_col_int(&c, 4),
                                            .until_ms = db_col_int(&c, 5)};
        r = 0;
    }
    return r > 0 ? ERR_INVALID : r;
}

int secret_read(struct txn *t, struct arena *a, struct str name, struct str *sealed)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DIR_SECRET_GET, DB_ARGS(db_text(name)));
    if (r == 0)
        r = db_next(&c);
    if (r == 1)
        *sealed = arena_str(a, db_col_str(&c, 0));
    return r > 1 ? ERR_INVALID : r;
}

int secret_write(struct txn *t, struct str name, struct str old, struct str sealed)
{
    if (sealed.n > SECRET_MAX)
        return ERR_LIMIT;
    int r = old.n ? db_run(t->db, SQL_DIR_SECRET_REPLACE, DB_ARGS(db_text(name), db_blob(sealed), db_blob(old)), NULL)
                  : db_run(t->db, SQL_DIR_SECRET_PUT, DB_ARGS(db_text(name), db_blob(sealed)), NULL);
    return r > 0 ? ERR_INVALID : r;
}

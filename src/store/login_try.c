#include "store/login_try.h"
#include "store/group.h"

struct tries {
    struct login_try *v;
    const struct login_try *add;
    size_t n;
    int64_t wait_ms;
};

static struct str mark_of(const struct login_try *v) { return str_n(v->mark, LOGIN_TRY_MARK); }

/* A clock that was set back must not lock anybody out for longer than the window. */
static int64_t left(int64_t since_ms, int64_t now)
{
    int64_t ms = since_ms + LOGIN_TRY_WINDOW_MS - now;
    return ms < LOGIN_TRY_WINDOW_MS ? ms : LOGIN_TRY_WINDOW_MS;
}

static int fn_wait(struct txn *t, void *arg)
{
    struct tries *j = arg;
    int64_t now = env_wall_ms(t->env);
    j->wait_ms = 0;
    for (size_t i = 0; i < j->n; i++) {
        AUTO(db_cursor) struct db_cursor c = {0};
        int r = db_query(t->db, &c, SQL_DIR_TRY_GET,
                         DB_ARGS(db_blob(mark_of(&j->v[i])), db_int(now - LOGIN_TRY_WINDOW_MS)));
        if (r || (r = db_next(&c)) < 0)
            return r > 0 ? ERR_INVALID : r;
        j->v[i].n = r == 1 ? db_col_int(&c, 0) : 0;
        int64_t ms = j->v[i].n >= j->v[i].most ? left(db_col_int(&c, 1), now) : 0;
        j->wait_ms = ms > j->wait_ms ? ms : j->wait_ms;
    }
    return 0;
}

int login_tries_wait(struct store *s, struct login_try *v, size_t n, int64_t *wait_ms)
{
    struct tries j = {.v = v, .n = n};
    int r = cell_read_wait(store_directory(s), fn_wait, &j);
    *wait_ms = j.wait_ms;
    return r > 0 ? ERR_INVALID : r;
}

static int fn_note(struct txn *t, void *arg)
{
    const struct tries *j = arg;
    int64_t over = t->now_ms - LOGIN_TRY_WINDOW_MS;
    int r = db_run(t->db, SQL_DIR_TRY_PRUNE, DB_ARGS(db_int(over), db_int(LOGIN_TRY_PRUNE)), NULL);
    for (size_t i = 0; i < j->n && r == 0; i++)
        r = db_run(t->db, SQL_DIR_TRY_ADD, DB_ARGS(db_blob(mark_of(&j->add[i])), db_int(over), db_int(t->now_ms)),
                   NULL);
    return r > 0 ? ERR_INVALID : r;
}

static int fn_clear(struct txn *t, void *arg)
{
    int r = db_run(t->db, SQL_DIR_TRY_DELETE, DB_ARGS(db_blob(mark_of(arg))), NULL);
    return r > 0 ? ERR_INVALID : r;
}

static int write_now(struct store *s, cell_fn *fn, void *arg)
{
    int code = 0;
    int outcome = cell_write_wait(store_directory(s), fn, arg, NULL, 0, &code);
    return outcome == CELL_DURABLE ? 0 : code < 0 ? code : ERR_INVALID;
}

int login_tries_note(struct store *s, const struct login_try *v, size_t n)
{
    struct tries j = {.add = v, .n = n};
    return write_now(s, fn_note, &j);
}

int login_tries_clear(struct store *s, const struct login_try *one)
{
    struct login_try copy = *one;
    return write_now(s, fn_clear, &copy);
}

#include "store/login.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct work {
    struct login_key key;
    struct login_row row, *rows;
    struct arena arena;
    size_t n;
    int result;
    bool found;
    int64_t number;
    struct str sealed, old;
};

static int fn_keep(struct txn *t, void *arg)
{
    struct work *w = arg;
    return login_keep(t, &w->key, &w->row);
}
static int fn_lookup(struct txn *t, void *arg)
{
    struct work *w = arg;
    w->result = login_lookup(t, &w->arena, &w->key, &w->row);
    return w->result < 0 ? w->result : 0;
}
static int fn_touch(struct txn *t, void *arg) { return login_touch(t, &((struct work *)arg)->key); }
static int fn_drop(struct txn *t, void *arg) { return login_drop(t, &((struct work *)arg)->key); }
static int fn_drop_number(struct txn *t, void *arg)
{
    struct work *w = arg;
    return login_drop_number(t, w->key.org, w->key.account, w->number, &w->found);
}
static int fn_drop_all(struct txn *t, void *arg)
{
    struct work *w = arg;
    return login_drop_all(t, w->key.org, w->key.account, 0);
}
static int fn_list(struct txn *t, void *arg)
{
    struct work *w = arg;
    return login_list(t, &w->arena, w->key.org, w->key.account, w->key.kind, 100, &w->rows, &w->n);
}
static int fn_secret(struct txn *t, void *arg)
{
    struct work *w = arg;
    w->result = secret_read(t, &w->arena, STR("login"), &w->sealed);
    return w->result < 0 ? w->result : 0;
}
static int fn_secret_put(struct txn *t, void *arg)
{
    struct work *w = arg;
    return secret_write(t, STR("login"), w->old, w->sealed);
}

static int must(struct cell *c, cell_fn *fn, struct work *w)
{
    int code = 0;
    int outcome = cell_write_wait(c, fn, w, NULL, 0, &code);
    return outcome == CELL_DURABLE ? 0 : code;
}

static struct work work_of(const struct fixture *f, int user, enum login_kind kind, uint8_t mark)
{
    struct work w = {.key = {.org = f->org, .account = f->user[user].account, .kind = kind}, .row = {.may = 3}};
    memset(w.key.hash, mark, sizeof w.key.hash);
    arena_init(&w.arena, ARENA_NO_LIMIT);
    return w;
}

/* 1 good, 0 not. */
static int good(struct fixture *f, int user, enum login_kind kind, uint8_t mark)
{
    struct work w = work_of(f, user, kind, mark);
    assert_int_equal(cell_read_wait(f->cell, fn_lookup, &w), 0);
    arena_free(&w.arena);
    return w.result;
}

static void keep(struct fixture *f, int user, enum login_kind kind, uint8_t mark)
{
    struct work w = work_of(f, user, kind, mark);
    w.row.name = STR("Gestionale");
    assert_int_equal(must(f->cell, fn_keep, &w), 0);
    arena_free(&w.arena);
}

static void each_engine(void (*test)(struct fixture *f))
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct fixture f;
        fixture_open(&f, (enum db_engine)engine);
        test(&f);
        fixture_close(&f);
    }
}

static void life(struct fixture *f)
{
    struct work w = work_of(f, 0, LOGIN_SESSION, 1);
    struct err e = {0};
    keep(f, 0, LOGIN_SESSION, 1);
    keep(f, 0, LOGIN_TOKEN, 2);
    assert_int_equal(cell_read_wait(f->cell, fn_lookup, &w), 0);
    assert_int_equal(w.result, 1);
    assert_int_equal(w.row.may, 3);
    assert_true(str_eq(w.row.address, STR("u0@azienda.example")) && str_eq(w.row.firm, STR("Azienda Srl")));
    assert_int_equal(good(f, 1, LOGIN_SESSION, 1), 0); /* of another account */
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 1), 0);   /* of another kind */
    fixture_reopen(f);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 1), 1);
    /* Unused for long: over; used in between: not. */
    f->clock_skew_ms = LOGIN_SESSION_IDLE_MS - 60000;
    assert_int_equal(must(f->cell, fn_touch, &w), 0);
    f->clock_skew_ms += LOGIN_SESSION_IDLE_MS - 60000;
    assert_int_equal(good(f, 0, LOGIN_SESSION, 1), 1);
    f->clock_skew_ms += 120000;
    assert_int_equal(good(f, 0, LOGIN_SESSION, 1), 0);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 2), 1);
    /* A new password ends sessions, and tokens unless they are to be kept. */
    keep(f, 0, LOGIN_SESSION, 3);
    keep(f, 1, LOGIN_TOKEN, 3);
    assert_int_equal(login_set_hash(f->store, &f->user[0], STR("$argon2id$other"), LOGIN_KEEP_TOKENS, STR("x"), &e), 0);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 3), 0);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 2), 1);
    keep(f, 0, LOGIN_SESSION, 3);
    assert_int_equal(login_set_hash(f->store, &f->user[0], STR("$argon2id$third"), LOGIN_REVOKE_TOKENS, STR("x"), &e),
                     0);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 3), 0);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 2), 0);
    assert_int_equal(good(f, 1, LOGIN_TOKEN, 3), 1); /* somebody else's */
    f->clock_skew_ms += 5000;
    keep(f, 0, LOGIN_SESSION, 4);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 4), 1);
    w.key.hash[0] = 9; /* not there: nothing happens */
    assert_int_equal(must(f->cell, fn_drop, &w), 0);
    memset(w.key.hash, 4, sizeof w.key.hash);
    assert_int_equal(must(f->cell, fn_drop, &w), 0);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 4), 0);
    arena_free(&w.arena);
}

static int fn_password(struct txn *t, void *arg)
{
    struct work *w = arg;
    w->result = login_password(t, &w->arena, w->key.org, w->key.account, w->row.password_ms, &w->row);
    return w->result < 0 ? w->result : 0;
}

/* What was verified before the password changed begins no session after it, on no process. */
static void stale(struct fixture *f)
{
    struct err e = {0};
    struct login l;
    struct work w = work_of(f, 0, LOGIN_SESSION, 1);
    assert_int_equal(login_find(f->store, &w.arena, STR("u0@azienda.example"), &l), 0);
    assert_true(l.set_ms > 0);
    w.row.password_ms = l.set_ms;
    assert_int_equal(must(f->cell, fn_keep, &w), 0);
    assert_int_equal(cell_read_wait(f->cell, fn_password, &w), 0);
    assert_true(w.result == 1 && str_eq(w.row.address, STR("u0@azienda.example")));
    f->clock_skew_ms += 5;
    assert_int_equal(login_set_hash(f->store, &f->user[0], STR("$argon2id$new"), LOGIN_KEEP_TOKENS, STR("x"), &e), 0);
    w.row.password_ms = l.set_ms;
    assert_int_equal(cell_read_wait(f->cell, fn_password, &w), 0);
    assert_int_equal(w.result, 0);
    assert_int_equal(must(f->cell, fn_keep, &w), LOGIN_STALE);
    arena_free(&w.arena);
}

static void epochs(struct fixture *f)
{
    struct err e = {0};
    keep(f, 0, LOGIN_SESSION, 1);
    keep(f, 0, LOGIN_TOKEN, 2);
    assert_int_equal(cell_new_epoch(f->cell, &e), 0);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 1), 0);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 2), 0);
    keep(f, 0, LOGIN_SESSION, 3);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 3), 1);
}

static void limits(struct fixture *f)
{
    struct work w = work_of(f, 0, LOGIN_TOKEN, 0);
    for (uint8_t i = 0; i < LOGIN_SESSIONS_MAX + 5; i++) {
        keep(f, 0, LOGIN_SESSION, i);
        f->clock_skew_ms += 10;
    }
    assert_int_equal(good(f, 0, LOGIN_SESSION, 4), 0); /* the longest unused went */
    assert_int_equal(good(f, 0, LOGIN_SESSION, 5), 1);
    for (uint8_t i = 0; i < LOGIN_TOKENS_MAX; i++)
        keep(f, 0, LOGIN_TOKEN, (uint8_t)(100 + i));
    w.key.hash[0] = 77;
    assert_int_equal(must(f->cell, fn_keep, &w), LOGIN_TOO_MANY);
    assert_int_equal(cell_read_wait(f->cell, fn_list, &w), 0);
    assert_int_equal(w.n, LOGIN_TOKENS_MAX);
    assert_true(str_eq(w.rows[0].name, STR("Gestionale")));
    w.number = w.rows[3].number;
    assert_int_equal(must(f->cell, fn_drop_number, &w), 0);
    assert_true(w.found);
    assert_int_equal(must(f->cell, fn_drop_number, &w), 0);
    assert_false(w.found);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 103), 0);
    assert_int_equal(must(f->cell, fn_drop_all, &w), 0);
    assert_int_equal(good(f, 0, LOGIN_SESSION, 20), 0);
    assert_int_equal(good(f, 0, LOGIN_TOKEN, 120), 0);
    arena_free(&w.arena);
}

static void secrets(struct fixture *f)
{
    struct work w = work_of(f, 0, LOGIN_SESSION, 0);
    struct cell *dir = store_directory(f->store);
    assert_int_equal(cell_read_wait(dir, fn_secret, &w), 0);
    assert_int_equal(w.result, 0);
    w.sealed = STR("one");
    assert_int_equal(must(dir, fn_secret_put, &w), 0);
    w.sealed = STR("two"); /* somebody else was first */
    assert_int_equal(must(dir, fn_secret_put, &w), 0);
    assert_int_equal(cell_read_wait(dir, fn_secret, &w), 0);
    assert_true(w.result == 1 && str_eq(w.sealed, STR("one")));
    w.old = STR("other");
    w.sealed = STR("three");
    assert_int_equal(must(dir, fn_secret_put, &w), 0);
    assert_int_equal(cell_read_wait(dir, fn_secret, &w), 0);
    assert_true(str_eq(w.sealed, STR("one")));
    w.old = STR("one");
    w.sealed = STR("three");
    assert_int_equal(must(dir, fn_secret_put, &w), 0);
    assert_int_equal(cell_read_wait(dir, fn_secret, &w), 0);
    assert_true(str_eq(w.sealed, STR("three")));
    arena_free(&w.arena);
}

static void test_life(void **state UNUSED) { each_engine(life); }
static void test_stale(void **state UNUSED) { each_engine(stale); }
static void test_epochs(void **state UNUSED) { each_engine(epochs); }
static void test_limits(void **state UNUSED) { each_engine(limits); }
static void test_secrets(void **state UNUSED) { each_engine(secrets); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),   cmocka_unit_test(test_stale),   cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_secrets),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}

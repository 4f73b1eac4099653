/* What is known of senders: counts rise, rows that are only made when absent do not, a firm sees only its own, many keys at
 * once come back under their own key. */
#include "store/known.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MANY 40

static struct fixture F;

struct add {
    int kind;
    const char *key, *value;
    int64_t at, received, sent;
};
static int add_fn(struct txn *t, void *arg)
{
    const struct add *x = arg;
    return known_add(t, F.org, &(struct known_key){x->kind, str_c(x->key)}, str_c(x->value), x->at, x->received,
                     x->sent);
}
static void add(struct add x)
{
    int code;
    assert_int_equal(cell_write_wait(F.cell, add_fn, &x, NULL, 0, &code), CELL_DURABLE);
}

struct look {
    struct arena *a;
    struct known_key keys[MANY];
    size_t n, found;
    struct known_row *rows;
};
static int look_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return known_read(t, F.org, l->keys, l->n, l->a, &l->rows, &l->found);
}

static void counts(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct look l = {.a = &a, .keys = {{1, STR("anna@rossi.example")}, {2, STR("rossi.example")}}, .n = 2};
    add((struct add){1, "anna@rossi.example", "", 1000, 1, 0});
    add((struct add){1, "anna@rossi.example", "", 3000, 1, 0});
    add((struct add){1, "anna@rossi.example", "", 2000, 0, 1}); /* out of order */
    assert_int_equal(cell_read_wait(F.cell, look_fn, &l), 0);
    assert_int_equal(l.found, 1);
    assert_int_equal(l.rows[0].key, 0);
    assert_int_equal(l.rows[0].first_ms, 1000);
    assert_int_equal(l.rows[0].last_ms, 3000);
    assert_int_equal(l.rows[0].received, 2);
    assert_int_equal(l.rows[0].sent, 1);
}

static void made_once(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct look l = {.a = &a, .keys = {{4, STR("marco rossi")}, {7, STR("marco rossi")}}, .n = 2};
    add((struct add){4, "marco rossi", "marco@rossi.example", 1000, 0, 0});
    add((struct add){4, "marco rossi", "marco@rossi.example", 9000, 0, 0});
    add((struct add){4, "marco rossi", "marco@mail.example", 2000, 0, 0});
    add((struct add){4, "bytes", "\xff\xfe not UTF-8", 1, 0, 0});
    assert_int_equal(cell_read_wait(F.cell, look_fn, &l), 0);
    assert_int_equal(l.found, 2); /* the same text of another kind is another key */
    for (size_t i = 0; i < l.found; i++)
        assert_int_equal(l.rows[i].first_ms, str_eq(l.rows[i].value, STR("marco@rossi.example")) ? 1000 : 2000);
}

static void many_keys(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct look *l = arena_new(&a, struct look);
    *l = (struct look){.a = &a, .n = MANY};
    for (size_t i = 0; i < MANY; i++) {
        struct str key = arena_printf(&a, "key %zu", i);
        l->keys[i] = (struct known_key){3, key};
        if (i % 3 == 0)
            add((struct add){3, arena_z(&a, key), arena_z(&a, key), 1, 0, 0});
    }
    assert_int_equal(cell_read_wait(F.cell, look_fn, l), 0);
    assert_int_equal(l->found, (MANY + 2) / 3);
    for (size_t i = 0; i < l->found; i++)
        assert_true(str_eq(l->rows[i].value, l->keys[l->rows[i].key].key));
}

static int sender_fn(struct txn *t, void *arg)
{
    struct sender_count *c = arg, none;
    assert_int_equal(sender_get(t, F.org, STR("nobody@rossi.example"), &none), 0);
    return sender_get(t, F.org, STR("bruno@rossi.example"), c) == 1 ? 0 : ERR_INVALID;
}

static void senders(void **state UNUSED)
{
    struct sender_count c;
    add((struct add){KNOWN_KIND_ADDRESS, "bruno@rossi.example", "", 5, 2, 1});
    assert_int_equal(cell_read_wait(F.cell, sender_fn, &c), 0);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.sent, 1);
}

static int no_firm_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return known_read(t, 0, l->keys, l->n, l->a, &l->rows, &l->found) == ERR_NOENT ? 0 : ERR_INVALID;
}

/* The places where keys of firms are kept are empty at first: firm 0 must not be hashed with what stands there. */
static void no_firm(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct look l = {.a = &a, .keys = {{1, STR("anna@rossi.example")}}, .n = 1};
    assert_int_equal(cell_read_wait(F.cell, no_firm_fn, &l), 0);
}

static void run(enum db_engine engine, const struct CMUnitTest *tests, size_t n, int *failed)
{
    fixture_open(&F, engine);
    *failed += _cmocka_run_group_tests(engine == DB_SQLITE ? "sqlite" : "postgresql", tests, n, NULL, NULL);
    fixture_close(&F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(made_once),
                                       cmocka_unit_test(many_keys), cmocka_unit_test(senders),
                                       cmocka_unit_test(no_firm)};
    int failed = 0;
    run(DB_SQLITE, tests, N_ELEMENTS(tests), &failed);
    if (testing_pg_url())
        run(DB_POSTGRESQL, tests, N_ELEMENTS(tests), &failed);
    return failed;
}

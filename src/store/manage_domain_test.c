#include "store/manage.h"
#include "store/firm.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WHO STR("u0@azienda.example")
#define NEW STR("seconda.example")

struct look {
    struct arena arena;
    int64_t org;
    struct domain_row *rows;
    struct str *own;
    size_t n, n_own;
};

static int fn_list(struct txn *t, void *arg)
{
    struct look *l = arg;
    int r = domain_list(t, &l->arena, l->org, &l->rows, &l->n);
    struct str *own;
    if (r == 0)
        r = firm_domains(t, l->org, &own, &l->n_own);
    return r;
}

static struct look list_of(struct fixture *f, struct cell *c, int64_t org)
{
    struct look l = {.org = org};
    (void)f;
    arena_init(&l.arena, ARENA_NO_LIMIT);
    assert_int_equal(cell_read_wait(c, fn_list, &l), 0);
    return l;
}

static bool directory_has(struct fixture *f, struct str domain, int64_t *org)
{
    struct place_of at;
    int r = directory_domain(f->store, domain, &at);
    assert_true(r >= 0);
    *org = r == 0 ? at.org : 0;
    return r == 0;
}

static void life(struct fixture *f)
{
    struct err e = {0};
    struct domain_row row, other;
    struct place_of at;
    int64_t org, org2, cell2;
    struct cell *c2;
    struct new_firm rival = {STR("Rivale"), STR("rivale.example")};
    struct new_user u = {STR("x@seconda.example"), STR("X"), STR("$argon2id$x")};
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(firm_create(f->store, &rival, &org2, &cell2, &e), 0);
    assert_int_equal(store_cell(f->store, cell2, &c2, &e), 0);

    /* Named: a token, and nothing else anywhere. */
    assert_int_equal(domain_claim(f->store, &a, f->cell_id, f->org, NEW, WHO, &row, &e), 0);
    assert_true(row.pending && row.token.n == 32);
    assert_int_equal(domain_claim(f->store, &a, f->cell_id, f->org, NEW, WHO, &other, &e), DOMAIN_HAVE);
    assert_int_equal(domain_claim(f->store, &a, f->cell_id, f->org, STR("rivale.example"), WHO, &other, &e),
                     DOMAIN_TAKEN);
    assert_false(directory_has(f, NEW, &org));
    assert_int_equal(user_create(f->store, NEW, &u, &at, &e), ERR_NOENT);
    struct look l = list_of(f, f->cell, f->org);
    assert_int_equal(l.n, 2);
    assert_int_equal(l.n_own, 1); /* not the firm's own for the guard */
    assert_true(!l.rows[0].pending && l.rows[1].pending && str_eq(l.rows[1].token, row.token));
    arena_free(&l.arena);
    assert_int_equal(domain_looked(f->store, f->cell_id, f->org, NEW, DOMAIN_NO_RECORD, &e), 0);
    l = list_of(f, f->cell, f->org);
    assert_true(l.rows[1].reason == DOMAIN_NO_RECORD && l.rows[1].looked_ms > 0);
    arena_free(&l.arena);
    /* Another firm may name it too, and have it first. */
    assert_int_equal(domain_claim(f->store, &a, cell2, org2, NEW, WHO, &other, &e), 0);
    assert_false(str_eq(other.token, row.token));
    assert_int_equal(domain_add(f->store, cell2, org2, NEW, DOMAIN_BY_PROOF, WHO, &e), 0);
    assert_int_equal(domain_add(f->store, cell2, org2, NEW, DOMAIN_BY_PROOF, WHO, &e), 0); /* again: nothing */
    assert_int_equal(domain_add(f->store, f->cell_id, f->org, NEW, DOMAIN_BY_PROOF, WHO, &e), DOMAIN_TAKEN);
    assert_true(directory_has(f, NEW, &org) && org == org2);
    /* What was named and taken is taken back without touching the other's. */
    assert_int_equal(domain_remove(f->store, f->cell_id, f->org, NEW, WHO, &e), 0);
    assert_true(directory_has(f, NEW, &org) && org == org2);
    assert_int_equal(domain_remove(f->store, f->cell_id, f->org, NEW, WHO, &e), DOMAIN_UNKNOWN);
    l = list_of(f, c2, org2);
    assert_true(l.n == 2 && l.n_own == 2 && !l.rows[0].pending && !l.rows[1].pending);
    arena_free(&l.arena);
    /* With people it stays; without it goes, from both places. */
    assert_int_equal(user_create(f->store, NEW, &u, &at, &e), 0);
    assert_int_equal(domain_remove(f->store, cell2, org2, NEW, WHO, &e), DOMAIN_IN_USE);
    assert_int_equal(domain_remove(f->store, cell2, org2, STR("rivale.example"), WHO, &e), 0);
    assert_int_equal(domain_remove(f->store, cell2, org2, NEW, WHO, &e), DOMAIN_LAST);
    assert_false(directory_has(f, STR("rivale.example"), &org));
}

static void limits(struct fixture *f)
{
    struct err e = {0};
    struct domain_row row;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    int r = 0, n = 0;
    for (; n < 300 && r == 0; n++)
        r = domain_claim(f->store, &a, f->cell_id, f->org, arena_printf(&a, "d%d.example", n), WHO, &row, &e);
    assert_int_equal(r, DOMAIN_TOO_MANY);
    assert_int_equal(n, 200); /* 199 beside the firm's own, then no more */
    /* Proving one of them is no further one. */
    assert_int_equal(domain_add(f->store, f->cell_id, f->org, STR("d7.example"), DOMAIN_BY_PROOF, WHO, &e), 0);
    /* One that was not named before is: then it stands in neither place. */
    int64_t org;
    assert_int_equal(domain_add(f->store, f->cell_id, f->org, STR("zuviel.example"), DOMAIN_BY_OPERATOR, WHO, &e),
                     DOMAIN_TOO_MANY);
    assert_false(directory_has(f, STR("zuviel.example"), &org));
    char *long_name = arena_alloc(&a, DOMAIN_CLAIM_MAX + 1);
    memset(long_name, 'a', DOMAIN_CLAIM_MAX + 1);
    assert_int_equal(
        domain_claim(f->store, &a, f->cell_id, f->org, str_n(long_name, DOMAIN_CLAIM_MAX + 1), WHO, &row, &e),
        DOMAIN_TOO_LONG);
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

static void test_life(void **state UNUSED) { each_engine(life); }
static void test_limits(void **state UNUSED) { each_engine(limits); }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life), cmocka_unit_test(test_limits)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}

/* Proven domains, looked up again: what counts as a miss, when one lapses, what makes it good, on both engines. */
#include "store/manage.h"
#include "store/firm.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WHO STR("u0@azienda.example")
#define NEW STR("seconda.example")
#define DAY_MS (24 * 3600 * 1000LL)

static struct fixture F;
static struct arena A;

struct state {
    struct domain_row row;
    struct domain_due due[4];
    struct str *lapsed, *own;
    bool new_lapsed;
    size_t n_due, n_lapsed, n_own;
    int64_t count;
};
static int state_fn(struct txn *t, void *arg)
{
    struct state *s = arg;
    int r = domain_get(t, &A, F.org, NEW, &s->row);
    if (r != 1)
        return r < 0 ? r : ERR_NOENT;
    r = domain_due(t, &A, s->due, 4, &s->n_due);
    if (r == 0)
        r = domain_lapsed(t, F.org, &s->lapsed, &s->n_lapsed);
    s->new_lapsed = r == 0 && s->n_lapsed == 1 && str_eq(s->lapsed[0], NEW);
    if (r == 0)
        r = domain_lapsed_count(t, &s->count);
    return r ? r : firm_domains(t, F.org, &s->own, &s->n_own);
}
static struct state state(void)
{
    struct state s = {0};
    assert_int_equal(cell_read_wait(F.cell, state_fn, &s), 0);
    return s;
}

static enum domain_change look(enum domain_reason reason, bool person)
{
    struct err e = {0};
    enum domain_change change;
    int64_t next = person ? 0 : env_wall_ms(&F.env) + DAY_MS;
    struct domain_look l = {F.org, NEW, person ? WHO : STR("sigillo"), reason, next};
    assert_int_equal(domain_proof_looked(F.store, F.cell_id, &l, &change, &e), 0);
    return change;
}

static void days(int n) { F.clock_skew_ms += n * DAY_MS + 1000; }

static void prove(void)
{
    struct err e = {0};
    struct domain_row row;
    assert_int_equal(domain_claim(F.store, &A, F.cell_id, F.org, NEW, WHO, &row, &e), 0);
    assert_int_equal(domain_add(F.store, F.cell_id, F.org, NEW, DOMAIN_BY_PROOF, WHO, &e), 0);
    struct state s = state();
    assert_true(!s.row.pending && !s.row.lapsed_ms && str_eq(s.row.token, row.token));
    assert_int_equal(s.n_due, 1);
    assert_true(str_eq(s.due[0].domain, NEW) && str_eq(s.due[0].token, row.token));
}

static void until_lapsed(void)
{
    for (int i = 1; i < DOMAIN_MISSES; i++) {
        assert_int_equal(look(i % 2 ? DOMAIN_NO_RECORD : DOMAIN_OTHER_RECORD, false), DOMAIN_MISSED);
        assert_int_equal(look(DOMAIN_NO_RECORD, false), DOMAIN_AS_BEFORE); /* another process, at the same time */
        assert_int_equal(look(DOMAIN_NO_RECORD, true), DOMAIN_AS_BEFORE);  /* a person who presses the button */
        assert_int_equal(state().n_due, 0);
        days(1);
        assert_int_equal(look(DOMAIN_NO_ANSWER, false), DOMAIN_AS_BEFORE); /* servers that are down say nothing */
        assert_int_equal(state().row.reason, DOMAIN_NO_RECORD);
        days(1);
    }
    assert_int_equal(state().count, 0);
    assert_int_equal(look(DOMAIN_OTHER_RECORD, false), DOMAIN_LAPSED);
}

static void life(void)
{
    struct err e = {0};
    struct place_of at;
    struct new_user u = {STR("x@seconda.example"), STR("X"), STR("$argon2id$x")},
                    v = {STR("y@seconda.example"), STR("Y"), STR("$argon2id$x")};
    prove();
    assert_int_equal(user_create(F.store, NEW, &u, &at, &e), 0);
    assert_int_equal(look(DOMAIN_NOT_LOOKED, false), DOMAIN_AS_BEFORE);
    days(1);
    for (int i = 0; i < 3 * DOMAIN_MISSES; i++) { /* for weeks no answer */
        assert_int_equal(look(DOMAIN_NO_ANSWER, false), DOMAIN_AS_BEFORE);
        days(2);
    }
    for (int i = 1; i < DOMAIN_MISSES; i++) { /* four misses and one that sees it: from the beginning */
        assert_int_equal(look(DOMAIN_NO_RECORD, false), DOMAIN_MISSED);
        days(1);
    }
    assert_int_equal(look(DOMAIN_NOT_LOOKED, false), DOMAIN_AS_BEFORE);
    days(1);
    until_lapsed();

    struct state s = state();
    assert_true(s.row.lapsed_ms > 0 && !s.row.pending);
    assert_true(s.count == 1 && s.new_lapsed);
    assert_int_equal(s.n_own, 2); /* still the firm's */
    assert_int_equal(directory_find(F.store, u.address, &at), 0);
    assert_true(user_create(F.store, NEW, &v, &at, &e) < 0);
    days(2);
    assert_int_equal(look(DOMAIN_NO_RECORD, false), DOMAIN_AS_BEFORE); /* told once */
    assert_int_equal(look(DOMAIN_NOT_LOOKED, true), DOMAIN_BACK);      /* published again, and looked at by a person */
    assert_int_equal(state().count, 0);
    assert_int_equal(user_create(F.store, NEW, &v, &at, &e), 0);
}

static void operators_word(void)
{
    struct err e = {0};
    struct state s;
    days(2);
    until_lapsed();
    assert_int_equal(domain_add(F.store, F.cell_id, F.org, NEW, DOMAIN_BY_PROOF, WHO, &e), 0); /* no word of his */
    assert_int_equal(state().count, 1);
    assert_int_equal(domain_add(F.store, F.cell_id, F.org, NEW, DOMAIN_BY_OPERATOR, WHO, &e), 0);
    days(2);
    s = state();
    assert_true(s.count == 0 && s.n_due == 0 && s.row.token.n == 0 && !s.row.pending);
    assert_int_equal(look(DOMAIN_NO_RECORD, false), DOMAIN_AS_BEFORE);
}

static void what_records_say(void **state UNUSED)
{
    struct str token = STR("00112233"), v[] = {STR("v=spf1 -all"), STR(" sigillo-verify=00112233 ")};
    assert_int_equal(domain_proof_in(v, 2, token), DOMAIN_NOT_LOOKED);
    assert_int_equal(domain_proof_in(v, 1, token), DOMAIN_OTHER_RECORD);
    assert_int_equal(domain_proof_in(NULL, 0, token), DOMAIN_NO_RECORD);
    assert_int_equal(domain_proof_in(v, 2, STR("0011223")), DOMAIN_OTHER_RECORD);
    assert_int_equal(domain_proof_in(&STR("sigillo-verify="), 1, STR("")), DOMAIN_OTHER_RECORD);
}

static void both_engines(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        arena_init(&A, ARENA_NO_LIMIT);
        fixture_open(&F, (enum db_engine)engine);
        life();
        operators_word();
        fixture_close(&F);
        arena_free(&A);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_records_say), cmocka_unit_test(both_engines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "store/trace.h"
#include "store/sample_test_help.h"
#include "store/spool.h"

static void test_trace(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        AUTO(arena) struct arena a;
        struct sample x;
        struct trace t;
        int64_t held, down;
        char first[16] = "", id[16];

        arena_init(&a, ARENA_NO_LIMIT);
        sample_open(&x, (enum db_engine)engine);
        (void)sample_deliver(&x, &x.anna, "Ordine", false);
        held = sample_deliver(&x, &x.anna, "Nuovo IBAN", true);
        for (int i = 1; i < 40 && !first[0]; i++) { /* ids count on over all samples of the process */
            (void)snprintf(id, sizeof id, "id%dx", i);
            if (store_trace(x.s, &a, str_c(id), &t, &down) == 1)
                memcpy(first, id, sizeof id);
        }
        assert_int_equal(t.n_recipients, 1);
        assert_true(t.recipients[0].known);
        assert_int_equal(t.recipients[0].n_messages, 1);
        assert_true(str_eq(t.recipients[0].messages[0].email.subject, STR("Ordine")));
        assert_int_equal(t.recipients[0].messages[0].n_places, 1);
        assert_true(str_eq(t.recipients[0].messages[0].places[0].mailbox, STR("Inbox")));
        assert_false(t.accepted.replied);
        (void)snprintf(id, sizeof id, "id%dx", atoi(first + 2) + 1);
        assert_int_equal(store_trace(x.s, &a, str_c(id), &t, &down), 1);
        assert_true(t.recipients[0].messages[0].email.held);
        assert_int_equal(t.recipients[0].messages[0].n_places, 2); /* Held, and the stand-in */
        sample_change(&x, &x.anna, held, false);
        assert_int_equal(store_trace(x.s, &a, str_c(id), &t, &down), 1);
        assert_false(t.recipients[0].messages[0].email.held);
        assert_int_equal(t.recipients[0].messages[0].n_places, 1);
        sample_change(&x, &x.anna, held, true);
        assert_int_equal(store_trace(x.s, &a, str_c(id), &t, &down), 1);
        assert_int_equal(t.recipients[0].n_messages, 0);
        assert_int_equal(store_trace(x.s, &a, STR("unknown"), &t, &down), 0);
        assert_int_equal(down, 0);
        sample_close(&x);
    }
}

static void test_spool(void **state UNUSED)
{
    char *dir = scratch_make();
    struct spool_entry s = {.id = STR("abc"), .at_ms = 1700000000000, .data = STR("x")};
    int64_t at = 0;

    assert_int_equal(spool_find(dir, STR("abc"), &at), 0);
    assert_int_equal(spool_put(dir, &s), 0);
    assert_int_equal(spool_find(dir, STR("abc"), &at), 1);
    assert_int_equal(at, 1700000000000);
    assert_int_equal(spool_find(dir, STR("ab"), &at), 0);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trace), cmocka_unit_test(test_spool)};

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}

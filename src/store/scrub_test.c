/* The weekly reading of all packs: comes to its end in small steps, names what does not check, and begins again after a week. */
#include "store/scrub.h"
#include "store/sample_test_help.h"

static int64_t wall_now = 1700000000000;
static int64_t wall(void *ctx UNUSED) { return wall_now; }

static int pass(struct sample *x, int64_t *bytes, int64_t *damaged)
{
    struct scrub_result r;
    int steps = 0, rc;

    *bytes = *damaged = 0;
    while ((rc = cell_scrub(x->c, 300, &r)) == 1 && steps < 1000) {
        steps++;
        *bytes += r.bytes;
        *damaged += r.damaged;
    }
    assert_int_equal(rc, 0);
    return steps;
}

static void test_scrub(void **state UNUSED)
{
    struct env env = *env_system();
    struct sample x;
    struct err e = {0};
    int64_t bytes, damaged;
    char path[200];
    uint8_t copy[65536];
    size_t n;

    sample_open(&x, DB_SQLITE);
    for (int i = 0; i < 6; i++)
        sample_deliver(&x, &x.anna, "Ordine", i == 2);
    sample_reopen(&x);
    sample_deliver(&x, &x.anna, "Ordine", false);
    store_close(&x.s);
    env.wall_ms = wall;
    assert_int_equal(store_open(&x.s, &x.conf, &env, &e), 0);
    assert_int_equal(store_cell(x.s, 1, &x.c, &e), 0);
    (void)snprintf(path, sizeof path, "%s/cells/1/packs/%016x.pack", x.dir, 1);
    n = file_load(path, copy, sizeof copy);
    assert_true(pass(&x, &bytes, &damaged) > 5);
    assert_int_equal(damaged, 0);
    assert_true(bytes > (int64_t)n);                 /* both packs */
    assert_int_equal(pass(&x, &bytes, &damaged), 0); /* done for this week */
    copy[n / 2] ^= 1;
    assert_true(file_save(path, copy, n));
    wall_now += SCRUB_EVERY_MS;
    (void)pass(&x, &bytes, &damaged);
    assert_int_equal(damaged, 1);
    sample_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scrub)};

    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}

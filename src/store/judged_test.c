/* Judgements that were kept: written, replaced, listed in pages, gone when too old. */
#include "store/judged.h"
#include "store/store_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MANY (JUDGED_PAGE * 2 + 7)

static struct fixture F;

struct step {
    struct arena *a;
    const char *id;
    int64_t at_ms, score;
    struct judged got, page[JUDGED_PAGE];
    size_t n;
    struct str after;
    int64_t pruned;
    int found;
};

static int put_fn(struct txn *t, void *arg)
{
    const struct step *s = arg;
    struct judged j = {str_c(s->id), s->at_ms, 2, 1, s->score, STR("\x00\x01record")};
    return judged_put(t, F.org, &j);
}
static int get_fn(struct txn *t, void *arg)
{
    struct step *s = arg;
    s->found = judged_get(t, s->a, F.org, str_c(s->id), &s->got);
    return s->found < 0 ? s->found : 0;
}
static int list_fn(struct txn *t, void *arg)
{
    struct step *s = arg;
    return judged_list(t, s->a, F.org, s->after, s->page, &s->n);
}
static int prune_fn(struct txn *t, void *arg)
{
    struct step *s = arg;
    return judged_prune(t, F.org, &s->pruned);
}
static void write_step(cell_fn *fn, struct step *s)
{
    int code;
    assert_int_equal(cell_write_wait(F.cell, fn, s, NULL, 0, &code), CELL_DURABLE);
}

static void one(struct arena *a)
{
    struct step s = {.a = a, .id = "a.x", .at_ms = env_wall_ms(&F.env), .score = -1700};
    assert_int_equal(cell_read_wait(F.cell, get_fn, &s), 0);
    assert_int_equal(s.found, 0);
    write_step(put_fn, &s);
    s.score = 4200;
    write_step(put_fn, &s); /* again: replaced */
    assert_int_equal(cell_read_wait(F.cell, get_fn, &s), 0);
    assert_int_equal(s.found, 1);
    assert_int_equal(s.got.score, 4200);
    assert_true(str_eq(s.got.record, STR("\x00\x01record")));
}

static void many(struct arena *a)
{
    size_t seen = 0;
    struct step s = {.a = a, .after = STR("")};
    for (unsigned i = 0; i < MANY; i++) {
        char id[32];
        snprintf(id, sizeof id, "b.%04u", i);
        /* Half of them are older than what is kept. */
        struct step p = {.id = id, .at_ms = env_wall_ms(&F.env) - (i % 2 ? JUDGED_KEEP_MS + 1000 : 0)};
        write_step(put_fn, &p);
    }
    do {
        assert_int_equal(cell_read_wait(F.cell, list_fn, &s), 0);
        seen += s.n;
        if (s.n)
            s.after = s.page[s.n - 1].id;
    } while (s.n == JUDGED_PAGE);
    assert_int_equal(seen, MANY + 1);
    write_step(prune_fn, &s);
    assert_int_equal(s.pruned, MANY / 2);
    write_step(prune_fn, &s);
    assert_int_equal(s.pruned, 0);
}

static void both_engines(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        fixture_open(&F, (enum db_engine)engine);
        one(&a);
        many(&a);
        fixture_close(&F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_engines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

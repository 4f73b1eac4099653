#include "auth/tags.h"
#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    const char *text;
    size_t n; /* 0: refused */
    const char *name, *value;
} rows[] = {
    {"a=b", 1, "a", "b"},
    {" a = b ; c=d;", 2, "a", "b"},
    {"a=b;c=d; \r\n ", 2, "c", "d"},
    {"a=;b=x", 2, "a", ""},
    {"a=b=c", 1, "a", "b=c"},
    {"a=\r\n\tlong\r\n value", 1, "a", "long\r\n value"},
    {"a_1=x", 1, "a_1", "x"},
    {"n=caff\xc3\xa8", 1, "n", "caff\xc3\xa8"},
    {"", 0, NULL, NULL},
    {";", 0, NULL, NULL},
    {";a=b", 0, NULL, NULL},
    {"a=b;;c=d", 0, NULL, NULL},
    {"a", 0, NULL, NULL},
    {"=b", 0, NULL, NULL},
    {"1a=b", 0, NULL, NULL},
    {"a b=c", 0, NULL, NULL},
    {"a=b;a=c", 0, NULL, NULL},
    {"a=b\x01", 0, NULL, NULL},
};

static void reads_tag_lists(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        struct auth_tags t;
        bool ok = auth_tags_parse(str_c(rows[i].text), &t);
        if (ok != (rows[i].n > 0))
            fail_msg("row %zu", i);
        if (!ok)
            continue;
        assert_int_equal(t.n, rows[i].n);
        assert_true(str_eq(auth_tag_value(&t, str_c(rows[i].name)), str_c(rows[i].value)));
    }
}

static void keeps_its_limit(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct auth_tags t;
    struct str text = STR("a=1");
    arena_init(&a, ARENA_NO_LIMIT);
    for (unsigned i = 1; i < AUTH_TAGS_MAX; i++)
        text = arena_printf(&a, "%.*s;t%u=x", STRF(text), i);
    assert_true(auth_tags_parse(text, &t));
    assert_int_equal(t.n, AUTH_TAGS_MAX);
    assert_false(auth_tags_parse(arena_printf(&a, "%.*s;last=x", STRF(text)), &t));
    assert_false(auth_tags_parse(str_n("a=b\0c", 5), &t));
}

static void finds_in_lists(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_true(auth_list_has(STR("y: s"), ':', STR("S")));
    assert_false(auth_list_has(STR("yes:no"), ':', STR("y")));
    assert_true(str_eq(auth_squeeze(&a, STR(" a\r\n b\tc ")), STR("abc")));
    assert_true(auth_tag_value(&(struct auth_tags){0}, STR("a")).p == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_tag_lists), cmocka_unit_test(keeps_its_limit),
                                       cmocka_unit_test(finds_in_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "store/manifest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void make(struct arena *a, struct buf *out)
{
    struct manifest m = {.at_ms = 1700000000000, .engine = DB_POSTGRESQL};
    struct manifest_entry e = {.kind = MANIFEST_DB, .to = 10, .path = STR("directory/1.dump")};

    manifest_add(&m, a, &e);
    e = (struct manifest_entry){
        .kind = MANIFEST_PART, .cell = 1, .from = 0, .to = 32, .path = STR("cells/1/packs/0000000000000001.pack")};
    manifest_add(&m, a, &e);
    e.from = 32;
    e.to = 4096;
    memset(e.sha256, 0xab, sizeof e.sha256);
    manifest_add(&m, a, &e);
    manifest_write(&m, out);
    assert_int_equal(out->err, 0);
}

static void test_round_trip(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf text;
    struct manifest m;

    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&text, 65536);
    make(&a, &text);
    assert_int_equal(manifest_parse(buf_str(&text), &a, &m), 0);
    assert_int_equal(m.n, 3);
    assert_int_equal(m.at_ms, 1700000000000);
    assert_int_equal(m.engine, DB_POSTGRESQL);
    assert_int_equal(m.entries[2].from, 32);
    assert_int_equal(m.entries[2].sha256[31], 0xab);
    assert_int_equal(manifest_end(&m, m.entries[1].path), 4096);
    assert_int_equal(manifest_end(&m, STR("no")), 0);
}

static void test_damage(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf text;
    struct manifest m;

    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&text, 65536);
    make(&a, &text);
    for (size_t n = 0; n < text.n; n++)
        assert_int_equal(manifest_parse(str_n(text.p, n), &a, &m), ERR_CORRUPT);
    for (size_t bit = 0; bit < text.n * 8; bit++) {
        text.p[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(manifest_parse(buf_str(&text), &a, &m), 0);
        text.p[bit / 8] ^= (char)(1 << bit % 8);
    }
}

/* A list with a true sum may still be hostile: no way out of the folder. */
static void test_paths(void **state UNUSED)
{
    static const char *const bad[] = {"",    "!",   "/etc/passwd",     "../x", "cells/../../x",
                                      "a b", "x;y", "cells/1/\xc3\xa8"};
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf text;

    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&text, 65536);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct manifest m = {.at_ms = 1}, got;
        struct manifest_entry e = {.kind = MANIFEST_DB, .path = str_c(bad[i])};

        manifest_add(&m, &a, &e);
        manifest_write(&m, &text);
        assert_int_equal(manifest_parse(buf_str(&text), &a, &got), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage),
                                       cmocka_unit_test(test_paths)};

    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}

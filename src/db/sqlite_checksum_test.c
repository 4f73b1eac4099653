/* Sums of SQLite pages: any bit of the file that turns over is named with its page, reads of it fail as damage, snapshots carry sums too. */
#include "db/db_testing.h"
#include "db/sqlite_priv.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct db *open_at(struct testing_place *place, bool create)
{
    struct db_conf conf = {
        .engine = DB_SQLITE, .set = "probe", .path = place->path, .create = create, .patience_ms = 1000};
    struct db *db = NULL;
    struct err e = {0};

    return db_open(&db, &conf, &e) == 0 ? db : NULL;
}

static void make(struct testing_place *place)
{
    struct db_conf conf = testing_conf(place, DB_SQLITE, "probe");
    struct db *db = NULL;
    char text[900];

    memset(text, 'x', sizeof text);
    assert_int_equal(db_open(&db, &conf, NULL), 0);
    assert_int_equal(db_migrate(db, NULL), 0);
    assert_int_equal(db_begin_write(db), 0);
    for (int i = 1; i <= 60; i++)
        assert_int_equal(db_run(db, SQL_PROBE_INSERT,
                                DB_ARGS(db_int(1), db_int(i), db_text(str_n(text, sizeof text)), db_null(), db_null()),
                                NULL),
                         0);
    assert_int_equal(db_commit(db), 0);
    db_close(&db); /* the last connection brings the log into the file */
}

static struct str check(struct testing_place *place, struct arena *a)
{
    struct db *db = open_at(place, false);
    struct str report = STR("not opened");

    if (db)
        assert_int_equal(db_integrity(db, a, &report), 0);
    db_close(&db);
    return report;
}

static size_t load(const char *path, uint8_t *out, size_t max)
{
    AUTO(fd) int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, out, max);

    return n < 0 ? 0 : (size_t)n;
}

static void poke(const char *path, size_t at, uint8_t byte)
{
    AUTO(fd) int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static void test_every_byte(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct testing_place place;
    uint8_t *bytes = malloc(1 << 20);
    size_t n;

    arena_init(&a, ARENA_NO_LIMIT);
    make(&place);
    n = load(place.path, bytes, 1 << 20);
    assert_true(n >= 5 * 4096);
    assert_int_equal(bytes[20], 8);
    assert_int_equal(check(&place, &a).n, 0);
    for (size_t at = 0; at < n; at += at < 4096 ? 13 : 311) {
        char want[64];
        struct str report;

        poke(place.path, at, bytes[at] ^ (uint8_t)(1u << at % 8));
        report = check(&place, &a);
        if (report.n == 0)
            print_message("byte %zu\n", at);
        assert_true(report.n > 0);
        (void)snprintf(want, sizeof want, "offset %zu ", at / 4096 * 4096);
        if (at >= 4096)
            assert_true(str_find(report, str_c(want), 0) >= 0);
        poke(place.path, at, bytes[at]);
        arena_free(&a);
    }
    assert_int_equal(check(&place, &a).n, 0);
    testing_remove(&place);
    free(bytes);
}

static void test_reads_fail(void **state UNUSED)
{
    struct testing_place place;
    uint8_t *bytes = malloc(1 << 20), *hit;
    struct db *db;
    int64_t found;
    size_t n;

    make(&place);
    n = load(place.path, bytes, 1 << 20);
    hit = memmem(bytes + 8192, n - 8192, "xxxxxxxxxx",
                 10); /* inside a row's text: nothing of SQLite's own would notice */
    assert_non_null(hit);
    poke(place.path, (size_t)(hit - bytes) + 5, 'y');
    db = open_at(&place, false);
    assert_non_null(db);
    int rc = 0;
    for (int i = 1; i <= 60 && rc >= 0; i++) {
        struct db_cursor c;

        rc = db_query(db, &c, SQL_PROBE_GET, DB_ARGS(db_int(1), db_int(i)));
        if (rc == 0)
            rc = db_next(&c);
        if (rc == 1)
            found = db_col_int(&c, 0);
        db_end(&c);
    }
    (void)found;
    assert_int_equal(rc, ERR_CORRUPT);
    db_close(&db);
    testing_remove(&place);
    free(bytes);
}

static void test_snapshot(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct testing_place place, copy;
    struct db *db;
    uint8_t head[100];

    arena_init(&a, ARENA_NO_LIMIT);
    make(&place);
    copy = place;
    (void)snprintf(copy.path, sizeof copy.path, "%s/copy.db", place.folder);
    db = open_at(&place, false);
    assert_int_equal(db_begin_write(db), 0); /* rows that are only in the log so far */
    assert_int_equal(db_run(db, SQL_PROBE_INSERT,
                            DB_ARGS(db_int(2), db_int(1), db_text(STR("in the log")), db_null(), db_null()), NULL),
                     0);
    assert_int_equal(db_commit(db), 0);
    assert_int_equal(db_snapshot(db, copy.path, NULL), 0);
    db_close(&db);
    assert_int_equal(load(copy.path, head, sizeof head), sizeof head);
    assert_int_equal(head[20], 8);
    assert_int_equal(check(&copy, &a).n, 0);
    testing_remove(&place);
}

/* Made by another program: read as it is, and said. */
static void test_foreign(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct testing_place place;
    sqlite3 *h = NULL;
    struct db *db;

    arena_init(&a, ARENA_NO_LIMIT);
    (void)testing_conf(&place, DB_SQLITE, "probe");
    assert_int_equal(sqlite3_open(place.path, &h), SQLITE_OK);
    assert_int_equal(sqlite3_exec(h, "CREATE TABLE x (y); INSERT INTO x VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(h);
    db = open_at(&place, false);
    assert_non_null(db);
    db_close(&db);
    assert_true(str_find(check(&place, &a), STR("carry no sums"), 0) >= 0);
    testing_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_byte), cmocka_unit_test(test_reads_fail),
                                       cmocka_unit_test(test_snapshot), cmocka_unit_test(test_foreign)};

    return cmocka_run_group_tests_name("sqlite_checksum", tests, NULL, NULL);
}

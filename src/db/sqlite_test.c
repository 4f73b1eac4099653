/* What only SQLite has: files cut or foreign, the write lock, checkpoints, snapshots of a live file, a full disk. */
#include "core/env.h"
#include "db/probe_testing.h"
#include "db/sqlite_priv.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cmocka.h>

#define GROUP 32

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db;
    struct err e;
    char copy[128];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->conf = testing_conf(&f->place, DB_SQLITE, "probe");
    f->conf.patience_ms = 200;
    snprintf(f->copy, sizeof f->copy, "%s/copy.db", f->place.folder);
    *state = f;
    int r = db_open(&f->db, &f->conf, &f->e);
    return r ? r : db_migrate(f->db, &f->e);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    testing_remove(&f->place);
    free(f);
    return 0;
}

/* GROUP rows of 300 bytes in one transaction, each in its savepoint, as the store writes. */
static int write_group(struct db *db, int64_t first)
{
    int r = db_begin_write(db);
    for (int64_t i = 0; r == 0 && i < GROUP; i++) {
        r = db_savepoint(db);
        r = r ? r : insert(db, first + i, 300);
        r = r ? r : db_savepoint_release(db);
    }
    return r ? r : db_commit(db);
}

static void test_modes(void **state)
{
    struct fixture *f = *state;
    struct stat sb;
    char wal[128];
    assert_int_equal(insert(f->db, 1, 10), 0);
    snprintf(wal, sizeof wal, "%s-wal", f->place.path);
    assert_int_equal(stat(f->place.path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
    assert_int_equal(stat(wal, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
}

static void test_busy(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *other = NULL;
    assert_int_equal(db_open(&other, &f->conf, &f->e), 0);
    assert_int_equal(db_begin_write(f->db), 0);
    int64_t start = env_mono_ms(env_system());
    assert_int_equal(db_begin_write(other), ERR_BUSY);
    int64_t took = env_mono_ms(env_system()) - start;
    assert_true(took >= 150 && took < 3000);
    assert_false(db_in_txn(other));
    assert_int_equal(insert(other, 1, 1), ERR_BUSY);
    db_rollback(f->db);
    assert_int_equal(db_begin_write(other), 0);
    assert_int_equal(db_commit(other), 0);
}

static void write_file(const char *path, const void *p, size_t n)
{
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, p, n), n);
}

static void test_damaged_files(void **state)
{
    struct fixture *f = *state;
    struct db_conf conf = f->conf;
    struct db *db = NULL;
    static const char text[8192] = "this is no database, whatever its name says";
    conf.path = f->copy;
    conf.create = false;
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_NOENT);
    write_file(f->copy, "", 0);
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_CORRUPT);
    assert_non_null(strstr(f->e.text, "salvage"));
    write_file(f->copy, text, sizeof text);
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_CORRUPT);
    assert_null(db);
    /* cut in the middle: the header knows how long the file was */
    for (int64_t i = 0; i < 40; i++)
        assert_int_equal(write_group(f->db, i * GROUP), 0);
    unlink(f->copy);
    assert_int_equal(db_snapshot(f->db, f->copy, &f->e), 0);
    struct stat sb;
    assert_int_equal(stat(f->copy, &sb), 0);
    assert_int_equal(truncate(f->copy, sb.st_size / 2), 0);
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_CORRUPT);
    /* the lost half is zeros: opens, and says so when it is read */
    assert_int_equal(truncate(f->copy, sb.st_size), 0);
    assert_int_equal(db_open(&db, &conf, &f->e), 0);
    int64_t n;
    assert_int_equal(db_get_int(db, SQL_PROBE_SUM, DB_ARGS(db_int(ORG)), &n), ERR_CORRUPT);
    struct arena a;
    struct str report;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(db_integrity(db, &a, &report), 0);
    assert_true(report.n > 10);
    db_close(&db);
    assert_int_equal(db_integrity(f->db, &a, &report), 0);
    assert_int_equal(report.n, 0);
    arena_free(&a);
}

/* every flipped byte of a page that the b-tree reads is seen or harmless, never a crash */
static void test_flipped_bytes(void **state)
{
    struct fixture *f = *state;
    for (int64_t i = 0; i < 4; i++)
        assert_int_equal(write_group(f->db, i * GROUP), 0);
    assert_int_equal(db_snapshot(f->db, f->copy, &f->e), 0);
    struct stat sb;
    assert_int_equal(stat(f->copy, &sb), 0);
    struct db_conf conf = f->conf;
    conf.path = f->copy;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (off_t at = 40; at < sb.st_size; at += 509) {
        AUTO(fd) int fd = open(f->copy, O_RDWR);
        uint8_t byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        assert_int_equal(pwrite(fd, &(uint8_t){(uint8_t)(byte ^ 0x41)}, 1, at), 1);
        struct db *db = NULL;
        if (db_open(&db, &conf, &f->e) == 0) {
            struct str report;
            int64_t n;
            int r = db_integrity(db, &a, &report);
            assert_true(r <= 0);
            r = db_get_int(db, SQL_PROBE_SUM, DB_ARGS(db_int(ORG)), &n);
            assert_true(r <= 1);
        }
        db_close(&db);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    arena_free(&a);
}

static void test_checkpoint(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *keeper = NULL, *reader = NULL;
    int64_t left = -1;
    assert_int_equal(db_open(&keeper, &f->conf, &f->e), 0);
    assert_int_equal(db_open(&reader, &f->conf, &f->e), 0);
    for (int64_t i = 0; i < 20; i++)
        assert_int_equal(write_group(f->db, i * GROUP), 0);
    assert_int_equal(db_checkpoint(keeper, &left), 0);
    assert_int_equal(left, 0);
    /* a reader keeps what it may still need, and no writer waits */
    assert_int_equal(db_begin_read(reader), 0);
    assert_int_equal(count(reader), 20 * GROUP);
    for (int64_t i = 20; i < 40; i++)
        assert_int_equal(write_group(f->db, i * GROUP), 0);
    assert_int_equal(db_checkpoint(keeper, &left), 0);
    assert_true(left > 0);
    assert_int_equal(count(reader), 20 * GROUP);
    assert_int_equal(db_commit(reader), 0);
    assert_int_equal(db_checkpoint(keeper, &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(count(reader), 40 * GROUP);
}

struct writer {
    struct db_conf conf;
    _Atomic bool stop;
    _Atomic int64_t groups;
    int r;
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    AUTO(db) struct db *db = NULL;
    struct err e;
    int64_t left;
    w->r = db_open(&db, &w->conf, &e);
    while (w->r == 0 && !w->stop) {
        w->r = write_group(db, w->groups * GROUP);
        w->groups++;
        if (w->r == 0 && w->groups % 64 == 0)
            w->r = db_checkpoint(db, &left);
    }
    return NULL;
}

static void test_snapshot_live(void **state)
{
    struct fixture *f = *state;
    struct writer w = {.conf = f->conf};
    w.conf.patience_ms = 5000;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (int i = 0; i < 8; i++) {
        int64_t before = w.groups;
        while (w.groups < before + 20 && w.r == 0)
            sched_yield();
        before = w.groups;
        assert_int_equal(db_snapshot(f->db, f->copy, &f->e), 0);
        struct db_conf conf = f->conf;
        AUTO(db) struct db *copy = NULL;
        struct str report;
        conf.path = f->copy;
        conf.create = false;
        assert_int_equal(db_open(&copy, &conf, &f->e), 0);
        assert_int_equal(db_integrity(copy, &a, &report), 0);
        assert_int_equal(report.n, 0);
        int64_t n = count(copy);
        assert_int_equal(n % GROUP, 0); /* whole groups only */
        assert_true(n >= (before - 1) * GROUP);
        db_close(&copy);
        assert_int_equal(db_snapshot(f->db, f->copy, &f->e), ERR_EXIST);
        char extra[160];
        unlink(f->copy);
        snprintf(extra, sizeof extra, "%s-wal", f->copy);
        unlink(extra);
        snprintf(extra, sizeof extra, "%s-shm", f->copy);
        unlink(extra);
    }
    w.stop = true;
    pthread_join(thread, NULL);
    assert_int_equal(w.r, 0);
    assert_int_equal(db_snapshot(f->db, "/nonexistent/x.db", &f->e), ERR_NOENT);
    arena_free(&a);
}

/* A size limit of the process makes write(2) fail in the middle, as a full disk does. */
static void limit_size(rlim_t most)
{
    struct rlimit l = {most, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void test_write_fails(void **state)
{
    struct fixture *f = *state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(write_group(f->db, 0), 0);
    struct stat sb;
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", f->place.path);
    assert_int_equal(stat(wal, &sb), 0);
    limit_size((rlim_t)sb.st_size + 9000);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(db_savepoint(f->db), 0);
    assert_int_equal(insert(f->db, 1000, 300), 0);
    assert_int_equal(db_savepoint_release(f->db), 0);
    assert_int_equal(db_savepoint(f->db), 0);
    assert_int_equal(insert(f->db, 1001, 200000), 0);
    assert_int_equal(db_savepoint_release(f->db), 0);
    int r = db_commit(f->db);
    limit_size(RLIM_INFINITY);
    assert_true(r == ERR_IO || r == ERR_FULL);
    assert_false(db_in_txn(f->db));
    assert_int_equal(count(f->db), GROUP);
    assert_int_equal(write_group(f->db, 5000), 0);
    assert_int_equal(count(f->db), 2 * GROUP);
}

/* max_page_count gives a true SQLITE_FULL in the middle of a group: the released savepoints go too, and the caller is
 * told */
static void test_full(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(write_group(f->db, 0), 0);
    sqlite3 *h = ((struct db_sqlite *)f->db)->h;
    assert_int_equal(sqlite3_exec(h, "PRAGMA max_page_count = 40", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(db_begin_write(f->db), 0);
    int r = 0;
    int64_t id = 1000;
    while (r == 0 && id < 1500) {
        r = db_savepoint(f->db);
        r = r ? r : insert(f->db, id++, 3000);
        r = r ? r : db_savepoint_release(f->db);
    }
    assert_int_equal(r, ERR_FULL);
    assert_false(db_in_txn(f->db));
    assert_int_equal(insert(f->db, 2000, 1), ERR_FULL);
    assert_int_equal(db_savepoint_rollback(f->db), ERR_FULL);
    db_rollback(f->db);
    assert_int_equal(count(f->db), GROUP);
    assert_int_equal(write_group(f->db, 3000), 0);
}

static void test_read_only_file(void **state)
{
    struct fixture *f = *state;
    struct db *db = NULL;
    struct db_conf conf = f->conf;
    conf.path = f->copy;
    assert_int_equal(insert(f->db, 1, 1), 0);
    assert_int_equal(db_snapshot(f->db, f->copy, &f->e), 0);
    conf.readonly = true;
    assert_int_equal(db_open(&db, &conf, &f->e), 0);
    assert_int_equal(count(db), 1);
    assert_int_equal(insert(db, 2, 1), ERR_READONLY);
    db_close(&db);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_modes),         T(test_busy),        T(test_damaged_files), T(test_flipped_bytes),  T(test_checkpoint),
        T(test_snapshot_live), T(test_write_fails), T(test_full),          T(test_read_only_file),
    };
    return cmocka_run_group_tests_name("SQLite", tests, NULL, NULL);
}

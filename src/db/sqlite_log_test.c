/* Frames that wait for the sync: who sees which rows when, transactions larger than the page cache, a kill right after the commit, a log that cannot
 * grow, and that the waiting happens at all. */
#include "core/buf.h"
#include "db/probe_testing.h"
#include "db/sqlite_priv.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#define SMALL_CACHE_KIB 64

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db;
    struct err e;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->conf = testing_conf(&f->place, DB_SQLITE, "probe");
    f->conf.cache_kib = SMALL_CACHE_KIB;
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

static int64_t log_size(const struct fixture *f)
{
    char path[128];
    struct stat sb;
    snprintf(path, sizeof path, "%s-wal", f->place.path);
    return stat(path, &sb) == 0 ? sb.st_size : -1;
}

static int64_t writes_of_process(void)
{
    long long n = -1;
    char line[128];
    FILE *io = fopen("/proc/self/io", "r");
    while (io && fgets(line, sizeof line, io))
        if (sscanf(line, "syscw: %lld", &n) == 1)
            break;
    if (io)
        fclose(io);
    return n;
}

static void a_commit_is_few_writes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_begin_write(f->db), 0);
    for (int64_t i = 1; i <= 10; i++)
        assert_int_equal(insert(f->db, i, 4000), 0);
    int64_t before = writes_of_process();
    assert_int_equal(db_commit(f->db), 0);
    if (before >= 0) /* /proc is there: more than ten pages, two writes each without the gathering */
        assert_in_range(writes_of_process() - before, 1, 4);
}

static void another_sees_whole_commits(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *other = NULL;
    assert_int_equal(db_open(&other, &f->conf, &f->e), 0);
    for (int64_t turn = 0; turn < 20; turn++) {
        assert_int_equal(db_begin_write(f->db), 0);
        for (int64_t i = 0; i < 7; i++)
            assert_int_equal(insert(f->db, turn * 7 + i, 500 * (size_t)turn), 0);
        assert_int_equal(count(other), turn * 7);
        assert_int_equal(db_commit(f->db), 0);
        assert_int_equal(count(other), turn * 7 + 7);
    }
}

/* Pages leave the cache before the commit: they are read back, written again in place, and gone after a rollback. */
static void larger_than_the_cache(void **state)
{
    struct fixture *f = *state;
    AUTO(arena) struct arena a;
    struct str report;
    arena_init(&a, ARENA_NO_LIMIT);
    for (int turn = 0; turn < 4; turn++) {
        bool keep = turn % 2;
        assert_int_equal(db_begin_write(f->db), 0);
        for (int64_t i = 0; i < 400; i++)
            assert_int_equal(insert(f->db, turn * 1000 + i, 3000), 0);
        assert_int_equal(db_run(f->db, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("again")), db_int(ORG), db_int(0)), NULL),
                         0);
        assert_int_equal(count(f->db), 400 + turn / 2 * 400);
        if (keep)
            assert_int_equal(db_commit(f->db), 0);
        else
            db_rollback(f->db);
        assert_int_equal(count(f->db), keep ? 400 + turn / 2 * 400 : turn / 2 * 400);
    }
    db_close(&f->db);
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(count(f->db), 800);
    assert_int_equal(db_integrity(f->db, &a, &report), 0);
    assert_int_equal(report.n, 0);
}

static void killed_after_commit(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    pid_t pid = fork();
    if (pid == 0) {
        struct db *db = NULL;
        if (db_open(&db, &f->conf, NULL) != 0 || db_begin_write(db) != 0)
            _exit(1);
        for (int64_t i = 0; i < 50; i++)
            if (insert(db, i, 2000) != 0)
                _exit(1);
        if (db_commit(db) != 0 || db_begin_write(db) != 0)
            _exit(1);
        for (int64_t i = 50; i < 500; i++) /* spilled in part, never committed */
            if (insert(db, i, 2000) != 0)
                _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(count(f->db), 50);
}

static void log_that_cannot_grow(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, small;
    int64_t left;
    assert_int_equal(insert(f->db, 1, 100), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){(rlim_t)log_size(f) + 20000, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int r = db_begin_write(f->db);
    for (int64_t i = 2; r == 0 && i < 30; i++)
        r = insert(f->db, i, 3000);
    r = r ? r : db_commit(f->db);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(r < 0);
    assert_false(db_in_txn(f->db));
    db_close(&f->db); /* SQLite keeps the error of a spilled page; the store opens anew too */
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(count(f->db), 1);
    assert_int_equal(insert(f->db, 2, 3000), 0);
    db_close(&f->db);
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(count(f->db), 2);
    assert_int_equal(db_checkpoint(f->db, &left), 0);
}

/* search.db does not sync its commits: nothing may wait there, or another connection would read frames that are not in the file. */
static void without_syncs_nothing_waits(void **state)
{
    struct fixture *f = *state;
    AUTO(db) struct db *other = NULL;
    db_close(&f->db);
    f->conf.relaxed = true;
    assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
    assert_int_equal(db_open(&other, &f->conf, &f->e), 0);
    for (int64_t i = 1; i <= 50; i++) {
        assert_int_equal(insert(f->db, i, 2000), 0);
        assert_int_equal(count(other), i);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(a_commit_is_few_writes), T(another_sees_whole_commits), T(larger_than_the_cache),
        T(killed_after_commit),    T(log_that_cannot_grow),       T(without_syncs_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

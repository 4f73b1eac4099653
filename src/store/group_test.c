/* Group commit on both engines: what one job's failure does to the others, an unknown COMMIT, a full and a broken disk, two processes, the clock. */
#include "core/fault.h"
#include "store/group.h"
#include "store/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WRITERS 4
#define EACH 60
#define FOLLOWER (1 << 20)

static struct fixture F;
static enum db_engine engine;

static int setup(void **state UNUSED)
{
    fault_setup("test", NULL);
    fixture_open(&F, engine);
    return 0;
}
static int teardown(void **state UNUSED)
{
    fault_setup("test", NULL);
    fixture_close(&F);
    return 0;
}

/* An event row is the smallest job: its seq is the firm's next. */
struct note {
    int refuse, fail, runs;
    int64_t seq;
    pthread_t thread;
    int outcome, code;
};

static int note_fn(struct txn *t, void *arg)
{
    struct note *n = arg;
    n->runs++;
    if (n->fail)
        return n->fail;
    int r = txn_seq(t, F.org, &n->seq);
    if (r == 0)
        r = db_run(t->db, SQL_EVENT_INSERT,
                   DB_ARGS(db_int(F.org), db_int(n->seq), db_int(t->now_ms), db_int(0), db_text(STR("note")),
                           db_text(STR(""))),
                   NULL);
    return r ? r : n->refuse;
}

static int note(struct note *n)
{
    n->outcome = cell_write_wait(F.cell, note_fn, n, NULL, 0, &n->code);
    return n->outcome;
}

static int seq_fn(struct txn *t, void *arg)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(F.org)));
    if (r == 0 && (r = db_next(&c)) == 1)
        *(int64_t *)arg = db_col_int(&c, 0);
    return r == 1 ? 0 : ERR_CORRUPT;
}

static int64_t firm_seq(void)
{
    int64_t seq = -1;
    assert_int_equal(cell_read_wait(F.cell, seq_fn, &seq), 0);
    return seq;
}

static void *note_thread(void *arg)
{
    note(arg);
    return NULL;
}

/* All notes in one group: more_coming holds the group open until each was handed in. */
static atomic_int expected;
static bool wait_for_all(void *ctx UNUSED) { return atomic_load(&expected) > 0; }
static void together(struct note *notes, size_t n)
{
    F.conf.more_coming = wait_for_all;
    F.conf.group_ms = 200;
    fixture_reopen(&F);
    atomic_store(&expected, 1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pthread_create(&notes[i].thread, NULL, note_thread, &notes[i]), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(notes[i].thread, NULL);
    atomic_store(&expected, 0);
}

static void refused_job_leaves_no_gap(void **state UNUSED)
{
    struct note n[5] = {0};
    int64_t before = firm_seq();
    n[2].refuse = 77;
    together(n, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(n[i].outcome, i == 2 ? CELL_REFUSED : CELL_DURABLE);
        assert_int_equal(n[i].code, i == 2 ? 77 : 0);
    }
    assert_int_equal(firm_seq(), before + 4);
}

/* Refused before it wrote: nothing is undone and nobody runs twice. */
static int reader_fn(struct txn *t, void *arg)
{
    struct note *n = arg;
    n->runs++;
    int r = seq_fn(t, &n->seq);
    return r ? r : n->refuse;
}
static void *reader_thread(void *arg)
{
    struct note *n = arg;
    n->outcome = cell_write_wait(F.cell, n->refuse ? reader_fn : note_fn, n, NULL, 0, &n->code);
    return NULL;
}
static void refused_before_it_wrote(void **state UNUSED)
{
    struct note n[5] = {0};
    int64_t before = firm_seq();
    n[1].refuse = 7;
    n[4].refuse = 8;
    F.conf.more_coming = wait_for_all;
    F.conf.group_ms = 200;
    fixture_reopen(&F);
    atomic_store(&expected, 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&n[i].thread, NULL, reader_thread, &n[i]), 0);
    for (size_t i = 0; i < 5; i++)
        pthread_join(n[i].thread, NULL);
    atomic_store(&expected, 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(n[i].outcome, n[i].refuse ? CELL_REFUSED : CELL_DURABLE);
        assert_int_equal(n[i].code, n[i].refuse);
        assert_int_equal(n[i].runs, 1);
    }
    assert_int_equal(firm_seq(), before + 3);
}

#ifdef SIGILLO_DEBUG
static int many_fn(struct txn *t, void *arg)
{
    for (int i = 0; i <= CELL_FN_ROWS_MAX; i++) {
        int r = note_fn(t, arg);
        if (r)
            return r;
    }
    return 0;
}

/* In the builds that tests run, a job that writes too many rows is a bug at once. */
static void too_large_a_job_is_a_bug(void **state UNUSED)
{
    store_close(&F.store);
    pid_t pid = fork();
    if (pid == 0) {
        struct note n = {0};
        int code;
        signal(SIGABRT, SIG_DFL);
        fixture_reopen(&F);
        _exit(cell_write_wait(F.cell, many_fn, &n, NULL, 0, &code) == CELL_DURABLE ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    fixture_reopen(&F);
}
#endif

static void failed_job_is_alone(void **state UNUSED)
{
    struct note n[5] = {0};
    int64_t before = firm_seq();
    n[3].fail = ERR_SYS;
    together(n, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(n[i].outcome, i == 3 ? CELL_REFUSED : CELL_DURABLE);
    assert_int_equal(n[3].code, ERR_SYS);
    assert_int_equal(firm_seq(), before + 4);
}

/* COMMIT answered by silence: before it reached the disk the group runs again, after it nothing runs twice. */
static void unknown_commit(void **state UNUSED)
{
    struct note n = {0};
    int64_t before = firm_seq();
    fault_setup("test", "test:cell.commit:1:error");
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(n.runs, 2);
    assert_int_equal(firm_seq(), before + 1);
    n.runs = 0;
    fault_setup("test", "test:cell.commit.after:1:error");
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(n.runs, 1);
    assert_int_equal(firm_seq(), before + 2);
    struct cell_stats st;
    cell_stats(F.cell, &st);
    assert_int_equal(st.unknown, 2);
}

/* The real drivers' errors, one after the other, injected below the store. */
static struct db *injected;
static int grab_fn(struct txn *t, void *arg UNUSED)
{
    injected = t->db;
    return 0;
}
static int code_of_injected(enum db_fault_kind at, int nth, int code, struct note *n)
{
    int c;
    assert_int_equal(cell_write_wait(F.cell, grab_fn, NULL, NULL, 0, &c), CELL_DURABLE);
    db_inject(injected, &(struct db_fault){at, nth, code}, 1);
    *n = (struct note){0};
    return note(n);
}

static void lost_connections(void **state UNUSED)
{
    struct note n;
    int64_t before = firm_seq();
    assert_int_equal(code_of_injected(DB_AT_BEGIN, 1, ERR_GONE, &n), CELL_DURABLE);
    assert_int_equal(code_of_injected(DB_AT_RUN, 2, ERR_GONE, &n), CELL_DURABLE);
    assert_int_equal(code_of_injected(DB_AT_COMMIT, 1, ERR_UNKNOWN, &n), CELL_DURABLE);
    assert_int_equal(n.runs, 2);
    assert_int_equal(code_of_injected(DB_AT_COMMIT_AFTER, 1, ERR_UNKNOWN, &n), CELL_DURABLE);
    assert_int_equal(n.runs, 1);
    assert_int_equal(firm_seq(), before + 4);
    assert_int_equal(cell_state(F.cell, NULL), CELL_OK);
}

static void full_disk_refuses_and_recovers(void **state UNUSED)
{
    struct note n;
    int64_t before = firm_seq();
    assert_int_equal(code_of_injected(DB_AT_RUN, 2, ERR_FULL, &n), CELL_REFUSED);
    assert_int_equal(n.code, ERR_FULL);
    assert_int_equal(code_of_injected(DB_AT_COMMIT, 1, ERR_FULL, &n), CELL_REFUSED);
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(firm_seq(), before + 1);
    assert_int_equal(cell_state(F.cell, NULL), CELL_OK);
}

static void io_error_makes_readonly(void **state UNUSED)
{
    struct note n;
    const char *why;
    struct err e = {0};
    assert_int_equal(code_of_injected(DB_AT_COMMIT, 1, ERR_IO, &n), CELL_UNKNOWN);
    assert_int_equal(note(&n), CELL_REFUSED);
    assert_int_equal(n.code, ERR_READONLY);
    assert_int_equal(cell_state(F.cell, &why), CELL_READONLY);
    assert_non_null(strstr(why, "I/O error"));
    /* Another process sees it too. */
    fixture_reopen(&F);
    assert_int_equal(note(&n), CELL_REFUSED);
    assert_int_equal(cell_state(F.cell, &why), CELL_READONLY);
    assert_int_equal(cell_clear_readonly(F.cell, &e), 0);
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(cell_state(F.cell, NULL), CELL_OK);
}

static void pack_error_makes_readonly(void **state UNUSED)
{
    struct note n = {0};
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct blob_draft d, *ds[] = {&d};
    assert_int_equal(blob_prepare(&a, F.org, STR("bytes"), &d), 0);
    fault_setup("test", "test:pack.fdatasync:1:error");
    assert_int_equal(cell_write_wait(F.cell, note_fn, &n, ds, 1, &n.code), CELL_REFUSED);
    fault_setup("test", NULL);
    assert_int_equal(n.code, ERR_IO);
    assert_int_equal(cell_state(F.cell, NULL), CELL_READONLY);
}

static void low_disk_is_said_and_writes_go_on(void **state UNUSED)
{
    struct note n = {0};
    const char *why;
    F.conf.low_water = INT64_MAX;
    fixture_reopen(&F);
    assert_int_equal(cell_state(F.cell, &why), CELL_DISK_LOW);
    assert_non_null(strstr(why, "low water"));
    assert_int_equal(note(&n), CELL_DURABLE);
}

/* A further node on the same PostgreSQL, with a state folder of its own. */
static void second_node_has_its_own_packs(void **state UNUSED)
{
    if (engine == DB_SQLITE)
        return; /* nothing of the kind there */
    struct fixture other = F;
    struct err e = {0};
    struct note n = {0};
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct blob_draft d, *ds[] = {&d};
    other.store = NULL;
    snprintf(other.dir, sizeof other.dir, "/tmp/sigillo-node-XXXXXX");
    assert_non_null(mkdtemp(other.dir));
    other.conf.state = other.dir;
    other.conf.node = "second";
    assert_int_equal(store_open(&other.store, &other.conf, &other.env, &e), 0);
    assert_int_equal(store_cell(other.store, other.cell_id, &other.cell, &e), 0);
    assert_int_equal(blob_prepare(&a, F.org, STR("bytes"), &d), 0);
    assert_int_equal(cell_write_wait(F.cell, note_fn, &n, ds, 1, &n.code), CELL_DURABLE);
    int64_t first = d.loc.pack;
    assert_int_equal(cell_write_wait(other.cell, note_fn, &n, ds, 1, &n.code), CELL_DURABLE);
    assert_int_not_equal(d.loc.pack, first);
    assert_int_equal(cell_write_wait(F.cell, note_fn, &n, ds, 1, &n.code), CELL_DURABLE);
    assert_int_equal(d.loc.pack, first);
    fixture_close(&other);
}

static void clock_back(void **state UNUSED)
{
    struct note n = {0};
    struct cell_info before, after;
    F.clock_skew_ms = 3600 * 1000;
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(cell_info(F.cell, &before), 0);
    F.clock_skew_ms = -3600 * 1000;
    assert_int_equal(note(&n), CELL_DURABLE);
    assert_int_equal(cell_info(F.cell, &after), 0);
    assert_true(after.last_wall_ms >= before.last_wall_ms);
}

/* Never seen: seq n before n-1. The follower reads all the time while two processes of several threads write. */
struct follow {
    int64_t from, last, seen;
    bool bad;
    atomic_bool stop;
};
static int follow_fn(struct txn *t, void *arg)
{
    struct follow *f = arg;
    int64_t top = 0, rows = 0;
    int r = seq_fn(t, &top);
    if (r)
        return r;
    AUTO(db_cursor) struct db_cursor c = {0};
    r = db_query(t->db, &c, SQL_EVENT_LIST, DB_ARGS(db_int(F.org), db_int(f->from), db_int(FOLLOWER)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        rows++;
        if (db_col_int(&c, 0) != f->from + rows)
            f->bad = true;
        r = 0;
    }
    if (f->from + rows != top || rows < f->seen)
        f->bad = true;
    f->seen = rows;
    return r;
}
static void *follower(void *arg)
{
    struct follow *f = arg;
    while (!atomic_load(&f->stop) && !f->bad)
        if (cell_read_wait(F.cell, follow_fn, f) != 0)
            f->bad = true;
    return NULL;
}

static void *writer(void *arg)
{
    struct note n = {0};
    for (int i = 0; i < EACH; i++)
        if (note(&n) != CELL_DURABLE)
            *(int *)arg = 1;
    return NULL;
}

static int write_all(void)
{
    pthread_t t[WRITERS];
    int bad = 0;
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&t[i], NULL, writer, &bad);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(t[i], NULL);
    return bad;
}

static void two_processes_without_gaps(void **state UNUSED)
{
    /* The child opens its own store before any thread of ours holds a lock: fork first. */
    store_close(&F.store);
    pid_t pid = fork();
    if (pid == 0) {
        fixture_reopen(&F);
        int bad = write_all();
        store_close(&F.store);
        _exit(bad);
    }
    fixture_reopen(&F);
    struct follow f = {.from = -1};
    pthread_t t;
    f.from = firm_seq();
    /* The child may have written already: its events before are counted from the firm's making. */
    struct note first = {0};
    assert_int_equal(note(&first), CELL_DURABLE);
    f.from = first.seq;
    pthread_create(&t, NULL, follower, &f);
    assert_int_equal(write_all(), 0);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    atomic_store(&f.stop, true);
    pthread_join(t, NULL);
    assert_false(f.bad);
    assert_int_equal(cell_read_wait(F.cell, follow_fn, &f), 0);
    assert_false(f.bad);
}

/* A group is not lost when the store is closed with jobs waiting. */
static atomic_int finished;
static void count_done(void *arg UNUSED, enum cell_outcome outcome, int code UNUSED)
{
    atomic_fetch_add(&finished, outcome == CELL_DURABLE);
}
static void close_finishes(void **state UNUSED)
{
    struct note n[100] = {0};
    atomic_store(&finished, 0);
    int64_t before = firm_seq();
    for (int i = 0; i < 100; i++)
        assert_int_equal(cell_write(F.cell, note_fn, &n[i], NULL, 0, count_done), 0);
    fixture_reopen(&F);
    assert_int_equal(atomic_load(&finished), 100);
    assert_int_equal(firm_seq(), before + 100);
}

static void state_that_is_not_there(void **state UNUSED)
{
    struct store *s;
    struct err e = {0};
    struct store_conf conf = F.conf;
    conf.state = "/nonexistent/state";
    if (engine == DB_SQLITE) {
        assert_int_equal(store_open(&s, &conf, &F.env, &e), ERR_NOENT);
        assert_non_null(strstr(e.text, "sigillo init"));
    }
    struct cell *c;
    assert_int_equal(store_cell(F.store, 1, &c, &e), 0);
    if (engine == DB_SQLITE)
        assert_int_equal(store_cell(F.store, 99, &c, &e), ERR_NOENT);
}

static int newer_fn(struct txn *t, void *arg UNUSED)
{
    return db_run(t->db, SQL_SCHEMA_VERSION_INSERT,
                  DB_ARGS(db_text(STR("cell")), db_int(9999), db_text(STR("future")), db_int(1)), NULL);
}

static void newer_schema_is_refused(void **state UNUSED)
{
    int code;
    struct note n = {0};
    const char *why;
    assert_int_equal(cell_write_wait(F.cell, newer_fn, NULL, NULL, 0, &code), CELL_DURABLE);
    fixture_reopen(&F);
    assert_int_equal(note(&n), CELL_REFUSED);
    assert_int_equal(n.code, ERR_VERSION);
    assert_int_equal(cell_state(F.cell, &why), CELL_DOWN);
    assert_non_null(strstr(why, "newer release"));
    struct err e = {0};
    assert_int_equal(store_migrate(&F.conf, &F.env, &e), ERR_VERSION);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(refused_job_leaves_no_gap),
        T(refused_before_it_wrote),
#ifdef SIGILLO_DEBUG
        T(too_large_a_job_is_a_bug),
#endif
        T(failed_job_is_alone),
        T(unknown_commit),
        T(lost_connections),
        T(full_disk_refuses_and_recovers),
        T(io_error_makes_readonly),
        T(pack_error_makes_readonly),
        T(low_disk_is_said_and_writes_go_on),
        T(second_node_has_its_own_packs),
        T(clock_back),
        T(two_processes_without_gaps),
        T(close_finishes),
        T(state_that_is_not_there),
        T(newer_schema_is_refused),
    };
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("group, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("group, PostgreSQL", tests, NULL, NULL);
}

/* What only PostgreSQL has: connections that end at any point, COMMIT whose outcome is unknown, locks of other nodes,
 * wake-ups. */
#include "core/env.h"
#include "db/db_testing.h"
#include "db/postgresql_priv.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>

#define ORG 1

struct fixture {
    struct testing_place place;
    struct db_conf conf;
    struct db *db, *other;
    struct err e;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->conf = testing_conf(&f->place, DB_POSTGRESQL, "probe");
    f->conf.patience_ms = 400;
    *state = f;
    int r = db_open(&f->db, &f->conf, &f->e);
    r = r ? r : db_migrate(f->db, &f->e);
    return r ? r : db_open(&f->other, &f->conf, &f->e);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(&f->db);
    db_close(&f->other);
    free(f);
    return 0;
}

static int insert(struct db *db, int64_t id)
{
    return db_run(db, SQL_PROBE_INSERT, DB_ARGS(db_int(ORG), db_int(id), db_text(STR("s")), db_null(), db_null()),
                  NULL);
}

static int64_t count(struct db *db)
{
    int64_t n = -1;
    assert_int_equal(db_get_int(db, SQL_PROBE_COUNT, DB_ARGS(db_int(ORG)), &n), 1);
    return n;
}

/* Ends the server process of a connection, as an operator or a crash does. */
static void terminate(struct db *db)
{
    PGconn *c = PQconnectdb(testing_pg_url());
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", PQbackendPID(((struct db_pg *)db)->c));
    PGresult *res = PQexec(c, sql);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    PQclear(res);
    PQfinish(c);
    usleep(100000);
}

static void test_gone(void **state)
{
    struct fixture *f = *state;
    for (int step = 0; step < 5; step++) {
        int r = 0;
        if (step == 0)
            terminate(f->db);
        r = db_begin_write(f->db);
        if (step == 1)
            terminate(f->db);
        r = r ? r : insert(f->db, 1);
        r = r ? r : db_savepoint(f->db);
        if (step == 2)
            terminate(f->db);
        r = r ? r : insert(f->db, 2);
        r = r ? r : db_savepoint_release(f->db);
        if (step == 3)
            terminate(f->db);
        r = r ? r : db_commit(f->db);
        if (step == 4)
            terminate(f->db);
        /* seen before COMMIT was sent: a sure no */
        assert_int_equal(r, step < 4 ? ERR_GONE : 0);
        assert_false(db_in_txn(f->db));
        db_rollback(f->db);
        int64_t n;
        assert_int_equal(db_get_int(f->db, SQL_PROBE_TOTAL, NULL, 0, &n), ERR_GONE);
        assert_true(strlen(db_error(f->db)) > 10);
        assert_int_equal(db_begin_read(f->db), ERR_GONE);
        db_close(&f->db);
        assert_int_equal(db_open(&f->db, &f->conf, &f->e), 0);
        assert_int_equal(count(f->db), step < 4 ? 0 : 2);
    }
}

static void test_no_server(void **state)
{
    struct fixture *f = *state;
    struct db_conf conf = f->conf;
    struct db *db = NULL;
    conf.url = "postgresql:///postgres?host=/nonexistent";
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_GONE);
    assert_null(db);
    assert_non_null(strstr(f->e.text, "cannot be reached"));
    conf.url = "not = a connection = string";
    assert_int_equal(db_open(&db, &conf, &f->e), ERR_GONE);
    conf = f->conf;
    conf.schema = "Strange \"name\"; x";
    assert_int_equal(db_open(&db, &conf, &f->e), 0);
    assert_int_equal(db_migrate(db, &f->e), 0);
    db_close(&db);
}

static int dial(const char *socket_path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, socket_path, strnlen(socket_path, sizeof to.sun_path - 1));
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(s, (struct sockaddr *)&to, sizeof to) ? -1 : s;
}

/* Passes bytes both ways between a client and the server. When the client says COMMIT, passes it on (deliver) or not,
 * and cuts the line before the answer can come back. */
static void cut_at_commit(int listener, const char *server, bool deliver)
{
    int a = accept(listener, NULL, NULL), b = dial(server);
    static char buf[65536];
    for (;;) {
        struct pollfd fds[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        poll(fds, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t n = read(fds[i].fd, buf, sizeof buf);
            if (n <= 0)
                _exit(0);
            bool commit = i == 0 && memmem(buf, (size_t)n, "COMMIT\0", 7);
            if ((!commit || deliver) && write(fds[!i].fd, buf, (size_t)n) != n)
                _exit(1);
            if (commit) {
                usleep(200000); /* the server commits meanwhile */
                _exit(0);
            }
        }
    }
}

static void test_unknown_at_commit(void **state)
{
    struct fixture *f = *state;
    const char *host = strstr(testing_pg_url(), "host=") + 5;
    char folder[64] = "/tmp/sigillo-cut.XXXXXX", path[96], server[160], url[160];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", folder);
    snprintf(server, sizeof server, "%.*s/.s.PGSQL.5432", (int)strcspn(host, "&"), host);
    snprintf(url, sizeof url, "postgresql:///postgres?host=%s&user=postgres", folder);
    for (int deliver = 0; deliver < 2; deliver++) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
        unlink(path);
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(listen(listener, 1), 0);
        pid_t pid = fork();
        if (pid == 0)
            cut_at_commit(listener, server, deliver);
        close(listener);
        struct db_conf conf = f->conf;
        struct db *db = NULL;
        conf.url = url;
        assert_int_equal(db_open(&db, &conf, &f->e), 0);
        int64_t before = count(f->db);
        assert_int_equal(db_begin_write(db), 0);
        assert_int_equal(insert(db, 100 + deliver), 0);
        assert_int_equal(db_commit(db), ERR_UNKNOWN);
        assert_int_equal(db_begin_write(db), ERR_GONE);
        db_close(&db);
        assert_int_equal(count(f->db) - before, deliver);
        waitpid(pid, NULL, 0);
    }
    unlink(path);
    rmdir(folder);
}

/* A server that says nothing at all counts as lost after a time. */
static void test_silent_server(void **state)
{
    struct fixture *f = *state;
    int pid = PQbackendPID(((struct db_pg *)f->db)->c);
    ((struct db_pg *)f->db)->answer_ms = 500;
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(insert(f->db, 1), 0);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    int r = db_commit(f->db);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(r, ERR_UNKNOWN);
}

static void test_lock_timeout(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(insert(f->db, 1), 0);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(db_begin_write(f->other), 0);
    int64_t n = 0, start = env_mono_ms(env_system());
    assert_int_equal(db_run(f->db, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("x")), db_int(ORG), db_int(0)), &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(db_run(f->other, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("y")), db_int(ORG), db_int(0)), &n),
                     ERR_BUSY);
    int64_t took = env_mono_ms(env_system()) - start;
    assert_true(took >= 300 && took < 3000);
    assert_true(db_in_txn(f->other));
    db_rollback(f->other);
    assert_int_equal(db_commit(f->db), 0);
    assert_int_equal(count(f->other), 1);
}

/* A node that hangs inside a transaction loses it, and with it the locks. */
static void test_idle_in_transaction(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(insert(f->db, 1), 0);
    assert_int_equal(db_begin_write(f->db), 0);
    int64_t n;
    assert_int_equal(db_run(f->db, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("x")), db_int(ORG), db_int(0)), &n), 0);
    usleep((useconds_t)f->conf.patience_ms * 1000 * (PG_STATEMENT_TIMES + 1));
    assert_int_equal(db_run(f->other, SQL_PROBE_UPDATE, DB_ARGS(db_text(STR("y")), db_int(ORG), db_int(0)), &n), 0);
    assert_int_equal(db_commit(f->db), ERR_GONE);
}

static void test_pipeline(void **state)
{
    struct fixture *f = *state;
    struct db_pg *p = (struct db_pg *)f->db;
    assert_int_equal(db_begin_write(f->db), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(insert(f->db, i), 0);
    assert_true(p->n_queue >= 11); /* nothing was waited for */
    /* a failed group leaves the prepared statements of the queue in a known state */
    assert_int_equal(insert(f->db, 5), 0);
    int64_t n;
    assert_int_equal(db_run(f->db, SQL_PROBE_DELETE, DB_ARGS(db_int(ORG), db_int(1)), &n), DB_CONSTRAINT);
    db_rollback(f->db);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(insert(f->db, 1), 0);
    assert_int_equal(db_run(f->db, SQL_PROBE_DELETE, DB_ARGS(db_int(ORG), db_int(1)), &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(db_commit(f->db), 0);
    /* reading transactions do not wait at their end, and hold no snapshot after it */
    for (int i = 0; i < 400; i++) {
        assert_int_equal(db_begin_read(f->db), 0);
        assert_int_equal(db_commit(f->db), 0);
    }
    assert_int_equal(count(f->db), 0);
}

static void wait_readable(struct db *db)
{
    struct pollfd fd = {db_notify_fd(db), POLLIN, 0};
    assert_true(fd.fd >= 0);
    assert_int_equal(poll(&fd, 1, 5000), 1);
}

static void test_notify(void **state)
{
    struct fixture *f = *state;
    struct arena a;
    struct str channel, payload;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(db_listen(f->other, "cell_wake"), 0);
    assert_int_equal(db_notify_next(f->other, &a, &channel, &payload), 0);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(db_notify(f->db, "cell_wake", STR("1 2 3")), 0);
    db_rollback(f->db);
    assert_int_equal(db_begin_write(f->db), 0);
    assert_int_equal(db_notify(f->db, "cell_wake", STR("1 2 4")), 0);
    assert_int_equal(db_commit(f->db), 0);
    assert_int_equal(db_notify(f->db, "cell_wake", STR("after")), 0);
    static const char *const want[] = {"1 2 4", "after"};
    for (size_t i = 0; i < N_ELEMENTS(want); i++) {
        int r;
        while ((r = db_notify_next(f->other, &a, &channel, &payload)) == 0)
            wait_readable(f->other);
        assert_int_equal(r, 1);
        assert_true(str_eq(channel, STR("cell_wake")) && str_eq(payload, str_c(want[i])));
    }
    assert_int_equal(db_notify_next(f->other, &a, &channel, &payload), 0);
    terminate(f->other);
    wait_readable(f->other);
    int r = 0;
    for (int i = 0; i < 3 && r == 0; i++)
        r = db_notify_next(f->other, &a, &channel, &payload);
    assert_int_equal(r, ERR_GONE);
    arena_free(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_gone),         T(test_no_server),           T(test_unknown_at_commit), T(test_silent_server),
        T(test_lock_timeout), T(test_idle_in_transaction), T(test_pipeline),          T(test_notify),
    };
    return cmocka_run_group_tests_name("PostgreSQL", tests, NULL, NULL);
}

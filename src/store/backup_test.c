/* Backup beside a running store, incremental; restore into a new state with a new epoch; what is damaged is refused
 * before anything is made. */
#include "store/backup.h"
#include "store/read.h"
#include "store/sample_test_help.h"
#include <pthread.h>

static struct backup_result backup(struct sample *x, const char *to)
{
    struct backup_result r;
    struct err e = {0};

    if (store_backup(&x->conf, env_system(), to, &r, &e) != 0)
        fail_msg("%s", e.text);
    return r;
}

struct state_of {
    struct place_of at;
    struct read_state state;
    int rc;
};
static int state_fn(struct txn *t, void *arg)
{
    struct state_of *s = arg;

    return read_state(t, s->at.org, s->at.account, SYNC_EMAIL, &s->state);
}
static int changes_fn(struct txn *t, void *arg)
{
    struct state_of *s = arg;
    struct read_changes out;

    s->rc = read_changes(t, t->arena, s->at.org, s->at.account, SYNC_EMAIL, s->state, 0, &out);
    return 0;
}

static void both(struct sample *x, enum db_engine engine, char *to, char *back)
{
    sample_open(x, engine);
    (void)snprintf(to, 128, "%s-backup", x->dir);
    (void)snprintf(back, 128, "%s-back", x->dir);
}

static struct sample restored(struct sample *x, const char *to, const char *back)
{
    struct backup_result r;
    struct sample y = {.org = x->org, .anna = x->anna, .bruno = x->bruno};
    struct err e = {0};

    (void)snprintf(y.dir, sizeof y.dir, "%s", back);
    y.conf = x->conf;
    y.conf.state = back;
    if (x->conf.engine == DB_POSTGRESQL)
        sample_database(&y);
    if (store_restore(to, &y.conf, env_system(), &r, &e) != 0)
        fail_msg("%s", e.text);
    return y;
}

static void test_restore(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct sample x, y;
        struct backup_result one, two;
        struct state_of old = {0};
        char to[128], back[128];
        struct err e = {0};

        both(&x, (enum db_engine)engine, to, back);
        for (int i = 0; i < 5; i++)
            sample_deliver(&x, &x.anna, "Ordine", i == 3);
        one = backup(&x, to);
        assert_int_equal(one.cells, 1);
        sample_deliver(&x, &x.bruno, "Offerta", false);
        sample_reopen(&x);
        sample_deliver(&x, &x.bruno, "Altra offerta", false); /* in a second pack */
        two = backup(&x, to);
        assert_true(two.bytes_total > one.bytes_total);
        old.at = x.anna;
        sample_deliver(&x, &x.anna, "Perso", false); /* after the backup: its numbers must not come again */
        assert_int_equal(cell_read_wait(x.c, state_fn, &old), 0);
        store_close(&x.s);

        y = restored(&x, to, back);
        y.conf.state = y.dir;
        y.conf.url = y.url;
        assert_int_equal(sample_sound(&y.conf).messages, 7);
        sample_reopen(&y);
        assert_int_equal(cell_read_wait(y.c, changes_fn, &old), 0);
        assert_int_equal(old.rc, READ_CANNOT);
        assert_int_equal(cell_read_wait(y.c, state_fn, &old), 0);
        assert_int_equal(cell_read_wait(y.c, changes_fn, &old), 0);
        assert_int_equal(old.rc, 0);
        assert_true(sample_deliver(&y, &y.anna, "Dopo il ripristino", false) > CELL_EPOCH_JUMP);
        assert_int_equal(sample_sound(&y.conf).messages, 8);
        assert_int_equal(store_backup(&y.conf, env_system(), to, &one, &e), ERR_INVALID);
        assert_non_null(strstr(e.text, "new folder"));
        store_close(&y.s);
        scratch_remove(x.dir);
        scratch_remove(y.dir);
        scratch_remove(to);
    }
}

static void *deliver_all(void *arg)
{
    struct sample *x = arg;

    for (int i = 0; i < 150; i++)
        sample_deliver(x, i % 2 ? &x->anna : &x->bruno, "Durante il salvataggio", i % 10 == 0);
    return NULL;
}

/* Groups go on between the snapshot and the packs: the restored state has just those of the snapshot, and is sound. */
static void test_while_writing(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct sample x, y;
        char to[128], back[128];
        pthread_t writer;

        both(&x, (enum db_engine)engine, to, back);
        assert_int_equal(pthread_create(&writer, NULL, deliver_all, &x), 0);
        for (int i = 0; i < 4; i++)
            (void)backup(&x, to);
        assert_int_equal(pthread_join(writer, NULL), 0);
        store_close(&x.s);
        y = restored(&x, to, back);
        y.conf.state = y.dir;
        y.conf.url = y.url;
        (void)sample_sound(&y.conf);
        sample_reopen(&y);
        sample_deliver(&y, &y.anna, "Dopo", false);
        (void)sample_sound(&y.conf);
        store_close(&y.s);
        scratch_remove(x.dir);
        scratch_remove(y.dir);
        scratch_remove(to);
    }
}

static void test_refused(void **state UNUSED)
{
    struct sample x;
    struct backup_result r;
    char to[128], back[128], pack[300], other[128];
    uint8_t *bytes = malloc(1 << 20);
    struct store_conf conf;
    struct err e = {0};
    size_t n;

    both(&x, DB_SQLITE, to, back);
    sample_deliver(&x, &x.anna, "Ordine", false);
    (void)backup(&x, to);
    conf = x.conf;
    conf.state = back;
    (void)snprintf(pack, sizeof pack, "%s/cells/1/packs/%016x.pack", to, 1);
    n = file_load(pack, bytes, 1 << 20);
    assert_true(n > 100);
    bytes[n / 2] ^= 4;
    assert_true(file_save(pack, bytes, n));
    assert_int_equal(store_restore(to, &conf, env_system(), &r, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, "0000000000000001.pack"));
    assert_int_not_equal(access(back, F_OK), 0);
    bytes[n / 2] ^= 4;
    assert_true(file_save(pack, bytes, n - 1));
    assert_int_equal(store_restore(to, &conf, env_system(), &r, &e), ERR_CORRUPT);
    (void)unlink(pack);
    assert_int_equal(store_restore(to, &conf, env_system(), &r, &e), ERR_NOENT);
    assert_int_not_equal(access(back, F_OK), 0);
    assert_true(file_save(pack, bytes, n));
    assert_int_equal(store_backup_check(to, &r, &e), 0);
    conf.state = x.dir; /* not empty */
    assert_int_equal(store_restore(to, &conf, env_system(), &r, &e), ERR_EXIST);
    (void)snprintf(other, sizeof other, "%s/cells", x.dir);
    assert_int_equal(store_backup(&x.conf, env_system(), other, &r, &e), ERR_INVALID); /* other files there */
    assert_int_equal(store_restore(x.dir, &conf, env_system(), &r, &e), ERR_NOENT);
    conf.state = back;
    conf.engine = DB_POSTGRESQL;
    assert_int_equal(store_restore(to, &conf, env_system(), &r, &e), ERR_INVALID);
    sample_close(&x);
    scratch_remove(to);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_restore), cmocka_unit_test(test_while_writing),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}

/* A cell built from its packs alone: the same messages under the same numbers in the same mailboxes, what was removed stays removed, what was held
 * stays held, and what nobody can know to be committed is shown as such. */
#include "store/decide.h"
#include "store/manage.h"
#include "store/salvage.h"
#include "store/sample_test_help.h"
#include "store/store_priv.h"
#include "store/verify_priv.h"

/* Every placement as a line: mailbox, uid, message, stub, held, content. */
static void dump(const struct store_conf *conf, struct buf *out)
{
    struct store s = {.conf = *conf, .env = env_system()};
    struct cell *c = NULL;
    struct db *db = NULL;
    struct scan scan;

    buf_init(out, 1 << 20);
    assert_int_equal(cell_create_struct(&s, 1, &c, NULL), 0);
    assert_int_equal(cell_db_open(c, &db, false, NULL), 0);
    assert_int_equal(db_begin_read(db), 0);
    scan = scan_of(db, SQL_VERIFY_PLACEMENT, 4);
    while (scan_next(&scan) == 1) {
        buf_printf(out, "%lld %lld %lld %lld m%lld s%lld h%lld ", (long long)scan.key[0], (long long)scan.key[1],
                   (long long)scan.key[2], (long long)scan.key[3], (long long)db_col_int(&scan.c, 4),
                   (long long)db_col_int(&scan.c, 8), (long long)db_col_int(&scan.c, 13));
        buf_printf(out, "%02x%02x\n", (uint8_t)db_col_str(&scan.c, 16).p[0], (uint8_t)db_col_str(&scan.c, 16).p[1]);
    }
    scan_end(&scan);
    db_rollback(db);
    db_close(&db);
    cell_free(c);
}

#define PLACE_BYTE 60 /* of a place record: inside its body */

static void say(void *arg, const char *text)
{
    print_message("%s\n", text);
    ++*(int *)arg;
}

static struct sample salvaged(struct sample *x, struct salvage_result *r, int *said)
{
    struct sample y = {.org = x->org, .anna = x->anna, .bruno = x->bruno};
    struct err e = {0};

    *said = 0;
    (void)snprintf(y.dir, sizeof y.dir, "%s", scratch_make());
    y.conf = x->conf;
    y.conf.state = y.dir;
    if (x->conf.engine == DB_POSTGRESQL)
        sample_database(&y);
    if (store_salvage(&x->conf, env_system(), 1, &y.conf, say, said, r, &e) != 0)
        fail_msg("%s", e.text);
    return y;
}

struct report_job {
    struct place_of at;
    int64_t message;
    struct arena *a;
    struct mail_reported out;
    int found;
    struct domain_row *rows;
    size_t n;
};
static int report_fn(struct txn *t, void *arg)
{
    struct report_job *j = arg;
    int r = mail_report(t, j->at.org, j->at.account, j->message, REPORT_FRAUD, STR("anna@azienda.example"));
    return r > 0 ? ERR_INVALID : r;
}
static int reported_fn(struct txn *t, void *arg)
{
    struct report_job *j = arg;
    j->found = mail_reported(t, j->a, j->at.org, j->at.account, j->message, &j->out);
    return j->found < 0 ? j->found : domain_list(t, j->a, j->at.org, &j->rows, &j->n);
}

/* What stands in no pack: a domain that is only named, one whose proof lapsed, what a person said of a message. */
static struct report_job no_pack_holds(struct sample *x, struct arena *a)
{
    struct report_job j = {.at = x->anna, .message = x->last_message, .a = a};
    struct err e = {0};
    struct domain_row row;
    enum domain_change change;
    int code;
    struct domain_look l = {x->org, STR("provata.example"), STR("sigillo"), DOMAIN_NO_RECORD, 1};
    assert_int_equal(cell_write_wait(x->c, report_fn, &j, NULL, 0, &code), CELL_DURABLE);
    assert_int_equal(domain_claim(x->s, a, 1, x->org, STR("nuova.example"), STR("anna"), &row, &e), 0);
    assert_int_equal(domain_claim(x->s, a, 1, x->org, STR("provata.example"), STR("anna"), &row, &e), 0);
    assert_int_equal(domain_add(x->s, 1, x->org, STR("provata.example"), DOMAIN_BY_PROOF, STR("anna"), &e), 0);
    for (int i = 0; i < DOMAIN_MISSES; i++)
        assert_int_equal(domain_proof_looked(x->s, 1, &l, &change, &e), 0);
    assert_int_equal(change, DOMAIN_LAPSED);
    assert_int_equal(cell_read_wait(x->c, reported_fn, &j), 0);
    assert_int_equal(j.found, 1);
    return j;
}

static void is_back(struct sample *y, const struct report_job *was)
{
    struct report_job j = {.at = was->at, .message = was->message, .a = was->a};
    assert_int_equal(cell_read_wait(y->c, reported_fn, &j), 0);
    assert_int_equal(j.found, 1);
    assert_true(j.out.as == was->out.as && j.out.at_ms == was->out.at_ms && str_eq(j.out.who, was->out.who));
    assert_int_equal(j.n, was->n);
    for (size_t i = 0; i < j.n; i++) {
        assert_true(str_eq(j.rows[i].domain, was->rows[i].domain) && str_eq(j.rows[i].token, was->rows[i].token));
        assert_true(j.rows[i].pending == was->rows[i].pending && j.rows[i].lapsed_ms == was->rows[i].lapsed_ms);
    }
}

static void fill(struct sample *x)
{
    int64_t held, gone;

    sample_deliver(x, &x->anna, "Ordine", false);
    sample_deliver(x, &x->bruno, "Offerta", false);
    gone = sample_deliver(x, &x->anna, "Da buttare", false);
    held = sample_deliver(x, &x->anna, "Nuovo IBAN", true);
    sample_deliver(x, &x->anna, "Ancora trattenuto", true);
    sample_change(x, &x->anna, gone, true);
    sample_change(x, &x->anna, held, false);
    sample_reopen(x); /* a second pack */
    sample_deliver(x, &x->anna, "Fattura 12", false);
}

#define SELF(y) ((y).conf.state = (y).dir, (y).conf.url = (y).conf.engine == DB_POSTGRESQL ? (y).url : NULL)

/* The database can be asked what was committed last: nothing is uncertain, all is as it was. */
static void test_with_database(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct sample x, y;
        struct salvage_result r;
        AUTO(buf) struct buf before, after;
        struct login login;
        struct arena a;
        int said;

        arena_init(&a, ARENA_NO_LIMIT);
        sample_open(&x, (enum db_engine)engine);
        fill(&x);
        struct report_job was = no_pack_holds(&x, &a);
        store_close(&x.s);
        y = salvaged(&x, &r, &said);
        SELF(y);
        assert_int_equal(said, 0);
        assert_int_equal(r.messages, 5);
        assert_int_equal(r.placements, 6);
        assert_int_equal(r.held, 1);
        assert_int_equal(r.uncertain, 0);
        assert_int_equal(r.lost, 0);
        assert_true(r.removed > 0 && r.database && r.directory);
        assert_int_equal(r.passwords, 2);
        dump(&x.conf, &before);
        dump(&y.conf, &after);
        assert_string_equal(arena_z(&a, buf_str(&after)), arena_z(&a, buf_str(&before)));
        (void)sample_sound(&y.conf);
        sample_reopen(&y);
        is_back(&y, &was);
        assert_int_equal(login_find(y.s, &a, STR("anna@azienda.example"), &login), 0);
        assert_true(str_eq(login.hash, STR("$argon2id$one")));
        assert_true(sample_deliver(&y, &y.anna, "Dopo", false) > CELL_EPOCH_JUMP);
        (void)sample_sound(&y.conf);
        store_close(&y.s);
        scratch_remove(x.dir);
        scratch_remove(y.dir);
        arena_free(&a);
    }
}

/* Packs and nothing else: the last commit is uncertain. */
static void test_packs_alone(void **state UNUSED)
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct sample x, y;
        struct salvage_result r;
        AUTO(buf) struct buf after;
        struct place_of at;
        char path[200];
        int said;

        sample_open(&x, (enum db_engine)engine);
        fill(&x);
        store_close(&x.s);
        (void)snprintf(path, sizeof path, "%s/cells/1/cell.db", x.dir);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s/directory/cell.db", x.dir);
        (void)unlink(path);
        if (engine == DB_POSTGRESQL) {
            sample_damage(&x, "lost_cell", false);
            sample_damage(&x, "lost_directory", false);
        }
        y = salvaged(&x, &r, &said);
        SELF(y);
        assert_false(r.database || r.directory);
        assert_int_equal(r.messages, 5);
        assert_int_equal(r.uncertain, 1);
        assert_int_equal(r.held, 1);
        assert_int_equal(r.lost, 0);
        assert_int_equal(r.passwords, 0);
        assert_int_equal(r.accounts, 2);
        (void)sample_sound(&y.conf);
        sample_reopen(&y);
        assert_int_equal(directory_find(y.s, STR("bruno@azienda.example"), &at), 0);
        assert_int_equal(at.account, x.bruno.account);
        assert_true(directory_has_domain(y.s, STR("azienda.example")));
        sample_deliver(&y, &y.anna, "Dopo", false);
        (void)sample_sound(&y.conf);
        dump(&y.conf, &after);
        store_close(&y.s);
        scratch_remove(x.dir);
        scratch_remove(y.dir);
    }
}

/* A database that has gone back decides nothing. */
static void test_database_behind(void **state UNUSED)
{
    struct sample x, y;
    struct salvage_result r;
    char path[200], cmd[1000];
    int said;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    store_close(&x.s);
    (void)snprintf(path, sizeof path, "%s/cells/1/cell.db", x.dir);
    (void)snprintf(cmd, sizeof cmd, "cp %s %s.old", path, path);
    assert_int_equal(system(cmd), 0);
    sample_reopen(&x);
    for (int i = 0; i < 3; i++)
        sample_deliver(&x, &x.anna, "Poi persa", false);
    store_close(&x.s);
    (void)snprintf(cmd, sizeof cmd, "mv %s.old %s; rm -f %s-wal %s-shm", path, path, path, path);
    assert_int_equal(system(cmd), 0);
    y = salvaged(&x, &r, &said);
    SELF(y);
    assert_int_equal(said, 1);
    assert_int_equal(r.messages, 8);
    assert_int_equal(r.uncertain, 1);
    assert_int_equal(r.lost, 0);
    assert_int_equal(r.passwords, 2);
    (void)sample_sound(&y.conf);
    scratch_remove(x.dir);
    scratch_remove(y.dir);
}

/* Bytes that are lost are said; the others come back. */
static void test_damaged(void **state UNUSED)
{
    struct sample x, y;
    struct salvage_result r;
    char path[200];
    uint8_t *bytes = malloc(1 << 20);
    size_t n;
    int said;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    store_close(&x.s);
    (void)snprintf(path, sizeof path, "%s/cells/1/packs/%016x.pack", x.dir, 1);
    n = file_load(path, bytes, 1 << 20);
    for (size_t at = 40; at < n; at += 29) {
        bytes[at] ^= 0x10;
        assert_true(file_save(path, bytes, n));
        y = salvaged(&x, &r, &said);
        SELF(y);
        assert_true(r.damaged >= 1);
        assert_true(r.messages + r.lost >= 4 && r.messages >= 4); /* one record touches at most one message */
        (void)sample_sound(&y.conf);
        scratch_remove(y.dir);
        bytes[at] ^= 0x10;
    }
    scratch_remove(x.dir);
    free(bytes);
}

/* Where the place records of a pack are. */
struct places {
    int64_t at[32];
    struct str verdict[32];
    size_t n;
};
static int find_place(void *arg, const struct pack_seen *seen)
{
    struct places *p = arg;

    if (seen->kind == PACK_PLACE && p->n < N_ELEMENTS(p->at)) {
        p->verdict[p->n] = str_eq(seen->place.verdict, STR("stub")) ? STR("stub") : STR("");
        p->at[p->n++] = seen->loc.offset;
    }
    return 0;
}

/* Packs alone, one place record does not check: its message is still there, held, and its owner's. */
static void test_place_damaged(void **state UNUSED)
{
    struct sample x, y;
    struct salvage_result r, sound;
    struct places p = {.n = 0};
    struct err e = {0};
    char path[200];
    uint8_t *bytes = malloc(1 << 20);
    size_t n;
    int said;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    for (int i = 0; i < 3; i++)
        sample_deliver(&x, i % 2 ? &x.anna : &x.bruno, "Ancora", false);
    store_close(&x.s);
    (void)snprintf(path, sizeof path, "%s/cells/1/cell.db", x.dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/cells/1/packs/%016x.pack", x.dir, 1);
    y = salvaged(&x, &sound, &said);
    scratch_remove(y.dir);
    n = file_load(path, bytes, 1 << 20);
    assert_int_equal(pack_walk(path, NULL, find_place, &p, &e), 0);
    assert_true(p.n >= 7);
    for (size_t i = 0; i < p.n; i++) {
        size_t at = (size_t)p.at[i] + PLACE_BYTE;
        bytes[at] ^= 0x10;
        assert_true(file_save(path, bytes, n));
        y = salvaged(&x, &r, &said);
        SELF(y);
        if (p.verdict[i].n == 0) { /* what was removed may come back, what stood is there; nothing held gets free */
            assert_true(r.messages >= sound.messages);
            assert_int_equal(r.lost, 0);
        }
        assert_true(r.held >= sound.held);
        (void)sample_sound(&y.conf);
        scratch_remove(y.dir);
        bytes[at] ^= 0x10;
    }
    scratch_remove(x.dir);
    free(bytes);
}

static void test_refused(void **state UNUSED)
{
    struct sample x;
    struct salvage_result r;
    struct store_conf to;
    struct err e = {0};
    int said = 0;
    char *out;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    to = x.conf;
    assert_int_equal(store_salvage(&x.conf, env_system(), 1, &to, say, &said, &r, &e), ERR_EXIST);
    out = scratch_make();
    to.state = out;
    assert_int_equal(store_salvage(&x.conf, env_system(), 7, &to, say, &said, &r, &e), ERR_NOENT);
    scratch_remove(out);
    sample_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_with_database),   cmocka_unit_test(test_packs_alone),
                                       cmocka_unit_test(test_damaged),         cmocka_unit_test(test_place_damaged),
                                       cmocka_unit_test(test_database_behind), cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}

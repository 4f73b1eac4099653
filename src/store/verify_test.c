/* `sigillo verify`: a sound state has no finding; each kind of damage is named, where it is, on both engines. */
#include "store/sample_test_help.h"

struct seen {
    size_t n[VERIFY_KINDS], fixed;
    struct verify_finding last[VERIFY_KINDS];
    char what[VERIFY_KINDS][900], file[VERIFY_KINDS][300];
    bool covers; /* some pack finding covers the offset looked for */
    int64_t offset;
};

static void look(void *arg, const struct verify_finding *f)
{
    struct seen *s = arg;

    s->n[f->kind]++;
    s->fixed += f->fixed;
    s->last[f->kind] = *f;
    (void)snprintf(s->what[f->kind], sizeof s->what[0], "%.*s", STRF(f->what));
    (void)snprintf(s->file[f->kind], sizeof s->file[0], "%.*s", STRF(f->file));
    s->covers |= f->damage && f->offset >= 0 && s->offset >= f->offset && s->offset < f->offset + f->length;
    assert_true(f->what.n > 0 && f->means.n > 0 && (f->cure.n > 0 || f->kind == VERIFY_READONLY));
}

static struct verify_result run(struct sample *x, struct seen *s, bool fix)
{
    struct verify_conf v = {.only_cell = -1, .fix = fix, .found = look, .arg = s};
    struct verify_result r;
    struct err e = {0};

    if (store_verify(&x->conf, env_system(), &v, &r, &e) != 0)
        fail_msg("%s", e.text);
    return r;
}

static void expect(struct sample *x, enum verify_kind kind, const char *words)
{
    struct seen *s = calloc(1, sizeof *s);
    struct verify_result r = run(x, s, false);

    if (s->n[kind] == 0 || (words && !strstr(s->what[kind], words)))
        for (int i = 0; i < VERIFY_KINDS; i++)
            if (s->n[i])
                print_message("%s: %s\n", s->last[i].name, s->what[i]);
    assert_true(r.damage > 0 || !s->last[kind].damage);
    assert_true(s->n[kind] > 0);
    if (words)
        assert_non_null(strstr(s->what[kind], words));
    free(s);
}

static void expect_sound(struct sample *x) { (void)sample_sound(&x->conf); }

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
    sample_deliver(x, &x->anna, "Fattura 12", false);
}

static void each(void (*f)(struct sample *))
{
    for (int engine = DB_SQLITE; engine <= DB_POSTGRESQL; engine++) {
        struct sample x;

        sample_open(&x, (enum db_engine)engine);
        fill(&x);
        f(&x);
        sample_close(&x);
    }
}

static char *pack_path_of(const struct sample *x)
{
    static char path[200];

    (void)snprintf(path, sizeof path, "%s/cells/1/packs/%016x.pack", x->dir, 1);
    return path;
}

static void sound(struct sample *x)
{
    struct seen *s = calloc(1, sizeof *s);
    struct verify_result r = run(x, s, false); /* the store is open: verify runs beside a server */

    expect_sound(x);
    assert_int_equal(r.damage + r.notes, 0);
    assert_int_equal(r.cells, 1);
    assert_int_equal(r.messages, 5);
    assert_int_equal(r.placements, 6);
    assert_int_equal(r.accounts, 2);
    assert_true(r.packs >= 1 && r.records > 20);
    sample_reopen(x);
    sample_deliver(x, &x->anna, "Dopo", false); /* a second pack */
    store_close(&x->s);
    expect_sound(x);
    free(s);
}
static void test_sound(void **state UNUSED) { each(sound); }

static void rows(struct sample *x)
{
    static const struct {
        const char *damage; /* of tests/data/damage.sql */
        enum verify_kind kind;
    } cases[] = {
        {"counter_total", VERIFY_COUNTER},
        {"counter_unread_threads", VERIFY_COUNTER},
        {"counter_uidnext", VERIFY_COUNTER},
        {"placement_thread", VERIFY_THREAD},
        {"placement_older", VERIFY_THREAD},
        {"message_thread", VERIFY_THREAD},
        {"org_seq", VERIFY_SEQ},
        {"message_held", VERIFY_HOLD},
        {"unread_dangling", VERIFY_ROW_DANGLING},
        {"placement_message", VERIFY_ROW_DANGLING},
        {"placement_uid", VERIFY_PLACE_LOST},
        {"placement_uid", VERIFY_PLACE_UNBACKED},
        {"blob_id", VERIFY_ROW_DANGLING},
        {"blob_offset", VERIFY_BLOB_LOST},
        {"blob_pack", VERIFY_BLOB_LOST},
        {"audit_detail", VERIFY_AUDIT},
        {"address_account", VERIFY_ADDRESS},
        {"address_text", VERIFY_ADDRESS},
        {"claim_firm", VERIFY_ROW_DANGLING},
        {"proof_domain", VERIFY_ROW_DANGLING},
        {"reported_dangling", VERIFY_ROW_DANGLING},
        {"domain_cell", VERIFY_ADDRESS},
    };

    store_close(&x->s);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        sample_damage(x, cases[i].damage, false);
        expect(x, cases[i].kind, NULL);
        sample_damage(x, cases[i].damage, true);
    }
    expect_sound(x);
}
static void test_rows(void **state UNUSED) { each(rows); }

static void fix(struct sample *x)
{
    struct seen *s = calloc(1, sizeof *s);
    struct verify_result r;

    store_close(&x->s);
    sample_damage(x, "counters_all", false);
    r = run(x, s, true);
    assert_int_equal(r.damage, 0);
    assert_true(r.fixed > 0);
    expect_sound(x);
    sample_damage(x, "counters_back", false);
    (void)run(x, s, true);
    expect_sound(x);
    free(s);
}
static void test_fix(void **state UNUSED) { each(fix); }

/* What follows from other rows is made again; then nothing more is found, and nothing was thrown away. */
static void mended(struct sample *x)
{
    static const char *const damages[] = {"placement_older", "placement_thread", "message_thread",    "thread_gone",
                                          "org_seq",         "unread_dangling",  "reported_dangling", "counters_all"};
    struct seen *s = calloc(1, sizeof *s);
    struct verify_result sound = run(x, s, false), r;

    store_close(&x->s);
    for (size_t i = 0; i < N_ELEMENTS(damages); i++) {
        sample_damage(x, damages[i], false);
        r = run(x, s, false);
        if (r.damage == 0)
            fail_msg("%s: not seen", damages[i]);
        r = run(x, s, true);
        assert_true(r.fixed > 0);
        r = run(x, s, true); /* what was a consequence of another is seen now */
        if (r.damage != 0)
            fail_msg("%s: %lld left of it; %s", damages[i], (long long)r.damage, s->what[VERIFY_THREAD]);
        expect_sound(x);
        r = run(x, s, false);
        assert_int_equal(r.messages, sound.messages);
        assert_int_equal(r.placements, sound.placements);
    }
    sample_reopen(x);
    sample_deliver(x, &x->anna, "Dopo", false);
    store_close(&x->s);
    expect_sound(x);
    free(s);
}
static void test_mended(void **state UNUSED) { each(mended); }

static void mark(struct sample *x)
{
    struct seen *s = calloc(1, sizeof *s);
    struct verify_result r;

    cell_mark_readonly(x->c, "an I/O error was seen");
    store_close(&x->s);
    sample_damage(x, "counter_total", false);
    r = run(x, s, false);
    assert_int_equal(s->n[VERIFY_READONLY], 1);
    assert_false(s->last[VERIFY_READONLY].fixed); /* damaged: stays */
    sample_damage(x, "counter_total", true);
    r = run(x, s, false);
    assert_int_equal(r.damage, 0);
    assert_true(s->last[VERIFY_READONLY].fixed);
    sample_reopen(x);
    assert_int_equal(cell_state(x->c, NULL), CELL_OK);
    sample_deliver(x, &x->anna, "Di nuovo", false);
    free(s);
}
static void test_mark(void **state UNUSED) { each(mark); }

/* One bit in every byte of the pack: named with the offset, and never an end of the run. */
static void test_pack_bits(void **state UNUSED)
{
    struct seen *s = calloc(1, sizeof *s);
    uint8_t *bytes = malloc(1 << 20);
    struct sample x;
    size_t n;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    store_close(&x.s);
    n = file_load(pack_path_of(&x), bytes, 1 << 20);
    assert_true(n > 2000 && n < 1 << 20);
    for (size_t i = 0; i < n; i += 5) {
        struct verify_result r;

        memset(s, 0, sizeof *s);
        s->offset = (int64_t)i;
        bytes[i] ^= (uint8_t)(1u << (i / 5) % 8);
        assert_true(file_save(pack_path_of(&x), bytes, n));
        r = run(&x, s, false);
        if (r.damage == 0 || !s->covers)
            print_message("byte %zu of %zu\n", i, n);
        assert_true(r.damage > 0);
        assert_true(s->covers);
        bytes[i] ^= (uint8_t)(1u << (i / 5) % 8);
    }
    for (size_t cut = n - 1; cut > n / 2; cut -= 97) {
        assert_true(file_save(pack_path_of(&x), bytes, cut));
        memset(s, 0, sizeof *s);
        assert_true(run(&x, s, false).damage > 0);
    }
    assert_true(file_save(pack_path_of(&x), bytes, n));
    expect_sound(&x);
    bytes[n] = 0x53; /* a torn write behind the last commit: no damage */
    assert_true(file_save(pack_path_of(&x), bytes, n + 1));
    expect_sound(&x);
    expect(&x, VERIFY_PACK_TORN, NULL);
    scratch_remove(x.dir);
    free(bytes);
    free(s);
}

static void test_pack_files(void **state UNUSED)
{
    struct sample x, y;
    char aside[200], other[200], cmd[500];

    sample_open(&x, DB_SQLITE);
    fill(&x);
    sample_open(&y, DB_SQLITE);
    fill(&y);
    store_close(&x.s);
    store_close(&y.s);
    (void)snprintf(aside, sizeof aside, "%s/aside", x.dir);
    assert_int_equal(rename(pack_path_of(&x), aside), 0);
    expect(&x, VERIFY_PACK_MISSING, NULL);
    expect(&x, VERIFY_BLOB_LOST, "anna@azienda.example");
    (void)snprintf(other, sizeof other, "%s", pack_path_of(&y));
    (void)snprintf(cmd, sizeof cmd, "cp %s %s", other, pack_path_of(&x));
    assert_int_equal(system(cmd), 0);
    expect(&x, VERIFY_PACK_REFUSED, "another cell");
    assert_int_equal(rename(aside, pack_path_of(&x)), 0);
    expect_sound(&x);
    (void)snprintf(cmd, sizeof cmd, "cp %s %s/cells/1/packs/00000000000000ff.pack", pack_path_of(&x), x.dir);
    assert_int_equal(system(cmd), 0);
    expect(&x, VERIFY_PACK_REFUSED, "renamed");
    sample_close(&y);
    scratch_remove(x.dir);
}

static void test_database(void **state UNUSED)
{
    struct sample x;
    char path[200];
    uint8_t *bytes = malloc(4 << 20);
    size_t n;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    store_close(&x.s);
    (void)snprintf(path, sizeof path, "%s/cells/1/cell.db", x.dir);
    n = file_load(path, bytes, 4 << 20);
    assert_true(n > 8192);
    assert_true(file_save(path, bytes, n / 2));
    {
        struct seen *s = calloc(1, sizeof *s);

        assert_true(run(&x, s, false).damage > 0);
        free(s);
    }
    memset(bytes + 4096, 0x55, n - 8192);
    assert_true(file_save(path, bytes, n));
    {
        struct seen *s = calloc(1, sizeof *s);

        assert_true(run(&x, s, false).damage > 0);
        free(s);
    }
    assert_true(file_save(path, bytes, 0));
    expect(&x, VERIFY_DATABASE_DOWN, "cut short");
    (void)unlink(path);
    expect(&x, VERIFY_DATABASE_DOWN, NULL);
    free(bytes);
    scratch_remove(x.dir);
}

/* Rows are covered too: the pages of the databases carry sums. */
static void test_database_bits(void **state UNUSED)
{
    static const char *const files[] = {"cells/1/cell.db", "directory/cell.db"};
    struct seen *s = calloc(1, sizeof *s);
    uint8_t *bytes = malloc(4 << 20);
    struct sample x;

    sample_open(&x, DB_SQLITE);
    fill(&x);
    store_close(&x.s);
    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        char path[200];
        size_t n;

        (void)snprintf(path, sizeof path, "%s/%s", x.dir, files[i]);
        n = file_load(path, bytes, 4 << 20);
        for (size_t at = 4096 + 13; at < n; at += 1500) {
            memset(s, 0, sizeof *s);
            s->offset = (int64_t)at;
            bytes[at] ^= (uint8_t)(1u << at % 8);
            assert_true(file_save(path, bytes, n));
            assert_true(run(&x, s, false).damage > 0);
            for (int k = 0; k < VERIFY_KINDS && !s->covers; k++)
                if (s->n[k])
                    print_message("%s at %zu: %s: %s\n", files[i], at, s->last[k].name, s->what[k]);
            assert_true(s->covers);
            bytes[at] ^= (uint8_t)(1u << at % 8);
        }
        assert_true(file_save(path, bytes, n));
    }
    expect_sound(&x);
    scratch_remove(x.dir);
    free(bytes);
    free(s);
}

/* A database put back by hand, or whose end was lost: the packs know better. */
static void test_behind(void **state UNUSED)
{
    struct sample x;
    char path[200], cmd[1000];

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
    expect_sound(&x);
    (void)snprintf(cmd, sizeof cmd, "mv %s.old %s; rm -f %s-wal %s-shm", path, path, path, path);
    assert_int_equal(system(cmd), 0);
    expect(&x, VERIFY_COMMITS_LOST, "prove 2 commits"); /* nobody can know of the third */
    expect(&x, VERIFY_PLACE_LOST, NULL);
    scratch_remove(x.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),         cmocka_unit_test(test_rows),     cmocka_unit_test(test_fix),
        cmocka_unit_test(test_mended),        cmocka_unit_test(test_mark),     cmocka_unit_test(test_pack_bits),
        cmocka_unit_test(test_pack_files),    cmocka_unit_test(test_database), cmocka_unit_test(test_behind),
        cmocka_unit_test(test_database_bits),
    };

    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}

/* The index beside a cell: what is new is found, what is gone or held is not, other accounts' mail never; damage is mended. */
#include "facts/facts.h"
#include "store/search_priv.h"
#include "store/store_fixture.h"
#include "store/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static struct fixture F;
static enum db_engine engine;
static struct arena A;
static struct search *S;

static int setup(void **state UNUSED)
{
    struct err e = {0};
    arena_init(&A, ARENA_NO_LIMIT);
    fixture_open(&F, engine);
    assert_int_equal(search_open(&S, F.cell, true, &e), 0);
    return 0;
}
static int teardown(void **state UNUSED)
{
    search_close(&S);
    fixture_close(&F);
    arena_free(&A);
    return 0;
}

struct mail {
    struct blob_draft blob, stub, *drafts[2];
    struct mail_draft d;
    int64_t account, mailbox, message, thread, uid;
    bool hold;
};
static int deliver_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    if (m->hold)
        return mail_hold(t, F.org, m->account, &m->d, &m->stub, &m->message);
    int r = mail_role_mailbox(t, F.org, m->account, ROLE_INBOX, &m->mailbox);
    if (r == 0)
        r = mail_add(t, F.org, m->account, &m->d, &m->message, &m->thread);
    return r ? r : mail_place(t, F.org, m->account, m->mailbox, m->message, m->d.blob, m->d.received_ms, 0, &m->uid);
}
static int release_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_release(t, F.org, m->account, m->message, STR("anna"));
}
static int unplace_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_unplace(t, F.org, m->account, m->mailbox, m->uid);
}
static void write_job(cell_fn *fn, struct mail *m)
{
    int code;
    assert_int_equal(cell_write_wait(F.cell, fn, m, m->drafts, 2, &code), CELL_DURABLE);
}
static struct mail *deliver(int user, const char *subject, const char *text, bool hold)
{
    static int n;
    struct mail *m = arena_new(&A, struct mail);
    struct facts_insight in = {.text = str_c(text)};
    struct buf b;
    buf_init(&b, 1 << 20);
    facts_insight_put(&b, &in);
    m->account = F.user[user].account;
    m->hold = hold;
    assert_int_equal(blob_prepare(&A, F.org, arena_printf(&A, "mail %d", n++), &m->blob), 0);
    assert_int_equal(blob_prepare(&A, F.org, STR("stub"), &m->stub), 0);
    m->drafts[0] = &m->blob;
    m->drafts[1] = &m->stub;
    m->d = (struct mail_draft){.blob = &m->blob,
                               .insight = arena_str(&A, buf_str(&b)),
                               .insight_version = 1,
                               .subject = str_c(subject),
                               .subject_base = str_c(subject),
                               .from = {STR("Mario Rossi"), STR("mario@fornitore.example")},
                               .received_ms = 1700000000000 + n};
    buf_free(&b);
    write_job(deliver_fn, m);
    return m;
}
static size_t found(int user, const char *text)
{
    int64_t *ids;
    size_t n;
    assert_int_equal(search_query(S, &A, F.org, F.user[user].account, str_c(text), 100, &ids, &n), 0);
    return n;
}
static void catch_up(void)
{
    int r;
    while ((r = search_turn(S, true, NULL)) == 1)
        ;
    assert_int_equal(r, 0);
}

/* A question that fits nearly everything ends, and the index answers the next one. */
static void ends_in_time(void **state UNUSED)
{
    int64_t *ids;
    size_t n;
    AUTO(buf) struct buf text;
    buf_init(&text, 1 << 20);
    for (int m = 0; m < 24; m++) {
        buf_clear(&text);
        for (int i = 0; i < 20000; i++)
            buf_printf(&text, "q%d%c", m * 20000 + i, i % 100 == 99 ? '\n' : ' ');
        buf_addc(&text, '\0');
        deliver(2, "Tabella", text.p, false);
    }
    deliver(2, "Ricerca", "parola", false);
    catch_up();
    S->limit_ms = 1;
    assert_int_equal(search_query(S, &A, F.org, F.user[2].account, STR("q"), 100, &ids, &n), ERR_TIMEOUT);
    S->limit_ms = SEARCH_LIMIT_MS;
    assert_int_equal(found(2, "parola"), 1);
    assert_int_equal(found(2, "q479999"), 1);
    deliver(2, "Ancora", "parola", false);
    catch_up(); /* and it is still written to */
    assert_int_equal(found(2, "parola"), 2);
}

static void finds_words(void **state UNUSED)
{
    struct mail *a = deliver(0, "Fattura 123", "Gentile cliente, il bonifico è arrivato", false);
    deliver(0, "Ordine", "nessun pagamento qui", false);
    deliver(1, "Fattura privata", "di un altro", false);
    assert_int_equal(found(0, "fattura"), 0);
    catch_up();
    assert_int_equal(found(0, "fattura"), 1);
    assert_int_equal(found(0, "FATTURA bonif"), 1);
    assert_int_equal(found(0, "fattura pagamento"), 0);
    assert_int_equal(found(0, "mario"), 2);
    assert_int_equal(found(1, "mario"), 1);
    assert_int_equal(found(2, "mario"), 0);
    write_job(unplace_fn, a);
    search_note(S, F.org);
    assert_int_equal(search_turn(S, false, NULL), 0);
    assert_int_equal(found(0, "fattura"), 0);
}

/* The same words, whatever accents stand on them and however they are written, are found on both engines. */
static void accents_do_not_matter(void **state UNUSED)
{
    static const char *const mails[] = {
        "Perché la città è più lontana",           "L\u2019offerta di Niccolò: qualità garantita",
        "François a reçu la facture détaillée",    "Stra\u00dfe in München, Rechnung über Grö\u00dfe 5",
        "Citta\u0300 vecchia, perche\u0301 no",    "\u00c9CLAIR AU CHOCOLAT, Z\u00dcRICH",
        "l'ordine n. 12/2024-B da rossi_marmi.it", "Łódź i Øresund",
    };
    static const struct {
        const char *query;
        size_t n;
    } table[] = {
        {"citta", 2},        {"città", 2},        {"CITTA\u0300", 2},   {"perche", 2},         {"perché", 2},
        {"offerta", 1},      {"niccolo", 1},      {"qualita", 1},       {"francois", 1},       {"RECU", 1},
        {"reçu facture", 1}, {"detaillee", 1},    {"munchen", 1},       {"MÜNCHEN", 1},        {"uber", 1},
        {"gro\u00dfe", 1},   {"grosse", 0},       {"zurich", 1},        {"eclair", 1},         {"écl", 1},
        {"ordine 12", 1},    {"2024 b", 1},       {"marmi", 1},         {"rossi marmi it", 1}, {"\u0142odz", 1},
        {"lodz", 0},         {"\u00f8resund", 1}, {"l\u2019ordine", 1}, {"e piu", 1},          {"x\u0301", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(mails); i++)
        deliver(0, "Oggetto", mails[i], false);
    catch_up();
    for (size_t i = 0; i < N_ELEMENTS(table); i++)
        if (found(0, table[i].query) != table[i].n)
            fail_msg("%s: %zu, not %zu", table[i].query, found(0, table[i].query), table[i].n);
}

static void query_language_is_not_reachable(void **state UNUSED)
{
    deliver(0, "uno", "due", false);
    catch_up();
    static const char *const odd[] = {"\"",     "uno\" OR tenant:\"",
                                      "* AND",  "NEAR(uno)",
                                      "uno*",   "tenant:o1a1",
                                      "' | 'x", "uno:*",
                                      "(",      "\\",
                                      "--",     "",
                                      "\xff",   "!uno"};
    for (size_t i = 0; i < N_ELEMENTS(odd); i++)
        (void)found(0, odd[i]);
    assert_int_equal(found(1, "uno\" OR tenant:\"o1a"), 0);
}

static void held_mail_is_not_in_it(void **state UNUSED)
{
    struct mail *m = deliver(0, "Cambio IBAN", "segreto", true);
    catch_up();
    assert_int_equal(found(0, "segreto"), 0);
    write_job(release_fn, m);
    catch_up();
    assert_int_equal(found(0, "segreto"), 1);
}

static void goes_on_after_many(void **state UNUSED)
{
    for (int i = 0; i < 3 * SEARCH_BATCH + 5; i++)
        deliver(i % 2, "serie", "parola", false);
    catch_up();
    assert_int_equal(found(0, "parola") + found(1, "parola"), 3 * SEARCH_BATCH + 5);
}

static void count_missing(void *arg, const struct verify_finding *f) { *(int *)arg += f->kind == VERIFY_SEARCH; }
static int missing(bool fix, int64_t *fixed)
{
    int n = 0;
    struct verify_conf v = {.only_cell = -1, .fix = fix, .found = count_missing, .arg = &n};
    struct verify_result r;
    struct err e = {0};
    if (store_verify(&F.conf, &F.env, &v, &r, &e) != 0)
        fail_msg("%s", e.text);
    *fixed = r.fixed;
    return n;
}

/* Its row went from the index, as by a file put back: verify says so, and --fix makes the running indexer read the account again. */
static void verify_finds_what_is_missing(void **state UNUSED)
{
    int64_t fixed;
    struct mail *m = deliver(0, "Fattura", "bonifico", false);
    deliver(1, "Fattura", "altro", false);
    deliver(0, "Cambio", "trattenuta", true);
    assert_int_equal(missing(false, &fixed), 0); /* nothing was read yet: nothing is missing */
    catch_up();
    assert_int_equal(missing(false, &fixed), 0);
    assert_int_equal(db_begin_write(S->db), 0);
    assert_int_equal(
        db_run(S->db, SQL_SEARCH_DOC_DELETE, DB_ARGS(db_int(F.org), db_int(m->account), db_int(m->message)), NULL), 0);
    assert_int_equal(db_commit(S->db), 0);
    catch_up();
    assert_int_equal(found(0, "bonifico"), 0);
    assert_int_equal(missing(false, &fixed), 1);
    assert_int_equal(fixed, 0);
    assert_int_equal(missing(true, &fixed), 1);
    assert_int_equal(fixed, 1);
    catch_up();
    assert_int_equal(found(0, "bonifico"), 1);
    assert_int_equal(found(0, "fattura"), 1);
    assert_int_equal(missing(false, &fixed), 0);
}

static void damage_is_mended(void **state UNUSED)
{
    if (engine == DB_POSTGRESQL)
        return; /* nothing of the kind there */
    struct err e = {0};
    char path[200];
    deliver(0, "Fattura", "testo", false);
    catch_up();
    search_close(&S);
    snprintf(path, sizeof path, "%s/search.db", cell_dir(F.cell));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("this is no database, and it is long enough to be read as one by whoever does not look at its first bytes "
          "...............",
          f);
    fclose(f);
    assert_int_equal(search_open(&S, F.cell, true, &e), 0);
    catch_up();
    assert_int_equal(found(0, "fattura"), 1);
    /* Damage met while it is open: thrown away, and filled again by the next turn. */
    search_fail(S, ERR_CORRUPT);
    assert_int_not_equal(access(path, F_OK), 0);
    catch_up();
    assert_int_equal(found(0, "fattura"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {T(finds_words),
                                              T(ends_in_time),
                                              T(accents_do_not_matter),
                                              T(query_language_is_not_reachable),
                                              T(held_mail_is_not_in_it),
                                              T(goes_on_after_many),
                                              T(damage_is_mended),
                                              T(verify_finds_what_is_missing)};
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("search, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("search, PostgreSQL", tests, NULL, NULL);
}

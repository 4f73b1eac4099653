#pragma once
/* For the tests of the store's verbs: a small firm with two people and a few messages, on either engine. Only included
 * by *_test.c. */
#include "db/db_testing.h"
#include "store/account.h"
#include "store/mail.h"
#include "store/verify.h"
#include "store/pack_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct sample {
    char dir[96], url[TESTING_URL_MAX + 64];
    struct store_conf conf;
    struct store *s;
    struct cell *c;
    int64_t org;
    struct place_of anna, bruno;
    int64_t last_message;
};

/* Each sample has a database of its own: the schema names of a state are fixed. */
UNUSED static void sample_database(struct sample *x)
{
    static int counter;
    char cmd[2 * TESTING_URL_MAX + 128];
    const char *base = testing_pg_url(), *q = strchr(base, '?');
    const char *slash = strstr(base, "://") ? strchr(strstr(base, "://") + 3, '/') : NULL;
    char name[64];

    (void)snprintf(name, sizeof name, "sample_%ld_%d", (long)getpid(), counter++);
    (void)snprintf(cmd, sizeof cmd, "psql -q '%s' -c 'CREATE DATABASE %s' >&2", base, name);
    assert_int_equal(system(cmd), 0);
    int n = slash ? snprintf(x->url, sizeof x->url, "%.*s/%s%s", (int)(slash - base), base, name, q ? q : "")
                  : snprintf(x->url, sizeof x->url, "%s dbname=%s", base, name);
    assert_true(n > 0 && (size_t)n < sizeof x->url);
    x->conf.url = x->url;
}

UNUSED static void sample_reopen(struct sample *x)
{
    struct err e = {0};

    if (x->s)
        store_close(&x->s);
    if (store_open(&x->s, &x->conf, env_system(), &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(store_cell(x->s, 1, &x->c, &e), 0);
}

UNUSED static void sample_open(struct sample *x, enum db_engine engine)
{
    struct new_user anna = {STR("anna@azienda.example"), STR("Anna Bianchi"), STR("$argon2id$one")};
    struct new_user bruno = {STR("bruno@azienda.example"), STR("Bruno Neri"), STR("$argon2id$two")};
    int64_t cell;
    struct err e = {0};

    *x = (struct sample){0};
    (void)snprintf(x->dir, sizeof x->dir, "%s", scratch_make());
    x->conf = (struct store_conf){.state = x->dir, .engine = engine, .writers = 1, .readers = 1};
    if (engine == DB_POSTGRESQL)
        sample_database(x);
    if (store_create(&x->conf, env_system(), &e) != 0)
        fail_msg("%s", e.text);
    sample_reopen(x);
    assert_int_equal(firm_create(x->s, &(struct new_firm){STR("Azienda"), STR("azienda.example")}, &x->org, &cell, &e),
                     0);
    if (user_create(x->s, STR("azienda.example"), &anna, &x->anna, &e) != 0 ||
        user_create(x->s, STR("azienda.example"), &bruno, &x->bruno, &e) != 0)
        fail_msg("%s", e.text);
}

UNUSED static void sample_close(struct sample *x)
{
    store_close(&x->s);
    scratch_remove(x->dir);
}

struct sample_job {
    struct sample *x;
    struct place_of *to;
    struct mail_draft d;
    struct blob_draft *stub;
    struct mail_accepted accepted;
    int64_t message, uid;
};

UNUSED static int sample_fn(struct txn *t, void *arg)
{
    struct sample_job *j = arg;
    int64_t org = j->to->org, account = j->to->account, inbox, thread;
    int r = mail_accepted_add(t, org, &j->accepted);

    if (r == 0 && j->stub)
        return mail_hold(t, org, account, &j->d, j->stub, &j->message);
    if (r == 0)
        r = mail_add(t, org, account, &j->d, &j->message, &thread);
    if (r == 0)
        r = mail_role_mailbox(t, org, account, ROLE_INBOX, &inbox);
    return r ? r : mail_place(t, org, account, inbox, j->message, NULL, j->d.received_ms, 0, &j->uid);
}

/* One message, durably; held when hold. Returns its id. */
UNUSED static int64_t sample_deliver(struct sample *x, struct place_of *to, const char *subject, bool hold)
{
    static int counter;
    AUTO(arena) struct arena a;
    struct blob_draft blob, stub, *all[2] = {&blob, &stub};
    char text[700], id[32];
    struct sample_job j = {.x = x, .to = to};
    int code = 0;

    arena_init(&a, ARENA_NO_LIMIT);
    (void)snprintf(id, sizeof id, "id%dx", ++counter);
    (void)snprintf(text, sizeof text,
                   "Return-Path: <carla@fornitore.example>\r\nReceived: from mx.fornitore.example ([192.0.2.1])\r\n"
                   "\tby mx.azienda.example with ESMTP id x%d\r\n\tfor <%s>;\r\n\tSat, 1 Nov 2025 10:00:00 +0000\r\n"
                   "From: Carla <carla@fornitore.example>\r\nTo: Tutti <tutti@azienda.example>\r\nSubject: %s\r\n"
                   "Message-ID: <%d@fornitore.example>\r\n\r\nBuongiorno, numero %d.\r\n",
                   counter, to == &x->anna ? "anna@azienda.example" : "bruno@azienda.example", subject, counter,
                   counter);
    assert_int_equal(blob_prepare(&a, to->org, str_c(text), &blob), 0);
    assert_int_equal(blob_prepare(&a, to->org,
                                  arena_printf(&a, "Subject: held\r\n\r\nA message for you is held (%d).\r\n", counter),
                                  &stub),
                     0);
    j.d = (struct mail_draft){.blob = &blob,
                              .structure = STR("s"),
                              .insight = STR("insight"),
                              .insight_version = 1,
                              .message_id = str_c(id),
                              .subject = str_c(subject),
                              .subject_base = str_c(subject),
                              .from = {STR("Carla"), STR("carla@fornitore.example")},
                              .received_ms = 1700000000000 + counter,
                              .sent_ms = 1700000000000,
                              .preview = STR("Buongiorno"),
                              .verdict = hold ? VERDICT_HOLD : VERDICT_ACCEPT,
                              .findings = STR("[]"),
                              .accepted_id = str_c(id)};
    j.accepted = (struct mail_accepted){.id = str_c(id),
                                        .client = STR("192.0.2.1"),
                                        .helo = STR("mx"),
                                        .reverse_path = STR("carla@fornitore.example"),
                                        .recipients = STR("anna@azienda.example"),
                                        .size = 10,
                                        .at_ms = 1700000000000 + counter,
                                        .verdict = hold ? VERDICT_HOLD : VERDICT_ACCEPT};
    memcpy(j.accepted.key, blob.sha256, SHA256_LEN);
    j.stub = hold ? &stub : NULL;
    assert_int_equal(cell_write_wait(x->c, sample_fn, &j, all, hold ? 2 : 1, &code), CELL_DURABLE);
    assert_int_equal(code, 0);
    return x->last_message = j.message;
}

struct sample_change {
    struct place_of *at;
    int64_t message;
    bool destroy;
};
UNUSED static int sample_change_fn(struct txn *t, void *arg)
{
    struct sample_change *c = arg;

    return c->destroy ? mail_email_destroy(t, c->at->org, c->at->account, c->message)
                      : mail_release(t, c->at->org, c->at->account, c->message, STR("anna@azienda.example"));
}
UNUSED static void sample_change(struct sample *x, struct place_of *at, int64_t message, bool destroy)
{
    struct sample_change c = {at, message, destroy};
    int code = 0;

    assert_int_equal(cell_write_wait(x->c, sample_change_fn, &c, NULL, 0, &code), CELL_DURABLE);
}

/* One damage of tests/data/damage.sql, or its undoing. The store must be closed. */
UNUSED static void sample_damage(struct sample *x, const char *name, bool undo)
{
    const char *source = getenv("SIGILLO_SOURCE");
    AUTO(arena) struct arena a;
    AUTO(db) struct db *db = NULL;
    static char text[32768];
    char path[512], head[80];
    struct err e = {0};

    arena_init(&a, ARENA_NO_LIMIT);
    (void)snprintf(path, sizeof path, "%s/tests/data/damage.sql", source ? source : ".");
    struct str all = str_n(text, file_load(path, (uint8_t *)text, sizeof text)), set, sql, back;
    (void)snprintf(head, sizeof head, "-- name: %s\n-- set: ", name);
    ptrdiff_t at = str_find(all, str_c(head), 0);
    if (at < 0)
        fail_msg("%s has no damage %s", path, name);
    (void)str_cut(str_from(all, (size_t)at + strlen(head)), '\n', &set, &sql);
    at = str_find(sql, STR("\n-- name:"), 0);
    sql = at < 0 ? sql : str_upto(sql, (size_t)at);
    at = str_find(sql, STR("-- undo\n"), 0);
    back = at < 0 ? STR_NULL : str_from(sql, (size_t)at + 8);
    sql = undo ? back : at < 0 ? sql : str_upto(sql, (size_t)at);
    assert_true(sql.n > 0);

    bool cell = str_eq(set, STR("cell"));
    AUTO(buf) struct buf url; /* a script says no firm: it must see all */
    buf_init(&url, 4096);
    if (x->conf.engine == DB_POSTGRESQL && db_url_of_all(x->conf.url, &url, &e) != 0)
        fail_msg("%s", e.text);
    (void)snprintf(path, sizeof path, "%s/%s/cell.db", x->dir, cell ? "cells/1" : "directory");
    struct db_conf conf = {.engine = x->conf.engine,
                           .path = path,
                           .url = url.p,
                           .set = cell ? "cell" : "directory",
                           .schema = cell ? "sigillo_cell_1" : "sigillo_directory",
                           .patience_ms = 2000};
    if (db_open(&db, &conf, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(db_begin_write(db), 0);
    if (db_script(db, arena_z(&a, sql)) != 0)
        fail_msg("%s", db_error(db));
    assert_int_equal(db_commit(db), 0);
}

UNUSED static void sample_print(void *arg UNUSED, const struct verify_finding *f)
{
    print_message("%s: %.*s\n", f->name, STRF(f->what));
}

/* verify finds no damage in that state. */
UNUSED static struct verify_result sample_sound(const struct store_conf *conf)
{
    struct verify_conf v = {.only_cell = -1, .found = sample_print};
    struct verify_result r;
    struct err e = {0};

    if (store_verify(conf, env_system(), &v, &r, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(r.damage, 0);
    return r;
}

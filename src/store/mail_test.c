#include "store/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fixture F;
static enum db_engine engine;

struct deliver {
    struct blob_draft blob;
    struct blob_draft *drafts[1];
    struct mail_draft d;
    int64_t account, mailbox, message, thread, uid;
    uint32_t flags;
    int refuse;
};

static int deliver_fn(struct txn *t, void *arg)
{
    struct deliver *v = arg;
    int r = mail_add(t, F.org, v->account, &v->d, &v->message, &v->thread);
    if (r == 0 && !v->mailbox)
        r = mail_role_mailbox(t, F.org, v->account, ROLE_INBOX, &v->mailbox);
    if (r == 0)
        r = mail_place(t, F.org, v->account, v->mailbox, v->message, v->d.blob, v->d.received_ms, v->flags, &v->uid);
    return r ? r : v->refuse;
}

static void draft(struct deliver *v, struct arena *a, const char *body, const char *id, const char *subject)
{
    *v = (struct deliver){.account = F.user[0].account};
    assert_int_equal(blob_prepare(a, F.org, str_c(body), &v->blob), 0);
    v->drafts[0] = &v->blob;
    v->d = (struct mail_draft){.blob = &v->blob,
                               .structure = STR("s"),
                               .insight = STR("insight"),
                               .insight_version = 1,
                               .message_id = str_c(id),
                               .subject = str_c(subject),
                               .subject_base = str_c(subject),
                               .from = {STR("Mario"), STR("m@x.example")},
                               .received_ms = 1700000000000,
                               .preview = STR("preview")};
}

static int deliver(struct deliver *v)
{
    int code = -1;
    int outcome = cell_write_wait(F.cell, deliver_fn, v, v->drafts, 1, &code);
    assert_int_equal(outcome, CELL_DURABLE);
    return code;
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&F, engine);
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    fixture_close(&F);
    return 0;
}

static void test_uids_rise(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct deliver v;
    for (int i = 1; i <= 5; i++) {
        char id[32];
        snprintf(id, sizeof id, "m%d@x", i);
        draft(&v, &a, "body", id, "ciao");
        assert_int_equal(deliver(&v), 0);
        assert_int_equal(v.uid, i);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_uids_rise, setup, teardown),
    };
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("mail, SQLite", tests, NULL, NULL);
    if (getenv("SIGILLO_PG_URL")) {
        engine = DB_POSTGRESQL;
        r |= cmocka_run_group_tests_name("mail, PostgreSQL", tests, NULL, NULL);
    }
    return r;
}

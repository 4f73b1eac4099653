#pragma once
/* For the tests of mail rows: a firm on either engine, messages done to it in one call each, and looks at what is there. Only included by
 * mail_*_test.c. */
#include "store/read.h"
#include "store/store_fixture.h"
#include "store/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fixture F;
static enum db_engine engine;
static struct arena A;

UNUSED static int setup(void **state UNUSED)
{
    arena_init(&A, ARENA_NO_LIMIT);
    fixture_open(&F, engine);
    return 0;
}
UNUSED static int teardown(void **state UNUSED)
{
    fixture_close(&F);
    arena_free(&A);
    return 0;
}

/* ---- doing things ---- */

struct mail {
    struct blob_draft blob, stub;
    struct blob_draft *drafts[2];
    struct mail_draft d;
    struct str refs[4];
    int64_t account, mailbox, message, thread, uid, to;
    uint32_t flags, clear;
    bool hold;
};

UNUSED static struct mail *mail(const char *id, const char *subject, const char *ref)
{
    static int n;
    struct mail *m = arena_new(&A, struct mail);
    m->account = F.user[0].account;
    assert_int_equal(blob_prepare(&A, F.org, arena_printf(&A, "body %d of %s", n++, id), &m->blob), 0);
    assert_int_equal(blob_prepare(&A, F.org, STR("stub"), &m->stub), 0);
    m->drafts[0] = &m->blob;
    m->drafts[1] = &m->stub;
    m->d = (struct mail_draft){.blob = &m->blob,
                               .structure = STR("structure"),
                               .insight = STR("insight insight insight"),
                               .insight_version = 3,
                               .message_id = str_c(id),
                               .references = m->refs,
                               .subject = str_c(subject),
                               .subject_base = str_c(subject),
                               .from = {STR("Mario"), STR("m@x.example")},
                               .received_ms = 1700000000000 + n * 1000,
                               .preview = STR("preview"),
                               .findings = STR("[]"),
                               .accepted_id = STR("t1")};
    if (ref)
        m->refs[m->d.n_references++] = str_c(ref);
    return m;
}

UNUSED static int deliver_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    if (m->hold)
        return mail_hold(t, F.org, m->account, &m->d, &m->stub, &m->message);
    int r = m->mailbox ? 0 : mail_role_mailbox(t, F.org, m->account, ROLE_INBOX, &m->mailbox);
    if (r == 0)
        r = mail_add(t, F.org, m->account, &m->d, &m->message, &m->thread);
    return r ? r
             : mail_place(t, F.org, m->account, m->mailbox, m->message, m->d.blob, m->d.received_ms, m->flags, &m->uid);
}
UNUSED static int flags_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_set_flags(t, F.org, m->account, m->mailbox, m->uid, m->flags, m->clear);
}
UNUSED static int unplace_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_unplace(t, F.org, m->account, m->mailbox, m->uid);
}
UNUSED static int copy_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_copy(t, F.org, m->account, m->mailbox, m->uid, m->to, &m->uid);
}
UNUSED static int move_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_move(t, F.org, m->account, m->mailbox, m->uid, m->to, &m->uid);
}
UNUSED static int destroy_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_email_destroy(t, F.org, m->account, m->message);
}
UNUSED static int release_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_release(t, F.org, m->account, m->message, STR("anna"));
}

UNUSED static int write_job(cell_fn *fn, void *arg, struct mail *m)
{
    int code;
    int outcome = cell_write_wait(F.cell, fn, arg, m ? m->drafts : NULL, m ? 2 : 0, &code);
    assert_int_not_equal(outcome, CELL_UNKNOWN);
    return outcome == CELL_DURABLE ? 0 : code;
}
UNUSED static struct mail *deliver(const char *id, const char *subject, const char *ref)
{
    struct mail *m = mail(id, subject, ref);
    assert_int_equal(write_job(deliver_fn, m, m), 0);
    return m;
}

/* ---- looking ---- */

struct look {
    int64_t account, id;
    struct read_mailbox *boxes;
    size_t n_boxes;
    struct read_email *emails;
    size_t n_emails;
    struct read_query q;
    struct read_page page;
    int64_t *members;
    size_t n_members;
    struct read_state since, state;
    enum sync_type type;
    size_t max;
    struct read_changes changes;
    struct read_facts facts;
    struct mail_loc loc;
    int64_t mailbox, uid;
    int result;
};
UNUSED static int boxes_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_mailboxes(t, &A, F.org, l->account, &l->boxes, &l->n_boxes);
}
UNUSED static struct read_mailbox box(enum mail_role role)
{
    struct look l = {.account = F.user[0].account};
    assert_int_equal(cell_read_wait(F.cell, boxes_fn, &l), 0);
    for (size_t i = 0; i < l.n_boxes; i++)
        if (l.boxes[i].role == role)
            return l.boxes[i];
    fail();
    return l.boxes[0];
}
UNUSED static int email_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_emails(t, &A, F.org, l->account, &l->id, 1, &l->emails, &l->n_emails);
}
UNUSED static struct read_email *email(int64_t id)
{
    struct look l = {.account = F.user[0].account, .id = id};
    assert_int_equal(cell_read_wait(F.cell, email_fn, &l), 0);
    return l.n_emails ? &l.emails[0] : NULL;
}
UNUSED static int query_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_query(t, &A, F.org, l->account, &l->q, &l->page);
    return l->result < 0 ? l->result : 0;
}
UNUSED static struct read_page query(struct read_query q)
{
    struct look l = {.account = F.user[0].account, .q = q};
    assert_int_equal(cell_read_wait(F.cell, query_fn, &l), 0);
    assert_int_equal(l.result, 0);
    return l.page;
}
UNUSED static int state_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_state(t, F.org, l->account, l->type, &l->state);
}
UNUSED static struct read_state state_of(enum sync_type type)
{
    struct look l = {.account = F.user[0].account, .type = type};
    assert_int_equal(cell_read_wait(F.cell, state_fn, &l), 0);
    return l.state;
}
UNUSED static int changes_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_changes(t, &A, F.org, l->account, l->type, l->since, l->max, &l->changes);
    return l->result < 0 ? l->result : 0;
}
UNUSED static struct read_changes changes(enum sync_type type, struct read_state since, size_t max)
{
    struct look l = {.account = F.user[0].account, .type = type, .since = since, .max = max};
    assert_int_equal(cell_read_wait(F.cell, changes_fn, &l), 0);
    assert_int_equal(l.result, 0);
    return l.changes;
}
UNUSED static int thread_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_thread(t, &A, F.org, l->account, l->id, &l->members, &l->n_members);
    return 0;
}
UNUSED static size_t members(int64_t thread)
{
    struct look l = {.account = F.user[0].account, .id = thread};
    assert_int_equal(cell_read_wait(F.cell, thread_fn, &l), 0);
    return l.n_members;
}
UNUSED static int facts_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_facts(t, &A, F.org, l->account, l->id, &l->facts);
    return 0;
}
UNUSED static int blob_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = l->uid ? mail_placement_blob(t, F.org, l->account, l->mailbox, l->uid, &l->loc)
                       : mail_blob(t, F.org, l->account, l->id, &l->loc);
    return 0;
}

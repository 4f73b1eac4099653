/* Mail rows on both engines: UIDs and counters, threads, copies and removal, hold, resends, changes, queries. */
#include "store/audit.h"
#include "store/party.h"
#include "store/read.h"
#include "store/ref_prune.h"
#include "store/decide.h"
#include "store/store_fixture.h"
#include "store/unread.h"
#include "store/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct fixture F;
static enum db_engine engine;
static struct arena A;

static int setup(void **state UNUSED)
{
    arena_init(&A, ARENA_NO_LIMIT);
    fixture_open(&F, engine);
    return 0;
}
static int teardown(void **state UNUSED)
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

static struct mail *mail(const char *id, const char *subject, const char *ref)
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

static int deliver_fn(struct txn *t, void *arg)
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
static int flags_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_set_flags(t, F.org, m->account, m->mailbox, m->uid, m->flags, m->clear);
}
static int unplace_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_unplace(t, F.org, m->account, m->mailbox, m->uid);
}
static int copy_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_copy(t, F.org, m->account, m->mailbox, m->uid, m->to, &m->uid);
}
static int move_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_move(t, F.org, m->account, m->mailbox, m->uid, m->to, &m->uid);
}
static int destroy_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_email_destroy(t, F.org, m->account, m->message);
}
static int release_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    return mail_release(t, F.org, m->account, m->message, STR("anna"));
}

static int write_job(cell_fn *fn, void *arg, struct mail *m)
{
    int code;
    int outcome = cell_write_wait(F.cell, fn, arg, m ? m->drafts : NULL, m ? 2 : 0, &code);
    assert_int_not_equal(outcome, CELL_UNKNOWN);
    return outcome == CELL_DURABLE ? 0 : code;
}
static struct mail *deliver(const char *id, const char *subject, const char *ref)
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
static int boxes_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_mailboxes(t, &A, F.org, l->account, &l->boxes, &l->n_boxes);
}
static struct read_mailbox box(enum mail_role role)
{
    struct look l = {.account = F.user[0].account};
    assert_int_equal(cell_read_wait(F.cell, boxes_fn, &l), 0);
    for (size_t i = 0; i < l.n_boxes; i++)
        if (l.boxes[i].role == role)
            return l.boxes[i];
    fail();
    return l.boxes[0];
}
static int email_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_emails(t, &A, F.org, l->account, &l->id, 1, &l->emails, &l->n_emails);
}
static struct read_email *email(int64_t id)
{
    struct look l = {.account = F.user[0].account, .id = id};
    assert_int_equal(cell_read_wait(F.cell, email_fn, &l), 0);
    return l.n_emails ? &l.emails[0] : NULL;
}
static int query_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_query(t, &A, F.org, l->account, &l->q, &l->page);
    return l->result < 0 ? l->result : 0;
}
static struct read_page query(struct read_query q)
{
    struct look l = {.account = F.user[0].account, .q = q};
    assert_int_equal(cell_read_wait(F.cell, query_fn, &l), 0);
    assert_int_equal(l.result, 0);
    return l.page;
}
static int state_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    return read_state(t, F.org, l->account, l->type, &l->state);
}
static struct read_state state_of(enum sync_type type)
{
    struct look l = {.account = F.user[0].account, .type = type};
    assert_int_equal(cell_read_wait(F.cell, state_fn, &l), 0);
    return l.state;
}
static int changes_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_changes(t, &A, F.org, l->account, l->type, l->since, l->max, &l->changes);
    return l->result < 0 ? l->result : 0;
}
static struct read_changes changes(enum sync_type type, struct read_state since, size_t max)
{
    struct look l = {.account = F.user[0].account, .type = type, .since = since, .max = max};
    assert_int_equal(cell_read_wait(F.cell, changes_fn, &l), 0);
    assert_int_equal(l.result, 0);
    return l.changes;
}
static int thread_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_thread(t, &A, F.org, l->account, l->id, &l->members, &l->n_members);
    return 0;
}
static size_t members(int64_t thread)
{
    struct look l = {.account = F.user[0].account, .id = thread};
    assert_int_equal(cell_read_wait(F.cell, thread_fn, &l), 0);
    return l.n_members;
}
static int facts_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = read_facts(t, &A, F.org, l->account, l->id, &l->facts);
    return 0;
}
static int blob_fn(struct txn *t, void *arg)
{
    struct look *l = arg;
    l->result = l->uid ? mail_placement_blob(t, F.org, l->account, l->mailbox, l->uid, &l->loc)
                       : mail_blob(t, F.org, l->account, l->id, &l->loc);
    return 0;
}

/* ---- tests ---- */

static void uids_and_counters(void **state UNUSED)
{
    struct mail *m[5];
    for (int i = 0; i < 5; i++) {
        char id[32];
        snprintf(id, sizeof id, "m%d@x", i);
        m[i] = deliver(arena_z(&A, str_c(id)), "ciao", NULL);
        assert_int_equal(m[i]->uid, i + 1);
    }
    struct read_mailbox b = box(ROLE_INBOX);
    assert_int_equal(b.total, 5);
    assert_int_equal(b.unread, 5);
    assert_int_equal(b.threads, 5);
    assert_int_equal(b.unread_threads, 5);
    assert_int_equal(b.uidnext, 6);
    m[4]->flags = FLAG_SEEN;
    assert_int_equal(write_job(flags_fn, m[4], NULL), 0);
    assert_int_equal(box(ROLE_INBOX).unread, 4);
    assert_int_equal(box(ROLE_INBOX).unread_threads, 4);
    assert_int_equal(write_job(unplace_fn, m[4], NULL), 0);
    assert_int_equal(write_job(unplace_fn, m[4], NULL), MAIL_NO_MESSAGE);
    struct mail *again = deliver("again@x", "ciao", NULL);
    assert_int_equal(again->uid, 6); /* never 5 again */
    b = box(ROLE_INBOX);
    assert_int_equal(b.total, 5);
    assert_int_equal(b.unread, 5);
    assert_true(b.modseq == b.seq && b.seq > 0);
    struct look l = {.account = F.user[0].account, .id = again->message};
    assert_int_equal(cell_read_wait(F.cell, facts_fn, &l), 0);
    assert_int_equal(l.result, 1);
    assert_true(str_eq(l.facts.insight, STR("insight insight insight")) && str_eq(l.facts.structure, STR("structure")));
    assert_int_equal(l.facts.insight_version, 3);
    /* Another account never sees it. */
    l.account = F.user[1].account;
    assert_int_equal(cell_read_wait(F.cell, facts_fn, &l), 0);
    assert_int_equal(l.result, 0);
}

static void hostile_text_is_kept_readable(void **state UNUSED)
{
    struct mail *m = mail("bad\xff\x01id@x", "sub\xc3", NULL);
    m->d.preview = str_n("a\0b\xed\xa0\x80", 6);
    assert_int_equal(write_job(deliver_fn, m, m), 0);
    struct read_email *e = email(m->message);
    assert_non_null(e);
    assert_int_equal(str_utf8_valid(e->preview), e->preview.n);
    assert_true(e->subject.n >= 3);
}

static void equal_content_is_joined(void **state UNUSED)
{
    struct mail *a = deliver("a@x", "s", NULL), *b = mail("b@x", "s", NULL);
    b->blob = a->blob;
    assert_int_equal(write_job(deliver_fn, b, b), 0);
    struct look la = {.account = F.user[0].account, .id = a->message},
                lb = {.account = F.user[0].account, .id = b->message};
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &la), 0);
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &lb), 0);
    assert_int_equal(la.result, 1);
    assert_int_equal(la.loc.loc.offset, lb.loc.loc.offset);
    struct str plain;
    assert_int_equal(pack_read_blob(cell_packs(F.cell), la.loc.loc, la.loc.sha256, &A, &plain), 0);
    assert_int_equal(plain.n, a->blob.size);
}

static void threads_join(void **state UNUSED)
{
    struct mail *a = deliver("a@x", "offerta", NULL), *b = deliver("b@x", "offerta", "a@x"),
                *c = deliver("c@x", "altro", "a@x");
    assert_int_equal(b->thread, a->thread);
    assert_int_not_equal(c->thread, a->thread); /* another subject */
    /* The reply comes first. */
    struct mail *r = deliver("r2@x", "ordine", "r1@x"), *o = deliver("r1@x", "ordine", NULL);
    assert_int_equal(o->thread, r->thread);
    assert_int_equal(members(a->thread), 2);
    struct read_mailbox in = box(ROLE_INBOX);
    assert_int_equal(in.total, 5);
    assert_int_equal(in.threads, 3);
    assert_int_equal(in.unread_threads, 3);
    a->flags = b->flags = FLAG_SEEN;
    assert_int_equal(write_job(flags_fn, a, NULL), 0);
    assert_int_equal(box(ROLE_INBOX).unread_threads, 3);
    assert_int_equal(write_job(flags_fn, b, NULL), 0);
    assert_int_equal(box(ROLE_INBOX).unread_threads, 2);
    a->flags = 0;
    a->clear = FLAG_SEEN;
    assert_int_equal(write_job(flags_fn, a, NULL), 0);
    assert_int_equal(box(ROLE_INBOX).unread_threads, 3);
    assert_int_equal(write_job(unplace_fn, a, NULL), 0);
    assert_int_equal(write_job(unplace_fn, b, NULL), 0);
    in = box(ROLE_INBOX);
    assert_int_equal(in.threads, 2);
    assert_int_equal(in.unread_threads, 2);
    assert_int_equal(members(a->thread), 0);
    /* A dead thread is not woken: ids are never used again. */
    struct mail *late = deliver("late@x", "offerta", "a@x"), *later = deliver("later@x", "offerta", "late@x");
    assert_int_not_equal(late->thread, a->thread);
    assert_int_equal(later->thread, late->thread);
}

static void copies_and_moves(void **state UNUSED)
{
    struct mail *m = deliver("a@x", "s", NULL);
    int64_t inbox = m->mailbox, archive = box(ROLE_ARCHIVE).id;
    m->to = archive;
    assert_int_equal(write_job(copy_fn, m, NULL), 0);
    struct read_email *e = email(m->message);
    assert_int_equal(e->n_mailboxes, 2);
    m->mailbox = archive;
    m->flags = FLAG_FLAGGED;
    assert_int_equal(write_job(flags_fn, m, NULL), 0);
    assert_int_equal(email(m->message)->flags, FLAG_FLAGGED); /* union of both */
    m->to = box(ROLE_TRASH).id;
    assert_int_equal(write_job(move_fn, m, NULL), 0);
    e = email(m->message);
    assert_int_equal(e->n_mailboxes, 2);
    assert_true(e->mailboxes[0] == inbox || e->mailboxes[1] == inbox);
    assert_int_equal(box(ROLE_ARCHIVE).total, 0);
    assert_int_equal(box(ROLE_TRASH).total, 1);
    m->mailbox = m->to;
    m->to = box(ROLE_HELD).id;
    assert_int_equal(write_job(move_fn, m, NULL), MAIL_HELD);
    m->to = 12345;
    assert_int_equal(write_job(copy_fn, m, NULL), MAIL_NO_MAILBOX);
    assert_int_equal(write_job(destroy_fn, m, NULL), 0);
    assert_null(email(m->message));
    assert_int_equal(box(ROLE_INBOX).total, 0);
}

static int list_audit_fn(struct txn *t, void *arg)
{
    int64_t bad = 0;
    return *(int *)arg = audit_check(t, F.org, &bad), 0;
}

static void hold_and_release(void **state UNUSED)
{
    struct mail *m = mail("h@x", "cambio iban", NULL);
    m->hold = true;
    m->d.verdict = VERDICT_HOLD;
    assert_int_equal(write_job(deliver_fn, m, m), 0);
    struct read_mailbox in = box(ROLE_INBOX), held = box(ROLE_HELD);
    assert_int_equal(in.total, 0);
    assert_int_equal(in.stubs, 1);
    assert_int_equal(in.uidnext, 2);
    assert_int_equal(held.total, 1);
    struct read_email *e = email(m->message);
    assert_true(e->held && e->n_mailboxes == 1 && e->mailboxes[0] == held.id);
    assert_int_equal(query((struct read_query){.mailbox = in.id}).n, 0);
    assert_int_equal(query((struct read_query){.mailbox = held.id}).n, 1);
    /* Nothing gets at it. */
    struct look l = {.account = F.user[0].account, .id = m->message};
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &l), 0);
    assert_int_equal(l.result, 0);
    l.mailbox = held.id;
    l.uid = 1;
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &l), 0);
    assert_int_equal(l.result, 0);
    l.mailbox = in.id;
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &l), 0);
    assert_int_equal(l.result, 1); /* the stub's bytes */
    assert_int_equal(l.loc.size, 4);
    m->mailbox = held.id;
    m->uid = 1;
    m->to = in.id;
    assert_int_equal(write_job(copy_fn, m, NULL), MAIL_HELD);
    assert_int_equal(write_job(move_fn, m, NULL), MAIL_HELD);
    m->mailbox = in.id;
    m->to = held.id;
    assert_int_equal(write_job(move_fn, m, NULL), MAIL_HELD);
    assert_int_equal(write_job(destroy_fn, m, NULL), MAIL_HELD);
    struct read_state before = state_of(SYNC_EMAIL);
    assert_int_equal(write_job(release_fn, m, NULL), 0);
    assert_int_equal(write_job(release_fn, m, NULL), MAIL_NOT_HELD);
    in = box(ROLE_INBOX);
    assert_int_equal(in.total, 1);
    assert_int_equal(in.stubs, 0);
    assert_int_equal(in.uidnext, 3); /* a new UID */
    assert_int_equal(box(ROLE_HELD).total, 0);
    e = email(m->message);
    assert_true(!e->held && e->n_mailboxes == 1 && e->mailboxes[0] == in.id);
    struct read_changes c = changes(SYNC_EMAIL, before, 0);
    assert_int_equal(c.n_updated, 1);
    assert_int_equal(c.n_created + c.n_destroyed, 0);
    l.uid = 0;
    assert_int_equal(cell_read_wait(F.cell, blob_fn, &l), 0);
    assert_int_equal(l.result, 1);
    int chain = -1;
    assert_int_equal(cell_read_wait(F.cell, list_audit_fn, &chain), 0);
    assert_int_equal(chain, 0);
}

static void changes_are_told(void **state UNUSED)
{
    struct read_state zero = state_of(SYNC_EMAIL), tzero = state_of(SYNC_THREAD), mzero = state_of(SYNC_MAILBOX);
    struct mail *a = deliver("a@x", "s", NULL), *b = deliver("b@x", "s", "a@x"), *c = deliver("c@x", "z", NULL);
    struct read_changes ch = changes(SYNC_EMAIL, zero, 0);
    assert_int_equal(ch.n_created, 3);
    assert_false(ch.has_more);
    struct read_state one = ch.state;
    assert_int_equal(changes(SYNC_THREAD, tzero, 0).n_created, 2);
    assert_int_equal(changes(SYNC_MAILBOX, mzero, 0).n_updated, 1);
    assert_int_equal(changes(SYNC_EMAIL, one, 0).n_created, 0);
    a->flags = FLAG_SEEN;
    assert_int_equal(write_job(flags_fn, a, NULL), 0);
    assert_int_equal(write_job(unplace_fn, c, NULL), 0);
    struct mail *d = deliver("d@x", "s", NULL);
    assert_int_equal(write_job(unplace_fn, d, NULL), 0);
    ch = changes(SYNC_EMAIL, one, 0);
    assert_int_equal(ch.n_created, 0);
    assert_int_equal(ch.n_updated, 1);
    assert_int_equal(ch.updated[0], a->message);
    assert_int_equal(ch.n_destroyed, 1); /* d came and went unseen */
    assert_int_equal(ch.destroyed[0], c->message);
    struct read_changes th = changes(SYNC_THREAD, tzero, 0);
    assert_int_equal(th.n_created, 1);
    assert_int_equal(th.n_destroyed, 0);
    (void)b;
    /* In pages of one: the same in the end, each state goes on where the last ended. */
    struct read_state s = zero;
    size_t created = 0, pages = 0;
    do {
        ch = changes(SYNC_EMAIL, s, 1);
        created += ch.n_created;
        struct str text = read_state_text(&A, ch.state);
        assert_true(read_state_parse(text, &s));
        pages++;
    } while (ch.has_more && pages < 20);
    assert_int_equal(created, 2);
    assert_int_equal(s.seq, state_of(SYNC_EMAIL).seq);
    struct look l = {.account = F.user[0].account, .type = SYNC_EMAIL, .since = {s.seq + 1, 0}};
    assert_int_equal(cell_read_wait(F.cell, changes_fn, &l), 0);
    assert_int_equal(l.result, READ_CANNOT);
    assert_false(read_state_parse(STR("x"), &s) || read_state_parse(STR("1.2"), &s) || read_state_parse(STR(""), &s) ||
                 read_state_parse(STR("-1"), &s));
}

static int prune_fn(struct txn *t, void *arg)
{
    *(int64_t *)arg = 0;
    return sync_prune(t, F.org, F.user[0].account, arg);
}

static void old_states_are_refused_after_pruning(void **state UNUSED)
{
    struct mail *a = deliver("a@x", "s", NULL);
    struct read_state before = state_of(SYNC_EMAIL);
    assert_int_equal(write_job(unplace_fn, a, NULL), 0);
    int64_t removed;
    assert_int_equal(write_job(prune_fn, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(changes(SYNC_EMAIL, before, 0).n_destroyed, 1);
    F.clock_skew_ms = TOMBSTONE_KEEP_MS + 1000;
    struct sync_place place = {0};
    removed = 0;
    assert_int_equal(cell_prune_tombstones(F.cell, &place, &removed), 0);
    assert_int_equal(removed, 3); /* the Email, its place, its thread */
    struct look l = {.account = F.user[0].account, .type = SYNC_EMAIL, .since = before};
    assert_int_equal(cell_read_wait(F.cell, changes_fn, &l), 0);
    assert_int_equal(l.result, READ_CANNOT);
}

static int unread_add_fn(struct txn *t, void *arg)
{
    return unread_add(t, F.org, F.user[0].account, ((struct mail *)arg)->message);
}
static int discard_fn(struct txn *t, void *arg)
{
    return mail_discard(t, F.org, F.user[0].account, ((struct mail *)arg)->message, STR("anna"));
}
static int judged_fn(struct txn *t, void *arg)
{
    struct mail *m = arg;
    const struct unread u = {F.org, F.user[0].account, m->message};
    return unread_judged(t, &u, &m->d);
}
static int due_fn(struct txn *t, void *arg)
{
    struct unread list[UNREAD_BATCH];
    return unread_due(t, list, UNREAD_BATCH, arg);
}
static size_t due(void)
{
    size_t n;
    assert_int_equal(cell_read_wait(F.cell, due_fn, &n), 0);
    return n;
}

/* What a person decided while it waited to be read again does not come up any more. */
static void decided_before_it_was_read(void **state UNUSED)
{
    struct mail *m[3];
    for (int i = 0; i < 3; i++) {
        m[i] = mail(arena_z(&A, arena_printf(&A, "w%d@x", i)), "attesa", NULL);
        m[i]->hold = true;
        m[i]->d.verdict = VERDICT_HOLD;
        assert_int_equal(write_job(deliver_fn, m[i], m[i]), 0);
        assert_int_equal(write_job(unread_add_fn, m[i], NULL), 0);
    }
    F.clock_skew_ms += 2 * UNREAD_DELAY_MS;
    assert_int_equal(due(), 3);
    assert_int_equal(write_job(release_fn, m[0], NULL), 0);
    assert_int_equal(due(), 2);
    assert_int_equal(write_job(discard_fn, m[1], NULL), 0);
    assert_int_equal(due(), 1);
    /* Both at once: the row goes, the decision stays. */
    assert_int_equal(write_job(unread_add_fn, m[0], NULL), 0);
    assert_int_equal(write_job(judged_fn, m[0], NULL), 0);
    F.clock_skew_ms += 2 * UNREAD_DELAY_MS;
    assert_int_equal(due(), 1);
    /* Text that was cut within a letter is no reason to give up. */
    m[2]->d.verdict = VERDICT_ACCEPT;
    m[2]->d.preview = STR("gi\xc3");
    assert_int_equal(write_job(judged_fn, m[2], NULL), 0);
    assert_int_equal(due(), 0);
    assert_false(email(m[2]->message)->held);
}

static void more_tombstones_than_are_kept(void **state UNUSED)
{
    struct read_state first = state_of(SYNC_EMAIL);
    struct sync_place place = {0};
    int64_t removed = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(write_job(unplace_fn, deliver(arena_z(&A, arena_printf(&A, "t%d@x", i)), "s", NULL), NULL), 0);
    struct mail *m = deliver("last@x", "s", NULL);
    struct read_state late = state_of(SYNC_EMAIL);
    assert_int_equal(write_job(unplace_fn, m, NULL), 0);
    /* Each left three: the Email, its place, its thread. */
    assert_int_equal(cell_prune_tombstones_to(F.cell, &place, 15, &removed), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(changes(SYNC_EMAIL, first, 0).n_destroyed, 0); /* came and went unseen */
    place = (struct sync_place){0};
    assert_int_equal(cell_prune_tombstones_to(F.cell, &place, 10, &removed), 0);
    assert_true(removed >= 5 && removed <= 9);
    struct look l = {.account = F.user[0].account, .type = SYNC_EMAIL, .since = first};
    assert_int_equal(cell_read_wait(F.cell, changes_fn, &l), 0);
    assert_int_equal(l.result, READ_CANNOT);
    assert_int_equal(changes(SYNC_EMAIL, late, 0).n_destroyed, 1); /* the newest are kept */
}

static void queries(void **state UNUSED)
{
    struct mail *m[12];
    for (int i = 0; i < 12; i++)
        m[i] = deliver(arena_z(&A, arena_printf(&A, "q%d@x", i)), i % 3 ? "serie" : "singola", i % 3 ? "root@x" : NULL);
    int64_t in = m[0]->mailbox;
    struct read_page p = query((struct read_query){.mailbox = in, .limit = 5, .want_total = true});
    assert_int_equal(p.n, 5);
    assert_int_equal(p.total, 12);
    assert_int_equal(p.ids[0], m[11]->message);
    p = query((struct read_query){.mailbox = in, .position = 10, .limit = 5});
    assert_int_equal(p.n, 2);
    assert_int_equal(p.total, -1);
    p = query((struct read_query){.mailbox = in, .position = -3, .limit = 2});
    assert_int_equal(p.position, 9);
    assert_int_equal(p.ids[0], m[2]->message);
    p = query((struct read_query){.mailbox = in, .ascending = true, .limit = 1});
    assert_int_equal(p.ids[0], m[0]->message);
    p = query((struct read_query){.mailbox = in, .collapse = true, .want_total = true});
    assert_int_equal(p.n, 5); /* four single ones and one thread */
    assert_int_equal(p.total, 5);
    assert_int_equal(box(ROLE_INBOX).threads, 5);
    p = query((struct read_query){.anchor = m[6]->message, .anchor_offset = -1, .limit = 2, .want_total = true});
    assert_int_equal(p.ids[0], m[7]->message);
    assert_int_equal(p.position, 4);
    assert_int_equal(p.total, 12);
    m[3]->flags = FLAG_FLAGGED;
    assert_int_equal(write_job(flags_fn, m[3], NULL), 0);
    p = query((struct read_query){.mailbox = in, .has_flags = FLAG_FLAGGED});
    assert_int_equal(p.n, 1);
    assert_int_equal(p.ids[0], m[3]->message);
    struct look l = {.account = F.user[0].account, .q = {.anchor = 999999}};
    assert_int_equal(cell_read_wait(F.cell, query_fn, &l), 0);
    assert_int_equal(l.result, READ_NO_ANCHOR);
}

struct resend {
    uint8_t key[SHA256_LEN];
    struct mail_accepted row;
    int found;
    bool mark;
};
static int resend_fn(struct txn *t, void *arg)
{
    struct resend *s = arg;
    struct str id;
    s->found = mail_resend_find(t, F.org, s->key, &id);
    if (s->found < 0)
        return s->found;
    if (s->found)
        assert_true(str_eq(id, STR("id1")));
    else if (!s->mark && (s->row.at_ms = t->now_ms))
        return mail_accepted_add(t, F.org, &s->row);
    return s->mark ? mail_accepted_replied(t, F.org, STR("id1")) : 0;
}

static void resends(void **state UNUSED)
{
    struct resend s = {.key = {1, 2, 3}};
    s.row = (struct mail_accepted){
        .id = STR("id1"), .client = STR("192.0.2.1"), .helo = STR("x"), .recipients = STR("a@x,b@x")};
    memcpy(s.row.key, s.key, sizeof s.key);
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(s.found, 0);
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(s.found, 1);
    s.mark = true;
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(s.found, 0); /* a replied one is never suppressed */
    s.mark = false;
    s.row.id = STR("id2");
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(s.found, 0);
    s.row.id = STR("id3");
    F.clock_skew_ms = 6 * 24 * 3600 * 1000LL;
    assert_int_equal(write_job(resend_fn, &s, NULL), 0);
    assert_int_equal(s.found, 0); /* older than five days */
}

struct teach {
    int64_t at_ms;
    bool accepted;
    struct party_detail *d;
    size_t n;
};
static int teach_fn(struct txn *t, void *arg)
{
    struct teach *h = arg;
    return party_seen(t, F.org, STR("fornitore.example"), PARTY_IBAN, STR("IT60X0542811101000000123456"), h->at_ms,
                      h->accepted);
}
static int known_fn(struct txn *t, void *arg)
{
    struct teach *h = arg;
    int r = party_details(t, F.org, STR("fornitore.example"), PARTY_IBAN, &h->d, &h->n);
    if (r == 0 && h->n) {
        struct party_detail *copy = arena_new(&A, struct party_detail);
        *copy = h->d[0];
        copy->value = arena_str(&A, h->d[0].value);
        copy->who = arena_str(&A, h->d[0].who);
        h->d = copy;
    }
    return r;
}
static int verify_fn(struct txn *t, void *arg UNUSED)
{
    return party_verify(t, F.org, STR("fornitore.example"), STR("Fornitore"), STR("IT60X0542811101000000123456"),
                        STR("anna"));
}
static int party_fn(struct txn *t, void *arg UNUSED)
{
    struct str name;
    int64_t version;
    assert_int_equal(party_get(t, F.org, STR("fornitore.example"), &name, &version), 1);
    assert_true(str_eq(name, STR("Fornitore")) && version == 1);
    return 0;
}

static void parties_learn(void **state UNUSED)
{
    struct teach h = {.at_ms = 1000};
    assert_int_equal(write_job(teach_fn, &h, NULL), 0); /* held mail teaches nothing */
    assert_int_equal(cell_read_wait(F.cell, known_fn, &h), 0);
    assert_int_equal(h.n, 0);
    h.accepted = true;
    assert_int_equal(write_job(teach_fn, &h, NULL), 0);
    h.at_ms += PARTY_LEARN_MS - 1;
    assert_int_equal(write_job(teach_fn, &h, NULL), 0);
    assert_int_equal(cell_read_wait(F.cell, known_fn, &h), 0);
    assert_int_equal(h.d->state, PARTY_SEEN);
    h.at_ms++;
    assert_int_equal(write_job(teach_fn, &h, NULL), 0);
    assert_int_equal(cell_read_wait(F.cell, known_fn, &h), 0);
    assert_int_equal(h.d->state, PARTY_LEARNED);
    assert_int_equal(h.d->count, 3);
    assert_int_equal(write_job(verify_fn, NULL, NULL), 0);
    assert_int_equal(cell_read_wait(F.cell, known_fn, &h), 0);
    assert_int_equal(h.d->state, PARTY_VERIFIED);
    assert_true(str_eq(h.d->who, STR("anna")));
    assert_int_equal(cell_read_wait(F.cell, party_fn, NULL), 0);
}

/* References go when their conversation went, and only then. */
static void dead_references_are_pruned(void **state UNUSED)
{
    struct ref_place at = {0};
    int64_t removed = 0;
    struct mail *a = deliver("a@x", "Ordine", NULL), *b = deliver("b@x", "Ordine", "a@x");
    struct mail *c = deliver("c@x", "Altro", "zero@x");
    assert_int_equal(a->thread, b->thread);
    assert_int_equal(write_job(destroy_fn, b, NULL), 0);
    assert_int_equal(write_job(destroy_fn, c, NULL), 0);
    assert_int_equal(cell_prune_refs(F.cell, &at, &removed), 0);
    assert_int_equal(removed, 2); /* c@x and zero@x; a still knows a@x and b@x */
    assert_int_equal(deliver("d@x", "Ordine", "b@x")->thread, a->thread);
    assert_int_equal(write_job(destroy_fn, a, NULL), 0);
    assert_int_equal(cell_prune_refs(F.cell, &at, &removed), 0); /* rests */
    F.clock_skew_ms = REF_PRUNE_EVERY_MS + 1000;
    assert_int_equal(cell_prune_refs(F.cell, &at, &removed), 0);
    assert_int_equal(removed, 2);
    for (int i = 0; i < (int)REF_PRUNE_BATCH + 5; i++) {
        struct mail *m = deliver(arena_printf(&A, "n%d@x", i).p, "Molti", NULL);
        assert_int_equal(write_job(destroy_fn, m, NULL), 0);
    }
    removed = 0;
    F.clock_skew_ms = 2 * REF_PRUNE_EVERY_MS + 3000;
    assert_int_equal(cell_prune_refs(F.cell, &at, &removed), 1);
    assert_int_equal(cell_prune_refs(F.cell, &at, &removed), 0);
    assert_int_equal(removed, REF_PRUNE_BATCH + 5);
}

static void directory(void **state UNUSED)
{
    struct place_of at;
    struct err e = {0};
    struct login login;
    int64_t org, cell;
    assert_int_equal(directory_find(F.store, STR("u0@azienda.example"), &at), 0);
    assert_int_equal(at.account, F.user[0].account);
    assert_int_equal(directory_find(F.store, STR("nobody@azienda.example"), &at), DIR_UNKNOWN);
    assert_int_equal(directory_find(F.store, STR("\xff@azienda.example"), &at), DIR_UNKNOWN);
    assert_true(directory_has_domain(F.store, STR("azienda.example")));
    assert_false(directory_has_domain(F.store, STR("altra.example")));
    struct new_firm again = {STR("Azienda"), STR("azienda.example")}, other = {STR("Altra"), STR("altra.example")};
    assert_int_equal(firm_create(F.store, &again, &org, &cell, &e), ERR_EXIST);
    assert_int_equal(firm_create(F.store, &other, &org, &cell, &e), 0);
    assert_int_not_equal(org, F.org);
    struct new_user u = {STR("u0@azienda.example"), STR("Utente"), STR("$argon2id$none")};
    assert_int_equal(user_create(F.store, STR("azienda.example"), &u, &at, &e), ERR_EXIST);
    assert_int_equal(user_create(F.store, STR("nessuno.example"), &u, &at, &e), ERR_NOENT);
    /* An address of one firm is not made in another. */
    assert_int_equal(user_create(F.store, STR("altra.example"), &u, &at, &e), ERR_EXIST);
    assert_int_equal(login_find(F.store, &A, STR("u1@azienda.example"), &login), 0);
    assert_true(str_eq(login.hash, STR("$argon2id$none")) && str_eq(login.firm, STR("Azienda Srl")));
    assert_int_equal(login_set_hash(F.store, &login.at, STR("$argon2id$new"), LOGIN_REVOKE_TOKENS, STR("test"), &e), 0);
    assert_int_equal(login_find(F.store, &A, STR("u1@azienda.example"), &login), 0);
    assert_true(str_eq(login.hash, STR("$argon2id$new")));
    struct str key, domain;
    assert_int_equal(address_key(&A, STR(" Anna@Azienda.Example "), &key, &domain, &e), 0);
    assert_true(str_eq(key, STR("anna@azienda.example")) && str_eq(domain, STR("azienda.example")));
    assert_int_equal(address_key(&A, STR("anna"), &key, &domain, &e), ERR_INVALID);
    assert_int_equal(address_key(&A, STR("a@b@c.example"), &key, &domain, &e), ERR_INVALID);
    assert_int_equal(domain_key(&A, STR("localhost"), &key, &e), ERR_INVALID);
    struct firm_row *firms;
    size_t n;
    assert_int_equal(firm_list(F.store, &A, &firms, &n), 0);
    assert_int_equal(n, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(uids_and_counters),
        T(hostile_text_is_kept_readable),
        T(equal_content_is_joined),
        T(threads_join),
        T(dead_references_are_pruned),
        T(copies_and_moves),
        T(hold_and_release),
        T(changes_are_told),
        T(old_states_are_refused_after_pruning),
        T(more_tombstones_than_are_kept),
        T(decided_before_it_was_read),
        T(queries),
        T(resends),
        T(parties_learn),
        T(directory),
    };
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("mail, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("mail, PostgreSQL", tests, NULL, NULL);
}

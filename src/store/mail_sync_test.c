/* What the rows tell a client on both engines: changes since a state, states too old, decisions, queries. */
#include "store/decide.h"
#include "store/mail_test_help.h"
#include "store/unread.h"

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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(changes_are_told),
        T(old_states_are_refused_after_pruning),
        T(more_tombstones_than_are_kept),
        T(decided_before_it_was_read),
        T(queries),
    };
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("mail, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("mail, PostgreSQL", tests, NULL, NULL);
}

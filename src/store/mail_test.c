/* Mail rows on both engines: UIDs and counters, threads, copies and removal, hold, resends, what a firm learns of its parties. */
#include "store/audit.h"
#include "store/mail_test_help.h"
#include "store/party.h"
#include "store/ref_prune.h"

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
        T(resends),
        T(parties_learn),
        T(directory),
    };
    engine = DB_SQLITE;
    int r = cmocka_run_group_tests_name("mail, SQLite", tests, NULL, NULL);
    engine = DB_POSTGRESQL;
    return r | cmocka_run_group_tests_name("mail, PostgreSQL", tests, NULL, NULL);
}

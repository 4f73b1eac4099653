/* Who may do what: every row of the method table is asked with another account's ids, by a member, with a log-in that only reads, and with held ids. A method that
 * is new has no row in `asks` and fails the test until somebody has thought about it. */
#include "core/hash.h"
#include "facts/facts.h"
#include "jmap/method.h"
#include "store/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define RAW_MARK "https://raw-mark.example/" /* stands in raw bytes alone */
#define SECRET "segreto-di-un-altro"         /* subject and text of the other person's mail */

static struct fixture F;
static int64_t org2;
static struct place_of other; /* person of the second firm */
static int64_t foreign_mail, foreign_box, own_mail, held_mail, own_box;

/* {account}: the asker's; {mail}, {box}: the ids put in their place; {acc}: an account id to reach for. */
static const struct ask {
    const char *method, *args;
    bool held_may_go; /* a decision about held mail */
} asks[] = {
    {"Core/echo", "{\"x\":\"{mail}\"}", false},
    {"Blob/copy", "{\"accountId\":\"{account}\",\"fromAccountId\":\"{acc}\",\"blobIds\":[\"M{mail}\"]}", false},
    {"Mailbox/get", "{\"accountId\":\"{account}\",\"ids\":[\"{box}\"]}", false},
    {"Mailbox/changes", "{\"accountId\":\"{account}\",\"sinceState\":\"0\"}", false},
    {"Mailbox/query", "{\"accountId\":\"{account}\",\"filter\":{\"parentId\":\"{box}\"}}", false},
    {"Mailbox/queryChanges", "{\"accountId\":\"{account}\",\"sinceQueryState\":\"0\"}", false},
    {"Mailbox/set",
     "{\"accountId\":\"{account}\",\"onDestroyRemoveEmails\":true,\"create\":{\"a\":{\"name\":\"x\",\"parentId\":\"{"
     "box}\"}},\"destroy\":[\"{box}\"]}",
     false},
    {"Thread/get", "{\"accountId\":\"{account}\",\"ids\":[\"{thread}\"]}", false},
    {"Thread/changes", "{\"accountId\":\"{account}\",\"sinceState\":\"0\"}", false},
    {"Email/get",
     "{\"accountId\":\"{account}\",\"ids\":[\"{mail}\"],\"fetchAllBodyValues\":true,\"properties\":[\"subject\","
     "\"bodyValues\",\"headers\",\"header:Subject\",\"bodyStructure\",\"guardText\",\"to\",\"textBody\","
     "\"attachments\"]}",
     false},
    {"Email/changes", "{\"accountId\":\"{account}\",\"sinceState\":\"0\"}", false},
    {"Email/query", "{\"accountId\":\"{account}\",\"filter\":{\"inMailbox\":\"{box}\"}}", false},
    {"Email/queryChanges",
     "{\"accountId\":\"{account}\",\"sinceQueryState\":\"0\",\"filter\":{\"inMailbox\":\"{box}\"}}", false},
    {"Email/set",
     "{\"accountId\":\"{account}\",\"create\":{\"c\":{\"mailboxIds\":{\"{box}\":true},\"attachments\":[{\"blobId\":\"M{"
     "mail}\"}]}},\"update\":{\"{mail}\":{\"mailboxIds\":{\"{mybox}\":true},\"keywords/$seen\":true}}}",
     false},
    {"Email/copy",
     "{\"accountId\":\"{account}\",\"fromAccountId\":\"{acc}\",\"create\":{\"c\":{\"id\":\"{mail}\",\"mailboxIds\":{\"{"
     "mybox}\":true}}}}",
     false},
    {"Email/import",
     "{\"accountId\":\"{account}\",\"emails\":{\"c\":{\"blobId\":\"M{mail}\",\"mailboxIds\":{\"{mybox}\":true}}}}",
     false},
    {"Email/parse", "{\"accountId\":\"{account}\",\"blobIds\":[\"M{mail}\",\"P{mail}-0\"],\"fetchAllBodyValues\":true}",
     false},
    {"SearchSnippet/get",
     "{\"accountId\":\"{account}\",\"emailIds\":[\"{mail}\"],\"filter\":{\"text\":\"segreto raw-mark\"}}", false},
    {"Identity/get", "{\"accountId\":\"{account}\",\"ids\":[\"{acc}\"]}", false},
    {"Identity/changes", "{\"accountId\":\"{account}\",\"sinceState\":\"1\"}", false},
    {"Search/parse", "{\"accountId\":\"{account}\",\"text\":\"in:{box}\"}", false},
    {"Held/release", "{\"accountId\":\"{account}\",\"ids\":[\"{mail}\"]}", true},
    {"Held/discard", "{\"accountId\":\"{account}\",\"ids\":[\"{mail}\"]}", true},
    {"Guard/report", "{\"accountId\":\"{account}\",\"ids\":[\"{mail}\"],\"as\":\"fraud\"}", false},
    {"Context/get", "{\"accountId\":\"{account}\",\"emailId\":\"{mail}\"}", false},
    {"Person/get", "{\"accountId\":\"{account}\",\"ids\":[\"{acc}\"]}", false},
    {"Person/set", "{\"accountId\":\"{account}\",\"update\":{\"{acc}\":{\"name\":\"rubato\"}}}", false},
    {"Domain/get", "{\"accountId\":\"{account}\"}", false},
    {"Domain/set",
     "{\"accountId\":\"{account}\",\"create\":{\"a\":{\"domain\":\"altra.example\"}},\"update\":{\"Daltra_example\":{"
     "\"verify\":true}},\"destroy\":[\"Daltra_example\"]}",
     false},
    {"Delivery/query", "{\"accountId\":\"{account}\"}", false},
    {"Delivery/get", "{\"accountId\":\"{account}\",\"ids\":[\"abc.altra\"]}", false},
    {"Health/get", "{\"accountId\":\"{account}\"}", false},
};

static const struct ask *ask_of(const char *method)
{
    for (size_t i = 0; i < N_ELEMENTS(asks); i++)
        if (strcmp(asks[i].method, method) == 0)
            return &asks[i];
    fail_msg("%s has no row here: say what it is asked with", method);
    return NULL;
}

struct deliver {
    struct blob_draft blob, stub, *drafts[2];
    struct mail_draft d;
    int64_t org, account, message, thread;
    bool hold;
};

static int deliver_fn(struct txn *t, void *arg)
{
    struct deliver *v = arg;
    int64_t mailbox, uid;
    if (v->hold)
        return mail_hold(t, v->org, v->account, &v->d, &v->stub, &v->message);
    int r = mail_add(t, v->org, v->account, &v->d, &v->message, &v->thread);
    if (r == 0)
        r = mail_role_mailbox(t, v->org, v->account, ROLE_INBOX, &mailbox);
    return r ? r : mail_place(t, v->org, v->account, mailbox, v->message, &v->blob, v->d.received_ms, 0, &uid);
}

static int64_t deliver(int64_t org, int64_t account, const char *subject, bool hold)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct deliver *v = arena_new(&a, struct deliver);
    struct str raw =
        arena_printf(&a, "From: Mario <m@x.example>\r\nSubject: %s\r\n\r\n%s " RAW_MARK "\r\n", subject, subject);
    struct buf in;
    int code = -1;
    buf_init(&in, FACTS_ENCODED_MAX);
    facts_insight_put(&in, &(struct facts_insight){.text = str_c(subject), .preview = str_c(subject)});
    assert_int_equal(blob_prepare(&a, org, raw, &v->blob), 0);
    assert_int_equal(blob_prepare(&a, org, STR("Subject: held\r\n\r\nheld\r\n"), &v->stub), 0);
    v->drafts[0] = &v->blob;
    v->drafts[1] = &v->stub;
    v->org = org;
    v->account = account;
    v->hold = hold;
    v->d = (struct mail_draft){.blob = &v->blob,
                               .insight = arena_str(&a, buf_str(&in)),
                               .insight_version = FACTS_INSIGHT_VERSION,
                               .message_id = str_c(subject),
                               .subject = str_c(subject),
                               .subject_base = str_c(subject),
                               .from = {STR("Mario"), STR("m@x.example")},
                               .received_ms = 1700000000000,
                               .preview = str_c(subject),
                               .verdict = hold ? VERDICT_HOLD : VERDICT_ACCEPT,
                               .findings = STR("")};
    assert_int_equal(cell_write_wait(F.cell, deliver_fn, v, v->drafts, 2, &code), CELL_DURABLE);
    buf_free(&in);
    return v->message;
}

/* ---- asking ---- */

struct who {
    int64_t org, account, acc, mail, box, mybox;
    bool may_write, may_admin, wrong_account;
};

static void put_text(struct buf *b, const char *format, const struct who *w)
{
    static const char *const names[] = {"{account}", "{acc}", "{mail}", "{thread}", "{box}", "{mybox}"};
    const int64_t values[] = {w->wrong_account ? w->acc : w->account, w->acc, w->mail, w->mail, w->box, w->mybox};
    for (const char *p = format; *p;) {
        size_t i = 0;
        while (i < N_ELEMENTS(names) && strncmp(p, names[i], strlen(names[i])) != 0)
            i++;
        if (i == N_ELEMENTS(names)) {
            buf_addc(b, *p++);
            continue;
        }
        char id[ID_TEXT_MAX + 1];
        buf_add(b, id, id_text(values[i], id));
        p += strlen(names[i]);
    }
}

/* The response [name, arguments] of one call; the text of the whole answer in out. */
static json_t *ask(const char *method, const struct who *w, struct buf *out)
{
    struct jmap_person p = {.cell = F.cell_id,
                            .org = w->org,
                            .account = w->account,
                            .address = STR("u0@azienda.example"),
                            .name = STR("Giulia"),
                            .may_write = w->may_write,
                            .may_admin = w->may_admin};
    AUTO(buf) struct buf body;
    buf_init(&body, 1u << 20);
    buf_addz(&body, "{\"using\":[");
    for (size_t i = 0; jmap_capabilities[i]; i++)
        buf_printf(&body, "%s\"%s\"", i ? "," : "", jmap_capabilities[i]);
    buf_printf(&body, "],\"methodCalls\":[[\"%s\",", method);
    put_text(&body, ask_of(method)->args, w);
    buf_addz(&body, ",\"0\"]]}");
    buf_clear(out);
    struct jmap_run *r = jmap_run_new(NULL, &p, buf_str(&body), out);
    assert_int_equal(jmap_run_wait(F.cell, r), 0);
    assert_int_equal(jmap_run_status(r), 200);
    jmap_run_free(&r);
    json_t *all = json_loadb(out->p, out->n, 0, NULL);
    assert_non_null(all);
    json_t *first = json_incref(json_array_get(json_object_get(all, "methodResponses"), 0));
    json_decref(all);
    return first;
}

static const char *error_of(const json_t *response)
{
    const char *name = json_string_value(json_array_get(response, 0));
    return name && strcmp(name, "error") == 0 ? json_string_value(json_object_get(json_array_get(response, 1), "type"))
                                              : "";
}

struct seen { /* what another account looks like from inside */
    int64_t org, account;
    struct read_state email, mailbox;
};
static int look_fn(struct txn *t, void *arg)
{
    struct seen *s = arg;
    int r = read_state(t, s->org, s->account, SYNC_EMAIL, &s->email);
    return r ? r : read_state(t, s->org, s->account, SYNC_MAILBOX, &s->mailbox);
}
static struct seen look(int64_t org, int64_t account)
{
    struct seen s = {.org = org, .account = account};
    assert_int_equal(cell_read_wait(F.cell, look_fn, &s), 0);
    return s;
}

static void unchanged(const char *method, const struct seen *before)
{
    struct seen now = look(before->org, before->account);
    if (now.email.seq != before->email.seq || now.mailbox.seq != before->mailbox.seq)
        fail_msg("%s changed an account that is not the asker's, or may not be written", method);
}

static void no_secret(const char *method, const struct buf *out)
{
    if (str_find(buf_str(out), STR(SECRET), 0) >= 0 || str_find(buf_str(out), STR("raw-mark"), 0) >= 0 ||
        str_find(buf_str(out), STR("capo@altra"), 0) >= 0)
        fail_msg("%s tells what is not the asker's: %.*s", method, STRF(buf_str(out)));
}

/* ---- the tests ---- */

static void another_account(void **state)
{
    (void)state;
    AUTO(buf) struct buf out;
    buf_init(&out, JMAP_ANSWER_MAX);
    const struct {
        int64_t org, account;
    } targets[] = {{org2, other.account}, {F.org, F.user[1].account}};
    for (size_t i = 0; i < jmap_n_methods; i++)
        for (size_t k = 0; k < N_ELEMENTS(targets); k++)
            for (int admin = 0; admin < 2; admin++) {
                const struct jmap_method *m = &jmap_methods[i];
                struct who w = {F.org,
                                F.user[admin ? 0 : 2].account,
                                targets[k].account,
                                foreign_mail,
                                foreign_box,
                                own_box,
                                true,
                                true,
                                true};
                struct seen before = look(targets[k].org, targets[k].account);
                json_t *r = ask(m->name, &w, &out);
                const char *want = m->who == JMAP_ADMIN && !admin ? "forbidden" : "accountNotFound";
                bool core = strcmp(m->name, "Core/echo") == 0;
                if (!core && w.acc != w.account && strcmp(error_of(r), want) != 0)
                    fail_msg("%s with another accountId: %s", m->name, error_of(r));
                if (!core)
                    no_secret(m->name, &out);
                unchanged(m->name, &before);
                json_decref(r);
            }
}

static void foreign_ids(void **state)
{
    (void)state;
    AUTO(buf) struct buf out;
    buf_init(&out, JMAP_ANSWER_MAX);
    for (size_t i = 0; i < jmap_n_methods; i++)
        for (int admin = 0; admin < 2; admin++) {
            struct who w = {
                F.org, F.user[admin ? 0 : 2].account, other.account, foreign_mail, foreign_box, own_box, true, true,
                false};
            struct seen before = look(org2, other.account);
            json_t *r = ask(jmap_methods[i].name, &w, &out);
            if (strcmp(jmap_methods[i].name, "Core/echo") != 0)
                no_secret(jmap_methods[i].name, &out);
            unchanged(jmap_methods[i].name, &before);
            json_decref(r);
        }
}

static void members_do_not_administrate(void **state)
{
    (void)state;
    AUTO(buf) struct buf out;
    buf_init(&out, JMAP_ANSWER_MAX);
    for (size_t i = 0; i < jmap_n_methods; i++) {
        const struct jmap_method *m = &jmap_methods[i];
        struct who member = {F.org, F.user[2].account, F.user[0].account, own_mail, own_box, own_box, true, true,
                             false},
                   token = {F.org, F.user[0].account, F.user[0].account, own_mail, own_box, own_box, true, false,
                            false};
        bool admin = strncmp(m->capability, "urn:sigillo:admin", 17) == 0;
        assert_int_equal(admin, m->who == JMAP_ADMIN);
        if (!admin)
            continue;
        json_t *r = ask(m->name, &member, &out), *s = ask(m->name, &token, &out);
        assert_string_equal(error_of(r), "forbidden");
        assert_string_equal(error_of(s), "forbidden");
        json_decref(r);
        json_decref(s);
    }
}

static void reading_log_ins_only_read(void **state)
{
    (void)state;
    AUTO(buf) struct buf out;
    buf_init(&out, JMAP_ANSWER_MAX);
    for (size_t i = 0; i < jmap_n_methods; i++) {
        struct who w = {F.org, F.user[0].account, F.user[1].account, own_mail, own_box, own_box, false, true, false};
        struct seen before = look(F.org, F.user[0].account);
        json_t *r = ask(jmap_methods[i].name, &w, &out);
        unchanged(jmap_methods[i].name, &before);
        json_decref(r);
    }
}

static int held_fn(struct txn *t, void *arg)
{
    struct read_email *e;
    size_t n;
    int r = read_emails(t, t->arena, F.org, F.user[0].account, &held_mail, 1, &e, &n);
    *(bool *)arg = r == 0 && n == 1 && e->held && e->n_mailboxes == 1;
    return r;
}

static void held_mail_stays_held(void **state)
{
    (void)state;
    AUTO(buf) struct buf out;
    buf_init(&out, JMAP_ANSWER_MAX);
    for (size_t i = 0; i < jmap_n_methods; i++) {
        const struct jmap_method *m = &jmap_methods[i];
        struct who w = {F.org, F.user[0].account, F.user[1].account, held_mail, own_box, own_box, true, true, false};
        bool held = false;
        if (ask_of(m->name)->held_may_go)
            continue;
        json_t *r = ask(m->name, &w, &out);
        if (str_find(buf_str(&out), STR("raw-mark"), 0) >= 0)
            fail_msg("%s gives raw bytes of a held message: %.*s", m->name, STRF(buf_str(&out)));
        assert_int_equal(cell_read_wait(F.cell, held_fn, &held), 0);
        if (!held)
            fail_msg("%s moved a held message", m->name);
        json_decref(r);
    }
}

static int boxes_fn(struct txn *t, void *arg)
{
    (void)arg;
    int r = mail_role_mailbox(t, F.org, F.user[0].account, ROLE_ARCHIVE, &own_box);
    if (r == MAIL_NO_MAILBOX)
        r = mail_role_mailbox(t, F.org, F.user[0].account, ROLE_TRASH, &own_box);
    return r ? r : mail_role_mailbox(t, org2, other.account, ROLE_INBOX, &foreign_box);
}

static int setup(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t cell;
    struct new_firm firm = {STR("Altra Srl"), STR("altra.example")};
    struct new_user u = {STR("capo@altra.example"), STR("Capo"), STR("$argon2id$none")};

    fixture_open(&F, DB_SQLITE);
    assert_int_equal(firm_create(F.store, &firm, &org2, &cell, &e), 0);
    assert_int_equal(user_create(F.store, STR("altra.example"), &u, &other, &e), 0);
    assert_int_equal(cell, F.cell_id);
    /* Ids are given per firm: let theirs be beyond ours, so that no number of ours is meant by chance. */
    for (int i = 0; i < 60; i++)
        foreign_mail = deliver(org2, other.account, SECRET, false);
    own_mail = deliver(F.org, F.user[0].account, "mio", false);
    held_mail = deliver(F.org, F.user[0].account, "trattenuto", true);
    return cell_read_wait(F.cell, boxes_fn, NULL);
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&F);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_account), cmocka_unit_test(foreign_ids), cmocka_unit_test(members_do_not_administrate),
        cmocka_unit_test(held_mail_stays_held), cmocka_unit_test(reading_log_ins_only_read)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

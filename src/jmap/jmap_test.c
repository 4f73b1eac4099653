#include "core/hash.h"
#include "facts/facts.h"
#include "jmap/method.h"
#include "store/store_fixture.h"
#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Stands in the raw bytes of every message and in no fact: where it shows up, raw bytes leaked. */
#define RAW_MARK "https://raw-mark.example/"

static struct fixture F;
static char account[ID_TEXT_MAX + 1];
static int64_t held_message;

struct deliver {
    struct blob_draft blob, stub, *drafts[2];
    struct mail_draft d;
    bool hold;
    int64_t message;
};

static int deliver_fn(struct txn *t, void *arg)
{
    struct deliver *v = arg;
    int64_t thread, mailbox, uid, me = F.user[0].account;
    if (v->hold)
        return mail_hold(t, F.org, me, &v->d, &v->stub, &v->message);
    int r = mail_add(t, F.org, me, &v->d, &v->message, &thread);
    if (r == 0)
        r = mail_role_mailbox(t, F.org, me, ROLE_INBOX, &mailbox);
    return r ? r : mail_place(t, F.org, me, mailbox, v->message, &v->blob, v->d.received_ms, 0, &uid);
}

static int64_t deliver(struct arena *a, const char *id, const char *subject, bool hold)
{
    struct deliver *v = arena_new(a, struct deliver);
    struct str raw = arena_printf(a,
                                  "From: Mario <m@x.example>\r\nTo: Giulia <u0@azienda.example>\r\nSubject: "
                                  "%s\r\nMessage-ID: <%s>\r\n\r\nciao\r\n",
                                  subject, id);
    struct facts_part part = {.type = STR("text"),
                              .subtype = STR("plain"),
                              .header_len = raw.n - 6,
                              .body_off = raw.n - 6,
                              .body_len = 6,
                              .lines = 1,
                              .size = 6};
    struct buf s, in;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    facts_structure_put(&s, &(struct facts_structure){&part, 1});
    facts_insight_put(&in, &(struct facts_insight){.text = STR("ciao\n"), .preview = STR("ciao")});
    assert_int_equal(blob_prepare(a, F.org, raw, &v->blob), 0);
    assert_int_equal(blob_prepare(a, F.org, STR("Subject: held\r\n\r\nheld\r\n"), &v->stub), 0);
    v->drafts[0] = &v->blob;
    v->drafts[1] = &v->stub;
    v->hold = hold;
    v->d = (struct mail_draft){
        .blob = &v->blob,
        .structure = arena_str(a, buf_str(&s)),
        .insight = arena_str(a, buf_str(&in)),
        .insight_version = 1,
        .message_id = str_c(id),
        .subject = str_c(subject),
        .subject_base = str_c(subject),
        .from = {STR("Mario"), STR("m@x.example")},
        .received_ms = 1700000000000,
        .preview = STR("ciao"),
        .verdict = hold ? VERDICT_HOLD : VERDICT_ACCEPT,
        .findings = hold ? STR("[{\"code\":\"payment.changed\",\"level\":\"stop\",\"facts\":{\"domain\":\"x.example\","
                               "\"old\":\"A\",\"new\":\"B\",\"since\":\"2024\",\"count\":\"3\"}}]")
                         : STR("")};
    int code = -1;
    assert_int_equal(cell_write_wait(F.cell, deliver_fn, v, v->drafts, 2, &code), CELL_DURABLE);
    buf_free(&s);
    buf_free(&in);
    return v->message;
}

static struct jmap_person person_of(int i)
{
    return (struct jmap_person){.cell = F.cell_id,
                                .org = F.org,
                                .account = F.user[i].account,
                                .address = STR("u0@azienda.example"),
                                .name = STR("Giulia"),
                                .may_write = true,
                                .may_admin = true};
}

/* The answer as JSON; the caller decrefs. @ stands for the account's id. */
static json_t *ask(const char *body, int *status)
{
    struct jmap_person p = person_of(0);
    AUTO(buf) struct buf b, out;
    buf_init(&b, 1u << 20);
    for (const char *z = body; *z; z++)
        if (*z == '@')
            buf_addz(&b, account);
        else
            buf_addc(&b, *z);
    buf_init(&out, JMAP_ANSWER_MAX);
    struct jmap_run *r = jmap_run_new(NULL, &p, buf_str(&b), &out);
    assert_int_equal(jmap_run_wait(F.cell, r), 0);
    *status = jmap_run_status(r);
    json_t *j = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    if (!j)
        fail_msg("not JSON: %.*s", STRF(buf_str(&out)));
    jmap_run_free(&r);
    return j;
}

#define USING \
    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\",\"urn:sigillo:guard\"],\"methodCalls\":"

static json_t *response(json_t *j, size_t i, const char *name)
{
    json_t *r = json_array_get(json_object_get(j, "methodResponses"), i);
    if (strcmp(json_string_value(json_array_get(r, 0)), name) != 0)
        fail_msg("got %s", json_dumps(r, 0));
    return json_array_get(r, 1);
}

static void test_chain(void **state)
{
    (void)state;
    int status;
    json_t *j = ask(USING "[[\"Mailbox/query\",{\"accountId\":\"@\",\"filter\":{\"role\":\"inbox\"}},\"0\"],"
                          "[\"Mailbox/get\",{\"accountId\":\"@\",\"#ids\":{\"resultOf\":\"0\",\"name\":\"Mailbox/"
                          "query\",\"path\":\"/ids\"}},\"1\"],"
                          "[\"Email/query\",{\"accountId\":\"@\",\"calculateTotal\":true},\"2\"],"
                          "[\"Email/get\",{\"accountId\":\"@\",\"#ids\":{\"resultOf\":\"2\",\"name\":\"Email/"
                          "query\",\"path\":\"/ids\"},\"fetchTextBodyValues\":true},\"3\"],"
                          "[\"Thread/get\",{\"accountId\":\"@\",\"#ids\":{\"resultOf\":\"3\",\"name\":\"Email/"
                          "get\",\"path\":\"/list/*/threadId\"}},\"4\"],"
                          "[\"Core/echo\",{\"a\":[1,null]},\"5\"]]}",
                    &status);
    assert_int_equal(status, 200);
    json_t *inbox = json_array_get(json_object_get(response(j, 1, "Mailbox/get"), "list"), 0);
    assert_string_equal(json_string_value(json_object_get(inbox, "role")), "inbox");
    assert_int_equal(json_integer_value(json_object_get(inbox, "totalEmails")), 2);
    json_t *emails = json_object_get(response(j, 3, "Email/get"), "list"), *mail;
    assert_int_equal(json_array_size(emails), 3);
    size_t i, held = 0;
    json_array_foreach(emails, i, mail)
    {
        json_t *values = json_object_get(mail, "bodyValues");
        const char *part = json_is_null(json_object_get(mail, "to")) ? "text" : "0"; /* held: its cleaned text */
        assert_string_equal(json_string_value(json_object_get(json_object_get(values, part), "value")), "ciao\n");
        assert_null(json_object_get(mail, "guardHeld"));
        held += json_is_null(json_object_get(mail, "to"));
    }
    assert_int_equal(held, 1); /* the header of a held message stays unread */
    assert_int_equal(json_array_size(json_object_get(response(j, 4, "Thread/get"), "list")), 3);
    json_decref(j);
}

static void test_guard(void **state)
{
    (void)state;
    int status;
    json_t *j =
        ask(USING "[[\"Email/query\",{\"accountId\":\"@\"},\"0\"],[\"Email/"
                  "get\",{\"accountId\":\"@\",\"properties\":[\"guardHeld\",\"guardVerdict\",\"guardFindings\"],"
                  "\"#ids\":{\"resultOf\":\"0\",\"name\":\"Email/query\",\"path\":\"/ids\"}},\"1\"]]}",
            &status);
    json_t *mail, *list = json_object_get(response(j, 1, "Email/get"), "list");
    size_t i, held = 0;
    json_array_foreach(list, i, mail)
    {
        if (!json_is_true(json_object_get(mail, "guardHeld")))
            continue;
        held++;
        json_t *f = json_array_get(json_object_get(mail, "guardFindings"), 0);
        const char *it = json_string_value(json_object_get(json_object_get(f, "text"), "it"));
        assert_non_null(strstr(it, "x.example"));
        assert_string_equal(json_string_value(json_object_get(mail, "guardVerdict")), "hold");
    }
    assert_int_equal(held, 1);
    json_decref(j);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *want; /* type of the problem, or of the first method's error */
    } cases[] = {
        {"{", 400, "urn:ietf:params:jmap:error:notJSON"},
        {"{\"using\":[],\"using\":[],\"methodCalls\":[]}", 400, "urn:ietf:params:jmap:error:notJSON"},
        {"[]", 400, "urn:ietf:params:jmap:error:notRequest"},
        {"{\"using\":[\"urn:none\"],\"methodCalls\":[]}", 400, "urn:ietf:params:jmap:error:unknownCapability"},
        {USING "[[\"Core/echo\",{}]]}", 400, "urn:ietf:params:jmap:error:notRequest"},
        {"{\"using\":[\"urn:ietf:params:jmap:core\"],\"methodCalls\":[[\"Email/"
         "get\",{\"accountId\":\"@\",\"ids\":[]},\"0\"]]}",
         200, "unknownMethod"},
        {USING "[[\"Email/set\",{},\"0\"]]}", 200, "invalidArguments"},
        {USING "[[\"Email/get\",{\"ids\":[]},\"0\"]]}", 200, "invalidArguments"},
        {USING "[[\"Email/get\",{\"accountId\":\"azzzz\",\"ids\":[]},\"0\"]]}", 200, "accountNotFound"},
        {USING "[[\"Email/get\",{\"accountId\":\"@\",\"ids\":null},\"0\"]]}", 200, "requestTooLarge"},
        {USING "[[\"Email/get\",{\"accountId\":\"@\",\"ids\":[1]},\"0\"]]}", 200, "invalidArguments"},
        {USING "[[\"Email/get\",{\"accountId\":\"@\",\"ids\":[],\"properties\":[\"nope\"]},\"0\"]]}", 200,
         "invalidArguments"},
        {USING
         "[[\"Email/get\",{\"accountId\":\"@\",\"#ids\":{\"resultOf\":\"9\",\"name\":\"x\",\"path\":\"/\"}},\"0\"]]}",
         200, "invalidResultReference"},
        {USING "[[\"Email/get\",{\"accountId\":\"@\",\"ids\":[],\"#ids\":{}},\"0\"]]}", 200, "invalidArguments"},
        {USING "[[\"Email/query\",{\"accountId\":\"@\",\"filter\":{\"nope\":\"x\"}},\"0\"]]}", 200,
         "unsupportedFilter"},
        {USING "[[\"Email/query\",{\"accountId\":\"@\",\"sort\":[{\"property\":\"nope\"}]},\"0\"]]}", 200,
         "unsupportedSort"},
        {USING "[[\"Email/query\",{\"accountId\":\"@\",\"limit\":-1},\"0\"]]}", 200, "invalidArguments"},
        {USING "[[\"Email/changes\",{\"accountId\":\"@\",\"sinceState\":\"99999999\"},\"0\"]]}", 200,
         "cannotCalculateChanges"},
        {USING "[[\"Email/changes\",{\"accountId\":\"@\"},\"0\"]]}", 200, "invalidArguments"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int status;
        json_t *j = ask(cases[i].body, &status);
        json_t *at = status == 400 ? j : json_array_get(json_array_get(json_object_get(j, "methodResponses"), 0), 1);
        const char *type = json_string_value(json_object_get(at, "type"));
        if (status != cases[i].status || !type || strcmp(type, cases[i].want) != 0)
            fail_msg("case %zu: %d %s", i, status, type);
        json_decref(j);
    }
}

/* Ids of other accounts and made-up ids are not found, whatever the method. */
static void test_foreign(void **state)
{
    (void)state;
    static const char *const methods[] = {"Email/get", "Mailbox/get", "Thread/get"};
    for (size_t i = 0; i < N_ELEMENTS(methods); i++) {
        char body[512];
        int status;
        snprintf(body, sizeof body, USING "[[\"%s\",{\"accountId\":\"@\",\"ids\":[\"a7\",\"not an id\"]},\"0\"]]}",
                 methods[i]);
        json_t *j = ask(body, &status), *r = response(j, 0, methods[i]);
        assert_int_equal(json_array_size(json_object_get(r, "list")), 0);
        assert_int_equal(json_array_size(json_object_get(r, "notFound")), 2);
        json_decref(j);
    }
}

/* The rule of hold: no method gives a byte of the raw message. Every row of the method table is walked, with the held id in every place an id can
 * stand; a method that is new here must answer this test first. */
static void test_held(void **state)
{
    (void)state;
    char id[ID_TEXT_MAX + 1];
    id_text(held_message, id);
    for (size_t i = 0; i < jmap_n_methods; i++) {
        char body[1024];
        int status;
        snprintf(body, sizeof body,
                 USING
                 "[[\"%s\",{\"accountId\":\"@\",\"ids\":[\"%s\"]},\"0\"],[\"%s\",{\"accountId\":\"@\",\"ids\":[\"%s\"],"
                 "\"fetchAllBodyValues\":true},\"1\"],"
                 "[\"%s\",{\"accountId\":\"@\"},\"2\"],[\"%s\",{\"accountId\":\"@\",\"sinceState\":\"0\"},\"3\"]]}",
                 jmap_methods[i].name, id, jmap_methods[i].name, id, jmap_methods[i].name, jmap_methods[i].name);
        json_t *j = ask(body, &status);
        char *text = json_dumps(j, 0);
        if (strstr(text, RAW_MARK) || strstr(text, "raw-mark"))
            fail_msg("%s leaks raw bytes: %s", jmap_methods[i].name, text);
        free(text);
        json_decref(j);
    }
}

static void test_session(void **state)
{
    (void)state;
    struct jmap_person p = person_of(0);
    struct buf b;
    buf_init(&b, 65536);
    jmap_session(&p, STR("https://mail.azienda.example"), 65536, &b);
    json_t *j = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "apiUrl")), "https://mail.azienda.example/jmap/api");
    assert_non_null(json_object_get(json_object_get(j, "accounts"), account));
    const json_t *core = json_object_get(json_object_get(j, "capabilities"), "urn:ietf:params:jmap:core");
    assert_int_equal(json_integer_value(json_object_get(core, "maxSizeRequest")), 65536); /* http takes no more */
    assert_int_equal(json_integer_value(json_object_get(core, "maxSizeUpload")), 65536);
    json_decref(j);
    buf_free(&b);
}

static int setup(void **state)
{
    (void)state;
    struct arena a;
    fixture_open(&F, DB_SQLITE);
    id_text(F.user[0].account, account);
    arena_init(&a, ARENA_NO_LIMIT);
    deliver(&a, "1@x.example", "primo", false);
    deliver(&a, "2@x.example", "secondo", false);
    held_message = deliver(&a, "3@x.example", "terzo", true);
    arena_free(&a);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&F);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain),    cmocka_unit_test(test_guard),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_foreign),
                                       cmocka_unit_test(test_held),     cmocka_unit_test(test_session)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Email/query against a list made the slow way: every position, anchor, direction and filter gives a window of the same order; on both engines. */
#include "core/hash.h"
#include "facts/facts.h"
#include "jmap/method.h"
#include "store/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define MAILS 1300 /* more than two marks of a list */

static struct fixture F;
static enum db_engine engine;
static char account[ID_TEXT_MAX + 1], inbox[ID_TEXT_MAX + 1];

struct mail {
    int64_t id, thread, ms, uid;
    uint32_t flags;
};
static struct mail all[MAILS];

struct fill {
    struct blob_draft blob, *drafts[1];
    struct str structure, insight;
    size_t from, n;
};

static int fill_fn(struct txn *t, void *arg)
{
    struct fill *f = arg;
    int64_t box, me = F.user[0].account;
    int r = mail_role_mailbox(t, F.org, me, ROLE_INBOX, &box);
    for (size_t i = f->from; i < f->from + f->n && r == 0; i++) {
        struct str id = arena_printf(t->arena, "%zu@x.example", i),
                   before = arena_printf(t->arena, "%zu@x.example", i - i % 5);
        struct mail *m = &all[i];
        m->ms = 1600000000000 + (int64_t)((i * 7919) % 700) * 1000; /* out of order, with equal times */
        m->flags = i % 3 ? FLAG_SEEN : i % 9 ? 0 : FLAG_FLAGGED;
        struct mail_draft d = {.blob = &f->blob,
                               .structure = f->structure,
                               .insight = f->insight,
                               .insight_version = FACTS_INSIGHT_VERSION,
                               .message_id = id,
                               .references = &before,
                               .n_references = i % 5 != 0 && i % 2 == 0,
                               .subject = STR("oggetto"),
                               .subject_base = STR("oggetto"),
                               .from = {STR("Anna"), STR("anna@x.example")},
                               .received_ms = m->ms,
                               .preview = STR("p"),
                               .findings = STR("")};
        r = mail_add(t, F.org, me, &d, &m->id, &m->thread);
        if (r == 0)
            r = mail_place(t, F.org, me, box, m->id, &f->blob, m->ms, m->flags, &m->uid);
    }
    if (r == 0)
        id_text(box, inbox);
    return r;
}

static void fill(void)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct fill f = {.n = 0};
    struct str raw = STR("From: Anna <anna@x.example>\r\n\r\nciao\r\n");
    struct facts_part part = {.type = STR("text"),
                              .subtype = STR("plain"),
                              .header_len = raw.n - 6,
                              .body_off = raw.n - 6,
                              .body_len = 6,
                              .lines = 1,
                              .size = 6};
    struct buf s, in;
    int code;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    facts_structure_put(&s, &(struct facts_structure){&part, 1});
    facts_insight_put(&in, &(struct facts_insight){.text = STR("ciao\n"), .preview = STR("ciao")});
    f.structure = buf_str(&s);
    f.insight = buf_str(&in);
    f.drafts[0] = &f.blob;
    assert_int_equal(blob_prepare(&a, F.org, raw, &f.blob), 0);
    for (; f.from < MAILS; f.from += f.n) {
        f.n = MAILS - f.from < 12 ? MAILS - f.from : 12;
        assert_int_equal(cell_write_wait(F.cell, fill_fn, &f, f.drafts, 1, &code), CELL_DURABLE);
    }
    buf_free(&s);
    buf_free(&in);
}

static int newest(const void *a, const void *b)
{
    const struct mail *x = a, *y = b;
    return x->ms != y->ms ? (x->ms > y->ms ? -1 : 1) : x->uid > y->uid ? -1 : 1;
}

/* ids of a query; *total -1 when it was not told. */
static size_t query(const char *args, int64_t *ids, size_t max, int64_t *total, int64_t *position)
{
    struct jmap_person p = {.cell = F.cell_id,
                            .org = F.org,
                            .account = F.user[0].account,
                            .address = STR("u0@azienda.example"),
                            .name = STR("U"),
                            .may_write = true};
    AUTO(buf) struct buf body, out;
    size_t n = 0, i;
    json_t *v;
    buf_init(&body, 1u << 16);
    buf_init(&out, JMAP_ANSWER_MAX);
    buf_printf(&body,
               "{\"using\":[\"urn:ietf:params:jmap:mail\"],\"methodCalls\":[[\"Email/"
               "query\",{\"accountId\":\"%s\",%s},\"0\"]]}",
               account, args);
    struct jmap_run *r = jmap_run_new(NULL, &p, buf_str(&body), &out);
    assert_int_equal(jmap_run_wait(F.cell, r), 0);
    jmap_run_free(&r);
    json_t *j = json_loadb(out.p, out.n, 0, NULL);
    json_t *answer = json_array_get(json_array_get(json_object_get(j, "methodResponses"), 0), 1);
    if (!json_object_get(answer, "ids"))
        fail_msg("%s: %.*s", args, STRF(buf_str(&out)));
    json_array_foreach(json_object_get(answer, "ids"), i, v)
    {
        assert_true(n < max);
        assert_true(id_parse(jmap_json_str(v), &ids[n++]));
    }
    const json_t *t = json_object_get(answer, "total");
    *total = json_is_integer(t) ? json_integer_value(t) : -1;
    *position = json_integer_value(json_object_get(answer, "position"));
    json_decref(j);
    return n;
}

enum pick { ANY, UNREAD, FLAGGED };
static size_t expected(int64_t *out, bool collapse, bool ascending, enum pick pick)
{
    size_t n = 0;
    for (size_t k = 0; k < MAILS; k++) {
        const struct mail *m = &all[ascending ? MAILS - 1 - k : k];
        bool seen = false;
        if ((pick == UNREAD && (m->flags & FLAG_SEEN)) || (pick == FLAGGED && !(m->flags & FLAG_FLAGGED)))
            continue;
        for (size_t i = 0; collapse && i < k && !seen; i++) {
            const struct mail *e = &all[ascending ? MAILS - 1 - i : i];
            bool fits = pick == ANY || (pick == UNREAD ? !(e->flags & FLAG_SEEN) : (e->flags & FLAG_FLAGGED) != 0);
            seen = fits && e->thread == m->thread;
        }
        if (!seen)
            out[n++] = m->id;
    }
    return n;
}

static void windows(void **state)
{
    (void)state;
    static int64_t want[MAILS], got[MAILS];
    static const char *const more[] = {"", ",\"notKeyword\":\"$seen\"", ",\"hasKeyword\":\"$flagged\""};
    static const int positions[] = {0,    1,    49,   511,  512, 513, 700,   1023, 1024,
                                    1025, 1299, 1300, 2000, -1,  -50, -1300, -5000};
    for (int pick = 0; pick < 3; pick++)
        for (int mode = 0; mode < 4; mode++) {
            bool collapse = mode & 1, ascending = mode & 2;
            size_t n = expected(want, collapse, ascending, (enum pick)pick);
            for (size_t i = 0; i < N_ELEMENTS(positions); i++) {
                char args[512], filter[128];
                int64_t total, at, from = positions[i] < 0 ? (int64_t)n + positions[i] : positions[i];
                from = from < 0 ? 0 : from;
                snprintf(filter, sizeof filter, "{\"inMailbox\":\"%s\"%s}", inbox, more[pick]);
                snprintf(args, sizeof args,
                         "\"filter\":%s,\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":%s}],"
                         "\"collapseThreads\":%s,\"position\":%d,\"limit\":20,\"calculateTotal\":true",
                         filter, ascending ? "true" : "false", collapse ? "true" : "false", positions[i]);
                size_t m = query(args, got, MAILS, &total, &at);
                size_t right = (size_t)from >= n ? 0 : n - (size_t)from < 20 ? n - (size_t)from : 20;
                if (total != (int64_t)n || m != right || (m && memcmp(got, want + from, m * sizeof *got) != 0))
                    fail_msg("%s: %zu rows of %zu, total %lld of %zu", args, m, right, (long long)total, n);
            }
        }
}

static void anchors(void **state)
{
    (void)state;
    static int64_t want[MAILS], got[MAILS];
    static const int offsets[] = {0, -3, 4};
    for (int collapse = 0; collapse < 2; collapse++) {
        size_t n = expected(want, collapse, false, ANY);
        for (size_t k = 5; k < n; k += 187)
            for (size_t o = 0; o < N_ELEMENTS(offsets); o++) {
                char args[512], id[ID_TEXT_MAX + 1];
                int64_t total, at;
                id_text(want[k], id);
                snprintf(args, sizeof args,
                         "\"filter\":{\"inMailbox\":\"%s\"},\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":"
                         "false}],\"collapseThreads\":%s,\"anchor\":\"%s\",\"anchorOffset\":%d,\"limit\":7",
                         inbox, collapse ? "true" : "false", id, offsets[o]);
                size_t m = query(args, got, MAILS, &total, &at);
                int64_t from = (int64_t)k + offsets[o];
                assert_int_equal(at, from);
                assert_true(m == (n - (size_t)from < 7 ? n - (size_t)from : 7));
                assert_memory_equal(got, want + from, m * sizeof *got);
            }
    }
}

/* Marks are of rows as they stand: mail that goes and comes must move them. */
static int destroy_fn(struct txn *t, void *arg)
{
    return mail_email_destroy(t, F.org, F.user[0].account, *(int64_t *)arg);
}

static void marks_follow_changes(void **state)
{
    (void)state;
    static int64_t before[MAILS], after[MAILS];
    char args[512];
    int64_t total, at;
    int code;
    for (int collapse = 0; collapse < 2; collapse++) {
        snprintf(args, sizeof args,
                 "\"filter\":{\"inMailbox\":\"%s\"},\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}],"
                 "\"collapseThreads\":%s,\"position\":600,\"limit\":30",
                 inbox, collapse ? "true" : "false");
        size_t n = query(args, before, MAILS, &total, &at);
        assert_int_equal(n, 30);
        int64_t gone = all[2 + collapse].id; /* near the top; alone in its thread or not */
        size_t rows = expected(after, collapse, false, ANY);
        assert_int_equal(cell_write_wait(F.cell, destroy_fn, &gone, NULL, 0, &code), CELL_DURABLE);
        for (size_t i = 0; i < MAILS; i++)
            if (all[i].id == gone) {
                memmove(all + i, all + i + 1, (MAILS - i - 1) * sizeof *all);
                all[MAILS - 1] = (struct mail){.id = -1, .thread = -1 - collapse, .ms = 1};
            }
        rows = expected(after, collapse, false, ANY);
        assert_true(rows > 630);
        n = query(args, before, MAILS, &total, &at);
        assert_int_equal(n, 30);
        assert_memory_equal(before, after + 600, n * sizeof *before);
    }
}

static int setup(void **state)
{
    (void)state;
    fixture_open(&F, engine);
    id_text(F.user[0].account, account);
    fill();
    qsort(all, MAILS, sizeof *all, newest);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows), cmocka_unit_test(anchors),
                                       cmocka_unit_test(marks_follow_changes)};
    engine = DB_SQLITE;
    int bad = cmocka_run_group_tests_name("jmap query sqlite", tests, setup, teardown);
    engine = DB_POSTGRESQL;
    return bad + cmocka_run_group_tests_name("jmap query postgresql", tests, setup, teardown);
}

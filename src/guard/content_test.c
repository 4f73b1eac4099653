/* The rows K1-K9 and M1-M6, both ways: what a message holds, and the finding that must stand there or must not. No history: a
 * stranger's mail is judged by itself. */
#include "guard/content.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define US "anna@azienda.example"

struct look {
    const char *title, *name, *from, *subject, *text;
    const char *links; /* parted by spaces: "H:url|shown", T text, F form, Q code, P pdf */
    unsigned html, flags, hidden, images;
    unsigned att;     /* facts_att of one file */
    const char *kind; /* of that file; NULL no file */
    const char *list, *to;
    bool report, unsubscribe;
    const char *code, *without; /* must stand there, must not; NULL any */
    enum guard_action least, most;
};
#define ANY .least = GUARD_ACCEPT, .most = GUARD_REJECT
#define CLEAN .least = GUARD_ACCEPT, .most = GUARD_ACCEPT
#define FLAGGED .least = GUARD_ACT_CAUTION, .most = GUARD_REJECT
#define HELD .least = GUARD_HOLD, .most = GUARD_REJECT

static const struct look looks[] = {
#include "guard/content_test.def"
};

static struct guard_lists *lists;

static void links(struct arena *a, struct facts_insight *f, struct str list)
{
    static const enum facts_link_kind kinds[128] = {
        ['H'] = LINK_HREF, ['T'] = LINK_TEXT, ['F'] = LINK_FORM, ['Q'] = LINK_QR, ['P'] = LINK_PDF};
    struct str one;
    f->links = arena_array(a, struct facts_link, 64);
    while (list.n > 0 && f->n_links < 64) {
        str_token(&list, ' ', &one);
        struct facts_link *l = &f->links[f->n_links++];
        *l = (struct facts_link){.kind = kinds[one.p[0] & 127], .url = str_from(one, 2), .text = STR("")};
        struct str shown;
        if (str_cut(l->url, '|', &one, &shown)) {
            l->url = one;
            l->text = shown;
        }
    }
}

static struct guard_party *party(struct arena *a, const char *addr)
{
    struct guard_party *p = arena_array(a, struct guard_party, 1);
    *p = (struct guard_party){STR(""), str_c(addr), guard_addr_domain(str_c(addr))};
    return p;
}

static struct guard_input *input(struct arena *a, const struct look *k)
{
    struct guard_input *in = arena_new(a, struct guard_input);
    struct facts_insight *f = arena_new(a, struct facts_insight);
    f->text = str_c(k->text);
    f->html = k->html;
    f->flags = k->flags;
    f->hidden = k->hidden;
    f->images = k->images;
    links(a, f, str_c(k->links));
    if (k->kind) {
        f->attachments = arena_array(a, struct facts_attachment, 1);
        *f->attachments = (struct facts_attachment){
            .name = STR("documento.pdf"), .kind = str_c(k->kind), .detail = STR(""), .flags = k->att};
        f->n_attachments = 1;
        f->has_attachment = true;
    }
    *in = (struct guard_input){.from_name = str_c(k->name),
                               .from_addr = str_c(k->from),
                               .from_domain = guard_addr_domain(str_c(k->from)),
                               .to = party(a, k->to ? k->to : US),
                               .n_to = 1,
                               .subject = str_c(k->subject),
                               .list_id = str_c(k->list),
                               .report = k->report,
                               .unsubscribe = k->unsubscribe,
                               .insight = f,
                               .lists = lists,
                               .has_date = true,
                               .now_ms = 86400000LL * 20500,
                               .message_id = STR("1@x")};
    return in;
}

static bool has(const struct guard_verdict *v, const char *code)
{
    for (size_t i = 0; code && i < v->n_findings; i++)
        if (strcmp(guard_table[v->findings[i].code].code, code) == 0)
            return true;
    return false;
}

static void test_looks(void **state)
{
    int bad = 0;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(looks); i++) {
        const struct look *k = &looks[i];
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct guard_history h = {0};
        struct guard_verdict v;
        guard_judge(input(&a, k), &h, &a, &v);
        if ((!k->code || has(&v, k->code)) && !has(&v, k->without) && v.action >= k->least && v.action <= k->most)
            continue;
        print_error("%s: %s %d", k->title, guard_action_name(v.action), v.score);
        for (size_t n = 0; n < v.n_findings; n++)
            print_error(" %s(%d)", guard_table[v.findings[n].code].code, v.findings[n].weight);
        print_error("\n");
        bad++;
    }
    if (bad)
        fail_msg("%d of %zu looks went otherwise", bad, N_ELEMENTS(looks));
}

/* A program behind any number of odd files is still named, and the table of findings never overflows. */
static void test_many_files(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_history h = {0};
    struct guard_verdict v;
    struct guard_input *in = input(&a, &(struct look){.name = "Ufficio", .from = "u@ditta-qualunque.it"});
    struct facts_insight f = *in->insight;
    f.attachments = arena_array(&a, struct facts_attachment, FACTS_ATTACHMENTS_MAX);
    f.n_attachments = FACTS_ATTACHMENTS_MAX;
    for (size_t i = 0; i < f.n_attachments; i++)
        f.attachments[i] = (struct facts_attachment){
            .name = STR("a"), .kind = STR("zip"), .flags = i + 1 < f.n_attachments ? ATT_ENCRYPTED : ATT_PROGRAM};
    in->insight = &f;
    guard_judge(in, &h, &a, &v);
    assert_int_equal(v.action, GUARD_HOLD);
    assert_string_equal(guard_table[v.findings[0].code].code, "attach.program");
    assert_true(v.n_findings <= 6);
}

/* Of more findings than fit the strongest stay, and the score is the sum of those that are there. */
static void test_crowd(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_verdict v = {.n_findings = 0};
    struct guard_case c = {.arena = &a, .v = &v};
    for (int i = 0; i < 100; i++)
        guard_find_as(&c, GUARD_TEXT_URGENT, GUARD_NOTE, 100 + i, NULL, 0);
    guard_find(&c, GUARD_PERSON_STAFF, NULL, 0);
    guard_find_as(&c, GUARD_TEXT_SHORT, GUARD_NOTE, 1, NULL, 0);
    int32_t sum = 0, stops = 0;
    for (size_t i = 0; i < v.n_findings; i++) {
        sum += v.findings[i].weight;
        stops += v.findings[i].level == GUARD_STOP;
        assert_true(v.findings[i].weight > 100 + 67);
    }
    assert_int_equal(v.n_findings, GUARD_FINDINGS_MAX);
    assert_int_equal(stops, 1);
    assert_int_equal(v.score, sum);
}

/* Every reason that a reader of mail can give has words in both languages, and an account that is no IBAN has no country. */
static void test_words(void **state)
{
    (void)state;
    static const char *const reasons[] = {"unreadable part",
                                          "message/partial",
                                          "it took too long to read",
                                          "a limit was reached",
                                          "the reader stopped in the middle",
                                          "it is still being read"};
    for (size_t i = 0; i < N_ELEMENTS(reasons); i++)
        assert_false(str_eq(guard_fact_word(STR("reason"), str_c(reasons[i]), 0), str_c(reasons[i])));
    assert_true(str_eq(guard_fact_word(STR("reason"), STR("other"), 0), STR("other")));
    assert_true(str_eq(guard_fact_word(STR("country"), STR(""), 1), STR("its country is not stated")));
}

/* A locked file that the checks opened is not said to have kept them out. */
static void test_locked(void **state)
{
    (void)state;
    static const struct {
        unsigned att;
        const char *says[2], *not_said[2];
    } cases[] = {
        {ATT_ENCRYPTED, {"nessun controllo", "no check could"}, {"password che sta", "password that stands"}},
        {ATT_ENCRYPTED | ATT_OPENED,
         {"password che sta", "password that stands"},
         {"nessun controllo", "no check could"}},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (int lang = 0; lang < 2; lang++) {
            AUTO(arena) struct arena a;
            arena_init(&a, ARENA_NO_LIMIT);
            AUTO(buf) struct buf b;
            buf_init(&b, 4096);
            struct guard_history h = {0};
            struct guard_verdict v;
            guard_judge(input(&a, &(struct look){.name = "Ufficio",
                                                 .from = "u@ditta-qualunque.it",
                                                 .subject = "x",
                                                 .kind = "zip",
                                                 .att = cases[i].att}),
                        &h, &a, &v);
            size_t n = 0;
            while (n < v.n_findings && v.findings[n].code != GUARD_ATTACH_ENCRYPTED)
                n++;
            assert_true(n < v.n_findings && v.findings[n].level == GUARD_CAUTION);
            guard_text(&b, str_c(guard_table[GUARD_ATTACH_ENCRYPTED].code), lang, false, v.findings[n].facts,
                       v.findings[n].n_facts);
            assert_true(str_find(buf_str(&b), str_c(cases[i].says[lang]), 0) >= 0);
            assert_true(str_find(buf_str(&b), str_c(cases[i].not_said[lang]), 0) < 0);
        }
}

static int open_lists(void **state)
{
    struct err e = {0};
    (void)state;
    return guard_lists_open(&lists, &e);
}

static int close_lists(void **state)
{
    (void)state;
    guard_lists_close(&lists);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks), cmocka_unit_test(test_many_files),
                                       cmocka_unit_test(test_crowd), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_locked)};
    return cmocka_run_group_tests(tests, open_lists, close_lists);
}

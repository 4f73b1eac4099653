#include "guard/lexicon.h"
#include "guard/name.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define PHRASE(topic, lang, weight, text) {TOPIC_##topic, text},
static const struct {
    enum guard_topic topic;
    const char *text;
} rows[] = {
#include "guard/text_lexicon.def"
};
#undef PHRASE

/* A phrase that the folding would write otherwise, or that is too long, could never be found. */
static void test_every_phrase(void **state)
{
    (void)state;
    struct guard_lexicon *l;
    struct err e = {0};
    assert_int_equal(guard_lexicon_open(&l, &e), 0);
    assert_true(N_ELEMENTS(rows) < 4096);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        AUTO(arena) struct arena a;
        struct guard_topics t = {0};
        arena_init(&a, ARENA_NO_LIMIT);
        guard_lexicon_match(l, guard_text_fold(&a, str_c(rows[i].text), 1000), &t);
        if (t.points[rows[i].topic] == 0)
            fail_msg("\"%s\" is never found", rows[i].text);
    }
    guard_lexicon_close(&l);
}

static void test_match(void **state)
{
    (void)state;
    struct guard_lexicon *l;
    struct err e = {0};
    assert_int_equal(guard_lexicon_open(&l, &e), 0);
    struct guard_topics t = {0};
    guard_lexicon_match(l, STR("please verify your account within 24 hours please verify your account"), &t);
    assert_int_equal(t.phrases[TOPIC_ACCOUNT], 1);
    assert_int_equal(t.phrases[TOPIC_URGENT], 2); /* "within 24 hours" and "24 hours" */
    assert_true(str_eq(t.quote[TOPIC_ACCOUNT][0], STR("verify your account")));
    assert_int_equal(t.words, 11);
    t = (struct guard_topics){0};
    guard_lexicon_match(l, STR("the meeting is moved to friday"), &t);
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        assert_int_equal(t.points[i], 0);
    guard_lexicon_match(NULL, STR("verify your account"), &t);
    assert_int_equal(t.points[TOPIC_ACCOUNT], 0);
    guard_lexicon_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_phrase), cmocka_unit_test(test_match)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

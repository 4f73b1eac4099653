#include "extract/style.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_colors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t want;
    } cases[] = {
        {"#fff", 0xFFFFFF},        {"#FAfbFc", 0xFAFBFC},       {"white", 0xFFFFFF},
        {"rgb(1, 2,3)", 0x010203}, {"rgba(9,9,9,1)", 0x090909}, {"rgba(9,9,9,0.5)", STYLE_UNKNOWN},
        {"ffffff", 0xFFFFFF},      {"var(--x)", STYLE_UNKNOWN}, {"#zz", STYLE_UNKNOWN},
        {"", STYLE_UNKNOWN},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        if (style_color(str_c(cases[i].text)) != cases[i].want)
            fail_msg("%s: %x", cases[i].text, style_color(str_c(cases[i].text)));
    assert_true(style_same_color(0xFFFFFF, 0xFEFEFE));
    assert_false(style_same_color(0xFFFFFF, 0xEEEEEE));
    assert_false(style_same_color(STYLE_UNKNOWN, STYLE_UNKNOWN));
}

static void test_hides(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"display:none", true},
        {"DISPLAY : None !important", true},
        {"display:none;display:block", false},
        {"opacity:0", true},
        {"opacity:0.9", false},
        {"max-height:0;overflow:hidden", true},
        {"max-height:0", false},
        {"height:100px;overflow:hidden", false},
        {"text-indent:-9999px", true},
        {"position:absolute;left:-5000px", true},
        {"left:-5px", false},
        {"mso-hide:all", true},
        {"transform:scale(0)", true},
        {"transform:scale(0.5)", false},
        {"background:url(data:x;display:none)", false},
        {"color:red", false},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct style s;
        style_init(&s);
        style_read(str_c(cases[i].text), &s);
        if (style_hides(&s) != cases[i].want)
            fail_msg("%s", cases[i].text);
    }
}

static void test_sheet(void **state)
{
    (void)state;
    struct style_sheet sheet = {0};
    struct style s;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    style_sheet_read(&a,
                     STR("/* a{} */ .gone, P.hid {display:none} @media x{ .later{display:none} div{background:#000} } "
                         "#f{font-size:0}\n"
                         "td b {background:#000} .on{display:block}"),
                     &sheet);
    assert_true(sheet.unread_background);
    static const struct {
        const char *tag, *cls, *id;
        bool gone;
    } cases[] = {{"div", "x gone y", "", true}, {"div", "GONE", "", true}, {"p", "hid", "", true},
                 {"div", "hid", "", false},     {"p", "later", "", false}, {"p", "", "", false},
                 {"p", "gone on", "", false}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        style_init(&s);
        style_sheet_apply(&sheet, str_c(cases[i].tag), str_c(cases[i].cls), str_c(cases[i].id), &s);
        if (style_hides(&s) != cases[i].gone)
            fail_msg("%s.%s", cases[i].tag, cases[i].cls);
    }
    style_init(&s);
    style_sheet_apply(&sheet, STR("p"), STR(""), STR("f"), &s);
    assert_int_equal(s.font, 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_colors), cmocka_unit_test(test_hides),
                                       cmocka_unit_test(test_sheet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

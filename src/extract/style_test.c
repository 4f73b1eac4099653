#include "extract/style.h"
#include "core/buf.h"
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
        {"#fff", 0xFFFFFF},
        {"#FAfbFc", 0xFAFBFC},
        {"white", 0xFFFFFF},
        {"rgb(1, 2,3)", 0x010203},
        {"rgba(9,9,9,1)", 0x090909},
        {"rgba(9,9,9,0.5)", STYLE_UNKNOWN},
        {"ffffff", 0xFFFFFF},
        {"var(--x)", STYLE_UNKNOWN},
        {"#zz", STYLE_UNKNOWN},
        {"", STYLE_UNKNOWN},
        {"transparent", STYLE_CLEAR},
        {"#0000", STYLE_CLEAR},
        {"#00000000", STYLE_CLEAR},
        {"#000f", 0},
        {"#0a0b0cff", 0x0A0B0C},
        {"#00000080", STYLE_UNKNOWN},
        {"rgba(0,0,0,0)", STYLE_CLEAR},
        {"rgba(0 0 0 / 0%)", STYLE_CLEAR},
        {"rgba(0,0,0,.05)", STYLE_CLEAR},
        {"rgb(100%, 0%, 50%)", 0xFF007F},
        {"hsl(0,0%,100%)", 0xFFFFFF},
        {"hsl(120, 100%, 50%)", 0x00FF00},
        {"hsl(240deg 100% 50%)", 0x0000FF},
        {"hsl(-90,100%,25%)", 0x3F007F},
        {"hsla(0,0%,0%,0)", STYLE_CLEAR},
        {"hsl(", STYLE_UNKNOWN},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        if (style_color(str_c(cases[i].text)) != cases[i].want)
            fail_msg("%s: %x", cases[i].text, style_color(str_c(cases[i].text)));
    assert_true(style_same_color(0xFFFFFF, 0xFEFEFE));
    assert_false(style_same_color(0xFFFFFF, 0xEEEEEE));
    assert_false(style_same_color(STYLE_UNKNOWN, STYLE_UNKNOWN));
    assert_true(style_same_color(STYLE_CLEAR, STYLE_UNKNOWN));
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
        {"display:/**/none", true},
        {"/* x */display/* y */:none", true},
        {"d\\69splay:none", true},
        {"display:n\\6f ne", true},
        {"display:none!important;display:block", true},
        {"opacity:50%", false},
        {"opacity:5%", true},
        {"opacity:0%", true},
        {"clip-path: inset(100%)", true},
        {"clip-path: inset(10%)", false},
        {"clip-path: circle(0)", true},
        {"filter:opacity(0)", true},
        {"filter:opacity(1)", false},
        {"-webkit-transform:scaleX(0)", true},
        {"transform:translateX(-9999px)", true},
        {"transform:translate(-50%, -50%)", false},
        {"left:9999px", true},
        {"left:50%", false},
        {"right:-9999px", true},
        {"overflow-y:hidden;height:0", true},
        {"-", false},
        {"\\", false},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct style s, important;
        style_init(&s);
        style_init(&important);
        style_read(str_c(cases[i].text), &s, &important);
        style_merge(&s, &important);
        if (style_hides(&s) != cases[i].want)
            fail_msg("%s", cases[i].text);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t font, percent;
    } cases[] = {{"font-size:0", 0, -1},
                 {"font-size:12px", 120, -1},
                 {"font-size:9pt", 117, -1},
                 {"font-size:1vw", 100, -1},
                 {"font-size:1in", 960, -1},
                 {"font-size:50%", -1, 50},
                 {"font-size:.5em", -1, 50},
                 {"font-size:small", 130, -1},
                 {"font:0/0 a", 0, -1},
                 {"font:0 a", 0, -1},
                 {"font: italic 400 12px/18px Arial, sans-serif", 120, -1},
                 {"font: bold 1px a", 10, -1},
                 {"font: caption", -1, -1}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct style s;
        style_init(&s);
        style_read(str_c(cases[i].text), &s, NULL);
        if (s.font != cases[i].font || s.font_percent != cases[i].percent)
            fail_msg("%s: %d %d", cases[i].text, s.font, s.font_percent);
    }
}

static void test_backgrounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t want;
    } cases[] = {{"background:#fff", 0xFFFFFF},
                 {"background:none #000", 0},
                 {"background: no-repeat 0 0 / cover rgb(1, 2, 3)", 0x010203},
                 {"background:tomato", STYLE_UNKNOWN},
                 {"background:transparent", STYLE_UNSET},
                 {"background-color:rgba(0,0,0,0)", STYLE_UNSET},
                 {"background:none", STYLE_UNSET},
                 {"background:0", STYLE_UNSET},
                 {"background:#fff url(x)", STYLE_UNKNOWN},
                 {"background:linear-gradient(red,blue)", STYLE_UNKNOWN}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct style s;
        style_init(&s);
        style_read(str_c(cases[i].text), &s, NULL);
        if (s.background != cases[i].want)
            fail_msg("%s: %x", cases[i].text, s.background);
    }
}

/* What stands around the element, outermost first: tag, class, id. */
#define AROUND_MAX 4u
struct around {
    const char *tag, *cls, *id;
};

static void sheet_says(struct style_sheet *sheet, const struct around *v, size_t n, struct style *s)
{
    struct style_names path[AROUND_MAX];
    struct style important;
    style_init(s);
    style_init(&important);
    for (size_t i = 0; i < n; i++)
        style_names_of(str_c(v[i].tag), str_c(v[i].cls), str_c(v[i].id), &path[i]);
    style_sheet_apply(sheet, path, n, s, &important);
    style_merge(s, &important);
}

static void test_sheet(void **state)
{
    (void)state;
    struct style_sheet sheet = {0};
    struct style s;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    style_sheet_read(
        &a,
        STR("/* a{} */ .gone, P.hid {display:none} @media x{ .later{display:none} div{background:#000} } "
            "#f{font-size:0}\n .k/*y*/{disp\\6c ay:none} .a.b{display:none} "
            "td + b {background:#000} .on{display:block} .strong{display:none!important}"
            "@media screen{.wide{display:none}} @media only screen and (max-width:600px){.on{display:none}}"
            "@media (min-width:1px) and (max-width:9000px){.any{display:none}}"),
        &sheet);
    assert_true(sheet.unread_background);
    static const struct {
        struct around one;
        bool gone;
    } cases[] = {{{"div", "x gone y", ""}, true}, {{"div", "GONE", ""}, true},    {{"p", "hid", ""}, true},
                 {{"div", "hid", ""}, false},     {{"p", "later", ""}, false},    {{"p", "", ""}, false},
                 {{"p", "gone on", ""}, false},   {{"p", "k", ""}, true},         {{"p", "a", ""}, false},
                 {{"p", "b c a", ""}, true},      {{"p", "strong on", ""}, true}, {{"p", "wide", ""}, true},
                 {{"p", "any", ""}, true}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        sheet_says(&sheet, &cases[i].one, 1, &s);
        if (style_hides(&s) != cases[i].gone)
            fail_msg("%s.%s", cases[i].one.tag, cases[i].one.cls);
    }
    sheet_says(&sheet, &(struct around){"p", "", "f"}, 1, &s);
    assert_int_equal(s.font, 0);
    assert_false(sheet.deep);
    arena_free(&a);
}

static void test_around(void **state)
{
    (void)state;
    static const struct {
        const char *css;
        struct around path[AROUND_MAX];
        size_t n;
        bool gone;
    } cases[] = {
        {"p .h{display:none}", {{"p", "", ""}, {"span", "h", ""}}, 2, true},
        {"p .h{display:none}", {{"div", "", ""}, {"span", "h", ""}}, 2, false},
        {"table td.x .h{display:none}", {{"table", "", ""}, {"td", "x", ""}, {"b", "", ""}, {"i", "h", ""}}, 4, true},
        {"p > .h{display:none}", {{"p", "", ""}, {"b", "", ""}, {"i", "h", ""}}, 3, false},
        {"p > b > .h{display:none}", {{"p", "", ""}, {"b", "", ""}, {"i", "h", ""}}, 3, true},
        {"div > b .h{display:none}", {{"div", "", ""}, {"b", "", ""}, {"b", "", ""}, {"i", "h", ""}}, 4, true},
        {"* .h{display:none}", {{"p", "", ""}, {"i", "h", ""}}, 2, true},
        {"*{display:none}", {{"p", "", ""}}, 1, true},
        {"#i .h{display:none} .h{display:block}", {{"p", "", "i"}, {"i", "h", ""}}, 2, true},
        {".h{display:block!important} #i{display:none}", {{"i", "h", "i"}}, 1, false},
        {"p >{display:none}", {{"p", "", ""}}, 1, false},
        {"a b c d e{display:none}", {{"e", "", ""}}, 1, false},
        {"p:hover{display:none}", {{"p", "", ""}}, 1, false},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct style_sheet sheet = {0};
        struct style s;
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        style_sheet_read(&a, str_c(cases[i].css), &sheet);
        sheet_says(&sheet, cases[i].path, cases[i].n, &s);
        if (style_hides(&s) != cases[i].gone)
            fail_msg("%s", cases[i].css);
    }
}

/* However many rules and elements there are, the work has an end. */
static void test_work(void **state)
{
    (void)state;
    struct style_sheet sheet = {0};
    struct style s;
    struct arena a;
    struct buf css;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&css, 1u << 20);
    for (unsigned i = 0; i < STYLE_RULES_MAX + 10; i++)
        buf_printf(&css, ".a .c%u{color:red}", i);
    style_sheet_read(&a, buf_str(&css), &sheet);
    assert_int_equal(sheet.n, STYLE_RULES_MAX);
    for (unsigned i = 0; i < 100000; i++)
        sheet_says(&sheet, (const struct around[]){{"p", "", ""}, {"b", "c1 c2 c3", ""}}, 2, &s);
    assert_true(sheet.work >= STYLE_WORK_MAX && sheet.work < STYLE_WORK_MAX + 10000);
    buf_free(&css);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_colors), cmocka_unit_test(test_hides),
                                       cmocka_unit_test(test_sizes),  cmocka_unit_test(test_backgrounds),
                                       cmocka_unit_test(test_sheet),  cmocka_unit_test(test_around),
                                       cmocka_unit_test(test_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

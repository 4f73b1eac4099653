#include "core/log.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static int pipes[2];
static char got[LOG_LINE_MAX * 2];

static struct str take(void)
{
    ssize_t n = read(pipes[0], got, sizeof got - 1);
    assert_true(n > 0);
    got[n] = 0;
    return str_n(got, (size_t)n);
}

static json_t *take_json(void)
{
    json_error_t why;
    struct str s = take();
    assert_int_equal(str_chr(s, '\n', 0), (ptrdiff_t)s.n - 1); /* one line */
    json_t *j = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, &why);
    if (!j)
        fail_msg("%s: %s", why.text, s.p);
    return j;
}

static const char *field(json_t *j, const char *key) { return json_string_value(json_object_get(j, key)); }

static void json_lines(void **state UNUSED)
{
    log_setup("net", pipes[1], LOG_JSON, LOG_INFO);
    log_info("smtp.reject", L_S("from", STR("a\"b\r\nc\x1b[31m\xFF")), L_I("code", -550), L_ID("session", 0xABCD));
    json_t *j = take_json();
    assert_string_equal(field(j, "role"), "net");
    assert_string_equal(field(j, "event"), "smtp.reject");
    assert_string_equal(field(j, "from"), "a\"b\r\nc\x1b[31m\xC3\xBF");
    assert_string_equal(field(j, "session"), "abcd");
    assert_int_equal(json_integer_value(json_object_get(j, "code")), -550);
    json_decref(j);
    log_warn("bare");
    j = take_json();
    assert_string_equal(field(j, "level"), "warn");
    json_decref(j);
    log_debug("unseen");
    log_error("seen");
    j = take_json();
    assert_string_equal(field(j, "event"), "seen");
    json_decref(j);
}

static void text_lines(void **state UNUSED)
{
    log_setup("dns", pipes[1], LOG_TEXT, LOG_DEBUG);
    log_debug("dns.answer", L_Z("name", "azienda.example"), L_Z("text", "two words"),
              L_S("forged", STR("x\n2026 info net ok")), L_S("bidi", STR("\xE2\x80\xAEgpj")), L_Z("none", NULL));
    struct str s = take();
    assert_true(
        str_ends(s, STR(" debug dns dns.answer name=azienda.example text=\"two words\" forged=\"x\\n2026 info net ok\""
                        " bidi=\"\\u202egpj\" none=\"\"\n")));
    assert_int_equal(str_chr(s, '\n', 0), (ptrdiff_t)s.n - 1);
}

static void long_lines_are_cut(void **state UNUSED)
{
    static char much[LOG_LINE_MAX * 2];
    static const char *const fill[] = {"x", "\n", "\xC3\xA0", "\xFF", "\"", "\xE2\x80\xAE"};
    for (int json = 0; json < 2; json++) {
        log_setup("net", pipes[1], json ? LOG_JSON : LOG_TEXT, LOG_INFO);
        for (size_t i = 0; i < N_ELEMENTS(fill); i++)
            for (size_t n = LOG_LINE_MAX - 200; n < LOG_LINE_MAX + 20; n += 1) {
                size_t unit = strlen(fill[i]);
                for (size_t k = 0; k < n; k++)
                    much[k] = fill[i][k % unit];
                log_info("long", L_S("value", str_n(much, n)), L_I("after", 1));
                if (json) {
                    json_t *j = take_json();
                    assert_true(json_object_get(j, "after") || json_is_true(json_object_get(j, "cut")));
                    json_decref(j);
                } else {
                    struct str s = take();
                    assert_true(str_ends(s, STR(" after=1\n")) || str_ends(s, STR(" cut=true\n")));
                    assert_true(s.n <= LOG_LINE_MAX);
                }
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines),
        cmocka_unit_test(text_lines),
        cmocka_unit_test(long_lines_are_cut),
    };
    if (pipe(pipes))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

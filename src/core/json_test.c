#include "core/json.h"
#include "core/err.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void writes(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    struct json_w w;
    buf_init(&b, 4096);
    json_init(&w, &b);
    json_obj(&w);
    json_kstr(&w, "a", STR("x\"\\\n\x01"));
    json_keyz(&w, "list");
    json_arr(&w);
    json_int(&w, -5);
    json_bool(&w, true);
    json_none(&w);
    json_obj(&w);
    json_obj_end(&w);
    json_arr(&w);
    json_arr_end(&w);
    json_arr_end(&w);
    json_kbool(&w, "b", false);
    json_kint(&w, "n", INT64_MIN);
    json_keyz(&w, "raw");
    json_raw(&w, STR("[1,2]"));
    json_keyz(&w, "at");
    json_time(&w, 1795284000999);
    json_obj_end(&w);
    assert_true(str_eq(buf_str(&b), STR("{\"a\":\"x\\\"\\\\\\n\\u0001\",\"list\":[-5,true,null,{},[]],\"b\":false,"
                                        "\"n\":-9223372036854775808,\"raw\":[1,2],\"at\":\"2026-11-21T18:00:00Z\"}")));
}

static void mends_utf8(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    struct json_w w;
    buf_init(&b, 4096);
    json_init(&w, &b);
    json_str(&w, STR("citt\xC3\xA0 \xFF\xC3 \xED\xA0\x80"));
    assert_true(
        str_eq(buf_str(&b), STR("\"citt\xC3\xA0 \xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"")));
}

static void refuses_depth(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    struct json_w w;
    buf_init(&b, 4096);
    json_init(&w, &b);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        json_arr(&w);
    assert_int_equal(b.err, BUF_OK);
    json_arr(&w);
    assert_int_equal(b.err, BUF_FULL);
}

static void reads_strictly(void **state UNUSED)
{
    static const char *const bad[] = {"",           "{",    "{\"a\":1,\"a\":2}", "[1,]", "[1] x",  "'a'",
                                      "{\"a\":1}{", "[01]", "\"\xFF\"",          "nul",  "[1e999]"};
    struct err e;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        e = (struct err){0};
        assert_null(json_read(str_c(bad[i]), &e));
        assert_int_equal(e.code, ERR_INVALID);
        assert_true(strlen(e.text) > 5);
    }
    struct str good = STR(" {\"a\":[1,2,{\"b\":\"]]]]\\\"[[\"}]} ");
    json_t *j = json_read(good, &e);
    assert_non_null(j);
    json_decref(j);
    for (size_t n = 0; n + 1 < good.n; n++)
        assert_null(json_read(str_upto(good, n), &e));
}

static void reads_to_a_depth(void **state UNUSED)
{
    char text[2 * JSON_DEPTH_MAX + 2];
    struct err e = {0};
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    json_t *j = json_read(str_n(text, sizeof text - 2), &e);
    assert_non_null(j);
    json_decref(j);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_null(json_read(str_n(text, sizeof text), &e));
    assert_int_equal(e.code, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),         cmocka_unit_test(mends_utf8),       cmocka_unit_test(refuses_depth),
        cmocka_unit_test(reads_strictly), cmocka_unit_test(reads_to_a_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

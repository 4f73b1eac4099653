#include "http/range.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void ranges(void **state)
{
    (void)state;
    static const struct {
        struct str value;
        uint64_t size;
        enum http_range want;
        uint64_t from, to;
    } rows[] = {
        {{"bytes=0-9", 9}, 100, HTTP_RANGE_PART, 0, 10},
        {{"bytes=90-", 9}, 100, HTTP_RANGE_PART, 90, 100},
        {{"bytes=-10", 9}, 100, HTTP_RANGE_PART, 90, 100},
        {{"bytes=-1000", 11}, 100, HTTP_RANGE_PART, 0, 100},
        {{"bytes=99-99", 11}, 100, HTTP_RANGE_PART, 99, 100},
        {{"bytes=50-1000", 13}, 100, HTTP_RANGE_PART, 50, 100},
        {{"BYTES=0-0", 9}, 100, HTTP_RANGE_PART, 0, 1},
        {{"bytes=0-18446744073709551615", 28}, 100, HTTP_RANGE_PART, 0, 100},
        {{"bytes=100-", 10}, 100, HTTP_RANGE_BEYOND, 0, 0},
        {{"bytes=-0", 8}, 100, HTTP_RANGE_BEYOND, 0, 0},
        {{"bytes=0-", 8}, 0, HTTP_RANGE_BEYOND, 0, 0},
        {{"bytes=-5", 8}, 0, HTTP_RANGE_BEYOND, 0, 0},
        {{"bytes=9-5", 9}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=a-5", 9}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=0-5,7-9", 13}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=", 6}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=-", 7}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=+1-2", 10}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"bytes=0-99999999999999999999", 28}, 100, HTTP_RANGE_NONE, 0, 0},
        {{"lines=0-5", 9}, 100, HTTP_RANGE_NONE, 0, 0},
        {{NULL, 0}, 100, HTTP_RANGE_NONE, 0, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        uint64_t from = 0, to = 0;
        assert_int_equal(http_range_parse(rows[i].value, rows[i].size, &from, &to), rows[i].want);
        assert_int_equal(from, rows[i].from);
        assert_int_equal(to, rows[i].to);
    }
}

static void tags(void **state)
{
    (void)state;
    assert_true(http_etag_in(STR("\"a\", \"b\""), STR("\"b\"")));
    assert_true(http_etag_in(STR("W/\"b\""), STR("\"b\"")));
    assert_true(http_etag_in(STR("*"), STR("\"b\"")));
    assert_false(http_etag_in(STR("\"bb\""), STR("\"b\"")));
    assert_false(http_etag_in(STR("b"), STR("\"b\"")));
    assert_false(http_etag_in(STR("\"b\""), STR_NULL));
    assert_false(http_etag_in(STR_NULL, STR("\"b\"")));
    assert_true(http_etag_is(STR(" \"b\" "), STR("\"b\"")));
    assert_false(http_etag_is(STR("W/\"b\""), STR("\"b\"")));
    assert_false(http_etag_is(STR("Sat, 21 Nov 2026 18:00:00 GMT"), STR("\"b\"")));
}

static void encodings(void **state)
{
    (void)state;
    assert_true(http_accepts_gzip(STR("gzip")));
    assert_true(http_accepts_gzip(STR("br, GZip;q=0.5, *;q=0")));
    assert_true(http_accepts_gzip(STR("*")));
    assert_false(http_accepts_gzip(STR("gzip;q=0")));
    assert_false(http_accepts_gzip(STR("gzip; q=0.000, *")));
    assert_false(http_accepts_gzip(STR("identity")));
    assert_false(http_accepts_gzip(STR("")));
    assert_false(http_accepts_gzip(STR_NULL));
    assert_false(http_accepts_gzip(STR("notgzip")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(tags),
        cmocka_unit_test(encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "core/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static void texts(void **state UNUSED)
{
    char t[DATE_TEXT_MAX];
    assert_true(str_eq(date_text(0, false, t), STR("1970-01-01T00:00:00Z")));
    assert_true(str_eq(date_text(1795284000123, true, t), STR("2026-11-21T18:00:00.123Z")));
    assert_true(str_eq(date_text(-1, true, t), STR("1969-12-31T23:59:59.999Z")));
    assert_true(str_eq(date_text(951782400000, false, t), STR("2000-02-29T00:00:00Z")));
    assert_true(str_eq(date_text(INT64_MAX, false, t), STR("9999-12-31T23:59:59Z")));
    assert_true(str_eq(date_text(INT64_MIN, false, t), STR("0000-01-01T00:00:00Z")));
}

static void agrees_with_libc(void **state UNUSED)
{
    for (int64_t day = -200000; day < 200000; day += 13) {
        time_t at = (time_t)(day * 86400 + 12345);
        struct tm tm;
        struct date d;
        gmtime_r(&at, &tm);
        date_from_ms((int64_t)at * 1000, &d);
        assert_int_equal(d.year, tm.tm_year + 1900);
        assert_int_equal(d.month, tm.tm_mon + 1);
        assert_int_equal(d.day, tm.tm_mday);
        assert_int_equal(d.hour, tm.tm_hour);
        assert_int_equal(d.second, tm.tm_sec);
        assert_int_equal(d.weekday, tm.tm_wday);
        assert_true(date_to_ms(&d) == (int64_t)at * 1000);
    }
}

static void carries(void **state UNUSED)
{
    struct date d = {.year = 2026, .month = 13, .day = 1};
    char t[DATE_TEXT_MAX];
    assert_true(str_eq(date_text(date_to_ms(&d), false, t), STR("2027-01-01T00:00:00Z")));
    d = (struct date){.year = 2026, .month = 0, .day = 31, .hour = 24};
    assert_true(str_eq(date_text(date_to_ms(&d), false, t), STR("2026-01-01T00:00:00Z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(carries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "mime/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define T 1795280400 /* Sat, 21 Nov 2026 17:00:00 UTC */

static void reads(void **state UNUSED)
{
    static const struct {
        const char *text;
        int64_t seconds;
        int zone;
    } cases[] = {
        {"Sat, 21 Nov 2026 18:00:00 +0100", T, 60},
        {" sat , 21  NOV 2026 18:00 +0100 (CET)", T, 60},
        {"21 Nov 26 17:00:00 GMT", T, 0},
        {"21 Nov 126 17:00:00 Z", T, 0},
        {"Sat, 21 Nov 2026 12:00:00 EST", T, -300},
        {"Sat, 21 Nov 2026 17:00:00 -0000", T, 0},
        {"Sat, 21 Nov 2026 17:00:00", T, 0},
        {"Sat, 21 Nov 2026 17:00:00 XYZ", T, 0},
        {"Sat, 21 Nov 2026 12:00:00 GMT-0500", T, -300},
        {"Sat, (a (b)) 21 Nov(x)2026 22:30:00 +0530", T, 330},
        {"Sat Nov 21 17:00:00 2026", T, 0},
        {"Sat Nov 21 18:00:00 CET 2026", T, 60},
        {"Nov 21, 2026 5:00:00 PM", T, 0},
        {"21-Nov-2026 17:00:00", T, 0},
        {"2026-11-21T18:00:00.123+01:00", T, 60},
        {"2026-11-21 17:00:00Z", T, 0},
        {"Saturday, 21 November 2026 17.00.00 +0000", T, 0},
        {"21 Nov 2026", T - 17 * 3600, 0},
        {"Thu, 1 Jan 1970 00:00:00 +0000", 0, 0},
        {"Wed, 31 Dec 69 23:59:59 +0000", -1, 0},
        {"Thu, 29 Feb 2024 00:00:00 +0000", 1709164800, 0},
        {"Sat, 31 Dec 2016 23:59:60 +0000", 1483228800, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t ms = -12345;
        int zone = -12345;
        if (!mime_date_parse(str_c(cases[i].text), &ms, &zone) || ms != cases[i].seconds * 1000 ||
            zone != cases[i].zone)
            fail_msg("%s: %lld %d", cases[i].text, (long long)ms, zone);
    }
}

static void refuses(void **state UNUSED)
{
    static const char *const texts[] = {"",
                                        "yesterday",
                                        "21 Nov",
                                        "Nov 2026",
                                        "32 Nov 2026 10:00",
                                        "21 Nov 2026 25:00:00",
                                        "21 Nov 2026 10:61:00",
                                        "0 Nov 2026",
                                        "21 Foo 2026",
                                        "99999999999 Nov 2026",
                                        "((((",
                                        "21 Nov 1850",
                                        "21 13 2026"};
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        int64_t ms;
        if (mime_date_parse(str_c(texts[i]), &ms, NULL))
            fail_msg("%s", texts[i]);
    }
}

static void writes(void **state UNUSED)
{
    char out[MIME_DATE_TEXT_MAX];
    assert_true(str_eq(mime_date_text((int64_t)T * 1000 + 999, 60, out), STR("Sat, 21 Nov 2026 18:00:00 +0100")));
    assert_true(str_eq(mime_date_text(-1000, -210, out), STR("Wed, 31 Dec 1969 20:29:59 -0330")));
    assert_true(str_eq(mime_date_text(0, 0, out), STR("Thu, 1 Jan 1970 00:00:00 +0000")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses), cmocka_unit_test(writes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "mime/msgid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/buf.h"

static void reads(void **state UNUSED)
{
    static const char *const cases[][2] = {
        {"<a@b>", "a@b"},
        {" <a@b>\r\n <c@d>,<e@f> ", "a@b c@d e@f"},
        {"text <a@b> \"more\" <c>", "a@b c"},
        {"<a\r\n b@c>", "ab@c"},
        {"<a <b@c>", "b@c"},
        {"<>", ""},
        {"<a@b", "a@b"},
        {"a@b, c@d junk", "a@b c@d"},
        {"@x y", ""},
        {"", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct str v[8];
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, 1000);
        size_t n = mime_msgids(&a, str_c(cases[i][0]), v, 8);
        for (size_t k = 0; k < n; k++)
            buf_printf(&b, "%s%.*s", k ? " " : "", STRF(v[k]));
        if (!str_eq(buf_str(&b), str_c(cases[i][1])))
            fail_msg("%s: [%.*s]", cases[i][0], STRF(buf_str(&b)));
    }
}

static void keeps_first_and_last(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct str v[4];
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, 100000);
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "<%d@x> ", i);
    assert_int_equal(mime_msgids(&a, buf_str(&b), v, 4), 4);
    assert_true(str_eq(v[0], STR("0@x")) && str_eq(v[1], STR("997@x")) && str_eq(v[2], STR("998@x")) &&
                str_eq(v[3], STR("999@x")));

    buf_clear(&b);
    buf_addc(&b, '<');
    for (size_t i = 0; i < MIME_MSGID_BYTES_MAX + 1; i++)
        buf_addc(&b, 'x');
    buf_addz(&b, "><y@z>");
    assert_int_equal(mime_msgids(&a, buf_str(&b), v, 4), 1);
    assert_true(str_eq(v[0], STR("y@z")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(keeps_first_and_last)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

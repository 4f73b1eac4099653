#include "auth/canon.h"
#include "core/buf.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct auth_kit kit;

static void is_hash_of(const uint8_t got[32], struct str want)
{
    uint8_t digest[32];
    SHA256((const unsigned char *)want.p, want.n, digest);
    assert_memory_equal(got, digest, 32);
}

/* RFC 6376 3.4.5, and the corners of 3.4.3 and 3.4.4. */
static const struct {
    const char *body, *simple, *relaxed;
} bodies[] = {
    {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    {"", "\r\n", ""},
    {"\r\n", "\r\n", ""},
    {"\r\n\r\n", "\r\n", ""},
    {" \t\r\n", " \t\r\n", ""},
    {"x", "x\r\n", "x\r\n"},
    {"x\r\n\r\ny", "x\r\n\r\ny\r\n", "x\r\n\r\ny\r\n"},
    {"x \r\n \r\ny\t\t\tz", "x \r\n \r\ny\t\t\tz\r\n", "x\r\n\r\ny z\r\n"},
    {"a\nb\n\n", "a\r\nb\r\n", "a\r\nb\r\n"},
    {"\ta\r\n", "\ta\r\n", " a\r\n"},
    {"a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
    {"a  b c   d\r\n", "a  b c   d\r\n", "a b c d\r\n"},
};

static void bodies_as_the_rfc(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
        struct auth_body_hash h[3] = {{.limit = AUTH_BODY_NO_LIMIT},
                                      {.relaxed = true, .limit = AUTH_BODY_NO_LIMIT},
                                      {.relaxed = true, .limit = 2}};
        struct str body = str_c(bodies[i].body), relaxed = str_c(bodies[i].relaxed);
        uint64_t total;
        auth_canon_body(&kit, body, false, h, 3, &total);
        is_hash_of(h[0].digest, str_c(bodies[i].simple));
        assert_int_equal(total, strlen(bodies[i].simple));
        auth_canon_body(&kit, body, true, h, 3, &total);
        is_hash_of(h[1].digest, relaxed);
        is_hash_of(h[2].digest, str_upto(relaxed, 2));
        assert_int_equal(total, relaxed.n);
    }
}

/* More than fits the stage, lines across its border, and a limit inside. */
static void long_bodies(void **state UNUSED)
{
    AUTO(buf) struct buf in, out;
    buf_init(&in, 1 << 22);
    buf_init(&out, 1 << 22);
    for (int i = 0; i < 40000; i++) {
        buf_printf(&in, "line  %d\t of many \r\n", i);
        buf_printf(&out, "line %d of many\r\n", i);
    }
    struct auth_body_hash h[2] = {{.relaxed = true, .limit = AUTH_BODY_NO_LIMIT}, {.relaxed = true, .limit = 100001}};
    uint64_t total;
    auth_canon_body(&kit, buf_str(&in), true, h, 2, &total);
    is_hash_of(h[0].digest, buf_str(&out));
    is_hash_of(h[1].digest, str_upto(buf_str(&out), 100001));
    assert_int_equal(total, out.n);
    for (size_t i = 0; i < 100000; i++)
        buf_addz(&in, "\r\n");
    auth_canon_body(&kit, buf_str(&in), true, h, 2, &total);
    is_hash_of(h[0].digest, buf_str(&out));
}

static const struct {
    const char *field, *simple, *relaxed;
} fields[] = {
    {"A: X\r\n", "A: X\r\n", "a:X\r\n"},
    {"B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
    {"SubJect:a\n b\n", "SubJect:a\r\n b\r\n", "subject:a b\r\n"},
    {"X:\r\n", "X:\r\n", "x:\r\n"},
    {"X:  \r\n \r\n y", "X:  \r\n \r\n y\r\n", "x:y\r\n"},
    {"no colon", "no colon\r\n", "no colon:\r\n"},
};

static void fields_as_the_rfc(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        for (int relaxed = 0; relaxed <= 1; relaxed++)
            for (int end = 0; end <= 1; end++) {
                struct auth_hash h;
                uint8_t digest[32];
                struct str want = str_c(relaxed ? fields[i].relaxed : fields[i].simple);
                auth_hash_begin(&h, &kit);
                auth_canon_field(&h, str_c(fields[i].field), relaxed, STR_NULL, end);
                auth_hash_end(&h, digest);
                is_hash_of(digest, str_upto(want, want.n - (end ? 0 : 2)));
            }
}

static void leaves_out_a_view(void **state UNUSED)
{
    struct str field = STR("S: a=1; b= xyz\r\n zyx; c=2\r\n"), without = {field.p + 10, 10};
    for (int relaxed = 0; relaxed <= 1; relaxed++) {
        struct auth_hash h;
        uint8_t digest[32];
        auth_hash_begin(&h, &kit);
        auth_canon_field(&h, field, relaxed, without, false);
        auth_hash_end(&h, digest);
        is_hash_of(digest, relaxed ? STR("s:a=1; b=; c=2") : STR("S: a=1; b=; c=2"));
    }
}

static int opened(void **state UNUSED) { return auth_kit_open(&kit, NULL, NULL); }
static int closed(void **state UNUSED)
{
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies_as_the_rfc), cmocka_unit_test(long_bodies),
                                       cmocka_unit_test(fields_as_the_rfc), cmocka_unit_test(leaves_out_a_view)};
    return cmocka_run_group_tests(tests, opened, closed);
}

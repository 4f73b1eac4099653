#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void crc(void **state UNUSED)
{
    unsigned char block[300];
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    memset(block, 0, 32);
    assert_int_equal(crc32c(0, block, 32), 0x8A9136AA); /* RFC 3720 B.4 */
    memset(block, 0xFF, 32);
    assert_int_equal(crc32c(0, block, 32), 0x62A8AB43);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n < sizeof block; n++) {
        uint32_t whole = crc32c(0, block, n);
        assert_int_equal(whole, crc32c_table(0, block, n));
        assert_int_equal(whole, crc32c(crc32c(0, block, n / 3), block + n / 3, n - n / 3));
    }
}

static void sip(void **state UNUSED)
{
    static const uint64_t zero[2] = {0, 0};
    assert_true(siphash13(zero, "a", 1) == 0x407448d2b89b1813);
    assert_true(siphash13(zero, "abcdefg", 7) == 0x6db12aae9070f506);
    assert_true(siphash13(zero, "abcdefgh", 8) == 0x3f7b849c0b8e35ea);
    assert_true(siphash13(zero, "The quick brown fox jumps over the lazy dog", 43) == 0x8df676d3d00c451e);
    static const uint64_t other[2] = {0, 1};
    assert_true(siphash13(other, "a", 1) != siphash13(zero, "a", 1));
    /* On disk: these may never change. */
    assert_true(hash64(STR("")) == hash64(STR_NULL));
    assert_true(hash64(STR("sigillo")) != hash64(STR("sigilln")));
}

static void hex(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    unsigned char out[4];
    buf_init(&b, 100);
    hex_put(&b, STR("\x00\xAB\xff z"));
    assert_true(str_eq(buf_str(&b), STR("00abff207a")));
    assert_true(hex_get(STR("00aBFf20"), out, 4));
    assert_memory_equal(out, "\x00\xAB\xff ", 4);
    assert_false(hex_get(STR("00aBFf2"), out, 4));
    assert_false(hex_get(STR("00aBFf200"), out, 4));
    assert_false(hex_get(STR("00aBFfg0"), out, 4));
}

static void base64(void **state UNUSED)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}}; /* RFC 4648 10 */
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str out;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        AUTO(buf) struct buf b;
        buf_init(&b, 100);
        base64_put(&b, str_c(rows[i][0]));
        assert_true(str_eq(buf_str(&b), str_c(rows[i][1])));
        assert_true(base64_get(&a, str_c(rows[i][1]), &out));
        assert_true(str_eq(out, str_c(rows[i][0])));
    }
    static const char *const bad[] = {
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_"};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_false(base64_get(&a, str_c(bad[i]), &out));
        assert_null(out.p);
    }
}

static void ids(void **state UNUSED)
{
    static const int64_t some[] = {1, 31, 32, 1023, 1024, 123456789012345, INT64_MAX - 1, INT64_MAX};
    char t[ID_TEXT_MAX + 1];
    int64_t id;
    for (size_t i = 0; i < N_ELEMENTS(some); i++) {
        size_t n = id_text(some[i], t);
        assert_int_equal(strlen(t), n);
        assert_true(id_parse(str_c(t), &id) && id == some[i]);
    }
    assert_int_equal(id_text(INT64_MAX, t), ID_TEXT_MAX);
    static const char *const bad[] = {"",
                                      "a",
                                      "aa",
                                      "aab",
                                      "b",
                                      "bb",
                                      "aB",
                                      "a1",
                                      "a0",
                                      "a-",
                                      "ab ",
                                      "aqaaaaaaaaaaaaa",
                                      "ai777777777777",
                                      "a7777777777777"};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_false(id_parse(str_c(bad[i]), &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc),    cmocka_unit_test(sip), cmocka_unit_test(hex),
        cmocka_unit_test(base64), cmocka_unit_test(ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

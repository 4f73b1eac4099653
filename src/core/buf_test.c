#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void grows_to_its_maximum(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        buf_addc(&b, 'x');
    assert_int_equal(b.err, BUF_OK);
    assert_int_equal(b.n, 1000);
    buf_addc(&b, 'y');
    assert_int_equal(b.err, BUF_FULL);
    buf_addz(&b, "");
    buf_add(&b, "z", 1);
    assert_int_equal(b.n, 1000);
    assert_null(buf_room(&b, 0));
    buf_clear(&b);
    buf_addz(&b, "again");
    assert_true(str_eq(buf_str(&b), STR("again")));
}

static void refuses_absurd_sizes(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 100);
    assert_null(buf_room(&b, SIZE_MAX));
    assert_int_equal(b.err, BUF_FULL);
}

static void prints(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 2000);
    buf_printf(&b, "%d %s", 7, "seals");
    buf_printf(&b, "%0600d", 1); /* longer than the small buffer */
    assert_int_equal(b.n, 607);
    assert_true(str_ends(buf_str(&b), STR("01")));
    buf_drop(&b, 2);
    assert_true(str_starts(buf_str(&b), STR("seals")));
    buf_drop(&b, 99999);
    assert_int_equal(b.n, 0);
    AUTO(buf) struct buf exact;
    buf_init(&exact, 600);
    buf_printf(&exact, "%0600d", 1); /* the NUL of printf does not count */
    assert_int_equal(exact.err, BUF_OK);
}

static void fields_come_back(void **state UNUSED)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 300, 1ull << 32, UINT64_MAX};
    AUTO(buf) struct buf b;
    buf_init(&b, 4096);
    buf_u8(&b, 0xAB);
    buf_u16(&b, 0x1234);
    buf_u32(&b, 0xDEADBEEF);
    buf_u64(&b, 0x0102030405060708);
    buf_vstr(&b, STR("text"));
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        buf_varint(&b, numbers[i]);
    assert_int_equal((unsigned char)b.p[1], 0x12); /* most significant first */
    struct rd r = rd_of(buf_str(&b));
    assert_int_equal(rd_u8(&r), 0xAB);
    assert_int_equal(rd_u16(&r), 0x1234);
    assert_int_equal(rd_u32(&r), 0xDEADBEEF);
    assert_true(rd_u64(&r) == 0x0102030405060708);
    assert_true(str_eq(rd_vstr(&r), STR("text")));
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        assert_true(rd_varint(&r) == numbers[i]);
    assert_true(rd_done(&r));
    /* Cut at every byte: an error, never a read beyond the end. */
    for (size_t cut = 0; cut < 19; cut++) {
        struct rd s = rd_of(str_upto(buf_str(&b), cut));
        rd_u8(&s);
        rd_u16(&s);
        rd_u32(&s);
        rd_u64(&s);
        rd_vstr(&s);
        assert_true(s.err);
        assert_int_equal(rd_u8(&s), 0);
    }
}

static void hostile_numbers(void **state UNUSED)
{
    static const struct str bad[] = {
        STR("\x80"),                                     /* never ends */
        STR("\x80\x00"),                                 /* needless zero: a second form of 0 */
        STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), /* 65 bits */
        STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
    };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct rd r = rd_of(bad[i]);
        assert_true(rd_varint(&r) == 0);
        assert_true(r.err);
    }
    struct rd r = rd_of(STR("\xFF\xFF\xFF\xFFx"));
    assert_int_equal(rd_vstr(&r).n, 0);
    assert_true(r.err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum), cmocka_unit_test(refuses_absurd_sizes), cmocka_unit_test(prints),
        cmocka_unit_test(fields_come_back),     cmocka_unit_test(hostile_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

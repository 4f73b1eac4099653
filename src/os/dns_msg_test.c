#include "os/dns_msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char in[CHANNEL_MSG_MAX];
static int fds[2];

static int set_up(void **state UNUSED) { return channel_pair(fds); }
static int tear_down(void **state UNUSED) { return close(fds[0]) || close(fds[1]); }

static void question_and_answer(void **state UNUSED)
{
    struct dns_answer a = {.status = DNS_OK, .secure = true, .ttl = 300, .n = 2, .rdata = {STR("one"), STR("")}}, b;
    struct channel_msg m;
    struct str name;
    unsigned type;
    assert_int_equal(dns_query_send(fds[0], 9, DNS_MX, STR("example.test")), 0);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), 0);
    assert_int_equal(dns_query_read(&m, &type, &name), 0);
    assert_true(type == DNS_MX && str_eq(name, STR("example.test")) && m.id == 9);
    assert_int_equal(dns_answer_send(fds[1], 9, &a), 0);
    assert_int_equal(channel_recv(fds[0], in, sizeof(in), &m), 0);
    assert_int_equal(dns_answer_read(&m, &b), 0);
    assert_true(b.status == DNS_OK && b.secure && b.ttl == 300 && b.n == 2);
    assert_true(str_eq(b.rdata[0], STR("one")) && b.rdata[1].n == 0);
}

static void refuses_what_cannot_be_a_name(void **state UNUSED)
{
    static const struct str bodies[] = {{"", 0},
                                        {"\0\1", 2},
                                        {"\0\1\0\0\0\0", 6},
                                        {"\0\1\0\0\0\2a", 7},
                                        {"\0\1\0\0\0\1ab", 8},
                                        {"\0\1\0\0\0\3a\0b", 9}};
    struct str name;
    unsigned type;
    for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
        struct channel_msg m = {.type = MSG_DNS_QUERY, .body = bodies[i]};
        assert_int_equal(dns_query_read(&m, &type, &name), ERR_CORRUPT);
    }
    assert_int_equal(dns_query_send(fds[0], 1, DNS_A, str_n(in, DNS_NAME_MAX + 2)), ERR_LIMIT);
}

static void refuses_damaged_answers(void **state UNUSED)
{
    static const struct str bodies[] = {
        {"", 0},
        {"\4\0\0\0\0\0\0\0", 8}, /* status from nowhere */
        {"\0\2\0\0\0\0\0\0", 8},
        {"\0\0\0\0\0\0\0\1", 8},  /* a record is missing */
        {"\0\0\0\0\0\0\0\0x", 9}, /* more than it says */
        {"\0\0\0\0\0\0\xff\xff", 8},
        {"\1\0\0\0\0\0\0\1\0\0\0\0", 12}, /* a record of a name that does not exist */
    };
    struct dns_answer a;
    for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
        struct channel_msg m = {.type = MSG_DNS_ANSWER, .body = bodies[i]};
        assert_int_equal(dns_answer_read(&m, &a), ERR_CORRUPT);
    }
}

static void record_data(void **state UNUSED)
{
    AUTO(buf) struct buf b = {0};
    uint16_t pref;
    buf_init(&b, 1024);
    assert_true(dns_rdata_txt(str_n("\3v=s\2pf", 7), &b));
    assert_true(str_eq(buf_str(&b), STR("v=spf")));
    buf_clear(&b);
    assert_true(dns_rdata_txt(str_n("\0", 1), &b));
    assert_int_equal(b.n, 0);
    assert_false(dns_rdata_txt(STR_NULL, &b));
    assert_false(dns_rdata_txt(str_n("\5abc", 4), &b));
    buf_clear(&b);
    assert_true(dns_rdata_mx(str_n("\0\12\4mail\4test\0", 13), &pref, &b));
    assert_true(pref == 10 && str_eq(buf_str(&b), STR("mail.test")));
    buf_clear(&b);
    assert_true(dns_rdata_mx(str_n("\0\0\0", 3), &pref, &b)); /* null MX */
    assert_int_equal(b.n, 0);
    assert_true(dns_rdata_name(str_n("\3a.b\1\x7f\0", 7), &b));
    assert_true(str_eq(buf_str(&b), STR("a\\046b.\\127")));
    assert_false(dns_rdata_name(str_n("\300\14", 2), &b)); /* compression */
    assert_false(dns_rdata_name(str_n("\1a\0x", 4), &b));
    assert_false(dns_rdata_name(str_n("\1a", 2), &b));
    assert_false(dns_rdata_name(STR_NULL, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(question_and_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be_a_name, set_up, tear_down),
        cmocka_unit_test(refuses_damaged_answers),
        cmocka_unit_test(record_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

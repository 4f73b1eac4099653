#include "os/channel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static char in[CHANNEL_MSG_MAX];
static char out[CHANNEL_MSG_MAX];

static void pair(int fds[2])
{
    assert_int_equal(channel_pair(fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
}

static void close_pair(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int open_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void carries_a_message(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2];
    pair(fds);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), ERR_BUSY);
    assert_int_equal(channel_send(fds[0], MSG_DNS_QUERY, 0x0102030405060708ull, STR("body"), NULL, 0), 0);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), 0);
    assert_int_equal(m.type, MSG_DNS_QUERY);
    assert_true(m.id == 0x0102030405060708ull);
    assert_true(str_eq(m.body, STR("body")));
    assert_int_equal(m.n_fds, 0);
    assert_int_equal(m.fds[0], -1);
    close_pair(fds);
}

static void carries_descriptors(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2], p[2];
    int before = open_fds();
    pair(fds);
    assert_int_equal(pipe(p), 0);
    assert_int_equal(channel_send(fds[0], MSG_GRANT, 1, STR("x"), p, 2), 0);
    close(p[0]);
    close(p[1]);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), 0);
    assert_int_equal(m.n_fds, 2);
    assert_int_equal(fcntl(m.fds[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(m.fds[1], "!", 1), 1);
    assert_int_equal(read(m.fds[0], in, 1), 1);
    channel_msg_close(&m);
    channel_msg_close(&m); /* twice is harmless */
    close_pair(fds);
    assert_int_equal(open_fds(), before);
}

static void says_when_the_peer_is_gone(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2];
    pair(fds);
    close(fds[0]);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), ERR_GONE);
    assert_int_equal(channel_send(fds[1], MSG_STOP, 0, STR_NULL, NULL, 0), ERR_GONE);
    close(fds[1]);
}

static void full_queue_is_busy_not_lost(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2], sent = 0, got = 0, r;
    pair(fds);
    while ((r = channel_send(fds[0], MSG_WAKE, (uint64_t)sent + 1, str_n(out, 1000), NULL, 0)) == 0)
        sent++;
    assert_int_equal(r, ERR_BUSY);
    assert_true(sent > 10);
    while (channel_recv(fds[1], in, sizeof(in), &m) == 0)
        assert_int_equal(m.id, ++got);
    assert_int_equal(got, sent);
    close_pair(fds);
}

static void refuses_too_much(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2], many[CHANNEL_FDS_MAX + 1] = {0};
    pair(fds);
    assert_int_equal(channel_send(fds[0], MSG_WAKE, 1, str_n(out, CHANNEL_MSG_MAX - CHANNEL_HEADER + 1), NULL, 0),
                     ERR_LIMIT);
    assert_int_equal(channel_send(fds[0], MSG_WAKE, 1, STR_NULL, many, CHANNEL_FDS_MAX + 1), ERR_LIMIT);
    assert_int_equal(channel_send(fds[0], MSG_WAKE, 1, str_n(out, CHANNEL_MSG_MAX - CHANNEL_HEADER), NULL, 0), 0);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), 0);
    assert_int_equal(m.body.n, CHANNEL_MSG_MAX - CHANNEL_HEADER);
    close_pair(fds);
}

/* What a taken-over peer may put on the wire. */
static void refuses_bad_framing(void **state UNUSED)
{
    static const struct {
        const char *bytes;
        size_t n;
        int want;
    } t[] = {
        {"\0\1\0\1\0\0\0\0\0\0\0\1", 12, 0},
        {"\0\1\0\1\0\0\0\0\0\0\0", 11, ERR_CORRUPT}, /* header cut */
        {"\0", 1, ERR_CORRUPT},
        {"\0\2\0\1\0\0\0\0\0\0\0\1", 12, ERR_CORRUPT},     /* other version */
        {"\0\1\0\0\0\0\0\0\0\0\0\1", 12, ERR_CORRUPT},     /* type 0 */
        {"\0\1\xff\xff\0\0\0\0\0\0\0\1", 12, ERR_CORRUPT}, /* unknown type */
        {"", 0, ERR_GONE},                                 /* empty datagram */
    };
    struct channel_msg m;
    for (size_t i = 0; i < N_ELEMENTS(t); i++) {
        int fds[2];
        pair(fds);
        assert_int_equal(send(fds[0], t[i].bytes, t[i].n, 0), (ssize_t)t[i].n);
        assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), t[i].want);
        assert_int_equal(m.n_fds, 0);
        close_pair(fds);
    }
}

static void too_many_descriptors_are_closed(void **state UNUSED)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control = {0};
    char head[] = "\0\1\0\1\0\0\0\0\0\0\0\1";
    struct iovec iov = {head, 12};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    int fds[2], zero[16] = {0}, before = open_fds();
    struct channel_msg m;
    pair(fds);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(zero));
    memcpy(CMSG_DATA(c), zero, sizeof(zero));
    assert_int_equal(sendmsg(fds[0], &h, 0), 12);
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), ERR_CORRUPT);
    close_pair(fds);
    assert_int_equal(open_fds(), before);
}

static void a_longer_datagram_than_the_buffer_is_bad(void **state UNUSED)
{
    struct channel_msg m;
    int fds[2];
    pair(fds);
    assert_int_equal(channel_send(fds[0], MSG_WAKE, 1, str_n(out, 500), NULL, 0), 0);
    assert_int_equal(channel_recv(fds[1], in, 100, &m), ERR_CORRUPT);
    close_pair(fds);
}

static void names_types(void **state UNUSED)
{
    assert_string_equal(channel_type_name(MSG_SCAN_JOB), "SCAN_JOB");
    assert_string_equal(channel_type_name(9999), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_message),
        cmocka_unit_test(carries_descriptors),
        cmocka_unit_test(says_when_the_peer_is_gone),
        cmocka_unit_test(full_queue_is_busy_not_lost),
        cmocka_unit_test(refuses_too_much),
        cmocka_unit_test(refuses_bad_framing),
        cmocka_unit_test(too_many_descriptors_are_closed),
        cmocka_unit_test(a_longer_datagram_than_the_buffer_is_bad),
        cmocka_unit_test(names_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

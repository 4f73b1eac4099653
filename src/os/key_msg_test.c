#include "os/key_client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char in[CHANNEL_MSG_MAX];
static int fds[2];

static int set_up(void **state UNUSED) { return channel_pair(fds); }
static int tear_down(void **state UNUSED) { return close(fds[0]) || (fds[1] >= 0 && close(fds[1])); }

static void bodies_come_back(void **state UNUSED)
{
    AUTO(buf) struct buf b = {0};
    struct str x, y;
    uint32_t handle;
    enum key_reason reason;
    buf_init(&b, 1000);
    key_put_certificate(&b, STR("PEM"), 77);
    struct channel_msg m = {.type = MSG_KEY_TLS, .body = buf_str(&b)};
    assert_int_equal(key_get_certificate(&m, &x, &handle), 0);
    assert_true(str_eq(x, STR("PEM")) && handle == 77);
    m.type = MSG_KEY_SIGN;
    assert_int_equal(key_get_certificate(&m, &x, &handle), ERR_CORRUPT);
    buf_clear(&b);
    key_put_value(&b, STR("totp"), STR("secret"));
    m = (struct channel_msg){.type = MSG_KEY_SEAL, .body = buf_str(&b)};
    assert_int_equal(key_get_value(&m, &x, &y), 0);
    assert_true(str_eq(x, STR("totp")) && str_eq(y, STR("secret")));
    buf_clear(&b);
    key_put_error(&b, KEY_STALE);
    m = (struct channel_msg){.type = MSG_KEY_ERROR, .body = buf_str(&b)};
    assert_int_equal(key_get_error(&m, &reason), 0);
    assert_int_equal(reason, KEY_STALE);
}

/* Each request cut at every length, and with a byte too much. */
static void cut_bodies_are_refused(void **state UNUSED)
{
    AUTO(buf) struct buf b = {0};
    struct str x, y;
    uint32_t handle;
    buf_init(&b, 1000);
    key_put_sign(&b, 5, STR("digest"));
    for (size_t n = 0; n <= b.n + 1; n++) {
        char copy[64] = {0};
        memcpy(copy, b.p, b.n);
        struct channel_msg m = {.type = MSG_KEY_SIGN, .body = str_n(copy, n)};
        assert_int_equal(key_get_sign(&m, &handle, &x), n == b.n ? 0 : ERR_CORRUPT);
    }
    buf_clear(&b);
    key_put_value(&b, STR("p"), STR("v"));
    for (size_t n = 0; n <= b.n + 1; n++) {
        char copy[64] = {0};
        memcpy(copy, b.p, b.n);
        struct channel_msg m = {.type = MSG_KEY_UNSEAL, .body = str_n(copy, n)};
        assert_int_equal(key_get_value(&m, &x, &y), n == b.n ? 0 : ERR_CORRUPT);
    }
}

/* First an answer to a question nobody waits for any more, then ours. */
static void *slow_keys(void *arg)
{
    struct channel_msg m;
    struct buf b;
    buf_init(&b, 1000);
    key_put_result(&b, STR("\x30\1"));
    if (channel_recv(fds[1], in, sizeof(in), &m) == 0 &&
        channel_send(fds[1], MSG_KEY_SIGN, m.id - 1, buf_str(&b), NULL, 0) == 0 &&
        channel_send(fds[1], MSG_KEY_SIGN, m.id, buf_str(&b), NULL, 0) == 0 &&
        channel_recv(fds[1], in, sizeof(in), &m) == 0) {
        buf_clear(&b);
        key_put_error(&b, KEY_STALE);
        if (channel_send(fds[1], MSG_KEY_ERROR, m.id, buf_str(&b), NULL, 0) != 0)
            arg = NULL;
    }
    buf_free(&b);
    return arg;
}

static void the_client_waits_for_its_own_answer(void **state UNUSED)
{
    uint8_t sig[KEY_SIG_MAX];
    size_t n = 0;
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, slow_keys, NULL), 0);
    assert_int_equal(key_sign(fds[0], 1, STR("digest"), sig, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(key_sign(fds[0], 1, STR("digest"), sig, &n), KEY_STALE);
    pthread_join(t, NULL);
    close(fds[1]);
    fds[1] = -1;
    assert_int_equal(key_sign(fds[0], 1, STR("digest"), sig, &n), ERR_GONE);
}

static void the_client_gives_up(void **state UNUSED)
{
    AUTO(buf) struct buf b = {0};
    uint32_t handle;
    buf_init(&b, KEY_CHAIN_MAX);
    assert_int_equal(key_tls(fds[0], STR("x"), &b, &handle), ERR_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_come_back),
        cmocka_unit_test(cut_bodies_are_refused),
        cmocka_unit_test_setup_teardown(the_client_waits_for_its_own_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_client_gives_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

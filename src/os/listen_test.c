#include "os/listen.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void parses_addresses(void **state UNUSED)
{
    static const struct {
        const char *text;
        int family;
    } t[] = {
        {"127.0.0.1:25", AF_INET},
        {"localhost:25", AF_INET},
        {"[::1]:25", AF_INET6},
        {"*:25", AF_INET6},
        {"0.0.0.0:65535", AF_INET},
        {"127.0.0.1", 0},
        {":25", 0},
        {"::1:25", 0},
        {"127.0.0.1:65536", 0},
        {"[127.0.0.1]:25", 0},
        {"mail.example:25", 0},
        {"127.0.0.1:", 0},
        {"", 0},
        {"127.0.0.1:+25", 0},
        {"[::1:25", 0},
        {"[]:25", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(t); i++) {
        struct sockaddr_storage sa;
        socklen_t len;
        struct err e = {0};
        int r = listen_parse(str_c(t[i].text), &sa, &len, &e);
        assert_int_equal(r, t[i].family ? 0 : ERR_INVALID);
        if (r == 0)
            assert_int_equal(sa.ss_family, t[i].family);
    }
}

static void two_on_one_port(void **state UNUSED)
{
    struct err e = {0};
    char name[64];
    int a, b;
    assert_int_equal(listen_tcp(STR("127.0.0.1:0"), "smtp.listen", &a, &e), 0);
    listen_name(a, name);
    assert_int_equal(strncmp(name, "127.0.0.1:", 10), 0);
    assert_int_equal(listen_tcp(str_c(name), "http.listen", &b, &e), ERR_EXIST);
    assert_non_null(strstr(e.text, "http.listen: another program already listens"));
    close(a);
}

static void unix_socket_in_a_long_folder(void **state UNUSED)
{
    char top[] = "/tmp/listen_test_XXXXXX", dir[300];
    struct err e = {0};
    struct stat st;
    int a, b, c;
    assert_non_null(mkdtemp(top));
    snprintf(dir, sizeof(dir), "%s/%0150d", top, 1);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(listen_unix_connect(dir, "control.sock", &c, &e), ERR_NOENT);
    assert_int_equal(listen_unix(dir, "control.sock", &a, &e), 0);
    assert_int_equal(listen_unix_connect(dir, "control.sock", &c, &e), 0);
    close(c);
    close(a);
    assert_int_equal(listen_unix_connect(dir, "control.sock", &c, &e), ERR_GONE);
    assert_int_equal(listen_unix(dir, "control.sock", &b, &e), 0); /* over the old one */
    close(b);
    strcat(dir, "/control.sock");
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(dir);
    *strrchr(dir, '/') = '\0';
    rmdir(dir);
    rmdir(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_addresses),
        cmocka_unit_test(two_on_one_port),
        cmocka_unit_test(unix_socket_in_a_long_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

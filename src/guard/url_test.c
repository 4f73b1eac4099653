#include "guard/url.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    const char *text, *scheme, *host;
    bool userinfo, ip, port;
} reads[] = {
    {"https://Www.Rossi.IT/a?b", "https", "www.rossi.it", false, false, false},
    {"http://rossi.it", "http", "rossi.it", false, false, false},
    {"  https://ro\nssi.it/ ", "https", "rossi.it", false, false, false},
    {"https:\\\\rossi.it\\x", "https", "rossi.it", false, false, false},
    {"http://banca.com@203.0.113.7:8080/", "http", "203.0.113.7", true, true, true},
    {"https://anna.rossi@azienda.example/", "https", "azienda.example", false, false, false},
    {"http://3405803783/", "http", "3405803783", false, true, false},
    {"http://0xCB007107/", "http", "0xcb007107", false, true, false},
    {"http://[2001:db8::1]/x", "http", "2001:db8::1", false, true, false},
    {"https://rossi.it.:443", "https", "rossi.it", false, false, false},
    {"https://r%6fssi.it/", "https", "rossi.it", false, false, false},
    {"mailto:anna@rossi.it", "mailto", "", false, false, false},
    {"tel:+39", "tel", "", false, false, false},
    {"rossi.it/x", "", "", false, false, false},
    {"", "", "", false, false, false},
    {":", "", "", false, false, false},
    {"http://", "http", "", false, false, false},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(reads); i++) {
        AUTO(arena) struct arena a;
        struct guard_url u;
        arena_init(&a, ARENA_NO_LIMIT);
        guard_url_read(&a, str_c(reads[i].text), &u);
        assert_true(str_eq(u.scheme, str_c(reads[i].scheme)));
        assert_true(str_eq(u.host, str_c(reads[i].host)));
        assert_int_equal(u.userinfo, reads[i].userinfo);
        assert_int_equal(u.ip, reads[i].ip);
        assert_int_equal(u.port, reads[i].port);
    }
}

static void test_nested(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://www.cerca.example/url?q=https://evil.example/x&sa=D", "evil.example"},
        {"https://cerca.example/r?u=https%3A%2F%2Fevil.example%2Fx", "evil.example"},
        {"https://cerca.example/r?u=https%253A%252F%252Fevil.example%252Fx", "evil.example"},
        {"https://cerca.example/c/aHR0cHM6Ly9ldmlsLmV4YW1wbGUveA==", "evil.example"},
        {"https://cerca.example/r?u=https://cerca.example/x", ""},
        {"https://cerca.example/", ""},
        {"https://cerca.example/http-errors-explained", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        struct guard_url u, inner;
        arena_init(&a, ARENA_NO_LIMIT);
        guard_url_read(&a, str_c(cases[i][0]), &u);
        bool found = guard_url_nested(&a, &u, &inner);
        assert_true(found ? str_eq(inner.host, str_c(cases[i][1])) : cases[i][1][0] == '\0');
    }
}

static void test_names(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    struct guard_url u;
    arena_init(&a, ARENA_NO_LIMIT);
    static const char *const yes[] = {"https://evil.example/?e=anna@azienda.example",
                                      "https://evil.example/#ANNA%40azienda.example",
                                      "https://evil.example/YW5uYUBhemllbmRhLmV4YW1wbGU="};
    for (size_t i = 0; i < N_ELEMENTS(yes); i++) {
        guard_url_read(&a, str_c(yes[i]), &u);
        assert_true(guard_url_names(&a, &u, STR("anna@azienda.example")));
    }
    guard_url_read(&a, STR("https://evil.example/?e=bruno@azienda.example"), &u);
    assert_false(guard_url_names(&a, &u, STR("anna@azienda.example")));
}

static void test_claimed(void **state)
{
    (void)state;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    static const char *const cases[][2] = {{"www.banca.example/entra", "www.banca.example"},
                                           {"https://Banca.example", "banca.example"},
                                           {"Clicca qui", ""},
                                           {"anna@azienda.example", ""},
                                           {"v1.2", ""},
                                           {"e.g. this", ""},
                                           {"", ""}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_true(str_eq(guard_url_claimed(&a, str_c(cases[i][0])), str_c(cases[i][1])));
}

/* Every beginning of every URL is read without a fault and never longer than what was given. */
static void test_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(reads); i++)
        for (size_t n = 0; n <= strlen(reads[i].text); n++) {
            AUTO(arena) struct arena a;
            struct guard_url u, inner;
            arena_init(&a, ARENA_NO_LIMIT);
            char *copy = malloc(n + 1);
            memcpy(copy, reads[i].text, n);
            guard_url_read(&a, str_n(copy, n), &u);
            assert_true(u.host.n + u.path.n <= n + 1);
            if (guard_url_nested(&a, &u, &inner))
                assert_true(inner.host.n > 0);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_nested),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_claimed),
                                       cmocka_unit_test(test_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

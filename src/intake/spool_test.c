#include "intake/road.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/sigillo-spool-XXXXXX";

/* Every way of cutting gives the same bytes, in memory and beyond it. */
static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, INTAKE_SPOOL_MEMORY - 1, INTAKE_SPOOL_MEMORY, INTAKE_SPOOL_MEMORY + 1, 300000};
    static const size_t steps[] = {1, 7, 4096, 300000};
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        for (size_t k = 0; k < N_ELEMENTS(steps); k++) {
            char *data = malloc(sizes[i] + 1);
            for (size_t b = 0; b < sizes[i]; b++)
                data[b] = (char)(b * 31 + i);
            struct intake_spool s;
            struct str view;
            intake_spool_init(&s, dir, 1u << 20);
            size_t step = steps[k] == 1 && sizes[i] > 1000 ? 997 : steps[k];
            for (size_t at = 0; at < sizes[i]; at += step)
                intake_spool_add(&s, str_n(data + at, sizes[i] - at < step ? sizes[i] - at : step));
            assert_int_equal(s.failed, 0);
            assert_int_equal(s.fd >= 0, sizes[i] > INTAKE_SPOOL_MEMORY);
            assert_int_equal(intake_spool_view(&s, &view), 0);
            assert_true(str_eq(view, str_n(data, sizes[i])));
            intake_spool_free(&s);
            free(data);
        }
}

static void test_limit(void **state)
{
    (void)state;
    struct intake_spool s;
    intake_spool_init(&s, dir, 10);
    intake_spool_add(&s, STR("0123456789"));
    assert_int_equal(s.failed, 0);
    intake_spool_add(&s, STR("x"));
    assert_int_equal(s.failed, ERR_LIMIT);
    intake_spool_add(&s, STR("y"));
    assert_int_equal(s.size, 10);
    intake_spool_free(&s);
}

/* No folder to write to: the failure is kept, the rest of DATA is dropped, nothing crashes. */
static void test_no_folder(void **state)
{
    (void)state;
    struct intake_spool s;
    char big[INTAKE_SPOOL_MEMORY + 10] = {0};
    intake_spool_init(&s, "/nonexistent/folder", 1u << 20);
    intake_spool_add(&s, str_n(big, sizeof big));
    assert_true(s.failed < 0);
    intake_spool_add(&s, STR("more"));
    intake_spool_free(&s);
}

/* Nothing that the sender chose acts through the stub: no link, no quote, no line of his. */
static void test_stub(void **state)
{
    (void)state;
    static const char *const hostile[] = {"a@b.example", "\"><a href=https://x.example>\"@b.example",
                                          "a\r\nBcc: x@y.example@b.example", "a@b.example/https://x", ""};
    for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
        struct intake in = {.conf = {.hostname = STR("mail.azienda.example")}};
        struct intake_target to = {.address = STR("info@azienda.example")};
        struct road r = {
            .in = &in, .target = &to, .n_target = 1, .accepted = {.at_ms = 1700000000000}, .id_text = "ab.cd"};
        arena_init(&r.arena, ARENA_NO_LIMIT);
        r.input.from_addr = str_c(hostile[i]);
        struct str stub = road_stub(&r);
        assert_int_equal(str_find(stub, STR("http"), 0) >= 0 && str_find(stub, STR("://"), 0) >= 0, 0);
        assert_int_equal(str_find(stub, STR("<a"), 0), -1);
        assert_int_equal(str_find(stub, STR("\nBcc"), 0), -1);
        assert_true(str_find(stub, STR("Trattenuti"), 0) > 0);
        arena_free(&r.arena);
    }
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_limit),
                                       cmocka_unit_test(test_no_folder), cmocka_unit_test(test_stub)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

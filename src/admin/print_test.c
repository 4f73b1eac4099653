#include "admin/print.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_print(void **state)
{
    static const struct {
        const char *text, *want;
        size_t max, n;
    } cases[] = {
        {"Fattura 118", "Fattura 118", ADMIN_PRINT_ALL, 11},
        {"perch\xc3\xa9 no", "perch\xc3\xa9", 6, 6},
        {"a\033[31mb\r\n\tc", "a [31mb   c", ADMIN_PRINT_ALL, 11},
        {"a\xc2\x9b"
         "31mb",
         "a 31mb", ADMIN_PRINT_ALL, 6},
        {"exe\xe2\x80\xae"
         "fdp\xe2\x81\xa9",
         "exe fdp ", ADMIN_PRINT_ALL, 8},
        {"\x9b\xff\xc3", "   ", ADMIN_PRINT_ALL, 3},
        {"", "", ADMIN_PRINT_ALL, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *got = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&got, &size);
        assert_int_equal(admin_print(out, str_c(cases[i].text), cases[i].max), cases[i].n);
        fclose(out);
        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

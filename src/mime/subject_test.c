#include "mime/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void bases(void **state UNUSED)
{
    static const struct {
        const char *subject, *base;
        unsigned flags;
    } cases[] = {
        {"Fattura 12", "Fattura 12", 0},
        {"  Fattura\t  12 ", "Fattura 12", 0},
        {"Re: Fattura", "Fattura", MIME_SUBJECT_REPLY},
        {"R: Fattura", "Fattura", MIME_SUBJECT_REPLY},
        {"RIF: Fattura", "Fattura", MIME_SUBJECT_REPLY},
        {"I: Fattura", "Fattura", MIME_SUBJECT_FORWARD},
        {"AW: WG: Rechnung", "Rechnung", MIME_SUBJECT_REPLY | MIME_SUBJECT_FORWARD},
        {"SV: TR : Re : RV: x", "x", MIME_SUBJECT_REPLY | MIME_SUBJECT_FORWARD},
        {"RE[2]: Re (3): re^4: x", "x", MIME_SUBJECT_REPLY},
        {"Re:x", "x", MIME_SUBJECT_REPLY},
        {"Re:\xC2\xA0x", "x", MIME_SUBJECT_REPLY},
        {"Re\xEF\xBC\x9A x", "x", MIME_SUBJECT_REPLY},
        {"[lista] Re: [lista] x", "x", MIME_SUBJECT_REPLY | MIME_SUBJECT_TAG},
        {"[Ticket#1]", "[Ticket#1]", 0},
        {"Fwd: x (fwd)", "x", MIME_SUBJECT_FORWARD},
        {"Re: ", "", MIME_SUBJECT_REPLY},
        {"Re", "Re", 0},
        {"Regarding: x", "Regarding: x", 0},
        {"Rossi: x", "Rossi: x", 0},
        {"Re[x]: y", "Re[x]: y", 0},
        {"Re[]: y", "Re[]: y", 0},
        {"[] x", "[] x", 0},
        {"[open x", "[open x", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        unsigned flags;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str s = mime_subject_base(&a, str_c(cases[i].subject), &flags);
        if (!str_eq(s, str_c(cases[i].base)) || flags != cases[i].flags)
            fail_msg("%s: [%.*s] %x", cases[i].subject, STRF(s), flags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folding for the search. */
#include "mime/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } table[] = {
        {"", ""},
        {"  ... ", ""},
        {"Perché l'Ordine È già CONFERMATO?", "perche l ordine e gia confermato"},
        {"Citt\u00e0 citta\u0300", "citta citta"},
        {"\u0300x", "x"},
        {"l\u2019offerta \u00abpi\u00f9 bassa\u00bb", "l offerta piu bassa"},
        {"Fran\u00e7ois, d\u00e9j\u00e0 re\u00e7u", "francois deja recu"},
        {"\u00dcber Stra\u00dfe \u00c4\u00d6\u00dc", "uber stra\u00dfe aou"},
        {"\u0141\u00f3d\u017a \u00d8re", "\u0142odz \u00f8re"},
        {"anna@rossi-marmi.example/2024_07", "anna rossi marmi example 2024 07"},
        {"\u0419\u0451\u0436", "\u0439\u0451\u0436"},
        {"\u1ec7 \u1e9e", "e \u00df"},
        {"\u3042\u6f22 \u0967\u0968", "\u3042\u6f22 \u0967\u0968"},
    };
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < N_ELEMENTS(table); i++) {
        struct str got = mime_fold(&a, str_c(table[i].text));
        assert_string_equal(arena_z(&a, got), table[i].want);
        /* folded text stays as it is */
        assert_string_equal(arena_z(&a, mime_fold(&a, got)), table[i].want);
    }
    arena_free(&a);
}

/* Every code point alone: never more than half longer, always UTF-8. */
static void every_sign(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (uint32_t c = 1; c < 0x110000; c++) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        char utf8[4];
        size_t n = 0;
        if (c < 0x80)
            utf8[n++] = (char)c;
        else if (c < 0x800)
            utf8[n++] = (char)(0xc0 | c >> 6), utf8[n++] = (char)(0x80 | (c & 63));
        else if (c < 0x10000)
            utf8[n++] = (char)(0xe0 | c >> 12), utf8[n++] = (char)(0x80 | (c >> 6 & 63)),
            utf8[n++] = (char)(0x80 | (c & 63));
        else
            utf8[n++] = (char)(0xf0 | c >> 18), utf8[n++] = (char)(0x80 | (c >> 12 & 63)),
            utf8[n++] = (char)(0x80 | (c >> 6 & 63)), utf8[n++] = (char)(0x80 | (c & 63));
        struct str got = mime_fold(&a, str_n(utf8, n));
        assert_true(got.n <= n + n / 2 && str_utf8_valid(got) == got.n);
        if (c % 4096 == 0) {
            arena_free(&a);
            arena_init(&a, ARENA_NO_LIMIT);
        }
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(every_sign)};
    return cmocka_run_group_tests_name("folding", tests, NULL, NULL);
}

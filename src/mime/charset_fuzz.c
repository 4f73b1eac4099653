#include "mime/charset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* label, line end, text: valid UTF-8 within the bound, and the same bytes into a small buffer give a beginning of it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mime_charsets *charsets;
    AUTO(arena) struct arena a;
    struct str label, text;
    unsigned flags = 0, cut = 0;
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, ARENA_NO_LIMIT);
    (void)str_cut(str_n(data, n), '\n', &label, &text);
    struct str all = mime_charset_text(&a, charsets, label, text, 1024 * 1024, &flags);
    struct str some = mime_charset_text(&a, charsets, label, text, 100, &cut);
    if (str_utf8_valid(all) != all.n || str_utf8_valid(some) != some.n || some.n > 100 || !str_starts(all, some))
        abort();
    if (all.n > 100 ? !(cut & MIME_CS_CUT) : !str_eq(all, some))
        abort();
    return 0;
}

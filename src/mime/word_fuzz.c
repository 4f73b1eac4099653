#include "mime/word.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever comes in, one line of valid UTF-8 comes out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mime_charsets *charsets;
    AUTO(arena) struct arena a;
    unsigned flags = 0;
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, ARENA_NO_LIMIT);
    struct str s = mime_words_decode(&a, charsets, str_n(data, n), &flags);
    if (str_utf8_valid(s) != s.n || s.n > MIME_WORDS_TEXT_MAX * 3)
        abort();
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
            abort();
    return 0;
}

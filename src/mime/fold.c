#include "mime/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#define FOLD_UNITS 32
#define FOLD_WORD_MASK (U_GC_L_MASK | U_GC_N_MASK | U_GC_CO_MASK)

static bool combining(UChar32 c) { return c >= 0x300 && c <= 0x36f; }

/* The ASCII letter below the marks of c; c when there is none. */
static UChar32 base_of(const UNormalizer2 *nfd, UChar32 c)
{
    UChar parts[FOLD_UNITS];
    UErrorCode e = U_ZERO_ERROR;
    int32_t n = c < 0xc0 || !nfd ? 0 : unorm2_getDecomposition(nfd, c, parts, FOLD_UNITS, &e);
    if (n < 2 || U_FAILURE(e) || !ascii_is_alpha((char)parts[0]) || parts[0] > 0x7f)
        return c;
    for (int32_t i = 1; i < n; i++)
        if (!combining(parts[i]))
            return c;
    return parts[0];
}

struct str mime_fold(struct arena *a, struct str text)
{
    UErrorCode e = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&e);
    char *out = arena_alloc(a, text.n + text.n / 2 + 1);
    size_t n = 0;
    bool gap = false;
    const uint8_t *bytes = (const uint8_t *)text.p;
    for (size_t i = 0; i < text.n;) {
        UChar32 c;
        U8_NEXT(bytes, i, text.n, c);
        if (combining(c) && n && !gap)
            continue;
        if (c < 0 || !(U_MASK(u_charType(c)) & FOLD_WORD_MASK)) {
            gap = true;
            continue;
        }
        if (gap && n)
            out[n++] = ' ';
        gap = false;
        c = u_tolower(base_of(nfd, c));
        U8_APPEND_UNSAFE(out, n, c);
    }
    return str_n(out, n);
}

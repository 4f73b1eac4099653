#include "mime/address.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#define KEY_UNITS_MAX \
    512 /* UTF-16 units of a local part that is normalised; a longer one is only lower-cased in ASCII */

static struct str local_key(struct arena *a, struct str local)
{
    char *p = arena_alloc(a, local.n ? local.n : 1);
    bool ascii = true;
    for (size_t i = 0; i < local.n; i++) {
        p[i] = ascii_lower(local.p[i]);
        ascii &= (unsigned char)p[i] < 0x80;
    }
    if (ascii || local.n > KEY_UNITS_MAX / 2)
        return str_n(p, local.n);
    UErrorCode ec = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&ec);
    UChar wide[KEY_UNITS_MAX], norm[KEY_UNITS_MAX];
    char text[KEY_UNITS_MAX * 3];
    int32_t n = 0, m = 0;
    u_strFromUTF8WithSub(wide, KEY_UNITS_MAX, &n, p, (int32_t)local.n, 0xFFFD, NULL, &ec);
    for (int32_t i = 0; U_SUCCESS(ec) && i < n; i++)
        if (!U16_IS_SURROGATE(wide[i]) && u_tolower(wide[i]) <= 0xFFFF)
            wide[i] = (UChar)u_tolower(wide[i]);
    n = unorm2_normalize(nfc, wide, n, norm, KEY_UNITS_MAX, &ec);
    u_strToUTF8WithSub(text, sizeof text, &m, norm, n, 0xFFFD, NULL, &ec);
    return U_SUCCESS(ec) ? arena_str(a, str_n(text, (size_t)m)) : str_n(p, local.n);
}

struct str mime_addr_key(struct arena *a, const struct mime_addr *addr)
{
    struct str local = local_key(a, addr->local);
    if (!addr->domain.n)
        return local;
    char *p = arena_alloc(a, local.n + 1 + addr->domain.n);
    memcpy(p, local.p, local.n);
    p[local.n] = '@';
    memcpy(p + local.n + 1, addr->domain.p, addr->domain.n);
    return str_n(p, local.n + 1 + addr->domain.n);
}

bool mime_addr_same(struct arena *a, const struct mime_addr *x, const struct mime_addr *y)
{
    return str_eq(x->domain, y->domain) && str_eq(local_key(a, x->local), local_key(a, y->local));
}

/* RFC 5322 3.2.3 atext and dots in their places; 8-bit is atext by RFC 6532. */
static bool dot_atom(struct str s)
{
    bool dot = true;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '.' && dot)
            return false;
        dot = c == '.';
        if (c <= ' ' || c == 0x7F || strchr("()<>[]:;@\\,\"", c))
            return false;
    }
    return !dot;
}

void mime_addr_spec_put(struct buf *b, const struct mime_addr *addr)
{
    struct str l = addr->local;
    for (size_t i = 0; i < l.n; i++)
        if (l.p[i] == '\r' || l.p[i] == '\n' || l.p[i] == 0)
            return;
    if (dot_atom(l)) {
        buf_adds(b, l);
    } else {
        buf_addc(b, '"');
        for (size_t i = 0; i < l.n; i++) {
            if (l.p[i] == '"' || l.p[i] == '\\')
                buf_addc(b, '\\');
            buf_addc(b, l.p[i]);
        }
        buf_addc(b, '"');
    }
    if (addr->domain.n) {
        buf_addc(b, '@');
        buf_adds(b, addr->domain);
    }
}

#include "mime/domain.h"

#include <unicode/uidna.h>

#define LABEL_BYTES_MAX 63u
#define IDNA_BYTES_MAX 1024

static struct str lower(struct arena *a, struct str s)
{
    size_t i = 0;
    while (i < s.n && ascii_lower(s.p[i]) == s.p[i])
        i++;
    if (i == s.n)
        return s;
    char *p = arena_alloc(a, s.n);
    for (i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    return str_n(p, s.n);
}

/* Letters, digits, hyphen, and the underscore that real host names have (RFC 5321 4.1.2 Domain, read a little wider).
 */
static bool ascii_name_valid(struct str s)
{
    size_t label = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (!(ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_') || ++label > LABEL_BYTES_MAX) {
            return false;
        }
    }
    return label > 0 && s.n <= MIME_DOMAIN_BYTES_MAX;
}

/* RFC 5322 3.4.1 dtext, without white space. */
static bool literal_valid(struct str s)
{
    for (size_t i = 1; i + 1 < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7F || s.p[i] == '[' || s.p[i] == ']' || s.p[i] == '\\')
            return false;
    return s.n > 2 && s.n <= MIME_DOMAIN_BYTES_MAX;
}

static bool has_8bit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

static bool has_alabel(struct str s)
{
    for (ptrdiff_t at = 0; (at = str_find(s, STR("xn--"), (size_t)at)) >= 0; at++)
        if (at == 0 || s.p[at - 1] == '.')
            return true;
    return false;
}

static void read_idn(struct arena *a, struct mime_charsets *cs, struct str s, struct mime_domain *out)
{
    UErrorCode ec = U_ZERO_ERROR;
    const UIDNA *idna = mime_charsets_idna(cs);
    UIDNA *own = idna ? NULL : mime_idna_open();
    UIDNAInfo ascii_info = UIDNA_INFO_INITIALIZER, unicode_info = UIDNA_INFO_INITIALIZER;
    char ascii[IDNA_BYTES_MAX], unicode[IDNA_BYTES_MAX];
    out->flags |= MIME_DOMAIN_IDN;
    idna = idna ? idna : own;
    if (!idna || s.n > IDNA_BYTES_MAX / 2) {
        if (own)
            uidna_close(own);
        out->flags |= MIME_DOMAIN_BAD;
        return;
    }
    int32_t an = uidna_nameToASCII_UTF8(idna, s.p, (int32_t)s.n, ascii, sizeof ascii, &ascii_info, &ec);
    int32_t un = uidna_nameToUnicodeUTF8(idna, s.p, (int32_t)s.n, unicode, sizeof unicode, &unicode_info, &ec);
    if (own)
        uidna_close(own);
    if (U_FAILURE(ec) || ascii_info.errors || unicode_info.errors || an <= 0 || an > (int32_t)sizeof ascii || un <= 0 ||
        un > (int32_t)sizeof unicode || !ascii_name_valid(str_n(ascii, (size_t)an))) {
        out->flags |= MIME_DOMAIN_BAD;
        return;
    }
    out->ascii = arena_str(a, str_n(ascii, (size_t)an));
    out->unicode = arena_str(a, str_n(unicode, (size_t)un));
}

void mime_domain_read(struct arena *a, struct mime_charsets *cs, struct str text, struct mime_domain *out)
{
    struct str s = text;
    if (s.n > 1 && s.p[s.n - 1] == '.')
        s.n--;
    s = lower(a, mime_charset_guess(a, s, NULL));
    *out = (struct mime_domain){s, s, 0};
    if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        out->flags = MIME_DOMAIN_LITERAL | (literal_valid(s) ? 0u : (unsigned)MIME_DOMAIN_BAD);
    else if (has_8bit(s) || has_alabel(s))
        read_idn(a, cs, s, out);
    else if (!ascii_name_valid(s))
        out->flags = MIME_DOMAIN_BAD;
}

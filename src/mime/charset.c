#include "mime/charset.h"
#include "mime/charset_label.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unicode/uidna.h>

#define CHUNK_UNITS 1024

struct mime_charsets {
    UConverter *cnv[ENC_COUNT];
    UIDNA *idna;
    size_t count;
};

struct UIDNA *mime_idna_open(void)
{
    UErrorCode ec = U_ZERO_ERROR;
    UIDNA *idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                      UIDNA_NONTRANSITIONAL_TO_UNICODE,
                                  &ec);
    return U_SUCCESS(ec) ? idna : NULL;
}

struct mime_charsets *mime_charsets_open(void)
{
    struct mime_charsets *cs = calloc(1, sizeof *cs);
    if (!cs)
        return NULL;
    UErrorCode ec = U_ZERO_ERROR;
    cs->idna = mime_idna_open();
    if (!cs->idna)
        ec = U_MEMORY_ALLOCATION_ERROR;
    for (int i = ENC_ICU; i < ENC_COUNT && U_SUCCESS(ec); i++) {
        cs->cnv[i] = ucnv_open(mime_encoding_icu[i], &ec);
        cs->count += U_SUCCESS(ec);
    }
    if (U_FAILURE(ec)) {
        mime_charsets_close(cs);
        return NULL;
    }
    return cs;
}

void mime_charsets_close(struct mime_charsets *cs)
{
    if (!cs)
        return;
    for (int i = ENC_ICU; i < ENC_COUNT; i++)
        if (cs->cnv[i])
            ucnv_close(cs->cnv[i]);
    if (cs->idna)
        uidna_close(cs->idna);
    free(cs);
}

void auto_mime_charsets(struct mime_charsets **cs) { mime_charsets_close(*cs); }

size_t mime_charsets_count(const struct mime_charsets *cs) { return cs ? cs->count : 0; }

const struct UIDNA *mime_charsets_idna(const struct mime_charsets *cs) { return cs ? cs->idna : NULL; }

struct str mime_charset_name(struct str label)
{
    int enc = mime_encoding_of(label);
    return enc < 0 ? STR_NULL : str_c(mime_encoding_icu[enc]);
}

/* Appends up to the bound of out; false (and CUT) when it is reached. Whole characters only. */
static bool put(struct buf *out, const char *p, size_t n, unsigned *flags)
{
    size_t room = out->err ? 0 : out->max - out->n;
    if (n <= room) {
        buf_add(out, p, n);
        return true;
    }
    struct str fit = str_utf8_cut(str_n(p, n), room);
    buf_add(out, fit.p, fit.n);
    *flags |= MIME_CS_CUT;
    return false;
}

static size_t utf8_encode(uint32_t c, char *p)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xC0 | c >> 6);
        p[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (char)(0xE0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 63));
        p[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    p[0] = (char)(0xF0 | c >> 18);
    p[1] = (char)(0x80 | (c >> 12 & 63));
    p[2] = (char)(0x80 | (c >> 6 & 63));
    p[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* 0x80-0x9F; the five bytes without a character become U+FFFD: C1 controls have no place in text. */
static const uint16_t w1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

static const uint16_t iso16[96] = {
    0x00A0, 0x0104, 0x0105, 0x0141, 0x20AC, 0x201E, 0x0160, 0x00A7, 0x0161, 0x00A9, 0x0218, 0x00AB, 0x0179, 0x00AD,
    0x017A, 0x017B, 0x00B0, 0x00B1, 0x010C, 0x0142, 0x017D, 0x201D, 0x00B6, 0x00B7, 0x017E, 0x010D, 0x0219, 0x00BB,
    0x0152, 0x0153, 0x0178, 0x017C, 0x00C0, 0x00C1, 0x00C2, 0x0102, 0x00C4, 0x0106, 0x00C6, 0x00C7, 0x00C8, 0x00C9,
    0x00CA, 0x00CB, 0x00CC, 0x00CD, 0x00CE, 0x00CF, 0x0110, 0x0143, 0x00D2, 0x00D3, 0x00D4, 0x0150, 0x00D6, 0x015A,
    0x0170, 0x00D9, 0x00DA, 0x00DB, 0x00DC, 0x0118, 0x021A, 0x00DF, 0x00E0, 0x00E1, 0x00E2, 0x0103, 0x00E4, 0x0107,
    0x00E6, 0x00E7, 0x00E8, 0x00E9, 0x00EA, 0x00EB, 0x00EC, 0x00ED, 0x00EE, 0x00EF, 0x0111, 0x0144, 0x00F2, 0x00F3,
    0x00F4, 0x0151, 0x00F6, 0x015B, 0x0171, 0x00F9, 0x00FA, 0x00FB, 0x00FC, 0x0119, 0x021B, 0x00FF,
};

/* Single-byte text: the table begins at byte `from`, bytes outside of it are their own code points. */
static unsigned from_table(struct str in, struct buf *out, const uint16_t *table, uint32_t from, uint32_t count)
{
    unsigned flags = 0;
    char tmp[512];
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint32_t c = (unsigned char)in.p[i];
        if (c - from < count)
            c = table[c - from];
        if (c == 0xFFFD)
            flags |= MIME_CS_REPLACED;
        n += utf8_encode(c, tmp + n);
        if (n > sizeof tmp - 4) {
            if (!put(out, tmp, n, &flags))
                return flags;
            n = 0;
        }
    }
    put(out, tmp, n, &flags);
    return flags;
}

static unsigned from_1252(struct str in, struct buf *out)
{
    return from_table(in, out, w1252, 0x80, N_ELEMENTS(w1252));
}

/* Bytes to skip at the start of s, where no valid character begins: the "maximal subpart" of Unicode 3.9, so that one
 * broken character gives one U+FFFD. */
static size_t broken_length(struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t want = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1, i = 1;
    if (c >= 0xF5)
        want = 1;
    for (; i < want && i < s.n; i++) {
        unsigned char t = (unsigned char)s.p[i], lo = 0x80, hi = 0xBF;
        if (i == 1) {
            lo = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
            hi = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        }
        if (t < lo || t > hi)
            break;
    }
    return i;
}

static bool any_8bit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

static unsigned from_utf8(struct str in, struct buf *out)
{
    unsigned flags = 0;
    size_t good = str_utf8_valid(in);
    /* Said to be UTF-8 but without one valid character up to the first error: latin text under a wrong label. */
    if (good < in.n && in.n - good > 1 && !any_8bit(str_upto(in, good))) {
        struct str rest = str_from(in, good + broken_length(str_from(in, good)));
        if (any_8bit(rest) ? !any_8bit(str_upto(rest, str_utf8_valid(rest))) && str_utf8_valid(rest) < rest.n
                           : rest.n > 0)
            return from_1252(in, out) | MIME_CS_GUESSED;
    }
    for (;;) {
        if (!put(out, in.p, good, &flags))
            return flags;
        in = str_from(in, good);
        if (!in.n)
            return flags;
        flags |= MIME_CS_REPLACED;
        if (!put(out, "\xEF\xBF\xBD", 3, &flags))
            return flags;
        in = str_from(in, broken_length(in));
        good = str_utf8_valid(in);
    }
}

static unsigned from_icu(UConverter *cnv, struct str in, struct buf *out)
{
    unsigned flags = 0;
    const char *p = in.p, *end = in.p + in.n;
    UChar unit[CHUNK_UNITS];
    char utf8[CHUNK_UNITS * 3 + 4];
    uint32_t high = 0;
    UErrorCode ec;
    ucnv_resetToUnicode(cnv);
    do {
        UChar *u = unit;
        size_t n = 0;
        ec = U_ZERO_ERROR;
        ucnv_toUnicode(cnv, &u, unit + CHUNK_UNITS, &p, end, NULL, true, &ec);
        for (const UChar *q = unit; q < u; q++) {
            uint32_t c = *q;
            if (U16_IS_LEAD(c)) {
                if (high)
                    n += utf8_encode(0xFFFD, utf8 + n);
                high = c;
                continue;
            }
            if (U16_IS_TRAIL(c))
                c = high ? (uint32_t)U16_GET_SUPPLEMENTARY(high, c) : 0xFFFD;
            else if (high)
                n += utf8_encode(0xFFFD, utf8 + n);
            high = 0;
            if (c == 0xFFFD)
                flags |= MIME_CS_REPLACED;
            if (c != 0xFEFF || q != unit || out->n)
                n += utf8_encode(c, utf8 + n);
        }
        if (!put(out, utf8, n, &flags))
            return flags;
    } while (ec == U_BUFFER_OVERFLOW_ERROR);
    if (high || (U_FAILURE(ec) && ec != U_BUFFER_OVERFLOW_ERROR)) {
        flags |= MIME_CS_REPLACED;
        put(out, "\xEF\xBF\xBD", 3, &flags);
    }
    return flags;
}

unsigned mime_charset_utf8(struct mime_charsets *cs, struct str label, struct str in, struct buf *out)
{
    int enc = mime_encoding_of(label);
    unsigned flags = enc < 0 ? (unsigned)MIME_CS_UNKNOWN : 0u;
    if (!in.n)
        return flags;
    if (enc == ENC_UTF8)
        return from_utf8(in, out);
    if (enc == ENC_1252)
        return from_1252(in, out);
    if (enc == ENC_8859_16)
        return from_table(in, out, iso16, 0xA0, N_ELEMENTS(iso16));
    if (enc >= ENC_ICU && cs)
        return from_icu(cs->cnv[enc], in, out);
    if (enc != ENC_ASCII)
        flags |= MIME_CS_UNKNOWN;
    if (str_utf8_valid(in) == in.n) {
        if (any_8bit(in))
            flags |= MIME_CS_GUESSED;
        put(out, in.p, in.n, &flags);
        return flags;
    }
    return flags | MIME_CS_GUESSED | from_1252(in, out);
}

struct str mime_charset_text(struct arena *a, struct mime_charsets *cs, struct str label, struct str in, size_t max,
                             unsigned *flags)
{
    AUTO(buf) struct buf out;
    buf_init(&out, max);
    unsigned got = mime_charset_utf8(cs, label, in, &out);
    if (flags)
        *flags |= got;
    return arena_str(a, buf_str(&out));
}

struct str mime_charset_guess(struct arena *a, struct str in, unsigned *flags)
{
    if (str_utf8_valid(in) == in.n)
        return in;
    if (flags)
        *flags |= MIME_CS_GUESSED;
    return mime_charset_text(a, NULL, STR("us-ascii"), in, in.n * 3, flags);
}

#include "mime/charset_label.h"
#include "mime/charset.h"

#define LABEL_KEY_MAX 32u

/* The encodings of real mail by ICU's names. Subsets are read as the superset that senders mean (WHATWG Encoding does
 * the same): ISO-8859-1 as windows-1252, ISO-8859-9 as windows-1254, GB2312 as GB18030, KS C 5601 as windows-949,
 * Shift_JIS as windows-31j. */
const char *const mime_encoding_icu[ENC_COUNT] = {
    [ENC_UTF8] = "utf-8",           [ENC_ASCII] = "us-ascii",      [ENC_1252] = "windows-1252",
    [ENC_8859_16] = "iso-8859-16",  [ENC_8859_2] = "iso-8859-2",   [ENC_8859_3] = "iso-8859-3",
    [ENC_8859_4] = "iso-8859-4",    [ENC_8859_5] = "iso-8859-5",   [ENC_8859_6] = "iso-8859-6",
    [ENC_8859_7] = "iso-8859-7",    [ENC_8859_8] = "iso-8859-8",   [ENC_8859_10] = "iso-8859-10",
    [ENC_8859_13] = "iso-8859-13",  [ENC_8859_14] = "iso-8859-14", [ENC_8859_15] = "iso-8859-15",
    [ENC_1250] = "windows-1250",    [ENC_1251] = "windows-1251",   [ENC_1253] = "windows-1253",
    [ENC_1254] = "windows-1254",    [ENC_1255] = "windows-1255",   [ENC_1256] = "windows-1256",
    [ENC_1257] = "windows-1257",    [ENC_1258] = "windows-1258",   [ENC_874] = "windows-874",
    [ENC_KOI8R] = "koi8-r",         [ENC_KOI8U] = "koi8-u",        [ENC_GB18030] = "gb18030",
    [ENC_HZ] = "hz-gb-2312",        [ENC_BIG5] = "big5-hkscs",     [ENC_SJIS] = "windows-31j",
    [ENC_2022JP] = "iso-2022-jp-2", [ENC_EUCJP] = "euc-jp",        [ENC_EUCKR] = "windows-949",
    [ENC_2022KR] = "iso-2022-kr",   [ENC_2022CN] = "iso-2022-cn",  [ENC_UTF7] = "utf-7",
    [ENC_UTF16] = "utf-16",         [ENC_UTF16LE] = "utf-16le",    [ENC_UTF16BE] = "utf-16be",
    [ENC_UTF32] = "utf-32",         [ENC_MAC] = "macintosh",       [ENC_MACCYR] = "x-mac-cyrillic",
    [ENC_437] = "ibm437",           [ENC_850] = "ibm850",          [ENC_852] = "ibm852",
    [ENC_866] = "ibm866",
};

/* Labels without case and without all but letters and digits ("ISO_8859-1:1987" is "iso885911987"). */
static const struct {
    const char *key;
    enum mime_encoding enc;
} labels[] = {
    {"utf8", ENC_UTF8},
    {"unicode11utf8", ENC_UTF8},
    {"usascii", ENC_ASCII},
    {"ascii", ENC_ASCII},
    {"ansix341968", ENC_ASCII},
    {"iso646us", ENC_ASCII},
    {"iso88591", ENC_1252},
    {"windows1252", ENC_1252},
    {"cp1252", ENC_1252},
    {"latin1", ENC_1252},
    {"l1", ENC_1252},
    {"iso885911987", ENC_1252},
    {"ansi", ENC_1252},
    {"ibm819", ENC_1252},
    {"iso88592", ENC_8859_2},
    {"latin2", ENC_8859_2},
    {"iso885921987", ENC_8859_2},
    {"iso88593", ENC_8859_3},
    {"latin3", ENC_8859_3},
    {"iso88594", ENC_8859_4},
    {"latin4", ENC_8859_4},
    {"iso88595", ENC_8859_5},
    {"cyrillic", ENC_8859_5},
    {"iso88596", ENC_8859_6},
    {"arabic", ENC_8859_6},
    {"iso88597", ENC_8859_7},
    {"greek", ENC_8859_7},
    {"iso88598", ENC_8859_8},
    {"iso88598i", ENC_8859_8},
    {"iso88598e", ENC_8859_8},
    {"hebrew", ENC_8859_8},
    {"iso88599", ENC_1254},
    {"latin5", ENC_1254},
    {"iso885910", ENC_8859_10},
    {"latin6", ENC_8859_10},
    {"iso885911", ENC_874},
    {"iso885913", ENC_8859_13},
    {"latin7", ENC_8859_13},
    {"iso885914", ENC_8859_14},
    {"latin8", ENC_8859_14},
    {"iso885915", ENC_8859_15},
    {"latin9", ENC_8859_15},
    {"iso885916", ENC_8859_16},
    {"latin10", ENC_8859_16},
    {"windows1250", ENC_1250},
    {"cp1250", ENC_1250},
    {"windows1251", ENC_1251},
    {"cp1251", ENC_1251},
    {"windows1253", ENC_1253},
    {"cp1253", ENC_1253},
    {"windows1254", ENC_1254},
    {"cp1254", ENC_1254},
    {"windows1255", ENC_1255},
    {"cp1255", ENC_1255},
    {"windows1256", ENC_1256},
    {"cp1256", ENC_1256},
    {"windows1257", ENC_1257},
    {"cp1257", ENC_1257},
    {"windows1258", ENC_1258},
    {"cp1258", ENC_1258},
    {"windows874", ENC_874},
    {"tis620", ENC_874},
    {"cp874", ENC_874},
    {"koi8r", ENC_KOI8R},
    {"koi8", ENC_KOI8R},
    {"koi8u", ENC_KOI8U},
    {"koi8ru", ENC_KOI8U},
    {"gb2312", ENC_GB18030},
    {"gb231280", ENC_GB18030},
    {"gbk", ENC_GB18030},
    {"xgbk", ENC_GB18030},
    {"gb18030", ENC_GB18030},
    {"euccn", ENC_GB18030},
    {"cp936", ENC_GB18030},
    {"ms936", ENC_GB18030},
    {"chinese", ENC_GB18030},
    {"hzgb2312", ENC_HZ},
    {"big5", ENC_BIG5},
    {"big5hkscs", ENC_BIG5},
    {"cnbig5", ENC_BIG5},
    {"cp950", ENC_BIG5},
    {"shiftjis", ENC_SJIS},
    {"sjis", ENC_SJIS},
    {"xsjis", ENC_SJIS},
    {"mskanji", ENC_SJIS},
    {"windows31j", ENC_SJIS},
    {"cp932", ENC_SJIS},
    {"iso2022jp", ENC_2022JP},
    {"iso2022jp1", ENC_2022JP},
    {"iso2022jp2", ENC_2022JP},
    {"iso2022jpms", ENC_2022JP},
    {"csiso2022jp", ENC_2022JP},
    {"cp50220", ENC_2022JP},
    {"cp50221", ENC_2022JP},
    {"eucjp", ENC_EUCJP},
    {"xeucjp", ENC_EUCJP},
    {"euckr", ENC_EUCKR},
    {"ksc56011987", ENC_EUCKR},
    {"ksc5601", ENC_EUCKR},
    {"korean", ENC_EUCKR},
    {"windows949", ENC_EUCKR},
    {"cp949", ENC_EUCKR},
    {"uhc", ENC_EUCKR},
    {"iso2022kr", ENC_2022KR},
    {"iso2022cn", ENC_2022CN},
    {"utf7", ENC_UTF7},
    {"unicode11utf7", ENC_UTF7},
    {"xunicode20utf7", ENC_UTF7},
    {"utf16", ENC_UTF16},
    {"unicode", ENC_UTF16},
    {"ucs2", ENC_UTF16},
    {"iso10646ucs2", ENC_UTF16},
    {"utf16le", ENC_UTF16LE},
    {"utf16be", ENC_UTF16BE},
    {"utf32", ENC_UTF32},
    {"ucs4", ENC_UTF32},
    {"macintosh", ENC_MAC},
    {"macroman", ENC_MAC},
    {"xmacroman", ENC_MAC},
    {"mac", ENC_MAC},
    {"xmaccyrillic", ENC_MACCYR},
    {"ibm437", ENC_437},
    {"cp437", ENC_437},
    {"ibm850", ENC_850},
    {"cp850", ENC_850},
    {"ibm852", ENC_852},
    {"cp852", ENC_852},
    {"ibm866", ENC_866},
    {"cp866", ENC_866},
    {"ansi1252", ENC_1252},
    {"unknown8bit", ENC_ASCII},
    {"8bit", ENC_ASCII},
    {"xunknown", ENC_ASCII},
};

int mime_encoding_of(struct str label)
{
    char key[LABEL_KEY_MAX];
    size_t n = 0;
    if (label.n > MIME_CHARSET_LABEL_MAX)
        return -1;
    for (size_t i = 0; i < label.n; i++) {
        char c = ascii_lower(label.p[i]);
        if (!ascii_is_alpha(c) && !ascii_is_digit(c))
            continue;
        if (n == sizeof key)
            return -1;
        key[n++] = c;
    }
    if (n == 0)
        return ENC_ASCII;
    for (size_t i = 0; i < N_ELEMENTS(labels); i++)
        if (strncmp(labels[i].key, key, n) == 0 && labels[i].key[n] == 0)
            return (int)labels[i].enc;
    if (n > 2 && key[0] == 'c' && key[1] == 's') { /* IANA's "cs" aliases */
        struct str rest = str_n(key + 2, n - 2);
        return rest.n > 1 && rest.p[0] == 'c' && rest.p[1] == 's' ? -1 : mime_encoding_of(rest);
    }
    return -1;
}

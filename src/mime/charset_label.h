#pragma once
/* Private to mime/charset.c: the encodings of real mail and the labels that stand for them. */
#include "core/str.h"

enum mime_encoding {
    ENC_UTF8,
    ENC_ASCII,
    ENC_1252,
    ENC_8859_16, /* not in ICU; these four need no converter */
    ENC_ICU,
    ENC_8859_2 = ENC_ICU,
    ENC_8859_3,
    ENC_8859_4,
    ENC_8859_5,
    ENC_8859_6,
    ENC_8859_7,
    ENC_8859_8,
    ENC_8859_10,
    ENC_8859_13,
    ENC_8859_14,
    ENC_8859_15,
    ENC_1250,
    ENC_1251,
    ENC_1253,
    ENC_1254,
    ENC_1255,
    ENC_1256,
    ENC_1257,
    ENC_1258,
    ENC_874,
    ENC_KOI8R,
    ENC_KOI8U,
    ENC_GB18030,
    ENC_HZ,
    ENC_BIG5,
    ENC_SJIS,
    ENC_2022JP,
    ENC_EUCJP,
    ENC_EUCKR,
    ENC_2022KR,
    ENC_2022CN,
    ENC_UTF7,
    ENC_UTF16,
    ENC_UTF16LE,
    ENC_UTF16BE,
    ENC_UTF32,
    ENC_MAC,
    ENC_MACCYR,
    ENC_437,
    ENC_850,
    ENC_852,
    ENC_866,
    ENC_COUNT
};

/* By ICU's names. */
extern const char *const mime_encoding_icu[ENC_COUNT];
/* -1 when unknown; an empty label is ENC_ASCII. Case and all but letters and digits are ignored. */
int mime_encoding_of(struct str label);

/* What bytes are, whatever their name and declared type say. */
#include "extract/chars.h"
#include "extract/job.h"

#define SNIFF_TEXT 4096u

struct magic {
    uint32_t at;
    const char *bytes;
    uint8_t n;
    const char *kind;
};
static const struct magic magics[] = {
    {0, "%PDF-", 5, "pdf"},
    {0, "PK\x03\x04", 4, "zip"},
    {0, "PK\x05\x06", 4, "zip"},
    {0, "PK\x07\x08", 4, "zip"},
    {0, "Rar!\x1A\x07", 6, "rar"},
    {0, "7z\xBC\xAF\x27\x1C", 6, "7z"},
    {0, "\x1F\x8B", 2, "gzip"},
    {0, "BZh", 3, "bzip2"},
    {0,
     "\xFD"
     "7zXZ\0",
     6, "xz"},
    {0, "\x28\xB5\x2F\xFD", 4, "zstd"},
    {0, "MSCF\0\0\0\0", 8, "cab"},
    {0, "\x60\xEA", 2, "arj"},
    {7, "**ACE**", 7, "ace"},
    {2, "-lh", 3, "lzh"},
    {257, "ustar", 5, "tar"},
    {0, "MSWIM\0\0\0", 8, "wim"},
    {0, "\x04\x22\x4D\x18", 4, "lz4"},
    {0, "\x1F\x9D", 2, "z"},
    {0, "LZIP", 4, "lzip"},
    {0, "xar!", 4, "xar"},
    {0, "\x89PNG\r\n\x1A\n", 8, "png"},
    {0, "\xFF\xD8\xFF", 3, "jpeg"},
    {0, "GIF87a", 6, "gif"},
    {0, "GIF89a", 6, "gif"},
    {0, "II*\0", 4, "tiff"},
    {0, "MM\0*", 4, "tiff"},
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "ole"},
    {0, "{\\rt", 4, "rtf"},
    {0, "\x78\x9F\x3E\x22", 4, "tnef"},
    {0, "L\0\0\0\x01\x14\x02\0", 8, "lnk"},
    {0,
     "\x7F"
     "ELF",
     4, "elf"},
    {0, "ITSF", 4, "chm"},
    {0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", 16, "onenote"},
    {0x8001, "CD001", 5, "iso"},
    {0x8801, "CD001", 5, "iso"},
    {0x8001, "BEA01", 5, "iso"},
    {0, "conectix", 8, "vhd"},
    {0, "vhdxfile", 8, "vhdx"},
    {0, "dex\n03", 6, "dex"},
    {0, "\xCA\xFE\xBA\xBE", 4, "class"},
    {0, "\xFE\xED\xFA", 3, "macho"},
    {0, "\xCF\xFA\xED\xFE", 4, "macho"},
    {0, "#!", 2, "script"},
    {0, "OggS", 4, "ogg"},
    {0, "ID3", 3, "mp3"},
    {0, "RIFF", 4, "riff"},
    {4, "ftyp", 4, "mp4"},
};

static bool dos_program(struct str b)
{
    if (b.n < 64 || b.p[0] != 'M' || b.p[1] != 'Z')
        return false;
    const unsigned char *p = (const unsigned char *)b.p + 0x3C;
    uint32_t at = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return at < b.n && b.n - at >= 4 ? (b.p[at] == 'P' && b.p[at + 1] == 'E') || (b.p[at] == 'N' && b.p[at + 1] == 'E')
                                     : true;
}

/* Bytes of a DER SignedData (RFC 5652): SEQUENCE, then the object identifier 1.2.840.113549.1.7.2. */
static bool signed_data(struct str b)
{
    return b.n > 20 && b.p[0] == 0x30 &&
           str_find(str_upto(b, 24), str_n("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07", 10), 0) > 0;
}

/* What letters alone would say: a text may begin with them. */
static struct str picture(struct str b)
{
    if (b.n > 12 && str_starts(b, STR("RIFF")) && str_starts(str_from(b, 8), STR("WEBP")))
        return STR("webp");
    /* Behind the file's head stands the size of the picture's: one of a few. */
    bool bmp = b.n > 26 && str_starts(b, STR("BM")) && b.p[15] == 0 && b.p[16] == 0 && b.p[17] == 0 &&
               strchr("\x0C\x28\x34\x38\x40\x6C\x7C", b.p[14]) && b.p[14];
    return bmp ? STR("bmp") : STR("");
}

/* Before "ustar" there was only the sum of the head, in octal, counted with spaces in its own place. */
static bool old_tar(struct str b)
{
    uint32_t sum = 0, said = 0;
    if (b.n < 512 || b.p[0] == 0)
        return false;
    for (size_t i = 148; i < 156; i++)
        if (b.p[i] >= '0' && b.p[i] <= '7')
            said = said * 8 + (uint32_t)(b.p[i] - '0');
    for (size_t i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)b.p[i];
    return said == sum;
}

static bool text_like(struct str b)
{
    for (size_t i = 0; i < b.n; i++) {
        unsigned char c = (unsigned char)b.p[i];
        if (c < 9 || (c > 13 && c < 32 && c != 27))
            return false;
    }
    return b.n > 0;
}

static struct str sniff_text(struct str b)
{
    struct str t = b;
    if (str_starts(t, STR("\xEF\xBB\xBF")))
        t = str_from(t, 3);
    t = str_trim(t);
    static const struct {
        const char *begin, *kind;
    } begins[] = {{"<!doctype html", "html"},
                  {"<html", "html"},
                  {"<head", "html"},
                  {"<body", "html"},
                  {"<script", "html"},
                  {"<svg", "svg"},
                  {"begin:vcalendar", "ics"},
                  {"begin:vcard", "vcf"},
                  {"[internetshortcut]", "url"},
                  {"-----begin pkcs7", "p7m"},
                  {"from: ", "eml"},
                  {"received: ", "eml"},
                  {"return-path:", "eml"},
                  {"mime-version:", "eml"},
                  {"delivered-to:", "eml"},
                  {"message-id:", "eml"},
                  {"x-received:", "eml"},
                  {"content-type: multipart/", "eml"},
                  {"content-type: text/", "eml"}};
    for (size_t i = 0; i < N_ELEMENTS(begins); i++)
        if (str_istarts(t, str_c(begins[i].begin)))
            return str_c(begins[i].kind);
    if (t.n > 1 && t.p[0] == '<') {
        bool xml = str_istarts(t, STR("<?xml"));
        if (str_ifind(t, STR("<html"), 0) >= 0)
            return STR("html");
        if (!xml && (str_ifind(t, STR("<body"), 0) >= 0 || str_ifind(t, STR("<form "), 0) >= 0 ||
                     str_ifind(t, STR("<script"), 0) >= 0))
            return STR("html");
        if (str_ifind(t, STR("<svg"), 0) >= 0)
            return STR("svg");
        if (xml || str_chr(t, '>', 0) > 0)
            return STR("xml");
    }
    return STR("text");
}

/* UTF-16 with its mark, or "<" and a zero: the ASCII in it. */
static struct str sniff_wide(struct str b)
{
    char narrow[SNIFF_TEXT / 2];
    bool little = str_starts(b, STR("\xFF\xFE")) || str_starts(b, str_n("<\0", 2));
    bool big = str_starts(b, STR("\xFE\xFF")) || str_starts(b, str_n("\0<", 2));
    size_t n = 0;
    if (!little && !big)
        return STR("");
    for (size_t i = 0; i + 1 < b.n && n < sizeof narrow; i += 2) {
        char c = b.p[i + (little ? 0 : 1)], high = b.p[i + (little ? 1 : 0)];
        bool mark = i == 0 && (unsigned char)c >= 0xFE;
        if (high == 0 && c == 0)
            return STR("");
        if (!mark)
            narrow[n++] = high == 0 ? c : 'x';
    }
    return text_like(str_n(narrow, n)) ? sniff_text(str_n(narrow, n)) : STR("");
}

struct str extract_sniff(struct str bytes)
{
    if (dos_program(bytes))
        return STR("exe");
    struct str seen = picture(bytes);
    if (seen.n)
        return seen;
    for (size_t i = 0; i < N_ELEMENTS(magics); i++) {
        const struct magic *m = &magics[i];
        if (bytes.n >= m->at + m->n && memcmp(bytes.p + m->at, m->bytes, m->n) == 0)
            return str_c(m->kind);
    }
    if (signed_data(bytes))
        return STR("p7m");
    if (old_tar(bytes))
        return STR("tar");
    struct str wide = sniff_wide(bytes);
    if (wide.n)
        return wide;
    struct str head = str_upto(bytes, SNIFF_TEXT);
    if (str_find(head, STR("%PDF-"), 0) >= 0) /* readers look for it in the first kilobyte */
        return STR("pdf");
    return text_like(head) ? sniff_text(head) : STR("");
}

/* What the name of a file says, and what it hides. */
#include "extract/chars.h"
#include "extract/job.h"

/* Sorted. Files that run, or make something run, when a person opens them on a usual desk. */
static const char *const programs[] = {
    "ace",    "ade",     "adp", "apk", "app",     "appref-ms", "appx", "bas",  "bat",    "cab",    "chm",  "cmd",
    "com",    "command", "cpl", "crt", "diagcab", "dll",       "dmg",  "dqy",  "exe",    "gadget", "hlp",  "hta",
    "htc",    "inf",     "ins", "iqy", "isp",     "jar",       "jnlp", "js",   "jse",    "lib",    "mad",  "mam",
    "mar",    "mas",     "mat", "mde", "msc",     "msi",       "msix", "msp",  "mst",    "nsh",    "ocx",  "one",
    "onepkg", "oqy",     "osd", "pif", "pkg",     "ppam",      "prf",  "ps1",  "ps1xml", "psc1",   "psm1", "reg",
    "rqy",    "run",     "scf", "scr", "sct",     "sh",        "shb",  "shs",  "slk",    "sys",    "vb",   "vbe",
    "vbs",    "vxd",     "wll", "wsc", "wsf",     "wsh",       "xla",  "xlam", "xll",    "xnk"};
static const char *const shortcuts[] = {
    "desktop",           "library-ms", "lnk",    "rdp",    "mht", "search-ms", "searchconnector-ms",
    "settingcontent-ms", "url",        "webloc", "website"};
static const char *const images[] = {"img", "iso", "udf", "vhd", "vhdx", "vmdk"};
/* Extensions that people know and trust: in front of another one they are a disguise. */
static const char *const trusted[] = {"pdf",  "doc", "docx", "xls", "xlsx", "ppt", "pptx", "jpg",
                                      "jpeg", "png", "gif",  "txt", "rtf",  "csv", "xml",  "odt",
                                      "ods",  "p7m", "mp3",  "mp4", "wav",  "zip", "html", "htm"};

static bool in(struct str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(s, str_c(list[i])))
            return true;
    return false;
}
#define IN(s, list) in((s), (list), N_ELEMENTS(list))

/* Windows drops these at the end of a name, so what runs is decided without them. */
static struct str without_tail(struct str name)
{
    while (name.n && (name.p[name.n - 1] == '.' || chars_space(name.p[name.n - 1])))
        name.n--;
    return name;
}

struct str extract_extension(struct str name, char out[16])
{
    name = without_tail(name);
    ptrdiff_t dot = str_rchr(name, '.');
    struct str e = dot < 0 ? STR("") : str_from(name, (size_t)dot + 1);
    if (e.n == 0 || e.n > 15)
        return STR("");
    for (size_t i = 0; i < e.n; i++)
        out[i] = ascii_lower(e.p[i]);
    out[e.n] = '\0';
    return str_n(out, e.n);
}

/* U+202A-202E and U+2066-2069: bidirectional embeddings, overrides and isolates. */
static bool turns(struct str name)
{
    for (size_t i = 0; i + 2 < name.n; i++) {
        unsigned char a = (unsigned char)name.p[i], b = (unsigned char)name.p[i + 1], c = (unsigned char)name.p[i + 2];
        if (a == 0xE2 && ((b == 0x80 && c >= 0xAA && c <= 0xAE) || (b == 0x81 && c >= 0xA6 && c <= 0xA9)))
            return true;
    }
    return false;
}

static bool pushes_away(struct str name)
{
    size_t run = 0;
    for (size_t i = 0; i < name.n; i++) {
        run = name.p[i] == ' ' || name.p[i] == '_' || name.p[i] == '\t' ? run + 1 : 0;
        if (run >= 8)
            return true;
    }
    return str_find(name, STR("\xC2\xA0\xC2\xA0"), 0) >= 0 || str_find(name, STR("\xE3\x80\x80"), 0) >= 0;
}

uint32_t extract_name_flags(struct str name)
{
    char last[16], before[16];
    uint32_t f = 0;
    struct str e = extract_extension(name, last);
    bool runs = IN(e, programs), shortcut = IN(e, shortcuts), image = IN(e, images);
    f |= runs ? ATT_PROGRAM : 0;
    f |= shortcut ? ATT_SHORTCUT : 0;
    f |= image ? ATT_DISK_IMAGE : 0;
    if (turns(name) || pushes_away(name))
        f |= ATT_DIRECTION;
    if (e.n == 0)
        return f;
    struct str bare = without_tail(name), stem = without_tail(str_upto(bare, bare.n - e.n - 1));
    if ((runs || shortcut || image || str_eq(e, STR("html")) || str_eq(e, STR("htm")) || str_eq(e, STR("shtml")) ||
         str_eq(e, STR("svg"))) &&
        IN(extract_extension(stem, before), trusted))
        f |= ATT_DOUBLE_EXTENSION;
    if (bare.n < name.n && (runs || shortcut))
        f |= ATT_DIRECTION;
    return f;
}

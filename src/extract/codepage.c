/* Numbers that Windows gives to charsets, as labels. */
#include "extract/blob.h"

struct str extract_codepage(struct extract_job *j, uint32_t page)
{
    static const struct {
        uint32_t page;
        const char *label;
    } known[] = {{1200, "utf-16le"}, {1201, "utf-16be"}, {10000, "macintosh"},  {20127, "us-ascii"},
                 {20866, "koi8-r"},  {20932, "euc-jp"},  {21866, "koi8-u"},     {50220, "iso-2022-jp"},
                 {51932, "euc-jp"},  {51949, "euc-kr"},  {52936, "hz-gb-2312"}, {54936, "gb18030"},
                 {65000, "utf-7"},   {65001, "utf-8"}};
    if (page == 0)
        return STR("");
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        if (known[i].page == page)
            return str_c(known[i].label);
    if (page > 28590 && page <= 28605)
        return arena_printf(j->arena, "iso-8859-%u", page - 28590);
    return arena_printf(j->arena, "cp%u", page);
}

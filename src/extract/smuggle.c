/* HTML smuggling: a script that makes a file out of itself. */
#include "extract/chars.h"
#include "extract/job.h"

#define SMUGGLE_BASE64_LONG 3000u /* in a script: a file in there */

static bool long_base64(struct str s)
{
    size_t run = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        run = chars_alnum(c) || c == '+' || c == '/' || c == '=' ? run + 1 : 0;
        if (run >= SMUGGLE_BASE64_LONG)
            return true;
    }
    return false;
}

bool extract_smuggles(struct str script)
{
    static const char *const makes[] = {"createObjectURL", "msSaveOrOpenBlob",  "msSaveBlob",
                                        "new Blob",        "data:application/", "data:text/html;base64"};
    static const char *const unpacks[] = {"atob(", "fromCharCode", "unescape(", "decodeURIComponent(", "Uint8Array"};
    for (size_t i = 0; i < N_ELEMENTS(makes); i++)
        if (str_ifind(script, str_c(makes[i]), 0) >= 0)
            return true;
    for (size_t i = 0; i < N_ELEMENTS(unpacks); i++)
        if (str_find(script, str_c(unpacks[i]), 0) >= 0)
            return long_base64(script) || str_find(script, STR("document.write"), 0) >= 0;
    return long_base64(script);
}

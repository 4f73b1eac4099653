#include "core/json.h"
#include "core/err.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Whatever bytes a string holds, what the writer makes of them can be read back by the strict reader. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct err e = {0};
    json_t *j = json_read(str_n(data, n), &e);
    if (!j && (e.code >= 0 || !e.text[0]))
        abort();
    if (j)
        json_decref(j);

    AUTO(buf) struct buf b;
    struct json_w w;
    buf_init(&b, n * 12 + 64);
    json_init(&w, &b);
    json_obj(&w);
    json_kstr(&w, "v", str_n(data, n));
    json_key(&w, str_n(data, n / 2));
    json_arr(&w);
    json_int(&w, (int64_t)n);
    json_arr_end(&w);
    json_obj_end(&w);
    bool has_nul = memchr(data ? data : (const uint8_t *)"", 0, n) != NULL; /* \u0000 is refused on purpose */
    j = json_read(buf_str(&b), &e);
    if (b.err || (!j && !has_nul && !(n / 2 == 1 && data[0] == 'v')))
        abort();
    if (j)
        json_decref(j);
    return 0;
}

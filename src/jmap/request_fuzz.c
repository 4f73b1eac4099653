/* JMAP requests from hostile bytes, without a store: only methods that need none are reached, so "using" names core
 * alone. */
#include "core/json.h"
#include "jmap/jmap.h"
#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mail[] = "params:jmap:mail";
    struct jmap_person p = {1, 1, 1, STR("u@azienda.example"), STR("U")};
    struct buf out;
    int status = 0;
    if (str_find(str_n(data, size), str_n(mail, sizeof mail - 1), 0) >= 0 ||
        str_find(str_n(data, size), STR("\\u"), 0) >= 0)
        return 0;
    buf_init(&out, 1u << 20);
    if (jmap_request(NULL, &p, str_n(data, size), &status, &out) != 0 || (status != 200 && status != 400))
        __builtin_trap();
    json_t *j = out.n ? json_read(buf_str(&out), NULL) : NULL;
    if (!j)
        __builtin_trap();
    json_decref(j);
    buf_free(&out);
    return 0;
}

/* JMAP requests from hostile bytes, without a store: only methods that need none are reached, so "using" names core
 * alone. */
#include "core/json.h"
#include "jmap/jmap.h"
#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mail[] = "params:jmap:mail";
    struct jmap_person p = {.cell = 1, .org = 1, .account = 1, .address = STR("u@azienda.example"), .name = STR("U")};
    struct txn t = {.env = env_system()};
    struct buf out;
    if (str_find(str_n(data, size), str_n(mail, sizeof mail - 1), 0) >= 0 ||
        str_find(str_n(data, size), STR("urn:sigillo"), 0) >= 0 || str_find(str_n(data, size), STR("\\u"), 0) >= 0)
        return 0;
    buf_init(&out, 1u << 20);
    struct jmap_run *r = jmap_run_new(NULL, &p, str_n(data, size), &out);
    if (jmap_run_read(&t, r) != 0 || jmap_run_next(r) != JMAP_NEXT_DONE)
        __builtin_trap();
    jmap_run_free(&r);
    json_t *j = out.n ? json_read(buf_str(&out), NULL) : NULL;
    if (!j)
        __builtin_trap();
    json_decref(j);
    buf_free(&out);
    return 0;
}

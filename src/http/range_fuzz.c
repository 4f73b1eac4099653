/* Fields that decide what is sent: ranges, tags, encodings, lists, cookies, queries. First byte: which size. */
#include "http/parse.h"
#include "http/range.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct str in = str_n(data + 1, size - 1);
    uint64_t from = 0, to = 0, whole = (uint64_t)data[0] * data[0];
    if (http_range_parse(in, whole, &from, &to) == HTTP_RANGE_PART && (from >= to || to > whole))
        abort();
    if (http_etag_is(in, STR("\"a\"")) && !http_etag_in(in, STR("\"a\"")))
        abort();
    (void)http_accepts_gzip(in);
    (void)http_list_has(in, STR("gzip"));
    struct arena a;
    arena_init(&a, 1u << 20);
    struct str v = http_cookie(in, STR("sigillo"));
    if (v.p && (v.p < in.p || v.p + v.n > in.p + in.n))
        abort();
    (void)http_query(&a, in, STR("types"));
    arena_free(&a);
    return 0;
}

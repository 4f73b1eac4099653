#include "mime/param.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mime_charsets *charsets;
    static struct mime_params params;
    AUTO(arena) struct arena a;
    struct mime_type type;
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, ARENA_NO_LIMIT);
    mime_params_parse(&a, charsets, str_n(data, n), &params);
    for (size_t i = 0; i < params.n; i++) {
        struct str v = params.v[i].value;
        if (!params.v[i].name.n || str_utf8_valid(v) != v.n || str_chr(v, '\n', 0) >= 0 || str_chr(v, 0, 0) >= 0)
            abort();
        for (size_t k = 0; k < i; k++)
            if (str_eq(params.v[i].name, params.v[k].name))
                abort();
    }
    mime_type_of(&params, &type);
    struct str name = mime_filename(&params, &params);
    if (!type.type.n || !type.subtype.n || name.n > MIME_FILENAME_MAX || str_chr(name, '/', 0) >= 0)
        abort();
    return 0;
}

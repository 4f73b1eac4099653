#include "guard/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct guard_url u, inner;
    struct str text = str_n(data, size);
    arena_init(&a, ARENA_NO_LIMIT);
    guard_url_read(&a, text, &u);
    for (int i = 0; i < GUARD_URL_NESTED_MAX && guard_url_nested(&a, &u, &inner); i++)
        u = inner;
    if (u.host.n > size || guard_url_claimed(&a, text).n > size)
        __builtin_trap();
    bool named = guard_url_names(&a, &u, STR("anna@azienda.example"));
    (void)named;
    arena_free(&a);
    return 0;
}

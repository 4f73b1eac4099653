#include "auth/spf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What a record that parses names can be expanded, and never grows past its limit. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct auth_spf_record r;
    struct auth_spf_macros m = {.sender = STR("strong-bad@email.example"),
                                .local = STR("strong-bad"),
                                .sender_domain = STR("email.example"),
                                .domain = STR("email.example"),
                                .ip = {.v6 = n & 1}};
    const char *why;
    struct str text = str_n(data, n);
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, AUTH_SPF_EXPAND_MAX);
    if (!auth_spf_is(text) || !auth_spf_record_parse(&a, text, &r, &why))
        return 0;
    if (r.n > AUTH_SPF_TERMS_MAX)
        abort();
    for (size_t i = 0; i < r.n; i++) {
        const struct auth_spf_term *t = &r.term[i];
        if (t->cidr4 > 32 || t->cidr6 > 128)
            abort();
        buf_clear(&b);
        if (t->spec.p && !auth_spf_macro_expand(&b, t->spec, &m) && !b.err)
            abort();
    }
    return 0;
}

#include "auth/dkim.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A signature that is readable has all that verifying needs; its b= lies in the field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_n(data, n);
    for (enum auth_signature_kind kind = AUTH_SIG_DKIM; kind <= AUTH_SIG_SEAL; kind++) {
        AUTO(arena) struct arena a;
        struct auth_sig s;
        const char *why;
        arena_init(&a, ARENA_NO_LIMIT);
        enum auth_result r = auth_sig_parse(&a, kind, text, &s, &why);
        if ((r == AUTHRES_NONE) != (why == NULL))
            abort();
        if (r != AUTHRES_NONE)
            continue;
        if (!s.domain.n || !s.selector.n || !s.signature.n || s.b.p < text.p || s.b.p + s.b.n > text.p + text.n)
            abort();
        if (kind != AUTH_SIG_SEAL && (s.body_hash.n != AUTH_SHA256_BYTES || s.n_signed == 0))
            abort();
    }
    return 0;
}

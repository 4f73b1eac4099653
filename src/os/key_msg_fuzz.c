#include "os/key_msg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What a taken-over role may send to keys, and what keys may answer: lengths stay within the named limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum channel_type types[] = {MSG_KEY_TLS, MSG_KEY_SIGN, MSG_KEY_SEAL, MSG_KEY_UNSEAL, MSG_KEY_ERROR};
    struct str x, y;
    uint32_t handle;
    enum key_reason reason;
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const struct channel_msg m = {.type = types[i], .body = str_n(data, n)};
        if (key_get_tls(&m, &x) == 0 && x.n > KEY_NAME_MAX)
            abort();
        if (key_get_certificate(&m, &x, &handle) == 0 && x.n > KEY_CHAIN_MAX)
            abort();
        if (key_get_sign(&m, &handle, &x) == 0 && (x.n == 0 || x.n > KEY_DIGEST_MAX))
            abort();
        if (key_get_value(&m, &x, &y) == 0 && (x.n > KEY_NAME_MAX || y.n > KEY_VALUE_MAX + KEY_SEAL_OVERHEAD))
            abort();
        (void)!key_get_result(&m, &x);
        if (key_get_error(&m, &reason) == 0 && !*key_reason_text(reason))
            abort();
    }
    return 0;
}

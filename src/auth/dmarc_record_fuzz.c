#include "auth/dmarc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct auth_dmarc_record r;
    enum auth_dmarc_parse p = auth_dmarc_record_parse(str_n(data, n), &r);
    if (r.pct > 100 || r.policy > AUTH_POLICY_REJECT || r.sub > AUTH_POLICY_REJECT || r.absent > AUTH_POLICY_REJECT)
        abort();
    if (p == AUTH_DMARC_BAD && r.policy != AUTH_POLICY_NONE)
        abort();
    return 0;
}

#include "os/dns_msg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str all = str_n(data, n), name;
    struct channel_msg query = {.type = MSG_DNS_QUERY, .body = all}, answer = {.type = MSG_DNS_ANSWER, .body = all};
    struct dns_answer a;
    unsigned type;
    uint16_t pref;
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 4096);
    if (dns_query_read(&query, &type, &name) == 0 && (name.n == 0 || name.n > DNS_NAME_MAX + 1))
        abort();
    if (dns_answer_read(&answer, &a) == 0)
        for (size_t i = 0; i < a.n; i++) {
            buf_clear(&b);
            (void)dns_rdata_txt(a.rdata[i], &b);
            if (b.n > a.rdata[i].n)
                abort();
        }
    buf_clear(&b);
    (void)dns_rdata_txt(all, &b);
    buf_clear(&b);
    (void)dns_rdata_name(all, &b);
    if (b.n > 4u * 255)
        abort();
    buf_clear(&b);
    (void)dns_rdata_mx(all, &pref, &b);
    return 0;
}

#include "core/conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A role's slice: what was accepted is dumped and accepted again, to the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct conf c, again;
    struct err e = {0};
    AUTO(buf) struct buf one;
    AUTO(buf) struct buf two;
    buf_init(&one, 1 << 20);
    buf_init(&two, 1 << 20);
    conf_init(&c);
    conf_init(&again);
    if (conf_parse(&c, str_n(data, n), "slice", &e) == 0) {
        conf_dump(&c, ROLE_ALL, &one);
        if (conf_parse(&again, buf_str(&one), "again", &e))
            abort();
        conf_dump(&again, ROLE_ALL, &two);
        if (!str_eq(buf_str(&one), buf_str(&two)))
            abort();
        for (enum conf_id id = 0; id < CONF_COUNT; id++)
            conf_i(&c, id);
    } else if (e.code >= 0 || !e.text[0])
        abort();
    conf_free(&c);
    conf_free(&again);
    return 0;
}

#include "os/role_table.h"

const struct role_row role_table[ROLE_COUNT] = {
    [ROLE_IX_MIGRATE] = {"migrate", "sigillo", ROLE_MIGRATE, true, 600000, 0},
    [ROLE_IX_KEYS] = {"keys", "sigillo", ROLE_KEYS, false, 20000, 2},
    [ROLE_IX_DNS] = {"dns", "sigillo-dns", ROLE_DNS, false, 20000, 2},
    [ROLE_IX_SCAN] = {"scan", "sigillo-scan", ROLE_SCAN, false, 60000, 2},
    [ROLE_IX_JOBS] = {"jobs", "sigillo", ROLE_JOBS, false, 300000, 1},
    [ROLE_IX_NET] = {"net", "sigillo", ROLE_NET, false, 300000, 0},
};

const struct channel_row channel_table[CHANNEL_COUNT] = {
    {ROLE_IX_NET, ROLE_IX_SCAN},  {ROLE_IX_NET, ROLE_IX_DNS},   {ROLE_IX_NET, ROLE_IX_KEYS},
    {ROLE_IX_NET, ROLE_IX_JOBS},  {ROLE_IX_JOBS, ROLE_IX_SCAN}, {ROLE_IX_JOBS, ROLE_IX_DNS},
    {ROLE_IX_JOBS, ROLE_IX_KEYS},
};

const struct listen_row listen_table[LISTEN_COUNT] = {
    {"smtp", CONF_SMTP_LISTEN, ROLE_IX_NET},
    {"http", CONF_HTTP_LISTEN, ROLE_IX_NET},
    {"https", CONF_HTTP_TLS_LISTEN, ROLE_IX_NET},
    {"control", -1, ROLE_IX_NET},
};

/* No role of this release connects to a configured address. */
const struct broker_row broker_table[] = {{-1, CONF_COUNT}};

int role_index(struct str name)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (str_eq(name, str_c(role_table[i].name)))
            return i;
    return -1;
}

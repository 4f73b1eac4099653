#include "os/role_table.h"

const struct role_row role_table[ROLE_COUNT] = {
    [ROLE_IX_MIGRATE] = {"migrate", "sigillo", ROLE_MIGRATE, true, 600000, 0, -1},
    [ROLE_IX_KEYS] = {"keys", "sigillo", ROLE_KEYS, false, 20000, 2, -1},
    [ROLE_IX_DNS] = {"dns", "sigillo-dns", ROLE_DNS, false, 20000, 2, -1},
    [ROLE_IX_SCAN] = {"scan", "sigillo-scan", ROLE_SCAN, false, 60000, 2, -1},
    [ROLE_IX_JOBS] = {"jobs", "sigillo", ROLE_JOBS, false, 300000, 1, -1},
    [ROLE_IX_NET] = {"net", "sigillo", ROLE_NET, false, 300000, 0, CONF_NET_PROCESSES},
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

_Static_assert(ROLE_IX_NET == ROLE_COUNT - 1, "units of net follow the table");
static const char *const net_names[ROLE_NETS_MAX] = {"net", "net2", "net3", "net4", "net5", "net6", "net7", "net8"};

int role_of_unit(int unit) { return unit < ROLE_IX_NET ? unit : ROLE_IX_NET; }

const char *role_unit_name(int unit)
{
    return unit < ROLE_IX_NET ? role_table[unit].name : net_names[unit - ROLE_IX_NET];
}

int role_units(const struct conf *c)
{
    return ROLE_COUNT - 1 + (int)conf_i(c, (enum conf_id)role_table[ROLE_IX_NET].count);
}

int role_table_check(const struct conf *c, struct err *e)
{
    int64_t nets = conf_i(c, CONF_NET_PROCESSES);
    if (nets > 1 && !str_eq(conf_s(c, CONF_DB_ENGINE), STR("postgresql")))
        return err_set(
            e, ERR_INVALID,
            "net.processes = %lld needs db.engine = postgresql: over SQLite one process serves all sessions; "
            "write net.processes = 1, or move the rows to PostgreSQL",
            (long long)nets);
    return 0;
}

const char *role_peer_name(size_t place) { return place == 0 ? role_table[ROLE_IX_JOBS].name : net_names[place - 1]; }

int role_peer_role(size_t place) { return place == 0 ? ROLE_IX_JOBS : ROLE_IX_NET; }

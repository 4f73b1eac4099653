#include "role/store_open.h"

static const char *or_null(struct str s) { return s.n ? s.p : NULL; }

void role_store_conf(const struct role_ctx *r, struct store_conf *out)
{
    *out = (struct store_conf){
        .state = r->state,
        .engine = str_eq(conf_s(&r->conf, CONF_DB_ENGINE), STR("postgresql")) ? DB_POSTGRESQL : DB_SQLITE,
        .url = or_null(conf_s(&r->conf, CONF_DB_URL)),
        .group_ms = (int)conf_i(&r->conf, CONF_STORE_GROUP_MS),
        .low_water = conf_i(&r->conf, CONF_CELL_LOW_WATER),
        .last_resort = or_null(conf_s(&r->conf, CONF_SPOOL_LAST_RESORT)),
    };
}

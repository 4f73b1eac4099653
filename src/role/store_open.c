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

static void allow(struct role_ctx *r, const char *path, enum sandbox_access access)
{
    for (size_t i = 0; i < SANDBOX_PATHS_MAX - 1; i++)
        if (!r->sandbox.paths[i].path) {
            r->sandbox.paths[i] = (struct sandbox_path){path, access};
            return;
        }
}

void role_allow_store(struct role_ctx *r)
{
    /* libpq itself looks up names, connects, and reads its settings and certificates. */
    static const char *const postgresql[] = {"/etc", "/usr", "/lib", "/lib64", "/run", "/var/run", "/tmp"};
    struct str resort = conf_s(&r->conf, CONF_SPOOL_LAST_RESORT);
    if (resort.n)
        allow(r, arena_z(&r->conf.arena, resort), SANDBOX_WRITE);
    if (!str_eq(conf_s(&r->conf, CONF_DB_ENGINE), STR("postgresql")))
        return;
    r->sandbox.flags &= ~(unsigned)SANDBOX_NO_CONNECT;
    for (size_t i = 0; i < N_ELEMENTS(postgresql); i++)
        allow(r, postgresql[i], SANDBOX_READ);
}

/* The role migrate: one shot, before all others, so that no role meets a schema older than itself. */
#include "core/log.h"
#include "role/roles.h"
#include "role/store_open.h"

static const struct sandbox_spec migrate_sandbox = {
    .calls = SANDBOX_SERVICE,
    .flags = SANDBOX_NO_FORK | SANDBOX_NO_LISTEN,
    .paths = {{".", SANDBOX_WRITE},
              {"/usr", SANDBOX_READ},
              {"/etc", SANDBOX_READ},
              {"/var/run/postgresql", SANDBOX_WRITE},
              {"/tmp", SANDBOX_WRITE}},
};

static int migrate_run(struct role_ctx *r)
{
    struct store_conf conf;
    struct err e = {0};
    role_store_conf(r, &conf);
    if (store_migrate(&conf, r->env, &e) != 0) {
        log_error("migrate.failed", L_Z("text", e.text));
        return ROLE_EXIT_CONFIG;
    }
    return 0;
}

const struct role role_migrate = {"migrate", &migrate_sandbox, NULL, migrate_run};

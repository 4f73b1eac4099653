/* A role that this build does not contain: says it is ready and waits for the end. The supervisor's tests use it alone.
 */
#include "core/log.h"
#include "role/roles.h"

#include <poll.h>

static int idle_run(struct role_ctx *r);

static const struct sandbox_spec idle_sandbox = {.calls = SANDBOX_SERVICE,
                                                 .flags = SANDBOX_NO_SOCKET | SANDBOX_NO_FORK};

static int idle_run(struct role_ctx *r)
{
    struct role_event ev;
    if (strcmp(r->role->name, "migrate") == 0)
        return 0;
    log_warn("role.absent", L_Z("role", r->role->name));
    if (role_ready(r) != 0)
        return 1;
    for (;;) {
        struct pollfd p = {r->control, POLLIN, 0};
        if (poll(&p, 1, -1) > 0 && role_control(r, &ev) == 0 && ev.kind == ROLE_STOP)
            return 0;
    }
}

int role_idle(const char *name)
{
    struct role role = {name, &idle_sandbox, NULL, idle_run};
    return role_main(&role);
}

/* sigillo: the command line. `sigillo --role NAME` is a role of the running server (started by the supervisor only),
 * `sigillo serve` becomes the supervisor, everything else is a verb of admin/. */
#include "admin/verb.h"
#include "os/role.h"
#include "os/role_table.h"
#include "os/spawn.h"
#include "role/roles.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int role_run(const char *name);
static int serve(char **argv);

static int role_run(const char *name)
{
    static const struct role *const roles[] = {&role_net, &role_jobs, &role_keys, &role_migrate};
    for (size_t i = 0; i < N_ELEMENTS(roles); i++)
        if (strcmp(roles[i]->name, name) == 0)
            return role_main(roles[i]);
    for (int i = ROLE_IX_NET; i < ROLE_UNITS_MAX; i++)
        if (strcmp(role_unit_name(i), name) == 0)
            return role_main_unit(&role_net, role_unit_name(i));
    fprintf(stderr, "sigillo: there is no role %s\n", name);
    return ROLE_EXIT_CONFIG;
}

/* The supervisor is a program of its own, so that the process that may start others links next to nothing. */
static int serve(char **argv)
{
    char path[PATH_MAX];
    struct err e = {0};
    if (spawn_find("sigillo-supervisor", path, sizeof(path), &e) != 0) {
        fprintf(stderr, "sigillo: %s\n", e.text);
        return 1;
    }
    argv[0] = (char[]){"sigillo"};
    execv(path, argv);
    fprintf(stderr, "sigillo: cannot run %s: %s\n", path, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--role") == 0)
        return role_run(argv[2]);
    if (argc >= 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv + 1);
    return verb_main(argc, argv);
}

#pragma once
/* The roles that live in the executable sigillo: one file each, named after the role. */
#include "os/role.h"

extern const struct role role_net;
extern const struct role role_jobs;
extern const struct role role_keys;
extern const struct role role_migrate;

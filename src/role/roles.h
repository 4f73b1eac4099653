#pragma once
/* The roles that live in the executable sigillo: one file each, named after the role. */
#include "os/role.h"

extern const struct role role_net __attribute__((weak));
extern const struct role role_jobs __attribute__((weak));
extern const struct role role_keys __attribute__((weak));
extern const struct role role_migrate __attribute__((weak));
int role_idle(const char *name); /* stands in for a role that this build lacks */

#pragma once
/* Verbs about the guard's table. */
#include "admin/verb.h"

extern const struct admin_verb admin_guard_verbs[];

#pragma once
/* sigillo backup, sigillo restore. */
#include "admin/verb.h"

extern const struct admin_verb admin_backup_verbs[];

#pragma once
/* sigillo config show|check|explain|docs: the settings, what they mean, and whether a file is good. */
#include "admin/verb.h"

extern const struct admin_verb admin_config_verbs[];
/* docs/configuration.md, from the table alone. */
void admin_config_docs(FILE *out);

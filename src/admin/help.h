#pragma once
/* sigillo help, sigillo version. */
#include "admin/verb.h"

extern const struct admin_verb admin_help_verbs[];
void admin_print_verbs(FILE *out);

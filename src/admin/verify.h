#pragma once
/* sigillo verify: every row and every byte, and what a damage means. */
#include "admin/verb.h"

extern const struct admin_verb admin_verify_verbs[];

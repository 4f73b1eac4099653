#pragma once
/* sigillo trace. */
#include "admin/verb.h"

extern const struct admin_verb admin_trace_verbs[];

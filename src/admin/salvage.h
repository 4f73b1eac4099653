#pragma once
/* sigillo salvage. */
#include "admin/verb.h"

extern const struct admin_verb admin_salvage_verbs[];

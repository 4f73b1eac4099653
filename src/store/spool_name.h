#pragma once
/* Names in a spool folder, private to the spool: "%016x-<id>.spool", the number being arrival time in ms << 12, raised
 * by one where the clock stood still or went back. ".tmp-*" are files in the making, "<id>.replied" says that an entry's 250 was written. */
#include "core/attr.h"
#include <limits.h>

#define SPOOL_SUFFIX ".spool"
#define SPOOL_TMP_PREFIX ".tmp-"
#define SPOOL_REPLIED ".replied"
#define SPOOL_ORDER_SHIFT 12
#define SPOOL_ID_MAX 64u
#define SPOOL_NAME_MAX (16u + 1 + SPOOL_ID_MAX + 6)

bool spool_name_get(const char *name, uint64_t *order);

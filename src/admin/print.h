#pragma once
/* Text of strangers on a terminal. */
#include "core/str.h"
#include <stdio.h>

#define ADMIN_PRINT_ALL ((size_t)-1)

/* At most max characters of UTF-8, each control character (C0, DEL, C1) and each mark that turns the direction of writing as
 * one space: what a stranger wrote moves no cursor, changes no colour and hides nothing. How many were printed. */
size_t admin_print(FILE *out, struct str s, size_t max);

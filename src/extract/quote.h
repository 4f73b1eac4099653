#pragma once
#include "extract/job.h"

#define EXTRACT_QUOTE_NONE UINT32_MAX
/* Copies text and puts "> " before what other mail programs quote without it; reports mentions. Returns the number of
 * the line, from 0, at which everything left is quoted, or EXTRACT_QUOTE_NONE. */
uint32_t extract_quote(struct extract_job *j, struct str in, struct buf *out);

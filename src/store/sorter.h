#pragma once
/* Sorts more fixed-size records than memory holds: by memcmp over the whole record, in runs on an unlinked temporary
 * file. For verify and salvage, which join millions of rows with millions of pack records. One thread. */
#include "core/err.h"

#define SORTER_RECORD_MAX 128u

struct sorter;
/* dir: where the temporary file goes, only when memory (bytes) is not enough. */
int sorter_open(struct sorter **s, size_t record, size_t memory, const char *dir, struct err *e) MUST_USE;
void sorter_close(struct sorter **s);
int sorter_add(struct sorter *s, const void *record) MUST_USE; /* ERR_IO, ERR_FULL: of the temporary file */
/* After the last add; then sorter_next from the first. */
int sorter_sort(struct sorter *s) MUST_USE;
/* 1 and a view that lives until the next call; 0 at the end; < 0. */
int sorter_next(struct sorter *s, const void **record) MUST_USE;
size_t sorter_count(const struct sorter *s);

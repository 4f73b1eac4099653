#pragma once
/* DATA while it streams in: memory up to INTAKE_SPOOL_MEMORY, then an unlinked file in the state's tmp folder. */
#include "core/buf.h"
#include "core/err.h"

#define INTAKE_SPOOL_MEMORY (64u * 1024)

struct intake_spool {
    struct buf mem;
    int fd; /* -1 while in memory */
    uint64_t size, max;
    int failed;      /* 0, ERR_LIMIT (over max), ERR_FULL, ERR_IO: sticky; the rest of DATA is read and dropped */
    const char *dir; /* for the file; must outlive the spool */
    char *map;       /* intake_spool_view of a file */
};
void intake_spool_init(struct intake_spool *s, const char *dir, uint64_t max);
void intake_spool_add(struct intake_spool *s, struct str bytes);
void intake_spool_free(struct intake_spool *s);
/* All bytes in one view; a file is read into heap memory (bounded by max). ERR_NOMEM, ERR_IO. */
int intake_spool_view(struct intake_spool *s, struct str *view) MUST_USE;

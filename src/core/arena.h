#pragma once
/* Memory that belongs to a scope (connection, request, scan job, write job) and dies with it.
 * Small allocations never fail to the caller: process aborts on real OOM (roles restart). An arena has a limit in bytes;
 * arena_alloc beyond it aborts too, so every size that comes from a peer must be bounded before, or use arena_try. */
#include "core/str.h"

#define ARENA_CHUNK 8192u
#define ARENA_NO_LIMIT ((size_t)-1)

struct arena_chunk;
struct arena {
    struct arena_chunk *head;
    char *at, *end;
    size_t used, limit;
};
struct arena_mark {
    struct arena_chunk *head;
    char *at;
    size_t used;
};

void arena_init(struct arena *a, size_t limit);
void arena_free(struct arena *a); /* releases all; the arena may be used again */
void auto_arena(struct arena *a); /* AUTO(arena) struct arena a; */
void *arena_alloc(struct arena *a, size_t n)
    __attribute__((malloc, alloc_size(2), returns_nonnull)); /* 16-aligned, not zeroed */
void *arena_zalloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
void *arena_try(struct arena *a, size_t n) MUST_USE; /* NULL beyond the limit or on OOM: for sizes a peer chose */
#define arena_new(a, T) ((T *)arena_zalloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_zalloc((a), sizeof(T) * (size_t)(n)))
struct str arena_str(struct arena *a, struct str s); /* copy, followed by a NUL that is not counted */
const char *arena_z(struct arena *a, struct str s);  /* NUL-terminated copy for libc borders */
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct arena_mark arena_mark(const struct arena *a);
void arena_reset(struct arena *a, struct arena_mark m); /* frees everything allocated after the mark */

#include "core/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE 16u
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define RED_ZONE 0u
#endif

#define ALIGN 16u
#define CHUNK_LARGE (64u * 1024u) /* an arena past this many bytes grows by larger steps */

struct arena_chunk {
    struct arena_chunk *prev;
    size_t size; /* with this head */
} __attribute__((aligned(ALIGN)));

static _Noreturn COLD void die(const char *why)
{
    if (write(2, why, strlen(why)) < 0)
        abort();
    abort();
}

void arena_init(struct arena *a, size_t limit) { *a = (struct arena){.limit = limit}; }

static void chunk_drop(struct arena *a)
{
    struct arena_chunk *c = a->head;
    a->head = c->prev;
    ASAN_UNPOISON_MEMORY_REGION(c, c->size);
    free(c);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->head)
        chunk_drop(a);
    arena_init(a, a->limit);
}

void auto_arena(struct arena *a) { arena_free(a); }

static void *chunk_grow(struct arena *a, size_t n)
{
    size_t step = a->used > CHUNK_LARGE ? CHUNK_LARGE : ARENA_CHUNK;
    size_t size = sizeof(struct arena_chunk) + n;
    if (size < step)
        size = step;
    struct arena_chunk *c = malloc(size);
    if (!c)
        return NULL;
    c->prev = a->head;
    c->size = size;
    a->head = c;
    a->at = (char *)(c + 1);
    a->end = (char *)c + size;
    ASAN_POISON_MEMORY_REGION(a->at, (size_t)(a->end - a->at));
    return c;
}

void *arena_try(struct arena *a, size_t n)
{
    size_t room;
    if (n > SIZE_MAX / 2)
        return NULL;
    room = (n + RED_ZONE + ALIGN - 1) / ALIGN * ALIGN;
    if (room == 0)
        room = ALIGN; /* distinct pointers, also for nothing */
    if (room > a->limit || a->used > a->limit - room)
        return NULL;
    if ((size_t)(a->end - a->at) < room && !chunk_grow(a, room))
        return NULL;
    void *p = a->at;
    a->at += room;
    a->used += room;
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_try(a, n);
    if (!p)
        die("arena: out of memory or over its limit\n");
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (struct str){p, s.n};
}

const char *arena_z(struct arena *a, struct str s) { return arena_str(a, s).p; }

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0)
        die("arena: bad format\n");
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return (struct str){p, (size_t)n};
}

struct arena_mark arena_mark(const struct arena *a) { return (struct arena_mark){a->head, a->at, a->used}; }

void arena_reset(struct arena *a, struct arena_mark m)
{
    while (a->head != m.head)
        chunk_drop(a);
    a->at = m.at;
    a->end = m.head ? (char *)m.head + m.head->size : NULL;
    a->used = m.used;
    if (a->head)
        ASAN_POISON_MEMORY_REGION(a->at, (size_t)(a->end - a->at));
}

#pragma once
/* Compiler attributes and the few macros every room uses. Nothing here allocates or logs. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define COLD __attribute__((cold))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Scope cleanup: AUTO(fd) int fd = -1;  AUTO(heap) void *p = NULL;  hand over with STEAL_FD / STEAL. */
#define AUTO(kind) __attribute__((cleanup(auto_##kind)))
#define STEAL(p)                \
    ({                          \
        __typeof__(p) _s = (p); \
        (p) = NULL;             \
        _s;                     \
    })
#define STEAL_FD(fd)   \
    ({                 \
        int _s = (fd); \
        (fd) = -1;     \
        _s;            \
    })
void auto_fd(int *fd);    /* close() unless < 0 */
void auto_heap(void *pp); /* free(*(void **)pp) */

/* Result of an incremental parser: PARSE_MORE is a normal result, not an error. */
enum parse { PARSE_OK = 0, PARSE_MORE = 1, PARSE_BAD = 2 };

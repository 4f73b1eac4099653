#pragma once
/* The only source of clock and randomness; roles get env_system(), tests hand in their own. Wall time is for headers, TTLs and
 * rows only and may jump back; timers use mono. */
#include "core/attr.h"

struct env {
    int64_t (*wall_ms)(void *ctx); /* milliseconds since 1970 UTC */
    int64_t (*mono_ns)(void *ctx);
    void (*random)(void *ctx, void *p, size_t n);
    void *ctx;
};
const struct env *env_system(void);
static inline int64_t env_wall_ms(const struct env *e) { return e->wall_ms(e->ctx); }
static inline int64_t env_mono_ns(const struct env *e) { return e->mono_ns(e->ctx); }
static inline int64_t env_mono_ms(const struct env *e) { return e->mono_ns(e->ctx) / 1000000; }
static inline void env_random(const struct env *e, void *p, size_t n) { e->random(e->ctx, p, n); }

#pragma once
/* Inside the guard: what a family of detectors sees and how it reports. */
#include "guard/guard.h"

struct guard_case {
    const struct guard_input *in;
    const struct guard_history *h;
    struct arena *arena;
    struct guard_verdict *v;
};
typedef void guard_detector(struct guard_case *c);
guard_detector guard_payment, guard_person;

/* Adds a finding with the row's level and weight; facts come in pairs. A finding beyond GUARD_FINDINGS_MAX is dropped:
 * the strongest come first because families run in order of harm. */
void guard_find(struct guard_case *c, enum guard_code code, const struct guard_fact *facts, size_t n);
#define GUARD_FIND(c, code, ...)                                      \
    guard_find((c), (code), (const struct guard_fact[]){__VA_ARGS__}, \
               sizeof((const struct guard_fact[]){__VA_ARGS__}) / sizeof(struct guard_fact))
/* The first row of this kind and key, or NULL. */
const struct guard_known *guard_known_find(const struct guard_history *h, enum guard_known_kind kind, struct str key);
/* "2026-03-12" of a wall time in UTC. */
struct str guard_day(struct arena *a, int64_t ms);

#pragma once
/* A judgement as it was made: what the guard was told, what it knew, what it said. Kept for caution and above, and for a
 * hundredth of the rest (design 7), so that a change of the guard can be replayed on what really happened. At most
 * GUARD_RECORD_MAX: long text, many links and the firm's lists are cut first. Versioned; decoding trusts nothing. */
#include "guard/guard.h"

#define GUARD_RECORD_VERSION 1u
#define GUARD_RECORD_MAX (16u * 1024)

struct guard_record {
    struct guard_input *input; /* its insight and policy with it; lists stay the reader's own */
    struct guard_history *history;
    uint32_t guard_version;
    enum guard_action action;
    int32_t score;
    uint32_t n_codes;
    enum guard_code codes[GUARD_FINDINGS_MAX]; /* only those this release still has */
};
/* Appends; b->err when even the shortest form does not fit. */
void guard_record_put(struct buf *b, const struct guard_input *in, const struct guard_history *h,
                      const struct guard_verdict *v);
/* 0, ERR_CORRUPT, ERR_VERSION. Copies into the arena. */
int guard_record_get(struct arena *a, struct str bytes, struct guard_record *out) MUST_USE;
/* Is this judgement kept? accepted_hash: any number that differs from message to message. */
bool guard_record_wanted(const struct guard_verdict *v, uint64_t accepted_hash);

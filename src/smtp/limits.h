#pragma once
/* Counters by network and by firm in a table of fixed size: connections at once, and rates as "so many a window, at once or spread" (GCRA: one number
 * for each). A flood from many networks makes the oldest rows be forgotten, never the table grow.
 *
 * In this process's memory: one process speaks SMTP (os/role_table.c). The table is one flat piece without pointers, so that several net processes can
 * share it through a memfd once there are several. */
#include "core/env.h"
#include "core/str.h"

#define SMTP_LIMIT_SETS 4096u
#define SMTP_LIMIT_WAYS 4u
#define SMTP_MINUTE_US 60000000LL
#define SMTP_HOUR_US 3600000000LL

enum smtp_limit { SMTP_LIMIT_CONNECTIONS, SMTP_LIMIT_MESSAGES, SMTP_LIMIT_UNKNOWN, SMTP_LIMITS };
struct smtp_limit_slot {
    uint64_t key;                 /* hash with a seed of this process; 0: free */
    int64_t full_us[SMTP_LIMITS]; /* when the allowance is whole again */
    int64_t used_us;
    int64_t now; /* connections */
};
struct smtp_limit_table {
    uint64_t seed[2];
    const struct env *env;
    struct smtp_limit_slot *slots;
};
void smtp_limits_init(struct smtp_limit_table *t, const struct env *env);
void smtp_limits_free(struct smtp_limit_table *t);

/* most 0: no limit. True: within it, and counted. Where all ways of a set hold connections, further networks are not counted (and not refused). */
bool smtp_limits_enter(struct smtp_limit_table *t, struct str key, int64_t most) MUST_USE;
void smtp_limits_leave(struct smtp_limit_table *t, struct str key);
/* One more in a window of `window_us` that takes `most`; false: the allowance is spent, nothing is counted. */
bool smtp_limits_take(struct smtp_limit_table *t, struct str key, enum smtp_limit what, int64_t most,
                      int64_t window_us) MUST_USE;

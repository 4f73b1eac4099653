#pragma once
/* Counters by network and by firm in a table of fixed size: connections at once, and rates as "so many a window, at once or spread" (GCRA: one number
 * for each). A flood from many networks makes the oldest rows be forgotten, never the table grow.
 *
 * One flat piece without pointers. Where several processes speak SMTP (net.processes) it lies in a memfd that they share, under a robust mutex: who dies
 * holding it costs nobody more than that one count. Connections are counted in a column for each process, which begins anew with it. */
#include "core/env.h"
#include "core/err.h"
#include "core/str.h"

#define SMTP_LIMIT_SETS 4096u
#define SMTP_LIMIT_WAYS 4u
#define SMTP_LIMIT_UNITS 8u /* processes */
#define SMTP_MINUTE_US 60000000LL
#define SMTP_HOUR_US 3600000000LL

enum smtp_limit { SMTP_LIMIT_CONNECTIONS, SMTP_LIMIT_MESSAGES, SMTP_LIMIT_UNKNOWN, SMTP_LIMITS };
struct smtp_limit_slot {
    uint64_t key;                 /* hash with the table's seed; 0: free */
    int64_t full_us[SMTP_LIMITS]; /* when the allowance is whole again */
    int64_t used_us;
    int32_t now[SMTP_LIMIT_UNITS]; /* connections of each process */
};
struct net_shared;
struct smtp_limit_table {
    uint64_t seed[2];
    const struct env *env;
    struct smtp_limit_slot *slots;
    struct net_shared *shared; /* NULL: in this process's memory */
    unsigned unit;
};
void smtp_limits_init(struct smtp_limit_table *t, const struct env *env);
/* In the memfd (stays the caller's; zeros at first), as process `unit` of those that share it. ERR_INVALID, ERR_SYS: as smtp_limits_init then. */
int smtp_limits_share(struct smtp_limit_table *t, int fd, unsigned unit) MUST_USE;
void smtp_limits_free(struct smtp_limit_table *t);

/* most 0: no limit. True: within it, and counted. Where all ways of a set hold connections, further networks are not counted (and not refused). */
bool smtp_limits_enter(struct smtp_limit_table *t, struct str key, int64_t most) MUST_USE;
void smtp_limits_leave(struct smtp_limit_table *t, struct str key);
/* One more in a window of `window_us` that takes `most`; false: the allowance is spent, nothing is counted. */
bool smtp_limits_take(struct smtp_limit_table *t, struct str key, enum smtp_limit what, int64_t most,
                      int64_t window_us) MUST_USE;

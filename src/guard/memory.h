#pragma once
/* The guard's past in memory: the same rows as the store keeps, for `sigillo scan --history` and for tests. Everything is
 * copied in; nothing is ever forgotten. One thread at a time. */
#include "guard/guard.h"

struct guard_memory;
int guard_memory_open(struct guard_memory **m) MUST_USE; /* ERR_NOMEM */
void guard_memory_close(struct guard_memory **m);        /* accepts NULL */
/* Our own coordinates: never strange in any mail. */
void guard_memory_own(struct guard_memory *m, struct str iban);
/* What a person decided about a party's coordinates. */
void guard_memory_decide(struct guard_memory *m, struct str party, struct str iban, enum guard_detail_state state,
                         int64_t at_ms);
/* What must be known for this message: all rounds. Views of the memory and of the arena. */
void guard_memory_history(const struct guard_memory *m, const struct guard_input *in, struct arena *a,
                          struct guard_history *h);
/* The message as it was judged against this history. */
void guard_memory_learn(struct guard_memory *m, const struct guard_input *in, const struct guard_history *h,
                        const struct guard_verdict *v);
/* All three at once. v: action and score; its findings are not kept. */
void guard_memory_add(struct guard_memory *m, const struct guard_input *in, struct guard_verdict *v);
size_t guard_memory_rows(const struct guard_memory *m);

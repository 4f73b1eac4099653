#pragma once
/* Inside intake/: the firm's own side for the guard (its domains, its people), read from the cell at most once a minute and
 * firm, shared by the roads that use it. Thread-safe. */
#include "guard/guard.h"
#include "store/store.h"

#define POLICY_KEEP_MS 60000   /* how old it may be: a new colleague is a stranger for so long */
#define POLICY_STAFF_MAX 2000u /* people whose names are guarded; a larger firm is a provider of mailboxes */
#define POLICY_FIRMS_MAX 4096u /* kept at once */

struct policies;
struct policy;                       /* one reading; lives until its last road ends */
struct policies *policies_new(void); /* NULL: out of memory */
void policies_free(struct policies **p);
/* Inside a cell_fn. *out is to be given back with policy_drop. */
int policy_take(struct policies *p, struct txn *t, int64_t org, struct policy **out) MUST_USE;
/* For this message, whose authentication is known. A domain whose proof lapsed (store/manage.h) stays the firm's own against those who only write its
 * name; mail that is proven to be from there is judged as a counterparty's. */
const struct guard_policy *policy_of(const struct policy *p, const struct guard_input *in);
void policy_drop(struct policy **p); /* accepts NULL */

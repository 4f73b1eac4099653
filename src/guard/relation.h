#pragma once
/* The parts of guard_relate (detect.h), in the order they are called; each fills its fields of r from what stands there already. */
#include "guard/detect.h"

/* Our own person who has one of these names, from another address; NULL none. */
const struct guard_party *guard_staff_named(const struct guard_input *in, struct arena *a, const struct str *keys,
                                            size_t n);
/* near, n_near: known and own domains that the sender's looks like. */
void guard_relate_near(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                       struct guard_relation *r);
/* named, named_party, named_private, named_firm. */
void guard_relate_name(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                       const struct str *keys, size_t n, struct guard_relation *r);
/* coord, n_coord. */
void guard_relate_coords(const struct guard_input *in, const struct guard_history *h, struct guard_relation *r);
/* coords_known, coords_new: against what is on file for the sender and for whom he passes for. */
void guard_relate_accounts(const struct guard_history *h, struct guard_relation *r);
/* Worth imitating: we wrote there, or hear from there, for longer than from the sender; or money is on file. */
bool guard_counterparty(const struct guard_history *h, const struct guard_known *k, const struct guard_relation *r);

#pragma once
/* Business events of a firm, append only. audit is hash chained: each link is SHA-256(previous hash, seq, time, who, what, detail), written under the fence,
 * so that a row changed or taken out later is found by audit_check. event is what followers (webhooks, triggers) read. Never for flags. */
#include "store/store.h"

int audit_add(struct txn *t, int64_t org, struct str who, struct str what, struct str detail, int64_t *seq) MUST_USE;
int audit_event(struct txn *t, int64_t org, int64_t account, struct str what, struct str detail) MUST_USE;
/* 0 sound; ERR_CORRUPT and *bad = first link that does not hold. */
int audit_check(struct txn *t, int64_t org, int64_t *bad) MUST_USE;

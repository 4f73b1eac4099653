#pragma once
/* A firm's own domains. Inside a cell_fn. */
#include "store/store.h"

#define FIRM_DOMAINS_MAX 1000u
/* *out in t->arena, sorted. */
int firm_domains(struct txn *t, int64_t org, struct str **out, size_t *n) MUST_USE;

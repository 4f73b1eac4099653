#pragma once
/* The cells of a state by their folders: for the verbs that must work when the directory is what is broken. */
#include "store/store.h"

int state_cells(const struct store_conf *conf, int64_t **ids, size_t *n,
                struct err *e) MUST_USE; /* in order; the caller frees */

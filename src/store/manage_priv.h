#pragma once
/* What manage.c and manage_domain.c share. */
#include "store/manage.h"

/* One commit of fn: 0; > 0 fn's refusal; < 0 with the sentence. */
int manage_write(struct cell *c, cell_fn *fn, void *arg, const char *what, struct err *e) MUST_USE;

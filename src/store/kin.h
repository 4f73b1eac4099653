#pragma once
/* Are the directory and a cell of the same state? A directory put back from elsewhere would answer 550 to everybody's mail, and that cannot be taken
 * back. The first firm that the directory places in the cell must share a domain with it there. */
#include "store/store.h"

/* 0 also when either side cannot be asked: damage is verify's matter. ERR_INVALID with the sentence. */
int store_kin(struct store *s, int64_t cell, struct err *e) MUST_USE;

#pragma once
/* Which of some passwords opens a PDF (ISO 32000-1 7.6.3, ISO 32000-2 7.6.4: the standard security handler, revisions 2
 * to 6). Poppler 22.12 must not be given a wrong one: it dereferences a stream that it has given away. */
#include "core/str.h"

/* The first password that opens it as its user; NULL when none does, or the file is locked in a way that is not known.
 * Only passwords of printable ASCII are tried: of others no two programs make the same bytes. */
const char *pdf_unlock(struct str bytes, const char *const *passwords, size_t n);

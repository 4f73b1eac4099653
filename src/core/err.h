#pragma once
/* Return codes of the house. 0 ok. < 0: fatal to the operation, forwarded unchanged (this list). > 0: an enum of the module that
 * returned it; the direct caller must handle it and never forward it.
 * struct err carries the sentence for a person: what happened, what was kept, what to do next. */
#include "core/str.h"

enum {
    ERR_NOMEM = -1,    /* a bounded large allocation failed */
    ERR_IO = -2,       /* read/write/fsync failed: media or kernel */
    ERR_FULL = -3,     /* ENOSPC, EDQUOT, SQLITE_FULL, below low water */
    ERR_CORRUPT = -4,  /* checksum or structure wrong in our own data */
    ERR_BUSY = -5,     /* lock not had in time */
    ERR_GONE = -6,     /* server or peer process went away */
    ERR_UNKNOWN = -7,  /* COMMIT sent, outcome not known */
    ERR_PERM = -8,     /* not allowed, wrong owner */
    ERR_NOENT = -9,    /* does not exist */
    ERR_EXIST = -10,   /* exists already */
    ERR_INVALID = -11, /* argument or configuration not acceptable */
    ERR_VERSION = -12, /* written by a newer release */
    ERR_TIMEOUT = -13,
    ERR_LIMIT = -14,    /* a named constant was exceeded */
    ERR_READONLY = -15, /* cell is read-only until `sigillo verify` clears it */
    ERR_SYS = -16,      /* other errno */
    ERR_LAST = -16
};
const char *err_name(int code); /* "ERR_IO" ...; "?" otherwise */
int err_from_errno(int e);      /* ENOSPC -> ERR_FULL, EIO -> ERR_IO, EACCES -> ERR_PERM ... */

#define ERR_TEXT_MAX 700u
struct err {
    int code;
    char text[ERR_TEXT_MAX];
};
/* Sets code and text (first error wins when keep is wanted: use err_wrap to prefix). Returns code, so: return err_set(e, ...). e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3); /* "prefix: old text"; returns e->code */

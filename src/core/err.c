#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const err_names[] = {
    [0] = "OK",
    [-ERR_NOMEM] = "ERR_NOMEM",
    [-ERR_IO] = "ERR_IO",
    [-ERR_FULL] = "ERR_FULL",
    [-ERR_CORRUPT] = "ERR_CORRUPT",
    [-ERR_BUSY] = "ERR_BUSY",
    [-ERR_GONE] = "ERR_GONE",
    [-ERR_UNKNOWN] = "ERR_UNKNOWN",
    [-ERR_PERM] = "ERR_PERM",
    [-ERR_NOENT] = "ERR_NOENT",
    [-ERR_EXIST] = "ERR_EXIST",
    [-ERR_INVALID] = "ERR_INVALID",
    [-ERR_VERSION] = "ERR_VERSION",
    [-ERR_TIMEOUT] = "ERR_TIMEOUT",
    [-ERR_LIMIT] = "ERR_LIMIT",
    [-ERR_READONLY] = "ERR_READONLY",
    [-ERR_SYS] = "ERR_SYS",
};
_Static_assert(N_ELEMENTS(err_names) == -ERR_LAST + 1, "a code without its name");

const char *err_name(int code)
{
    if (code > 0 || code < ERR_LAST)
        return "?";
    return err_names[-code];
}

int err_from_errno(int e)
{
    switch (e) {
    case 0: return 0;
    case ENOMEM: return ERR_NOMEM;
    case EIO: return ERR_IO;
    case ENOSPC:
    case EDQUOT: return ERR_FULL;
    case EACCES:
    case EPERM: return ERR_PERM;
    case EROFS: return ERR_READONLY;
    case ENOENT:
    case ENOTDIR: return ERR_NOENT;
    case EEXIST:
    case ENOTEMPTY: return ERR_EXIST;
    case EINVAL:
    case ENAMETOOLONG: return ERR_INVALID;
    case EAGAIN:
    case EBUSY: return ERR_BUSY;
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED: return ERR_GONE;
    case ETIMEDOUT: return ERR_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case EFBIG:
    case EMSGSIZE: return ERR_LIMIT;
    default: return ERR_SYS;
    }
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    va_list args;
    va_start(args, fmt);
    e->code = code;
    /* Formatted aside: an argument may be the old text of this very struct. */
    char text[ERR_TEXT_MAX];
    vsnprintf(text, sizeof text, fmt, args);
    memcpy(e->text, text, sizeof text);
    va_end(args);
    return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e)
        return ERR_SYS;
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ": %.*s", (int)(sizeof text - (size_t)n), e->text);
    memcpy(e->text, text, sizeof text);
    return e->code;
}

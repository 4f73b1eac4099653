#pragma once
/* Body of HEALTH: the state of every role, as the supervisor sees it. */
#include "core/buf.h"

struct health_row {
    struct str role;
    uint32_t pid;      /* 0: not running now */
    uint32_t restarts; /* since the supervisor started */
    struct str layers; /* lines "layer=on|off|absent (why)" of its sandbox; empty until it is ready */
};
static inline void health_put(struct buf *b, const struct health_row *h)
{
    buf_vstr(b, h->role);
    buf_u32(b, h->pid);
    buf_u32(b, h->restarts);
    buf_vstr(b, h->layers);
}
/* Next row; false at the end or when the body is damaged (rd->err). struct rd rd = rd_of(body). */
static inline bool health_next(struct rd *rd, struct health_row *h)
{
    if (rd->err || rd->p == rd->end)
        return false;
    h->role = rd_vstr(rd);
    h->pid = rd_u32(rd);
    h->restarts = rd_u32(rd);
    h->layers = rd_vstr(rd);
    return !rd->err;
}

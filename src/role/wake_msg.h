#pragma once
/* Body of WAKE (os/msg.def), between net and jobs. */
#include "core/buf.h"
#include "store/store.h"

static inline void role_wake_put(struct buf *b, const struct store_wake *w)
{
    buf_u32(b, (uint32_t)w->cell);
    buf_u64(b, (uint64_t)w->org);
    buf_u64(b, (uint64_t)w->account);
    buf_u64(b, (uint64_t)w->seq);
}

/* False: it is none of ours. */
static inline bool role_wake_get(struct str body, struct store_wake *w)
{
    struct rd r = rd_of(body);
    uint64_t cell = rd_u32(&r), org = rd_u64(&r), account = rd_u64(&r), seq = rd_u64(&r);
    if (!rd_done(&r) || cell == 0 || org == 0 || org > INT64_MAX || account > INT64_MAX || seq > INT64_MAX)
        return false;
    *w = (struct store_wake){(int64_t)cell, (int64_t)org, (int64_t)account, (int64_t)seq};
    return true;
}

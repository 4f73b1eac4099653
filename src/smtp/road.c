#include "smtp/smtp.h"

static int road_rcpt(void *ctx, struct str address, struct intake_rcpt *out) { return intake_rcpt(ctx, address, out); }
static void road_begin(void *ctx, const struct intake_txn *t, intake_done_fn *done, void *done_ctx, uint64_t session)
{
    intake_begin(ctx, t, done, done_ctx, session);
}
static void road_replied(void *ctx, int64_t cell, int64_t org, const char *id) { intake_replied(ctx, cell, org, id); }

struct smtp_road smtp_road_of(struct intake *in) { return (struct smtp_road){road_rcpt, road_begin, road_replied, in}; }

#include "smtp/smtp.h"

static int road_rcpt(void *ctx, struct str address, struct intake_rcpt *out) { return intake_rcpt(ctx, address, out); }
static int road_quota(void *ctx, const struct intake_rcpt *rcpt, uint64_t more)
{
    return intake_quota(ctx, rcpt, more);
}
static void road_begin(void *ctx, const struct intake_txn *t, intake_done_fn *done, void *done_ctx, uint64_t session)
{
    intake_begin(ctx, t, done, done_ctx, session);
}
static void road_replied(void *ctx, int64_t cell, int64_t org, const char *id) { intake_replied(ctx, cell, org, id); }
static void road_new_id(void *ctx, int64_t org, char out[INTAKE_ID_MAX + 1]) { intake_new_id(ctx, org, out); }
static void road_refused(void *ctx, const struct intake_refusal *r) { intake_refused(ctx, r); }
static void road_grey_load(void *ctx, int64_t cell, int64_t org, intake_grey_fn *fn, void *fn_ctx)
{
    intake_grey_load(ctx, cell, org, fn, fn_ctx);
}
static void road_grey_keep(void *ctx, int64_t cell, const struct greylist_row *row)
{
    intake_grey_keep(ctx, cell, row);
}

struct smtp_road smtp_road_of(struct intake *in)
{
    return (struct smtp_road){.rcpt = road_rcpt,
                              .quota = road_quota,
                              .begin = road_begin,
                              .replied = road_replied,
                              .new_id = road_new_id,
                              .refused = road_refused,
                              .grey_load = road_grey_load,
                              .grey_keep = road_grey_keep,
                              .ctx = in};
}

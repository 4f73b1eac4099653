/* The spool of last resort, in order of arrival: each entry goes down the main road under its own id and is removed once that road has ended in a
 * commit. What cannot be placed now stays. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/spool.h"

struct drained {
    bool done;
    int code;
};

static void on_done(void *ctx, uint64_t session, const struct intake_reply *r)
{
    struct drained *d = ctx;
    (void)session;
    d->done = true;
    d->code = r->code;
}

/* Recipients that still exist; 0 when one cannot be looked up now. */
static int recipients(struct jobs_role *j, const struct spool_entry *s, struct intake_rcpt *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < s->n_recipients; i++) {
        int r = intake_rcpt(j->intake, s->recipients[i], &out[*n]);
        if (r < 0 || r == INTAKE_DISK_LOW)
            return 1;
        if (r == 0)
            (*n)++;
        else
            log_warn("drain.recipient_gone", L_S("id", s->id), L_S("address", s->recipients[i]));
    }
    return *n == 0;
}

static int one(void *arg, const struct spool_entry *s)
{
    struct jobs_role *j = arg;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct intake_rcpt *rcpt = arena_array(&a, struct intake_rcpt, s->n_recipients + 1);
    size_t n;
    if (recipients(j, s, rcpt, &n) != 0)
        return 1;
    struct intake_spool data;
    struct drained d = {0};
    intake_spool_init(&data, arena_printf(&a, "%s/tmp", j->ctx->state).p, s->data.n);
    intake_spool_add(&data, s->data);
    struct intake_txn t = {.client = s->client,
                           .helo = s->helo,
                           .reverse_path = s->reverse_path,
                           .esmtp = true,
                           .rcpt = rcpt,
                           .n_rcpt = n,
                           .spool = &data,
                           .id = s->id};
    if (data.failed == 0)
        intake_begin(j->intake, &t, on_done, &d, 1);
    while (data.failed == 0 && !d.done)
        net_loop_turn(j->loop, true);
    intake_spool_free(&data);
    if (d.code == 250 && s->replied) /* a like one that comes now is a new one, not a resend */
        intake_replied(j->intake, rcpt[0].at.cell, s->org, arena_z(&a, s->id));
    if (j->stopping)
        return d.code == 250 ? 0 : -1;
    return d.code == 250 ? 0 : 1;
}

void jobs_drain(struct jobs_role *j)
{
    const char *dir = store_conf(j->store)->last_resort;
    struct err e = {0};
    int64_t n = 0, oldest;
    if (!dir || spool_count(dir, &n, &oldest) != 0 || n == 0)
        return;
    log_info("drain.begin", L_I("entries", n));
    if (spool_drain(dir, one, j, &e) < 0)
        log_warn("drain.stopped", L_Z("why", e.text));
}

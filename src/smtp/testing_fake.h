#pragma once
/* A pretended main road for session_test.c and session_fuzz.c: directory by rule, the last message kept in memory,
 * answers now or when told. Addresses: local part "unknown*" is unknown, "broken*" directory trouble, "full*" disk low,
 * "off*" disabled, "heavy*" over quota, "tight*" with room for 100 bytes; domain foreign.example is not ours, domain other.example is firm 2, the rest firm 1. Included by one file of each test; in the server
 * nothing includes it. */
#include "smtp/session.h"
#include <stdio.h>
#include <stdlib.h>

struct fake_road {
    struct net_loop *loop;
    struct smtp_server *server;
    struct buf last; /* DATA of the last message */
    size_t n_rcpt;
    int begun, replied, refused, grey_loads, grey_kept;
    struct buf refusal; /* "code enhanced org client from to bytes reply" of the last one */
    bool hold;          /* answer only at fake_road_answer */
    int answer_code;    /* 0: 250 */
    intake_done_fn *done;
    void *done_ctx;
    uint64_t session;
    struct net_later later;
};

static inline int fake_rcpt(void *ctx, struct str address, struct intake_rcpt *out)
{
    (void)ctx;
    out->at = (struct place_of){.cell = 1, .org = 1, .account = 1, .found = true};
    if (str_starts(address, STR("unknown")))
        return INTAKE_UNKNOWN;
    if (str_ends(address, STR("@foreign.example"))) {
        out->at = (struct place_of){0};
        return INTAKE_FOREIGN;
    }
    if (str_starts(address, STR("broken")))
        return ERR_GONE;
    if (str_starts(address, STR("full")))
        return INTAKE_DISK_LOW;
    if (str_starts(address, STR("off")))
        return INTAKE_DISABLED;
    out->at = (struct place_of){
        .cell = 1, .org = str_ends(address, STR("@other.example")) ? 2 : 1, .account = 1, .found = true};
    return 0;
}

static inline int fake_quota(void *ctx, const struct intake_rcpt *r, uint64_t more)
{
    (void)ctx;
    return str_starts(r->address, STR("heavy")) || (str_starts(r->address, STR("tight")) && more > 100) ? INTAKE_QUOTA
                                                                                                        : 0;
}

static inline void fake_new_id(void *ctx, int64_t org, char out[INTAKE_ID_MAX + 1])
{
    snprintf(out, INTAKE_ID_MAX + 1, "%c.%d", org ? 'f' : 's', ((struct fake_road *)ctx)->refused + 1);
}

static inline void fake_refused(void *ctx, const struct intake_refusal *r)
{
    struct fake_road *f = ctx;
    f->refused++;
    buf_clear(&f->refusal);
    buf_printf(&f->refusal, "%d %s %lld %.*s <%.*s> <%.*s> %llu", r->code, r->enhanced, (long long)r->org,
               STRF(r->client), STRF(r->reverse_path), STRF(r->recipient), (unsigned long long)r->bytes);
}

static inline void fake_grey_load(void *ctx, int64_t cell, int64_t org, intake_grey_fn *fn, void *fn_ctx)
{
    (void)cell;
    (void)org;
    (void)fn;
    (void)fn_ctx;
    ((struct fake_road *)ctx)->grey_loads++;
}

static inline void fake_grey_keep(void *ctx, int64_t cell, const struct greylist_row *row)
{
    (void)cell;
    (void)row;
    ((struct fake_road *)ctx)->grey_kept++;
}

static inline void fake_road_answer(struct fake_road *f)
{
    if (!f->done)
        return;
    struct intake_reply r = {
        .code = f->answer_code ? f->answer_code : 250, .enhanced = f->answer_code ? "4.3.0" : "2.0.0", .id = "abc"};
    snprintf(r.text, sizeof r.text, "%s", f->answer_code ? "not\r\nkept" : "Accepted as abc: kept on stable storage");
    intake_done_fn *done = f->done;
    f->done = NULL;
    done(f->done_ctx, f->session, &r);
}

static inline void fake_later(struct net_later *t)
{
    fake_road_answer((struct fake_road *)(void *)((char *)t - offsetof(struct fake_road, later)));
}

static inline void fake_begin(void *ctx, const struct intake_txn *t, intake_done_fn *done, void *done_ctx,
                              uint64_t session)
{
    struct fake_road *f = ctx;
    if (f->done) /* another session's answer was held: it comes first */
        fake_road_answer(f);
    f->begun++;
    struct str view;
    buf_clear(&f->last);
    if (intake_spool_view(t->spool, &view) == 0)
        buf_adds(&f->last, view);
    f->n_rcpt = t->n_rcpt;
    f->done = done;
    f->done_ctx = done_ctx;
    f->session = session;
    if (!f->hold)
        net_later(f->loop, &f->later);
}

static inline void fake_replied(void *ctx, int64_t cell, int64_t org, const char *id)
{
    (void)cell;
    (void)org;
    (void)id;
    ((struct fake_road *)ctx)->replied++;
}

static inline void fake_conf(struct smtp_conf *c, uint64_t max_size)
{
    static struct conf defaults;
    static bool made;
    if (!made)
        conf_init(&defaults);
    made = true;
    if (smtp_conf_read(&defaults, c, NULL) != 0)
        abort();
    c->hostname = STR("mail.azienda.example");
    c->max_size = max_size;
    c->max_rcpt = 10;
    c->max_connections = 100;
    c->spool_dir = "/tmp";
}

/* conf: NULL, or what fake_conf made with changes. */
static inline void fake_road_open_conf(struct fake_road *f, const struct env *env, uint64_t max_size,
                                       const struct smtp_conf *conf)
{
    struct smtp_conf own;
    *f = (struct fake_road){0};
    buf_init(&f->last, 64 << 20);
    f->later.fn = fake_later;
    if (net_loop_new(&f->loop, env, NULL) != 0)
        abort();
    buf_init(&f->refusal, 4096);
    if (!conf)
        fake_conf(&own, max_size);
    struct smtp_conf c = conf ? *conf : own;
    c.road = (struct smtp_road){fake_rcpt,      fake_quota,     fake_begin, fake_replied, fake_new_id, fake_refused,
                                fake_grey_load, fake_grey_keep, f};
    f->server = smtp_server_new(f->loop, &c);
}

static inline void fake_road_open(struct fake_road *f, const struct env *env, uint64_t max_size)
{
    fake_road_open_conf(f, env, max_size, NULL);
}

static inline void fake_road_close(struct fake_road *f)
{
    buf_free(&f->refusal);
    net_later_clear(&f->later);
    smtp_server_free(&f->server);
    net_loop_free(&f->loop);
    buf_free(&f->last);
}

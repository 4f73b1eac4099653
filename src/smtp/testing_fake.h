#pragma once
/* A pretended main road for session_test.c and session_fuzz.c: directory by rule, the last message kept in memory,
 * answers now or when told. Addresses: local part "unknown*" is unknown, "broken*" directory trouble, "full*" disk low,
 * "off*" disabled; domain other.example is firm 2, the rest firm 1. Included by one file of each test; in the server
 * nothing includes it. */
#include "smtp/session.h"
#include <stdio.h>
#include <stdlib.h>

struct fake_road {
    struct net_loop *loop;
    struct smtp_server *server;
    struct buf last; /* DATA of the last message */
    size_t n_rcpt;
    int begun, replied;
    bool hold;       /* answer only at fake_road_answer */
    int answer_code; /* 0: 250 */
    intake_done_fn *done;
    void *done_ctx;
    uint64_t session;
    struct net_later later;
};

static inline int fake_rcpt(void *ctx, struct str address, struct intake_rcpt *out)
{
    (void)ctx;
    if (str_starts(address, STR("unknown")))
        return INTAKE_UNKNOWN;
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

static inline void fake_road_open(struct fake_road *f, const struct env *env, uint64_t max_size)
{
    *f = (struct fake_road){0};
    buf_init(&f->last, 64 << 20);
    f->later.fn = fake_later;
    if (net_loop_new(&f->loop, env, NULL) != 0)
        abort();
    struct smtp_conf conf = {.hostname = STR("mail.azienda.example"),
                             .max_size = max_size,
                             .max_rcpt = 10,
                             .max_connections = 100,
                             .timeout_ms = 300000,
                             .spool_dir = "/tmp",
                             .road = {fake_rcpt, fake_begin, fake_replied, f}};
    f->server = smtp_server_new(f->loop, &conf);
}

static inline void fake_road_close(struct fake_road *f)
{
    net_later_clear(&f->later);
    smtp_server_free(&f->server);
    net_loop_free(&f->loop);
    buf_free(&f->last);
}

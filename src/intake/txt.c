/* TXT records for whoever must see that a domain's owner agrees (role/ joins it with jmap/). */
#include "intake/road.h"
#include "os/dns_msg.h"

#include <stdlib.h>

#define TXT_BYTES_MAX (64u * 1024)

struct txt {
    struct intake *in;
    uint64_t id;
    intake_txt_fn *done;
    void *arg;
    void *timer;
};

static void finish(struct txt *x, enum intake_txt_status status, const struct str *text, size_t n)
{
    struct txt was = *x;
    imap_del(&x->in->txts, x->id);
    free(x);
    if (was.timer)
        was.in->conf.io.cancel(was.in->conf.io.ctx, was.timer);
    was.done(was.arg, status, text, n);
}

static void answer(struct txt *x, const struct resolve_answer *a)
{
    AUTO(arena) struct arena tmp;
    arena_init(&tmp, ARENA_NO_LIMIT);
    struct str *text = arena_array(&tmp, struct str, a->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        AUTO(buf) struct buf one;
        buf_init(&one, TXT_BYTES_MAX);
        if (dns_rdata_txt(a->rdata[i], &one) && !one.err)
            text[n++] = arena_str(&tmp, buf_str(&one));
    }
    bool said = a->status == AUTH_RR_OK || a->status == AUTH_RR_NXDOMAIN;
    finish(x, !said ? INTAKE_TXT_NO_ANSWER : n ? INTAKE_TXT_FOUND : INTAKE_TXT_NONE, text, n);
}

void txt_answer(struct intake *in, uint64_t id, const struct resolve_answer *a)
{
    struct txt *x = imap_get(&in->txts, id);
    if (x)
        answer(x, a);
}

static void on_late(void *arg)
{
    struct txt *x = arg;
    x->timer = NULL;
    finish(x, INTAKE_TXT_NO_ANSWER, NULL, 0);
}

void intake_txt(struct intake *in, struct str name, intake_txt_fn *done, void *arg)
{
    struct txt *x = malloc(sizeof *x);
    struct resolve_answer now;
    if (!x)
        abort();
    *x = (struct txt){.in = in, .id = ++in->next_id, .done = done, .arg = arg};
    imap_put(&in->txts, x->id, x);
    struct auth_question q = {.type = AUTH_RR_TXT, .name = name};
    if (resolver_ask(in->resolver, x->id, &q, &now))
        answer(x, &now);
    else
        x->timer = in->conf.io.after(in->conf.io.ctx, INTAKE_TXT_MS, on_late, x);
}

void txt_free(struct intake *in)
{
    size_t it = 0;
    uint64_t id;
    void *v;
    while (imap_next(&in->txts, &it, &id, &v)) {
        struct txt *x = v;
        if (x->timer)
            in->conf.io.cancel(in->conf.io.ctx, x->timer);
        free(x);
    }
    imap_free(&in->txts);
}

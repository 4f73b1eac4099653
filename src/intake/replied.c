/* Which 250s were really written to the socket: marked lazily, with the next commit of the same firm, or by a timer.
 * Until then an equal DATA counts as a resend (design 3), so a mark that its commit did not keep goes with a later one. */
#include "intake/road.h"
#include <stdio.h>
#include <stdlib.h>

#define REPLIED_DELAY_MS 1000
#define REPLIED_AGAIN_MS 5000 /* a mark that could not be kept */
#define REPLIED_MAX 20000u    /* while a cell is down; further ones are forgotten */

static void flush(void *arg);

static void note(struct intake *in, int64_t cell, int64_t org, struct str id, int64_t wait_ms)
{
    if (in->n_replied >= REPLIED_MAX)
        return;
    struct replied *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->cell = cell;
    n->org = org;
    snprintf(n->id, sizeof n->id, "%.*s", STRF(id));
    list_add(&in->replied, &n->node);
    in->n_replied++;
    if (!in->replied_timer)
        in->replied_timer = in->conf.io.after(in->conf.io.ctx, wait_ms, flush, in);
}

void intake_replied(struct intake *in, int64_t cell, int64_t org, const char *id)
{
    road_spool_replied(in, id);
    note(in, cell, org, str_c(id), REPLIED_DELAY_MS);
}

/* Takes the marks of one cell and firm into the arena of a job. */
static size_t take(struct intake *in, int64_t cell, int64_t org, struct arena *a, struct str *out, size_t max)
{
    size_t n = 0;
    LIST_EACH_SAFE (it, &in->replied) {
        struct replied *m = LIST_ITEM(it, struct replied, node);
        if (n == max)
            break;
        if (m->cell != cell || m->org != org)
            continue;
        out[n++] = arena_str(a, str_c(m->id));
        list_del(&m->node);
        in->n_replied--;
        free(m);
    }
    return n;
}

#define REPLIED_BATCH 64

void road_take_replied(struct road *r)
{
    if (r->in->n_replied == 0 || r->replied)
        return;
    r->replied = arena_array(&r->arena, struct str, REPLIED_BATCH);
    r->n_replied = take(r->in, r->target[0].cell, r->org, &r->arena, r->replied, REPLIED_BATCH);
}

void road_return_replied(struct road *r)
{
    for (size_t i = 0; i < r->n_replied; i++)
        note(r->in, r->target[0].cell, r->org, r->replied[i], REPLIED_DELAY_MS);
    r->n_replied = 0;
}

struct flush_job {
    struct intake *in;
    struct arena arena;
    int64_t cell, org;
    struct str ids[REPLIED_BATCH];
    size_t n;
};

static int in_flush(struct txn *t, void *arg)
{
    struct flush_job *j = arg;
    for (size_t i = 0; i < j->n; i++) {
        int err = mail_accepted_replied(t, j->org, j->ids[i]);
        if (err < 0)
            return err;
    }
    return 0;
}

static void flush_free(struct flush_job *j)
{
    arena_free(&j->arena);
    free(j);
}

static void on_flush(void *arg, enum cell_outcome outcome, int code)
{
    struct flush_job *j = arg;
    (void)code;
    for (size_t i = 0; outcome != CELL_DURABLE && i < j->n; i++)
        note(j->in, j->cell, j->org, j->ids[i], REPLIED_AGAIN_MS);
    flush_free(j);
}

static void flush_one(struct intake *in, int64_t cell, int64_t org)
{
    struct cell *c;
    struct flush_job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    arena_init(&j->arena, ARENA_NO_LIMIT);
    j->in = in;
    j->cell = cell;
    j->org = org;
    j->n = take(in, cell, org, &j->arena, j->ids, REPLIED_BATCH);
    if (store_cell(in->conf.store, cell, &c, NULL) != 0 || cell_write(c, in_flush, j, NULL, 0, on_flush) != 0)
        flush_free(j); /* not again at once: whoever flushes at the end must come to one */
}

static void flush(void *arg)
{
    struct intake *in = arg;
    in->replied_timer = NULL;
    intake_flush(in);
}

void intake_flush(struct intake *in)
{
    while (!list_empty(&in->replied)) {
        struct replied *m = LIST_ITEM(in->replied.next, struct replied, node);
        flush_one(in, m->cell, m->org);
    }
    refusals_flush(in);
}

/* What was refused, and who is on the greylist: written lazily, many rows in one commit, so that a flood of refusals costs the store little. */
#include "intake/road.h"
#include "core/hash.h"
#include "core/log.h"
#include <stdio.h>
#include <stdlib.h>

#define REFUSALS_DELAY_MS 1000
#define KEEPS_MAX \
    8u /* jobs at the store at once: a store that is slow makes rows wait here, and be lost, not pile up there */
#define GREYS_MAX 4096u
#define REFUSAL_TEXT_MAX 512u /* of one field */

struct refusal {
    struct list node;
    int64_t cell;
    struct refused row; /* strings behind it, in one piece of memory */
};
struct grey {
    struct list node;
    int64_t cell;
    struct greylist_row row;
};

static void on_timer(void *arg);

void refusals_init(struct intake *in)
{
    list_init(&in->refusals);
    list_init(&in->greys);
}

void refusals_free(struct intake *in)
{
    if (in->refusals_timer)
        in->conf.io.cancel(in->conf.io.ctx, in->refusals_timer);
    LIST_EACH_SAFE (n, &in->refusals) {
        list_del(n);
        free(LIST_ITEM(n, struct refusal, node));
    }
    LIST_EACH_SAFE (n, &in->greys) {
        list_del(n);
        free(LIST_ITEM(n, struct grey, node));
    }
}

void intake_new_id(struct intake *in, int64_t org, char out[INTAKE_ID_MAX + 1])
{
    uint64_t random;
    char firm[ID_TEXT_MAX + 1] = "s", rest[ID_TEXT_MAX + 1]; /* "s": the server itself */
    env_random(in->conf.env, &random, sizeof random);
    if (org > 0)
        id_text(org, firm);
    id_text((int64_t)(random >> 1 | 1), rest);
    snprintf(out, INTAKE_ID_MAX + 1, "%s.%s", firm, rest);
}

static void start(struct intake *in)
{
    if (!in->refusals_timer)
        in->refusals_timer = in->conf.io.after(in->conf.io.ctx, REFUSALS_DELAY_MS, on_timer, in);
}

static char *put(struct str *to, struct str from, char *at)
{
    struct str s = str_upto(from, REFUSAL_TEXT_MAX);
    if (s.n)
        memcpy(at, s.p, s.n);
    *to = str_n(at, s.n);
    return at + s.n;
}

void intake_refused(struct intake *in, const struct intake_refusal *r)
{
    if (in->n_refusals >= INTAKE_REFUSALS_MAX) { /* a flood writes neither rows nor log */
        in->refusals_lost++;
        return;
    }
    log_info("smtp.refused", L_S("id", r->id), L_I("code", r->code), L_Z("enhanced", r->enhanced),
             L_S("client", r->client), L_S("from", r->reverse_path), L_S("to", r->recipient), L_S("reply", r->reply));
    const struct str enhanced = str_c(r->enhanced);
    const struct str text[] = {r->id, r->client, r->helo, r->reverse_path, r->recipient, enhanced, r->reply};
    size_t n = 0;
    for (size_t i = 0; i < N_ELEMENTS(text); i++)
        n += text[i].n < REFUSAL_TEXT_MAX ? text[i].n : REFUSAL_TEXT_MAX;
    struct refusal *k = calloc(1, sizeof *k + n);
    if (!k)
        abort();
    k->cell = r->cell ? r->cell : REFUSED_CELL;
    k->row = (struct refused){
        .org = r->org, .at_ms = env_wall_ms(in->conf.env), .bytes = (int64_t)r->bytes, .code = r->code};
    struct str *const to[] = {&k->row.id,        &k->row.client,   &k->row.helo, &k->row.reverse_path,
                              &k->row.recipient, &k->row.enhanced, &k->row.reply};
    char *at = (char *)(k + 1);
    for (size_t i = 0; i < N_ELEMENTS(text); i++)
        at = put(to[i], text[i], at);
    list_add(&in->refusals, &k->node);
    if (++in->n_refusals >= REFUSED_BATCH_MAX && in->n_keeps < KEEPS_MAX)
        refusals_flush(in);
    else
        start(in);
}

void intake_grey_keep(struct intake *in, int64_t cell, const struct greylist_row *row)
{
    if (in->n_greys >= GREYS_MAX)
        return;
    struct grey *g = malloc(sizeof *g);
    if (!g)
        abort();
    g->cell = cell;
    g->row = *row;
    list_add(&in->greys, &g->node);
    in->n_greys++;
    start(in);
}

/* ---- writing ---- */

struct keep_job {
    struct intake *in;
    struct refusal *refusal[REFUSED_BATCH_MAX];
    struct refused rows[REFUSED_BATCH_MAX];
    struct greylist_row greys[REFUSED_BATCH_MAX];
    size_t n, n_greys;
    int64_t cell;
};

static int in_keep(struct txn *t, void *arg)
{
    struct keep_job *j = arg;
    int r = j->n ? refused_add(t, j->rows, j->n) : 0;
    return r || !j->n_greys ? r : greylist_put(t, j->greys, j->n_greys);
}

static void on_kept(void *arg, enum cell_outcome outcome, int code)
{
    struct keep_job *j = arg;
    if (outcome != CELL_DURABLE) /* the log has them */
        log_warn("refused.not_kept", L_I("cell", j->cell), L_I("rows", j->n + j->n_greys), L_I("code", code));
    for (size_t i = 0; i < j->n; i++)
        free(j->refusal[i]);
    j->in->n_keeps--;
    free(j);
}

static void flush_cell(struct intake *in, int64_t cell)
{
    struct keep_job *j = calloc(1, sizeof *j);
    struct cell *c;
    if (!j)
        abort();
    j->in = in;
    j->cell = cell;
    in->n_keeps++;
    LIST_EACH_SAFE (n, &in->refusals) {
        struct refusal *k = LIST_ITEM(n, struct refusal, node);
        if (k->cell != cell || j->n == REFUSED_BATCH_MAX)
            continue;
        list_del(&k->node);
        in->n_refusals--;
        j->refusal[j->n] = k;
        j->rows[j->n++] = k->row;
    }
    LIST_EACH_SAFE (n, &in->greys) {
        struct grey *g = LIST_ITEM(n, struct grey, node);
        if (g->cell != cell || j->n_greys == REFUSED_BATCH_MAX)
            continue;
        list_del(&g->node);
        in->n_greys--;
        j->greys[j->n_greys++] = g->row;
        free(g);
    }
    if (store_cell(in->conf.store, cell, &c, NULL) != 0 || cell_write(c, in_keep, j, NULL, 0, on_kept) != 0)
        on_kept(j, CELL_REFUSED, 0);
}

void refusals_flush(struct intake *in)
{
    while (!list_empty(&in->refusals))
        flush_cell(in, LIST_ITEM(in->refusals.next, struct refusal, node)->cell);
    while (!list_empty(&in->greys))
        flush_cell(in, LIST_ITEM(in->greys.next, struct grey, node)->cell);
    if (in->refusals_lost)
        log_warn("refused.flood", L_I("only_counted", in->refusals_lost));
    in->refusals_lost = 0;
}

static void on_timer(void *arg)
{
    struct intake *in = arg;
    in->refusals_timer = NULL;
    if (in->n_keeps < KEEPS_MAX)
        refusals_flush(in);
    else
        start(in);
}

/* ---- reading the greylist back ---- */

#define GREY_PAGE 500

struct load_job {
    intake_grey_fn *fn;
    void *ctx;
    int64_t org, after;
    struct cell *cell;
    size_t n, all;
    struct greylist_row rows[GREY_PAGE];
};

static int in_load(struct txn *t, void *arg)
{
    struct load_job *j = arg;
    return greylist_list(t, j->org, j->after, j->rows, GREY_PAGE, &j->n);
}

static void on_load(void *arg, enum cell_outcome outcome, int code)
{
    struct load_job *j = arg;
    (void)code; /* a list that cannot be read makes senders come a second time: no mail is lost */
    if (outcome == CELL_DURABLE && j->n > 0) {
        j->fn(j->ctx, j->org, j->rows, j->n);
        j->all += j->n;
        j->after = j->rows[j->n - 1].key;
        if (j->n == GREY_PAGE && j->all < GREYLIST_LOAD_MAX && cell_read(j->cell, in_load, j, on_load) == 0)
            return;
    }
    free(j);
}

void intake_grey_load(struct intake *in, int64_t cell, int64_t org, intake_grey_fn *fn, void *ctx)
{
    struct load_job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    *j = (struct load_job){.fn = fn, .ctx = ctx, .org = org, .after = INT64_MIN};
    if (store_cell(in->conf.store, cell, &j->cell, NULL) != 0 || cell_read(j->cell, in_load, j, on_load) != 0)
        free(j);
}

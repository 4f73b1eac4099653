/* The main road, top to bottom: begin -> scan -> history and judgement -> commit -> answer. Each station is one
 * function; what comes back from another thread or process finds its road by id, or finds nothing and is dropped. */
#include "intake/road.h"
#include "core/fault.h"
#include "core/log.h"
#include "guard/lists.h"
#include "intake/policy.h"
#include "intake/scan.h"
#include "store/read.h"
#include <stdlib.h>

static void on_scan(void *ctx, uint64_t id, const struct scan_result *result);
static void to_history(struct road *r);
static int in_history(struct txn *t, void *arg);
static void on_history(void *arg, enum cell_outcome outcome, int code);
static int to_commit(struct road *r);
static int in_commit(struct txn *t, void *arg);
static void on_commit(void *arg, enum cell_outcome outcome, int code);
static void on_deadline(void *arg);

/* A road that waits for its own commit must not keep the group open. */
static void road_count(struct road *r, bool on)
{
    if (on != r->counted)
        atomic_fetch_add(&r->in->busy, on ? 1 : -1);
    r->counted = on;
}

static void road_free(struct road *r)
{
    struct intake *in = r->in;
    if (r->deadline)
        in->conf.io.cancel(in->conf.io.ctx, r->deadline);
    if (r->auth_timer)
        in->conf.io.cancel(in->conf.io.ctx, r->auth_timer);
    imap_del(&in->roads, r->id);
    road_return_replied(r);
    road_count(r, false);
    policy_drop(&r->policy);
    arena_free(&r->arena);
    free(r);
}

void road_finish(struct road *r, enum road_outcome o)
{
    if (r->state != ROAD_ANSWERED)
        road_answer(r, o);
    road_free(r);
}

/* A road whose first step failed answers from a fresh stack: done is never called from inside intake_begin. */
struct early {
    struct road *r;
    enum road_outcome outcome;
};

static void on_early(void *arg)
{
    struct early *e = arg;
    e->r->deadline = NULL;
    road_finish(e->r, e->outcome);
}

static void end_early(struct road *r, enum road_outcome o)
{
    struct early *e = arena_new(&r->arena, struct early);
    *e = (struct early){r, o};
    r->deadline = r->in->conf.io.after(r->in->conf.io.ctx, 0, on_early, e);
}

struct road *road_new(struct intake *in, int64_t org, intake_done_fn *done, void *ctx, uint64_t session)
{
    struct road *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    *r = (struct road){.in = in, .id = ++in->next_id, .session = session, .done = done, .ctx = ctx, .org = org};
    arena_init(&r->arena, ROAD_ARENA_MAX);
    imap_put(&in->roads, r->id, r);
    road_count(r, true);
    return r;
}

void road_deadline(struct road *r)
{
    r->deadline = r->in->conf.io.after(r->in->conf.io.ctx, INTAKE_DEADLINE_MS, on_deadline, r);
}

void intake_begin(struct intake *in, const struct intake_txn *t, intake_done_fn *done, void *ctx, uint64_t session)
{
    struct road *r = road_new(in, t->rcpt[0].at.org, done, ctx, session);
    struct str data;
    enum road_outcome o = OUT_BUSY;
    if (in->roads.n > INTAKE_IN_FLIGHT_MAX || intake_spool_view(t->spool, &data) != 0 ||
        road_prepare(r, t, data, &o) != 0) {
        end_early(r, o);
        return;
    }
    if (store_cell(in->conf.store, t->rcpt[0].at.cell, &r->cell, NULL) != 0 || cell_state(r->cell, NULL) == CELL_DOWN ||
        cell_state(r->cell, NULL) == CELL_READONLY) {
        end_early(r, road_fallback(r));
        return;
    }
    road_deadline(r);
    road_to_scan(r);
}

/* RFC 5321 4.5.3.2.6 gives the client ten minutes; ours is 30 s. A late scan becomes a held message, a late store a 451
 * whose resend is recognised. */
static void on_deadline(void *arg)
{
    struct road *r = arg;
    r->deadline = NULL;
    if (r->state == ROAD_SCAN) {
        /* The one that is given up last sends the road on. */
        bool unread = !r->scanned;
        uint64_t id = r->id;
        struct intake *in = r->in;
        if (unread)
            scan_cancel(in->scan, id);
        road_auth_give_up(r);
        if (unread)
            on_scan(in, id, &(struct scan_result){.failed = "it is still being read"});
        return;
    }
    if (r->state != ROAD_ANSWERED) {
        road_answer(r, OUT_UNKNOWN);
        r->state = ROAD_ANSWERED;
    }
}

/* ---- 1: a sealed worker turns the bytes into facts ---- */

void road_to_scan(struct road *r)
{
    r->state = ROAD_SCAN;
    scan_submit(r->in->scan, r->id, r->org, r->bytes);
    road_auth_begin(r);
}

static void on_scan(void *ctx, uint64_t id, const struct scan_result *s)
{
    struct intake *in = ctx;
    struct road *r = imap_get(&in->roads, id);
    if (!r || r->state != ROAD_SCAN || r->scanned)
        return;
    struct facts_structure structure;
    const char *failed = s->failed;
    if (!failed && (facts_structure_get(&r->arena, s->structure, r->bytes.n, &structure) != 0 ||
                    facts_insight_get(&r->arena, s->insight, &r->insight) != 0))
        failed = "the reader's answer was damaged";
    if (failed) {
        r->insight = (struct facts_insight){.flags = FACTS_UNREADABLE};
        r->input.scan_failed = true;
        r->input.scan_reason = arena_z(&r->arena, str_c(failed));
        log_warn("intake.unread", L_Z("id", r->id_text), L_Z("reason", failed));
    } else {
        r->draft.structure = arena_str(&r->arena, s->structure);
        r->draft.insight = arena_str(&r->arena, s->insight);
    }
    r->input.insight = &r->insight;
    r->scanned = true;
    road_read(r);
}

/* Facts and authentication are made side by side; the later one sends the road on. */
void road_read(struct road *r)
{
    if (r->state == ROAD_SCAN && r->scanned && r->auth_done) {
        if (r->rescan) {
            again_scanned(r);
            return;
        }
        road_auth_use(r);
        to_history(r);
    }
}

/* ---- 2: the store says what is known, the guard judges ---- */

static void to_history(struct road *r)
{
    r->state = ROAD_STORE;
    road_count(r, true);
    if (!r->again)
        road_take_replied(r);
    if (cell_read_short(r->cell, in_history, r, on_history) != 0)
        road_finish(r, road_fallback(r));
}

/* On a reading thread of the store: the road belongs to it until it is handed on, except its deadline (state). */
static int in_history(struct txn *t, void *arg)
{
    struct road *r = arg;
    int err = r->policy ? 0 : policy_take(r->in->policies, t, r->org, &r->policy);
    if (err != 0)
        return err;
    r->input.policy = policy_of(r->policy, &r->input);
    err = road_history(t, &r->input, r->org, &r->arena, &r->history);
    if (err != 0)
        return err;
    guard_judge(&r->input, &r->history, &r->arena, &r->verdict);
    err = to_commit(r);
    return err == 0 ? CELL_HANDED_ON : err;
}

/* Only when it was not handed on. */
static void on_history(void *arg, enum cell_outcome outcome, int code)
{
    struct road *r = arg;
    (void)outcome;
    (void)code;
    road_finish(r, r->again ? OUT_TROUBLE : road_fallback(r));
}

/* ---- 3: one commit ---- */

static int put_blobs(struct road *r)
{
    r->n_drafts = 0;
    if (r->again) /* its bytes are stored already */
        return 0;
    int err = r->blob.bytes.p ? 0 : blob_prepare(&r->arena, r->org, r->bytes, &r->blob);
    r->drafts[r->n_drafts++] = &r->blob;
    if (err == 0 && r->draft.verdict == VERDICT_HOLD) {
        err = blob_prepare(&r->arena, r->org, road_stub(r), &r->stub);
        r->drafts[r->n_drafts++] = &r->stub;
    }
    return err;
}

/* What costs time is made here, before the fence. After cell_write the road is the writer's. */
static int to_commit(struct road *r)
{
    road_draft(r);
    (void)!mail_draft_prepare(&r->arena, &r->draft); /* optional */
    int err = put_blobs(r);
    if (err != 0)
        return err;
    fault_point("intake.commit");
    road_count(r, false);
    return cell_write(r->cell, in_commit, r, r->drafts, r->n_drafts, on_commit);
}

/* What was known changed between judging and committing: does it change what happens to the message? */
static bool same_judgement(const struct road *r, const struct guard_history *now, struct arena *a)
{
    struct guard_verdict *again = arena_new(a, struct guard_verdict);
    guard_judge(&r->input, now, a, again);
    return again->action == r->verdict.action;
}

/* A spool entry that was committed by an earlier drain which did not live to remove it. */
static int drained_before(struct txn *t, const struct road *r, struct str *first)
{
    struct read_accepted row;
    int found = read_accepted(t, t->arena, r->org, str_c(r->id_text), &row);
    *first = str_c(r->id_text);
    return found;
}

/* Marks what was replied to meanwhile, and sees whether this one was committed before. */
static int look_back(struct txn *t, struct road *r)
{
    struct str first;
    for (size_t i = 0; i < r->n_replied; i++) {
        int err = mail_accepted_replied(t, r->org, r->replied[i]);
        if (err < 0)
            return err;
    }
    int found = r->drained ? drained_before(t, r, &first) : 0;
    /* In the spool as well: killed between its sync and the reply, the sender tries again and leaves a second entry. */
    if (found == 0)
        found = mail_resend_find(t, r->org, r->accepted.key, &first);
    if (found < 0)
        return found;
    if (found == 1) {
        size_t n = first.n < INTAKE_ID_MAX ? first.n : INTAKE_ID_MAX;
        memcpy(r->first_id, first.p, n);
        r->first_id[n] = '\0';
        return ROAD_RESENT;
    }
    return 0;
}

static int in_commit(struct txn *t, void *arg)
{
    struct road *r = arg;
    struct guard_history now;
    int err = r->again ? 0 : look_back(t, r);
    if (err != 0)
        return err;
    err = road_history_again(t, &r->input, r->org, &r->history, t->arena, &now);
    if (err < 0)
        return err;
    if (now.version != r->history.version && !same_judgement(r, &now, t->arena))
        return ROAD_AGAIN;
    if (r->again)
        return again_commit(t, r);
    struct intake_msg m = {r->org,      &r->draft,   &r->input,
                           &r->verdict, &r->history, r->draft.verdict == VERDICT_HOLD ? &r->stub : NULL,
                           r->target,   r->n_target};
    for (const struct intake_hook *const *h = r->in->conf.hooks; *h; h++)
        if ((err = (*h)->on_message(t, &m)) != 0)
            return err;
    return mail_accepted_add(t, r->org, &r->accepted);
}

static void wake_all(struct road *r)
{
    const struct intake_conf *c = &r->in->conf;
    for (size_t i = 0; c->wake && i < r->n_target; i++)
        c->wake(c->wake_ctx, r->target[i].cell, r->org, r->target[i].account);
}

static enum road_outcome refused(struct road *r, int code)
{
    if (code == ROAD_RESENT)
        return OUT_RESENT;
    if (code == ERR_FULL)
        return OUT_DISK_LOW;
    return code < 0 && !r->again ? road_fallback(r) : OUT_TROUBLE;
}

static void on_commit(void *arg, enum cell_outcome outcome, int code)
{
    struct road *r = arg;
    if (outcome == CELL_DURABLE) {
        r->n_replied = 0;
        fault_point("intake.reply");
        wake_all(r);
        road_finish(r, OUT_ACCEPTED);
        return;
    }
    if (outcome == CELL_REFUSED && code == ROAD_AGAIN && ++r->tries < ROAD_COMMIT_TRIES && r->state == ROAD_STORE) {
        to_history(r);
        return;
    }
    road_finish(r, outcome == CELL_UNKNOWN ? OUT_UNKNOWN : refused(r, code));
}

/* ---- the object ---- */

int intake_create(struct intake **out, const struct intake_conf *conf, struct err *e)
{
    struct intake *in = calloc(1, sizeof *in);
    if (!in)
        return err_set(e, ERR_NOMEM, "Out of memory at start.");
    in->conf = *conf;
    imap_init(&in->roads);
    imap_init(&in->txts);
    list_init(&in->replied);
    refusals_init(in);
    in->charsets = mime_charsets_open();
    in->policies = policies_new();
    if (!in->charsets || !in->policies || guard_lists_open(&in->lists, e) != 0 ||
        resolver_create(&in->resolver, conf, road_auth_answer, in) != 0 ||
        scan_pool_create(&in->scan, conf, on_scan, in) != 0) {
        intake_free(&in);
        return err_set(
            e, ERR_NOMEM,
            "The character set tables could not be loaded. Nothing was lost. Install libicu72 and start again.");
    }
    resolver_channel(in->resolver, conf->dns_fd);
    *out = in;
    return 0;
}

void intake_free(struct intake **inp)
{
    struct intake *in = *inp;
    if (!in)
        return;
    if (in->replied_timer)
        in->conf.io.cancel(in->conf.io.ctx, in->replied_timer);
    LIST_EACH_SAFE (n, &in->replied) {
        list_del(n);
        free(LIST_ITEM(n, struct replied, node));
    }
    refusals_free(in);
    scan_pool_free(&in->scan);
    resolver_free(&in->resolver);
    txt_free(in);
    imap_free(&in->roads);
    mime_charsets_close(in->charsets);
    policies_free(&in->policies);
    guard_lists_close(&in->lists);
    free(in);
    *inp = NULL;
}

void intake_scan_channel(struct intake *in, int scan_fd) { scan_pool_channel(in->scan, scan_fd); }
void intake_dns_channel(struct intake *in, int dns_fd) { resolver_channel(in->resolver, dns_fd); }
bool intake_busy(const struct intake *in) { return atomic_load_explicit(&in->busy, memory_order_relaxed) > 0; }

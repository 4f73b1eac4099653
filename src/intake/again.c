/* A message that is stored but was never read: scan, history and judgement as on the main road, then its row is put right and, when nothing but the
 * failed reading held it, it is released. */
#include "intake/road.h"
#include "facts/facts.h"
#include "intake/hook.h"
#include "store/judged.h"
#include "store/read.h"
#include "store/rescan.h"

static int load(struct txn *t, void *arg);
static void on_load(void *arg, enum cell_outcome outcome, int code);

static int load(struct txn *t, void *arg)
{
    struct road *r = arg;
    struct mail_loc at;
    int found = mail_blob_any(t, r->unread.org, r->unread.account, r->unread.message, &at, NULL);
    if (found <= 0)
        return found < 0 ? found : MAIL_NO_MESSAGE;
    return pack_read_blob(cell_packs(t->cell), at.loc, at.sha256, &r->arena, &r->bytes);
}

static void on_load(void *arg, enum cell_outcome outcome, int code)
{
    struct road *r = arg;
    (void)code;
    if (outcome != CELL_DURABLE) {
        road_finish(r, OUT_TROUBLE);
        return;
    }
    mime_identity_read(&r->arena, r->in->charsets, r->bytes, &r->who);
    road_input(r);
    road_auth_stored(r);
    road_to_scan(r);
}

static void begin(struct intake *in, int64_t cell, const struct unread *u, bool rescan, intake_done_fn *done, void *ctx,
                  uint64_t session)
{
    struct road *r = road_new(in, u->org, done, ctx, session);
    r->again = true;
    r->rescan = rescan;
    r->unread = *u;
    r->accepted.at_ms = env_wall_ms(in->conf.env);
    r->target = arena_new(&r->arena, struct intake_target);
    *r->target = (struct intake_target){u->account, cell, STR(""), u->message};
    r->n_target = 1;
    road_deadline(r);
    if (store_cell(in->conf.store, cell, &r->cell, NULL) != 0 || cell_read(r->cell, load, r, on_load) != 0)
        road_finish(r, OUT_TROUBLE);
}

void intake_again(struct intake *in, int64_t cell, const struct unread *u, intake_done_fn *done, void *ctx,
                  uint64_t session)
{
    begin(in, cell, u, false, done, ctx, session);
}

void intake_rescan(struct intake *in, int64_t cell, const struct unread *u, intake_done_fn *done, void *ctx,
                   uint64_t session)
{
    begin(in, cell, u, true, done, ctx, session);
}

/* ---- only the facts ---- */

static int in_rescan(struct txn *t, void *arg)
{
    struct road *r = arg;
    return mail_rescanned(t, &r->unread, &r->draft);
}

static void on_rescan(void *arg, enum cell_outcome outcome, int code)
{
    (void)code;
    road_finish(arg, outcome == CELL_DURABLE ? OUT_ACCEPTED : OUT_TROUBLE);
}

void again_scanned(struct road *r)
{
    struct mail_draft *d = &r->draft;
    r->state = ROAD_STORE;
    d->insight_version = FACTS_INSIGHT_VERSION;
    d->preview = r->insight.preview;
    d->has_attachment = r->insight.has_attachment;
    if (d->structure.n == 0 || mail_draft_prepare(&r->arena, d) != 0 ||
        cell_write(r->cell, in_rescan, r, NULL, 0, on_rescan) != 0)
        road_finish(r, OUT_TROUBLE);
}

/* Each recipient's message is read by itself, but they came in one transaction: the first of them that is judged tells the
 * modules, which shows in the judgement that is kept. */
static int told_before(struct txn *t, const struct road *r, struct str id)
{
    struct judged j;
    int found = judged_get(t, t->arena, r->org, id, &j);
    return found == 1 ? j.verdict != VERDICT_HOLD : found;
}

static int tell(struct txn *t, struct road *r, struct str id)
{
    struct mail_draft draft = r->draft;
    struct intake_msg m = {.org = r->org,
                           .draft = &draft,
                           .input = &r->input,
                           .verdict = &r->verdict,
                           .history = &r->history,
                           .target = r->target,
                           .n_target = r->n_target};
    draft.accepted_id = id;
    int err = told_before(t, r, id);
    if (err != 0)
        return err < 0 ? err : 0;
    for (const struct intake_hook *const *h = r->in->conf.hooks; err == 0 && *h; h++)
        err = (*h)->on_read ? (*h)->on_read(t, &m) : 0;
    return err;
}

int again_commit(struct txn *t, struct road *r)
{
    struct read_email *mail;
    size_t n;
    if (r->draft.structure.n == 0) /* not read this time either */
        return unread_failed(t, &r->unread);
    int err = read_emails(t, t->arena, r->org, r->unread.account, &r->unread.message, 1, &mail, &n);
    bool held = err == 0 && n == 1 && mail->held; /* else a person decided meanwhile */
    if (err == 0)
        err = unread_judged(t, &r->unread, &r->draft);
    return err == 0 && held ? tell(t, r, mail->accepted_id) : err;
}

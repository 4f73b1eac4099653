/* Keeps what can be explained and replayed later: every caution and above, a hundredth of the rest. */
#include "core/hash.h"
#include "guard/record.h"
#include "intake/hook.h"
#include "store/judged.h"

static int keep(struct txn *t, struct intake_msg *m)
{
    struct str id = m->draft->accepted_id;
    AUTO(buf) struct buf b;
    buf_init(&b, GUARD_RECORD_MAX);
    guard_record_put(&b, m->input, m->history, m->verdict);
    struct judged j = {.id = id,
                       .at_ms = m->input->now_ms,
                       .guard_version = GUARD_VERSION,
                       .verdict = (int64_t)m->draft->verdict,
                       .score = m->verdict->score,
                       .record = buf_str(&b)};
    /* A message that is too odd to be kept short is not worth losing mail over. */
    return b.err ? 0 : judged_put(t, m->org, &j);
}

static int on_message(struct txn *t, struct intake_msg *m)
{
    return guard_record_wanted(m->verdict, hash64(m->draft->accepted_id)) ? keep(t, m) : 0;
}

/* What was kept when it was held would explain a judgement that holds no more. */
const struct intake_hook intake_hook_judged = {"judged", 30, on_message, keep};

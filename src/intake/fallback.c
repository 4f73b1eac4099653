/* The cell is broken: the spool of last resort, else an honest 451 (design 3, table of broken states). Written on the
 * loop thread: a server in this state has one worry, not to lose what it is being given. */
#include "intake/road.h"
#include "core/log.h"
#include "store/spool.h"
#include <stdio.h>

enum road_outcome road_fallback(struct road *r)
{
    const char *dir = r->in->conf.last_resort;
    if (!dir || r->drained || r->again)
        return OUT_TROUBLE;
    struct str *rcpt = arena_array(&r->arena, struct str, r->n_target + 1);
    for (size_t i = 0; i < r->n_target; i++)
        rcpt[i] = r->target[i].address;
    struct spool_entry s = {.id = str_c(r->id_text),
                            .org = r->org,
                            .at_ms = r->accepted.at_ms,
                            .client = r->client,
                            .helo = r->helo,
                            .reverse_path = r->reverse_path,
                            .recipients = rcpt,
                            .n_recipients = r->n_target,
                            .auth = STR(""),
                            .data = r->received.p ? r->received : str_from(r->bytes, r->data_at)};
    int err = spool_put(dir, &s);
    if (err != 0) {
        log_error("intake.spool_failed", L_Z("id", r->id_text), L_Z("error", err_name(err)));
        return OUT_TROUBLE;
    }
    struct intake *in = r->in;
    snprintf(in->spooled[in->n_spooled++ % SPOOLED_KEEP], sizeof in->spooled[0], "%s", r->id_text);
    return OUT_SPOOLED;
}

void road_spool_replied(struct intake *in, const char *id)
{
    size_t n = in->n_spooled < SPOOLED_KEEP ? in->n_spooled : SPOOLED_KEEP;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(in->spooled[i], id) != 0)
            continue;
        in->spooled[i][0] = 0;
        if (spool_replied(in->conf.last_resort, str_c(id)) != 0)
            log_info("intake.replied_mark", L_Z("id", id)); /* one more resend is recognised, nothing else */
    }
}

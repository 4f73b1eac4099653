#include "intake/road.h"
#include "core/log.h"
#include <stdio.h>

struct answer {
    int code;
    const char *enhanced, *before, *after; /* the id that `sigillo trace` knows stands between */
};
/* What the sending server reads. Each says what became of the message. */
static const struct answer answers[OUT_COUNT] = {
    [OUT_ACCEPTED] = {250, "2.0.0", "Accepted as ", ": kept on stable storage"},
    [OUT_RESENT] = {250, "2.0.0", "Accepted as ", ": already kept when it was sent before"},
    [OUT_SPOOLED] = {250, "2.0.0", "Accepted as ", ": kept on stable storage, delivery follows"},
    [OUT_LOOP] = {554, "5.4.6", "Mail loop: the message passed too many servers; nothing was kept (", ")"},
    [OUT_DISK_LOW] = {452, "4.3.1", "Not enough storage just now; nothing was kept, please send it again (", ")"},
    [OUT_TROUBLE] = {451, "4.3.0", "Local trouble; nothing was kept, please send it again (", ")"},
    [OUT_UNKNOWN] = {451, "4.3.0", "Not certain to be kept; please send it again, a second copy will be recognised (",
                     ")"},
    [OUT_BUSY] = {451, "4.3.2", "Too many messages at once; nothing was kept, please send it again (", ")"},
};

void road_answer(struct road *r, enum road_outcome o)
{
    const struct answer *a = &answers[o];
    struct intake_reply reply = {.code = a->code, .enhanced = a->enhanced};
    const char *id = o == OUT_RESENT ? r->first_id : r->id_text;
    memcpy(reply.id, id, sizeof reply.id);
    int n = snprintf(reply.text, sizeof reply.text, "%s%s%s", a->before, id, a->after);
    if (n < 0)
        reply.text[0] = '\0';
    log_info("intake.answer", L_I("code", a->code), L_Z("id", id), L_S("client", r->client),
             L_S("from", r->reverse_path), L_I("bytes", r->bytes.n),
             L_Z("verdict", o == OUT_ACCEPTED ? guard_action_name(r->verdict.action) : "-"));
    if (r->deadline)
        r->in->conf.io.cancel(r->in->conf.io.ctx, STEAL(r->deadline));
    r->done(r->ctx, r->session, &reply);
}

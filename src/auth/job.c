#include "auth/job.h"

#define EAGER_STEPS 16u

const char *auth_result_name(enum auth_result r)
{
    static const char *const names[AUTHRES_COUNT] = {
        [AUTHRES_NONE] = "none",           [AUTHRES_PASS] = "pass",           [AUTHRES_FAIL] = "fail",
        [AUTHRES_SOFTFAIL] = "softfail",   [AUTHRES_NEUTRAL] = "neutral",     [AUTHRES_POLICY] = "policy",
        [AUTHRES_TEMPERROR] = "temperror", [AUTHRES_PERMERROR] = "permerror",
    };
    return r < AUTHRES_COUNT ? names[r] : "none";
}

const char *auth_policy_name(enum auth_policy p)
{
    static const char *const names[] = {"none", "quarantine", "reject"};
    return p < N_ELEMENTS(names) ? names[p] : "none";
}

/* The body is read at most twice, whatever the number of signatures. */
static void make_bodies(struct auth_work *w, struct auth_bodies *b)
{
    for (int relaxed = 0; relaxed <= 1; relaxed++) {
        size_t wanted = 0;
        for (size_t i = 0; i < b->n; i++)
            wanted += b->v[i].relaxed == relaxed;
        if (wanted)
            auth_canon_body(w->kit, w->message.body, relaxed, b->v, b->n, &b->total[relaxed]);
    }
}

void auth_begin(struct auth_job *job, struct arena *a, const struct auth_kit *kit, const struct auth_input *in)
{
    struct auth_work *w = arena_new(a, struct auth_work);
    struct auth_bodies *bodies = arena_new(a, struct auth_bodies);
    *job = (struct auth_job){.work = w};
    w->arena = a;
    w->kit = kit;
    w->in = *in;
    w->out = &job->results;
    w->dns.arena = a;
    auth_message_read(a, in->message, &w->message);
    auth_dkim_begin(w, bodies);
    auth_arc_begin(w, bodies);
    make_bodies(w, bodies);
    auth_dkim_bodies(w, bodies);
    auth_arc_bodies(w, bodies);
}

enum auth_step auth_step(struct auth_job *job)
{
    struct auth_work *w = job->work;
    if (w->finished)
        return AUTH_DONE;
    /* Each look costs the reading of all records again: after a while only whole rounds are looked at. */
    if (w->steps++ >= EAGER_STEPS && w->dns.open > 0 && !w->dns.deaf && w->dns.handed_out == w->dns.n)
        return AUTH_ASK;
    w->out = &job->results; /* the caller may have moved the job */
    bool dkim = auth_dkim_step(w);
    bool arc = auth_arc_step(w);
    w->dmarc_done = w->dmarc_done || auth_dmarc_step(w, dkim && w->spf_done);
    if (!w->spf_done) {
        w->spf_done = auth_spf_step(w);
        if (w->spf_done && !w->dmarc_done)
            w->dmarc_done = auth_dmarc_step(w, dkim);
    }
    w->finished = dkim && arc && w->spf_done && w->dmarc_done;
    return w->finished ? AUTH_DONE : AUTH_ASK;
}

bool auth_question(struct auth_job *job, struct auth_question *q)
{
    struct auth_dns *d = &job->work->dns;
    if (d->handed_out == d->n || d->deaf)
        return false;
    const struct auth_rr *r = d->all[d->handed_out++];
    *q = (struct auth_question){.id = r->id, .type = r->type, .name = r->name};
    return true;
}

void auth_answer(struct auth_job *job, unsigned id, enum auth_rr_status status, const struct str *rdata, size_t n)
{
    auth_dns_answer(&job->work->dns, id, status, rdata, n);
}

void auth_give_up(struct auth_job *job) { job->work->dns.deaf = true; }

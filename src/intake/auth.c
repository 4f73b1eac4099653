/* SPF, DKIM, DMARC and ARC of a message on the road, beside its scan; and the Authentication-Results field that says so
 * in the stored bytes. DATA is judged as received: fields of strangers that claim to be ours are removed only from what
 * is stored and scanned. */
#include "intake/road.h"
#include "auth/authres.h"
#include "core/log.h"

/* Messages in a row that were given up, and how long the next one waits: where no answer ever came there is no network;
 * where some did, a stranger's dead name servers must not buy him a temporary error for somebody else's domain. */
#define AUTH_LATE_DEAF 2u
#define AUTH_DEAF_MS 300
#define AUTH_LATE_SLOW 8u
#define AUTH_SLOW_MS 2000

static void pump(struct road *r);
static void on_late(void *arg);

/* ---- judging ---- */

static void settle(struct road *r)
{
    if (r->auth_timer)
        r->in->conf.io.cancel(r->in->conf.io.ctx, r->auth_timer);
    r->auth_timer = NULL;
    r->auth_done = true;
    road_read(r);
}

/* Asks what can be asked, as long as answers are there at once. */
static void pump(struct road *r)
{
    struct auth_question q;
    struct resolve_answer now;
    while (auth_step(&r->auth) == AUTH_ASK) {
        bool any = false;
        while (auth_question(&r->auth, &q))
            if (resolver_ask(r->in->resolver, r->id, &q, &now)) {
                auth_answer(&r->auth, q.id, now.status, now.rdata, now.n);
                any = true;
            }
        if (!any)
            return;
    }
    r->auth_judged = true;
}

void road_auth_answer(void *ctx, uint64_t id, unsigned question, const struct resolve_answer *a)
{
    struct intake *in = ctx;
    struct road *r = imap_get(&in->roads, id);
    if (a->status == AUTH_RR_OK || a->status == AUTH_RR_NXDOMAIN) {
        in->auth_late = 0;
        in->auth_heard = true;
    }
    if (!r)
        txt_answer(in, id, a);
    if (!r || r->auth_done || r->state != ROAD_SCAN)
        return;
    auth_answer(&r->auth, question, a->status, a->rdata, a->n);
    pump(r);
    if (r->auth_judged)
        settle(r);
}

/* The resolver is late: what is missing counts as a temporary error, and the message goes on. */
void road_auth_give_up(struct road *r)
{
    if (r->auth_done)
        return;
    auth_give_up(&r->auth);
    pump(r);
    log_info("intake.auth.late", L_Z("id", r->id_text));
    settle(r);
}

static void on_late(void *arg)
{
    struct road *r = arg;
    r->auth_timer = NULL;
    r->in->auth_late++;
    road_auth_give_up(r);
}

static int64_t patience(const struct intake *in)
{
    int64_t ms = in->conf.auth_timeout_ms;
    bool late = in->auth_late >= (in->auth_heard ? AUTH_LATE_SLOW : AUTH_LATE_DEAF);
    int64_t least = in->auth_heard ? AUTH_SLOW_MS : AUTH_DEAF_MS;
    return late && least < ms ? least : ms;
}

void road_auth_begin(struct road *r)
{
    const struct intake_conf *c = &r->in->conf;
    struct arena *a = &r->arena;
    if (!c->auth_kit || r->again) {
        r->auth_done = true;
        return;
    }
    struct auth_input *in = arena_new(a, struct auth_input);
    *in = (struct auth_input){
        .message = r->received.p ? r->received : str_from(r->bytes, r->data_at),
        .who = &r->who,
        .helo = r->helo,
        .mail_from = r->reverse_path,
        .receiver = c->hostname,
        .now_s = r->accepted.at_ms / 1000,
        .sealers = c->auth_sealers,
        .n_sealers = c->n_auth_sealers,
    };
    in->has_ip = auth_ip_parse(r->client, &in->ip);
    r->auth_input = in;
    auth_begin(&r->auth, a, c->auth_kit, in);
    pump(r);
    if (r->auth_judged)
        r->auth_done = true;
    else
        r->auth_timer = c->io.after(c->io.ctx, patience(r->in), on_late, r);
}

/* ---- what the guard hears ---- */

static enum guard_auth row(enum auth_result r)
{
    /* policy: a signature that we do not take proves nothing, and is no sign of fraud either. */
    static const enum guard_auth rows[AUTHRES_COUNT] = {
        [AUTHRES_NONE] = AUTH_NONE,           [AUTHRES_PASS] = AUTH_PASS,           [AUTHRES_FAIL] = AUTH_FAIL,
        [AUTHRES_SOFTFAIL] = AUTH_SOFTFAIL,   [AUTHRES_NEUTRAL] = AUTH_NEUTRAL,     [AUTHRES_POLICY] = AUTH_NEUTRAL,
        [AUTHRES_TEMPERROR] = AUTH_TEMPERROR, [AUTHRES_PERMERROR] = AUTH_PERMERROR,
    };
    return r < AUTHRES_COUNT ? rows[r] : AUTH_NONE;
}

static struct str signer(const struct auth_results *r)
{
    for (size_t i = 0; r->dmarc.dkim_domain.n == 0 && i < r->n_dkim; i++)
        if (r->dkim[i].result == AUTHRES_PASS)
            return r->dkim[i].domain;
    return r->dmarc.dkim_domain;
}

static void judged(const struct auth_results *r, struct guard_authentication *out)
{
    /* Only what the author's own domain signed or sent says something about the author: anybody passes for his own. */
    bool foreign = r->dkim_best == AUTHRES_PASS && !r->dmarc.dkim_aligned;
    bool relayed = r->arc.trusted > 0 && (r->arc.dmarc == AUTHRES_PASS || r->arc.dkim == AUTHRES_PASS);
    *out = (struct guard_authentication){
        .spf = r->spf.result == AUTHRES_PASS && !r->spf.aligned ? AUTH_NEUTRAL : row(r->spf.result),
        .dkim = foreign ? AUTH_NEUTRAL : row(r->dkim_best),
        .dmarc = row(r->dmarc.result),
        .arc = r->arc.result == AUTHRES_PASS && !relayed ? AUTH_NEUTRAL : row(r->arc.result),
        .spf_domain = r->spf.result == AUTHRES_PASS ? r->spf.domain : STR(""),
        .dkim_domain = signer(r),
        .policy = r->dmarc.record_domain.n ? str_c(auth_policy_name(r->dmarc.policy)) : STR(""),
    };
}

/* ---- the field ---- */

/* Everything behind our own field moves. Nothing but the root begins at 0, and its header grew. */
static struct str structure_shift(struct road *r, struct str encoded, uint64_t n)
{
    struct facts_structure s;
    AUTO(buf) struct buf b;
    buf_init(&b, FACTS_ENCODED_MAX);
    if (facts_structure_get(&r->arena, encoded, r->bytes.n, &s) != 0 || s.n_parts == 0)
        return encoded;
    s.parts[0].header_len += n;
    s.parts[0].body_off += n;
    for (size_t i = 1; i < s.n_parts; i++) {
        s.parts[i].header_off += n;
        s.parts[i].body_off += n;
    }
    facts_structure_put(&b, &s);
    return arena_str(&r->arena, buf_str(&b));
}

/* Between Return-Path (RFC 5321 4.4: first) and Received, in the room that road_prepare left before the message. */
static void field_put(struct road *r)
{
    AUTO(buf) struct buf b;
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    auth_results_put(&b, r->in->conf.hostname, r->auth_input, &r->auth.results);
    if (b.err || b.n > r->front)
        return;
    char *start = r->front_at + r->front - b.n;
    if (r->draft.structure.n)
        r->draft.structure = structure_shift(r, r->draft.structure, b.n);
    memmove(start, r->bytes.p, r->path_n);
    memcpy(start + r->path_n, b.p, b.n);
    r->bytes = str_n(start, r->bytes.n + b.n);
    r->data_at += b.n;
    r->front = 0;
    r->accepted.size = (int64_t)r->bytes.n;
}

void road_auth_use(struct road *r)
{
    if (r->auth_judged) {
        judged(&r->auth.results, &r->guard_auth);
        field_put(r);
        r->auth_judged = false;
    }
    r->input.auth = r->guard_auth;
}

/* ---- a message that is stored already: what we wrote into it then ---- */

void road_auth_stored(struct road *r)
{
    struct mime_header h;
    struct mime_field f;
    struct auth_results_read read;
    struct guard_authentication *out = &r->guard_auth;
    mime_header_init(&h, r->bytes);
    /* Ours stands between our Return-Path and Received: no stranger's can be there. */
    if (!mime_header_next(&h, &f) || !str_ieq(f.name, STR("Return-Path")) || !mime_header_next(&h, &f) ||
        !str_ieq(f.name, STR("Authentication-Results")) || !auth_results_read(&r->arena, f.value, &read))
        return;
    for (size_t i = 0; i < read.n; i++) {
        const struct auth_result_read *v = &read.v[i];
        bool aligned = r->in->conf.auth_kit && r->who.from_state == MIME_FROM_OK &&
                       str_eq(auth_org_domain(r->in->conf.auth_kit, r->who.from.domain),
                              auth_org_domain(r->in->conf.auth_kit, v->domain));
        if (str_eq(v->method, STR("spf"))) {
            out->spf = v->result == AUTHRES_PASS && !aligned ? AUTH_NEUTRAL : row(v->result);
            out->spf_domain = v->result == AUTHRES_PASS ? v->domain : STR("");
        } else if (str_eq(v->method, STR("dkim")) && out->dkim != AUTH_PASS) {
            out->dkim = v->result == AUTHRES_PASS && !aligned ? AUTH_NEUTRAL : row(v->result);
            out->dkim_domain = v->result == AUTHRES_PASS ? v->domain : out->dkim_domain;
        } else if (str_eq(v->method, STR("dmarc"))) {
            out->dmarc = row(v->result);
            out->policy = v->policy;
        }
    }
}

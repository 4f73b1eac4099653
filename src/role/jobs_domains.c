/* The TXT records of proven domains, once a day each: who bought a domain that lapsed must not be taken for a colleague (store/manage.h). A few
 * at a time; the hour of each moves from day to day, so that they never come together. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/manage.h"
#include <stdio.h>
#include <stdlib.h>

#define DOMAINS_TURN_MS 60000 /* between two turns, or domain.check_every when that is shorter */
#define DOMAINS_A_TURN 20u    /* looks of one turn, of all cells: 28,800 a day */
#define RETRY_PART 12         /* of the interval: after no answer */

struct ask {
    struct jobs_role *j;
    int64_t cell, org;
    char domain[DOMAIN_CLAIM_MAX + 1], token[65];
};
struct due {
    struct arena *a;
    struct domain_due rows[DOMAINS_A_TURN];
    size_t max, n;
};

static int64_t every(const struct jobs_role *j) { return conf_i(&j->ctx->conf, CONF_DOMAIN_CHECK); }

static int64_t next_look(const struct jobs_role *j, bool answered)
{
    uint32_t r;
    env_random(j->ctx->env, &r, sizeof r);
    int64_t mean = answered ? every(j) : every(j) / RETRY_PART, tenth = mean / 10;
    return env_wall_ms(j->ctx->env) + mean - tenth + (tenth ? r % (2 * tenth) : 0);
}

static void tell(const struct ask *q, enum domain_change change, enum domain_reason reason)
{
    struct str domain = str_c(q->domain);
    const char *seen = reason == DOMAIN_OTHER_RECORD ? "other TXT records" : "no TXT record";
    if (change == DOMAIN_LAPSED)
        log_warn("domain.lapsed", L_S("domain", domain), L_I("org", q->org), L_Z("seen", seen),
                 L_Z("meaning", "its mail comes as before; it is not trusted as the firm's own any more"));
    else if (change == DOMAIN_MISSED)
        log_warn("domain.record_gone", L_S("domain", domain), L_I("org", q->org), L_Z("seen", seen));
    else if (change == DOMAIN_BACK)
        log_info("domain.proven_again", L_S("domain", domain), L_I("org", q->org));
}

static void on_txt(void *arg, enum intake_txt_status status, const struct str *text, size_t n)
{
    struct ask *q = arg;
    struct err e = {0};
    enum domain_change change;
    bool answered = status != INTAKE_TXT_NO_ANSWER;
    struct domain_look l = {.org = q->org,
                            .domain = str_c(q->domain),
                            .who = STR("sigillo"),
                            .reason = answered ? domain_proof_in(text, n, str_c(q->token)) : DOMAIN_NO_ANSWER,
                            .next_ms = next_look(q->j, answered)};
    if (q->j->stopping) /* what a stopping process was not answered is not the domain's fault */
        ;
    else if (domain_proof_looked(q->j->store, q->cell, &l, &change, &e) != 0)
        log_warn("domain.look_not_kept", L_S("domain", l.domain), L_Z("why", e.text));
    else
        tell(q, change, l.reason);
    q->j->domains_asked--;
    free(q);
}

static void ask_one(struct jobs_role *j, int64_t cell, const struct domain_due *d)
{
    char name[sizeof DOMAIN_PROOF_LABEL + 1 + DOMAIN_CLAIM_MAX];
    struct ask *q = malloc(sizeof *q);
    if (!q)
        abort();
    *q = (struct ask){.j = j, .cell = cell, .org = d->org};
    snprintf(q->domain, sizeof q->domain, "%.*s", STRF(d->domain));
    snprintf(q->token, sizeof q->token, "%.*s", STRF(d->token));
    snprintf(name, sizeof name, DOMAIN_PROOF_LABEL ".%s", q->domain);
    j->domains_asked++;
    intake_txt(j->intake, str_c(name), on_txt, q);
}

static int find(struct txn *t, void *arg)
{
    struct due *d = arg;
    return domain_due(t, d->a, d->rows, d->max, &d->n);
}

void jobs_domains(struct jobs_role *j)
{
    AUTO(arena) struct arena a;
    int64_t now = net_now_ms(j->loop), *ids = NULL;
    size_t n = 0, left = DOMAINS_A_TURN;
    arena_init(&a, ARENA_NO_LIMIT);
    if (every(j) == 0 || now < j->next_domains_ms || j->domains_asked > 0)
        return;
    j->next_domains_ms = now + (every(j) < DOMAINS_TURN_MS ? every(j) : DOMAINS_TURN_MS);
    if (store_cells(j->store, &ids, &n) != 0)
        return;
    for (size_t i = 0; i < n && left > 0 && !j->stopping; i++) {
        struct cell *c;
        struct due d = {.a = &a, .max = left};
        if (store_cell(j->store, ids[i], &c, NULL) != 0 || cell_state(c, NULL) == CELL_READONLY ||
            cell_read_wait(c, find, &d) != 0)
            continue;
        for (size_t k = 0; k < d.n; k++)
            ask_one(j, ids[i], &d.rows[k]);
        left -= d.n;
    }
    free(ids);
}

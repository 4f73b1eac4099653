/* Figures of rooms that do not know http, for /metrics. */
#include "role/net.h"

enum { SMTP_CONNECTIONS, SMTP_IN_DATA, SMTP_IN_COMMIT, SMTP_ACCEPTED };
enum { CELL_GROUPS, CELL_JOBS, CELL_RERUNS, CELL_UNKNOWNS, CELL_REFUSALS };

static int64_t read_smtp(void *ctx, int what)
{
    struct smtp_counts c = smtp_server_counts(((struct net_role *)ctx)->smtp);
    return what == SMTP_CONNECTIONS ? (int64_t)c.connections
           : what == SMTP_IN_DATA   ? (int64_t)c.in_data
           : what == SMTP_IN_COMMIT ? (int64_t)c.in_commit
                                    : (int64_t)c.accepted;
}

static int64_t read_ready(void *ctx, int what)
{
    (void)what;
    return net_ready(ctx);
}

/* Sums over the cells that this process has opened would need their list; the first cell is the whole installation for most, and each cell has its own line on
 * the health page. */
static int64_t read_cell(void *ctx, int what)
{
    struct cell *c;
    struct cell_stats s = {0};
    if (store_cell(((struct net_role *)ctx)->store, 1, &c, NULL) == 0)
        cell_stats(c, &s);
    const uint64_t v[] = {s.groups, s.jobs, s.reruns, s.unknown, s.refused};
    return (int64_t)v[what];
}

static const struct http_metric table[] = {
    {"sigillo_ready", NULL, HTTP_GAUGE_OWN, "1 while mail can be kept.", read_ready, 0},
    {"sigillo_domains_lapsed", NULL, HTTP_GAUGE_OWN,
     "Proven domains whose record went; counted at most once a minute, told at the next reading.", net_domains_lapsed,
     0},
    {"sigillo_smtp_connections", NULL, HTTP_GAUGE, "SMTP connections open now.", read_smtp, SMTP_CONNECTIONS},
    {"sigillo_smtp_receiving", NULL, HTTP_GAUGE, "Messages being received.", read_smtp, SMTP_IN_DATA},
    {"sigillo_smtp_committing", NULL, HTTP_GAUGE, "Messages being judged and kept.", read_smtp, SMTP_IN_COMMIT},
    {"sigillo_smtp_accepted_total", NULL, HTTP_COUNTER, "Messages answered with 250.", read_smtp, SMTP_ACCEPTED},
    {"sigillo_store_groups_total", NULL, HTTP_COUNTER, "Commits of cell 1.", read_cell, CELL_GROUPS},
    {"sigillo_store_jobs_total", NULL, HTTP_COUNTER, "Write jobs of cell 1 that these commits held.", read_cell,
     CELL_JOBS},
    {"sigillo_store_reruns_total", NULL, HTTP_COUNTER, "Jobs run again after their group failed.", read_cell,
     CELL_RERUNS},
    {"sigillo_store_unknown_total", NULL, HTTP_COUNTER, "Commits whose outcome was not known at once.", read_cell,
     CELL_UNKNOWNS},
    {"sigillo_store_refused_total", NULL, HTTP_COUNTER, "Jobs that were refused.", read_cell, CELL_REFUSALS},
};

void net_metrics_add(struct net_role *n) { http_server_metrics(n->http, table, N_ELEMENTS(table), n); }

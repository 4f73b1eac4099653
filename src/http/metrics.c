/* /metrics: figures in the text form of Prometheus, from the tables that rooms offer; with several processes of net the sum of all (figures.h). */
#include "http/serve.h"

#define METRICS_MAX (256u * 1024)

static int64_t read_count(void *ctx, int at)
{
    return *(const int64_t *)(const void *)((const char *)&((struct http_server *)ctx)->counts + at);
}
static int64_t read_gauge(void *ctx, int what)
{
    struct http_server *s = ctx;
    return what == 0   ? (int64_t)s->n_conns
           : what == 1 ? (int64_t)s->pending.n
           : what == 2 ? (int64_t)http_push_clients(s->push)
           : what == 4 ? 1
                       : env_wall_ms(net_loop_env(s->loop)) / 1000;
}

#define AT(field) (int)offsetof(struct http_counts, field)
static const struct http_metric own[] = {
    {"sigillo_http_requests_total", NULL, HTTP_COUNTER, "Requests whose head was read.", read_count, AT(requests)},
    {"sigillo_http_answers_total", "code=\"2xx\"", HTTP_COUNTER, "Answers by class of status.", read_count,
     AT(answers[2])},
    {"sigillo_http_answers_total", "code=\"3xx\"", HTTP_COUNTER, NULL, read_count, AT(answers[3])},
    {"sigillo_http_answers_total", "code=\"4xx\"", HTTP_COUNTER, NULL, read_count, AT(answers[4])},
    {"sigillo_http_answers_total", "code=\"5xx\"", HTTP_COUNTER, NULL, read_count, AT(answers[5])},
    {"sigillo_http_bad_requests_total", NULL, HTTP_COUNTER, "Bytes that were no HTTP request, or came too slowly.",
     read_count, AT(bad)},
    {"sigillo_http_limited_total", NULL, HTTP_COUNTER, "Requests refused by the limits of their route.", read_count,
     AT(limited)},
    {"sigillo_http_slow_dropped_total", NULL, HTTP_COUNTER,
     "Connections ended because the peer sent or read too slowly.", read_count, AT(slow_dropped)},
    {"sigillo_http_spilled_total", NULL, HTTP_COUNTER, "Answers moved to a file for a slow reader.", read_count,
     AT(spilled)},
    {"sigillo_http_connections_total", NULL, HTTP_COUNTER, "Connections accepted.", read_count, AT(connections_total)},
    {"sigillo_http_tls_handshakes_total", NULL, HTTP_COUNTER, "TLS handshakes completed.", read_count,
     AT(tls_connections)},
    {"sigillo_http_connections", NULL, HTTP_GAUGE, "Connections open now.", read_gauge, 0},
    {"sigillo_http_requests_pending", NULL, HTTP_GAUGE, "Requests being worked on.", read_gauge, 1},
    {"sigillo_http_event_clients", NULL, HTTP_GAUGE, "Event streams open now.", read_gauge, 2},
    {"sigillo_http_events_sent_total", NULL, HTTP_COUNTER, "State changes told to event clients.", read_count,
     AT(events_sent)},
    {"sigillo_http_event_clients_dropped_total", NULL, HTTP_COUNTER,
     "Event streams ended because the reader was too slow.", read_count, AT(streams_dropped)},
    {"sigillo_logins_total", "result=\"ok\"", HTTP_COUNTER, "Passwords checked over HTTP.", read_count, AT(logins)},
    {"sigillo_logins_total", "result=\"wrong\"", HTTP_COUNTER, NULL, read_count, AT(logins_refused)},
    {"sigillo_logins_total", "result=\"limited\"", HTTP_COUNTER, NULL, read_count, AT(logins_limited)},
    {"sigillo_clock_seconds", NULL, HTTP_GAUGE_OWN, "This machine's clock.", read_gauge, 3},
    {"sigillo_net_processes", NULL, HTTP_GAUGE, "Processes of net that tell their figures here.", read_gauge, 4},
};

/* All rows in the order of the tables, the same in every process of one release. */
struct figures {
    const struct http_metric *row[HTTP_FIGURES_MAX];
    void *ctx[HTTP_FIGURES_MAX];
    int64_t v[HTTP_FIGURES_MAX];
    bool counter[HTTP_FIGURES_MAX], alone[HTTP_FIGURES_MAX];
    size_t n;
};

static void gather(struct figures *f, const struct http_metric *v, size_t n, void *ctx, bool whole)
{
    for (size_t i = 0; i < n && f->n < HTTP_FIGURES_MAX; i++, f->n++) {
        f->row[f->n] = &v[i];
        f->ctx[f->n] = ctx;
        f->counter[f->n] = v[i].kind == HTTP_COUNTER;
        f->alone[f->n] = v[i].kind == HTTP_GAUGE_OWN;
        f->v[f->n] = whole || !f->alone[f->n] ? v[i].read(ctx, v[i].arg) : 0;
    }
}

/* whole: also what is told to nobody. */
static void gather_all(struct http_server *s, struct figures *f, bool whole)
{
    f->n = 0;
    gather(f, own, N_ELEMENTS(own), s, whole);
    for (size_t i = 0; i < s->n_metrics; i++)
        gather(f, s->metrics[i].v, s->metrics[i].n, s->metrics[i].ctx, whole);
}

void http_metrics_tell(struct net_timer *t)
{
    struct http_server *s = (struct http_server *)(void *)((char *)t - offsetof(struct http_server, figures_timer));
    struct figures f;
    gather_all(s, &f, false);
    http_figures_tell(s->figures, f.v, f.counter, f.n);
    net_timer_set(t, HTTP_FIGURES_MS);
}

static void put(struct buf *b, const struct figures *f)
{
    const char *last = "";
    for (size_t i = 0; i < f->n; i++) {
        const struct http_metric *m = f->row[i];
        if (strcmp(m->name, last) != 0)
            buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help ? m->help : "", m->name,
                       m->kind == HTTP_COUNTER ? "counter" : "gauge");
        last = m->name;
        buf_printf(b, "%s%s%s%s %lld\n", m->name, m->labels ? "{" : "", m->labels ? m->labels : "",
                   m->labels ? "}" : "", (long long)f->v[i]);
    }
}

void http_metrics(struct http_req *r, void *ctx)
{
    struct http_server *s = ctx;
    bool here = net_peer_loopback(&r->peer) && !http_forwarded(&r->head);
    bool token = r->person && r->by_token && (r->person->may & HTTP_MAY_METRICS);
    if (!here && !token) { /* as if it were not there: strangers need not know what is measured */
        http_reply_error(s, r->id, 404, "notFound", "Questo indirizzo non esiste.",
                         "There is nothing at this address.");
        return;
    }
    struct http_answer a = {.status = 200, .type = "text/plain; version=0.0.4; charset=utf-8"};
    buf_init(&a.body, METRICS_MAX);
    struct figures f;
    gather_all(s, &f, true);
    if (s->figures)
        http_figures_add(s->figures, f.v, f.counter, f.n);
    put(&a.body, &f);
    http_reply(s, r->id, &a);
}

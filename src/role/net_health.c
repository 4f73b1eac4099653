/* /health for people, /healthz (this process lives) and /readyz (mail can be kept) for machines. */
#include "role/net.h"
#include "core/json.h"
#include "os/health.h"
#include "store/account.h"

#include <stdlib.h>

#define PAGE_MAX (64u * 1024)
#define CELLS_SHOWN 100

static void get_health(struct http_req *r, void *ctx);
static void get_healthz(struct http_req *r, void *ctx);
static void get_readyz(struct http_req *r, void *ctx);

const struct http_route net_health_routes[] = {
    {HTTP_GET, STR("/health"), HTTP_OPEN, 0, get_health},
    {HTTP_GET, STR("/healthz"), HTTP_OPEN, 0, get_healthz},
    {HTTP_GET, STR("/readyz"), HTTP_OPEN, 0, get_readyz},
};
const size_t net_health_routes_n = N_ELEMENTS(net_health_routes);

void net_health_keep(struct net_role *n, struct str body)
{
    buf_clear(&n->health);
    buf_adds(&n->health, body);
}

static void put_escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '<': buf_addz(b, "&lt;"); break;
        case '>': buf_addz(b, "&gt;"); break;
        case '&': buf_addz(b, "&amp;"); break;
        case '"': buf_addz(b, "&quot;"); break;
        default: buf_addc(b, s.p[i]);
        }
}

static void put_row(struct buf *b, const struct health_row *h)
{
    buf_addz(b, "<tr><th scope=\"row\">");
    put_escaped(b, h->role);
    buf_printf(b, "</th><td>%s</td><td>%u</td><td><ul>", h->pid ? "running" : "not running", h->restarts);
    struct str rest = h->layers, line;
    while (rest.n > 0) {
        if (!str_cut(rest, '\n', &line, &rest))
            rest = STR_NULL;
        if (line.n == 0)
            continue;
        buf_addz(b, "<li>");
        put_escaped(b, line);
        buf_addz(b, "</li>");
    }
    buf_addz(b, "</ul></td></tr>\n");
}

static const char *cell_word(enum cell_state st)
{
    switch (st) {
    case CELL_OK: return "good";
    case CELL_DOWN: return "database does not answer";
    case CELL_DISK_LOW: return "disk low: new mail is deferred (452)";
    case CELL_READONLY: return "read-only after a disk error: run sigillo verify";
    }
    return "";
}

/* State of the cells this process has opened lazily or will: asks each, which opens it. */
static bool put_cells(struct net_role *n, struct buf *b)
{
    int64_t *ids = NULL;
    size_t count = 0;
    bool good = store_cells(n->store, &ids, &count) == 0;
    for (size_t i = 0; good && i < count && i < CELLS_SHOWN; i++) {
        struct cell *c;
        const char *why = "";
        enum cell_state st = store_cell(n->store, ids[i], &c, NULL) == 0 ? cell_state(c, &why) : CELL_DOWN;
        if (b)
            buf_printf(b, "<li>cell %lld: %s</li>\n", (long long)ids[i], cell_word(st));
        if (st == CELL_DOWN || st == CELL_READONLY)
            good = false;
    }
    AUTO(heap) void *owned = ids;
    return good;
}

bool net_ready(struct net_role *n) { return !n->stopping && put_cells(n, NULL); }

static void json_roles(struct net_role *n, struct json_w *w)
{
    struct rd rd = rd_of(buf_str(&n->health));
    struct health_row h;
    json_keyz(w, "roles");
    json_arr(w);
    while (health_next(&rd, &h)) {
        json_obj(w);
        json_kstr(w, "role", h.role);
        json_kint(w, "pid", h.pid);
        json_kint(w, "restarts", h.restarts);
        json_kstr(w, "layers", h.layers);
        json_obj_end(w);
    }
    json_arr_end(w);
}

static void json_cells(struct net_role *n, struct json_w *w)
{
    int64_t *ids = NULL;
    size_t count = 0;
    json_keyz(w, "cells");
    json_arr(w);
    bool listed = store_cells(n->store, &ids, &count) == 0;
    for (size_t i = 0; listed && i < count && i < CELLS_SHOWN; i++) {
        struct cell *c;
        const char *why = "";
        enum cell_state st = store_cell(n->store, ids[i], &c, NULL) == 0 ? cell_state(c, &why) : CELL_DOWN;
        json_obj(w);
        json_kint(w, "id", ids[i]);
        json_kbool(w, "good", st == CELL_OK);
        json_kstr(w, "state", str_c(cell_word(st)));
        json_kstr(w, "why", str_c(why ? why : ""));
        json_obj_end(w);
    }
    free(ids);
    json_arr_end(w);
}

void net_health_json(void *net_role, struct buf *json)
{
    struct net_role *n = net_role;
    struct smtp_counts c = smtp_server_counts(n->smtp);
    struct json_w w;
    json_init(&w, json);
    json_obj(&w);
    json_kbool(&w, "ready", net_ready(n));
    json_roles(n, &w);
    json_cells(n, &w);
    json_keyz(&w, "smtp");
    json_obj(&w);
    json_kint(&w, "connections", (int64_t)c.connections);
    json_kint(&w, "accepted", (int64_t)c.accepted);
    json_obj_end(&w);
    json_obj_end(&w);
}

/* What strangers may know. */
static void answer_stranger(struct http_req *r, bool as_json)
{
    struct http_answer a = {.status = 200, .type = as_json ? "application/json" : "text/html; charset=utf-8"};
    a.view = as_json ? STR("{\"running\":true}")
                     : STR("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sigillo: "
                           "health</title></head>"
                           "<body><p>Service running.</p></body></html>\n");
    http_reply(r->server, r->id, &a);
}

static void get_health(struct http_req *r, void *ctx)
{
    struct net_role *n = ctx;
    struct str accept = http_field(&r->head, STR("Accept"));
    bool as_json = http_list_has(accept, STR("application/json")) && !http_list_has(accept, STR("text/html"));
    if (!r->secure && !r->person) { /* inner workings are not for strangers */
        answer_stranger(r, as_json);
        return;
    }
    if (as_json) {
        struct buf b;
        buf_init(&b, PAGE_MAX);
        net_health_json(n, &b);
        http_reply_json(r->server, r->id, 200, &b);
        return;
    }
    struct http_answer a = {.status = 200, .type = "text/html; charset=utf-8"};
    struct smtp_counts c = smtp_server_counts(n->smtp);
    buf_init(&a.body, PAGE_MAX);
    buf_addz(&a.body,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sigillo: "
             "health</title></head>\n<body><h1>Sigillo</h1>\n"
             "<h2>Roles</h2>\n<table><tr><th>Role</th><th>State</th><th>Restarts</th><th>Sandbox layers</th></tr>\n");
    struct rd rd = rd_of(buf_str(&n->health));
    struct health_row h;
    bool any = false;
    while (health_next(&rd, &h)) {
        put_row(&a.body, &h);
        any = true;
    }
    if (!any) /* the supervisor has not spoken yet: what this process knows of itself */
        put_row(&a.body, &(struct health_row){STR("net"), 1, 0, str_c(n->ctx->report.text)});
    buf_addz(&a.body, "</table>\n<h2>Store</h2>\n<ul>\n");
    (void)put_cells(n, &a.body);
    buf_printf(&a.body,
               "</ul>\n<h2>SMTP</h2>\n<p>%lld connections, %lld receiving, %lld being kept, %lld accepted since "
               "start.</p>\n</body></html>\n",
               (long long)c.connections, (long long)c.in_data, (long long)c.in_commit, (long long)c.accepted);
    http_reply(r->server, r->id, &a);
}

static void get_healthz(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_answer a = {.status = 200, .type = "text/plain", .view = STR("ok\n")};
    http_reply(r->server, r->id, &a);
}

static void get_readyz(struct http_req *r, void *ctx)
{
    struct net_role *n = ctx;
    bool good = net_ready(n);
    struct http_answer a = {
        .status = good ? 200 : 503, .type = "text/plain", .view = good ? STR("ready\n") : STR("not ready\n")};
    http_reply(r->server, r->id, &a);
}

/* What is decided about a request before its body is read: for whom, which route, who asks, forged or not, how large.
 */
#include "http/serve.h"

static const struct http_why why_host = {"misdirected", "Questo server non risponde a questo nome.",
                                         "This server does not answer to that host name."};
static const struct http_why why_no_route = {"notFound", "Questo indirizzo non esiste.",
                                             "There is nothing at this address."};
static const struct http_why why_method = {"methodNotAllowed", "Questo metodo non è ammesso qui.",
                                           "This method is not allowed here."};
static const struct http_why why_login = {"unauthorised", "Accedi con indirizzo e password.",
                                          "Log in with address and password."};
static const struct http_why why_type = {"unsupportedType", "Il corpo deve essere application/json.",
                                         "The body must be application/json."};
static const struct http_why why_origin = {"forbidden", "La richiesta non viene dal pannello.",
                                           "The request does not come from the panel."};
static const struct http_why why_scope = {"insufficientScope", "Questo token non ha il permesso per questa richiesta.",
                                          "This token has no permission for this request."};
static const struct http_why why_length = {"lengthRequired", "Manca la lunghezza del corpo.",
                                           "The length of the body is missing."};

/* Names under which a browser on this machine reaches it. Others on loopback are DNS rebinding. */
static bool host_is_loopback(struct str host)
{
    struct str name = host, port;
    if (host.n > 0 && host.p[0] == '[') {
        ptrdiff_t end = str_chr(host, ']', 0);
        name = end < 0 ? host : str_upto(host, (size_t)end + 1);
    } else {
        str_cut(host, ':', &name, &port);
    }
    return str_ieq(name, STR("localhost")) || str_eq(name, STR("[::1]")) ||
           (str_starts(name, STR("127.")) && name.n >= 9);
}

bool http_forwarded(const struct http_head *h)
{
    static const struct str names[] = {STR("Forwarded"),         STR("X-Forwarded-For"), STR("X-Forwarded-Host"),
                                       STR("X-Forwarded-Proto"), STR("X-Real-IP"),       STR("Via")};
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (http_has_field(h, names[i]))
            return true;
    return false;
}

/* http.hosts: names without port, separated by commas. */
static bool host_listed(struct str hosts, struct str host)
{
    struct str name = host, port, item;
    if (host.n > 0 && host.p[0] != '[')
        str_cut(host, ':', &name, &port);
    while (hosts.n > 0) {
        if (!str_cut(hosts, ',', &item, &hosts))
            hosts = STR_NULL;
        if (str_ieq(str_trim(item), name))
            return true;
    }
    return false;
}

static struct str origin_host(struct str origin)
{
    ptrdiff_t at = str_find(origin, STR("://"), 0);
    return at < 0 ? origin : str_from(origin, (size_t)at + 3);
}

/* A proxy on this machine says who asks: without it all people behind it would share the limits of one address, and ten wrong passwords of a stranger would
 * lock somebody out. Its own word is the last element; those before it are whatever the client wrote. */
static void forwarded_peer(struct http_req *r)
{
    const struct http_head *h = &r->head;
    for (size_t i = h->n_fields; i-- > 0;)
        if (str_ieq(h->field[i].name, STR("X-Forwarded-For"))) {
            struct str v = h->field[i].value;
            struct net_peer p;
            ptrdiff_t comma = str_rchr(v, ',');
            if (net_peer_read(&p, str_trim(str_from(v, (size_t)(comma + 1)))) && !net_peer_loopback(&p))
                r->peer = p;
            return;
        }
}

int http_rules_host(struct http_txn *t, const struct http_why **why)
{
    struct http_req *r = &t->req;
    const struct http_conf *conf = &r->server->conf;
    bool tls = t->hc->tls, loopback = net_peer_loopback(&r->peer) && !http_forwarded(&r->head);
    bool local_name = host_is_loopback(r->head.host);
    r->secure = tls || loopback;
    r->base = arena_printf(&t->arena, "%s://%.*s", tls ? "https" : "http", STRF(r->head.host));
    if (conf->origin.n == 0) {
        if (host_listed(conf->hosts, r->head.host))
            return 0;
        if ((conf->hosts.n && !local_name) || (loopback && !local_name && !r->head.http10)) {
            *why = &why_host;
            return 421;
        }
        return 0;
    }
    if (str_ieq(r->head.host, origin_host(conf->origin))) {
        r->base = conf->origin;
        /* The operator said that people come by https: then something on this machine ends TLS before us. */
        if (net_peer_loopback(&r->peer) && str_istarts(conf->origin, STR("https://"))) {
            r->secure = true;
            forwarded_peer(r);
        }
        return 0;
    }
    if ((loopback && local_name) || host_listed(conf->hosts, r->head.host))
        return 0;
    *why = &why_host;
    return 421;
}

static bool route_fits(const struct http_route *r, struct str path)
{
    return (r->flags & HTTP_PREFIX) ? str_starts(path, r->path) : str_eq(path, r->path);
}

/* The next route after *at (0 first) that is at this path; NULL: no more. Tables in the order they were joined, http's own last. */
static const struct http_route *route_next(const struct http_server *s, struct str path, size_t *at, void **ctx)
{
    size_t base = 0;
    for (size_t i = 0; i <= s->n_tables; i++) {
        const struct http_route *v = i < s->n_tables ? s->tables[i].v : http_own_routes;
        size_t n = i < s->n_tables ? s->tables[i].n : http_own_routes_n;
        for (size_t k = *at > base ? *at - base : 0; k < n; k++)
            if (route_fits(&v[k], path)) {
                *at = base + k + 1;
                *ctx = i < s->n_tables ? s->tables[i].ctx : (void *)(uintptr_t)s;
                return &v[k];
            }
        base += n;
        if (*at < base)
            *at = base;
    }
    return NULL;
}

unsigned http_route_methods(const struct http_server *s, struct str path)
{
    size_t at = 0;
    unsigned methods = 0;
    void *ctx;
    for (const struct http_route *r; (r = route_next(s, path, &at, &ctx));)
        methods |= r->methods;
    return methods;
}

int http_rules_route(struct http_server *s, struct http_txn *t, const struct http_why **why)
{
    const struct http_head *h = &t->req.head;
    unsigned method = h->method == HTTP_HEAD ? HTTP_GET : (unsigned)h->method;
    size_t at = 0;
    bool seen = false;
    void *ctx;
    for (const struct http_route *r; (r = route_next(s, h->path, &at, &ctx)); seen = true)
        if (r->methods & method) {
            t->route = r;
            t->route_ctx = ctx;
            return 0;
        }
    *why = seen ? &why_method : &why_no_route;
    return seen ? 405 : 404;
}

bool http_is_json(const struct http_head *h)
{
    struct str type = http_field(h, STR("Content-Type")), params;
    str_cut(type, ';', &type, &params);
    return str_ieq(str_trim(type), STR("application/json"));
}

/* A token reads with HTTP_MAY_READ and uploads with HTTP_MAY_WRITE; what a JMAP method needs jmap itself knows. */
static bool token_may(const struct http_txn *t, bool changes)
{
    unsigned may = t->person.may, flags = t->route->flags;
    if (flags & HTTP_OPEN)
        return true;
    return (may & HTTP_MAY_READ) && (!changes || !(flags & HTTP_RAW) || (may & HTTP_MAY_WRITE));
}

int http_rules_person(struct http_txn *t, const struct http_why **why)
{
    const struct http_req *r = &t->req;
    bool changes = r->head.method != HTTP_GET && r->head.method != HTTP_HEAD;
    if (!(t->route->flags & HTTP_OPEN) && !r->person) {
        *why = &why_login;
        return 401;
    }
    if (r->by_token && !token_may(t, changes)) {
        *why = &why_scope;
        return 403;
    }
    if (!changes)
        return 0;
    /* A page of somebody else can make a browser send a form with our cookie, but not JSON, not our header and not our
     * Origin. */
    struct str origin = http_field(&r->head, STR("Origin")), site = http_field(&r->head, STR("Sec-Fetch-Site"));
    bool ours = origin.p && str_ieq(origin, r->base);
    bool foreign = site.p && !str_ieq(site, STR("same-origin")) && !str_ieq(site, STR("none"));
    if (foreign || (origin.p && !ours) ||
        (r->person && r->by_cookie && (!ours || !str_eq(http_field(&r->head, STR("X-Sigillo")), STR("1"))))) {
        *why = &why_origin;
        return 403;
    }
    if (!(t->route->flags & HTTP_RAW) && !http_is_json(&r->head)) {
        *why = t->route->not_json ? t->route->not_json : &why_type;
        return t->route->not_json ? t->route->not_json->status : 415;
    }
    return 0;
}

const struct http_why *http_why_large(const struct http_txn *t)
{
    static const struct http_why large = {
        .code = "tooLarge", .it = "La richiesta è troppo grande.", .en = "The request is too large.", .status = 413};
    return t->route->large && t->req.person ? t->route->large : &large;
}

int http_rules_body(struct http_server *s, struct http_txn *t, const struct http_why **why)
{
    const struct http_head *h = &t->req.head;
    bool has = h->chunked || (h->has_length && h->length > 0);
    t->body_max = t->route->body_max < s->conf.max_body ? t->route->body_max : s->conf.max_body;
    if (!t->req.person && t->body_max > HTTP_BODY_OPEN_MAX)
        t->body_max = HTTP_BODY_OPEN_MAX;
    if (has && (h->length > t->body_max || t->body_max == 0)) {
        *why = http_why_large(t);
        return (*why)->status;
    }
    if (!has && !h->has_length && (h->method == HTTP_POST || h->method == HTTP_PUT)) {
        *why = &why_length;
        return 411;
    }
    return 0;
}

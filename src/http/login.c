/* /api: log-in, log-out, who am I, one word about the service. */
#include "http/serve.h"
#include "core/json.h"
#include "core/log.h"
#include <jansson.h>

#define API_ANSWER_MAX 8192u

static void api_login(struct http_req *r, void *ctx);
static void api_logout(struct http_req *r, void *ctx);
static void api_me(struct http_req *r, void *ctx);
static void api_status(struct http_req *r, void *ctx);

const struct http_route http_own_routes[] = {
    {HTTP_POST, STR("/api/login"), HTTP_OPEN | HTTP_JSON, 4096, api_login},
    {HTTP_POST, STR("/api/logout"), HTTP_OPEN | HTTP_JSON, 4096, api_logout},
    {HTTP_GET, STR("/api/me"), 0, 0, api_me},
    {HTTP_GET, STR("/api/status"), HTTP_OPEN, 0, api_status},
    {HTTP_GET, STR("/"), HTTP_OPEN | HTTP_PREFIX, 0, http_panel},
};
const size_t http_own_routes_n = N_ELEMENTS(http_own_routes);

static void put_person(struct buf *b, const struct http_person *p)
{
    struct json_w w;
    json_init(&w, b);
    json_obj(&w);
    json_kstr(&w, "address", p->address);
    json_kstr(&w, "name", p->name);
    json_kstr(&w, "firm", p->firm);
    json_kstr(&w, "lang", p->lang.n ? p->lang : STR("it"));
    json_obj_end(&w);
}

/* {"address": text, "password": text}; views into the arena. */
static bool read_login(struct http_req *r, struct str *address, struct str *password)
{
    struct err e;
    json_t *j = json_read(r->body, &e);
    const json_t *a = json_object_get(j, "address"), *p = json_object_get(j, "password");
    bool ok = json_is_string(a) && json_is_string(p) && json_string_length(a) > 0 && json_string_length(p) > 0;
    if (ok) {
        *address = arena_str(r->arena, str_n(json_string_value(a), json_string_length(a)));
        *password = arena_str(r->arena, str_n(json_string_value(p), json_string_length(p)));
    }
    json_decref(j);
    return ok;
}

static void api_login(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_txn *t = imap_get(&r->server->pending, r->id);
    struct str address, password;
    if (!r->secure) {
        http_reply_error(r->server, r->id, 403, "needsTls", "L'accesso richiede una connessione cifrata (https).",
                         "Logging in needs an encrypted connection (https).");
        return;
    }
    if (!read_login(r, &address, &password)) {
        http_reply_error(r->server, r->id, 400, "badRequest", "Servono indirizzo e password.",
                         "Address and password are needed.");
        return;
    }
    t->login = true;
    if (http_credentials(t, address, password) == HTTP_VERIFY_OK)
        http_login_verified(t, HTTP_VERIFY_OK);
}

static void start_session(struct http_txn *t)
{
    char id[HTTP_SESSION_TEXT + 1];
    struct http_server *s = t->req.server;
    /* A new id at every log-in; the old one, if the browser had one, dies. */
    http_session_end(s->auth, http_cookie(http_field(&t->req.head, STR("Cookie")), STR("sigillo")));
    http_session_start(s->auth, &t->person, id);
    bool tls = str_istarts(t->req.base, STR("https:"));
    struct http_answer a = {.status = 200, .type = "application/json"};
    buf_init(&a.body, API_ANSWER_MAX);
    put_person(&a.body, &t->person);
    a.headers = arena_printf(&t->arena, "Set-Cookie: sigillo=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s\r\n",
                             id, (long long)(HTTP_SESSION_LIFE_MS / 1000), tls ? "; Secure" : "");
    log_info("http.login", L_S("address", t->person.address), L_I("org", t->person.org));
    http_reply(s, t->req.id, &a);
}

void http_login_verified(struct http_txn *t, enum http_verdict v)
{
    struct http_server *s = t->req.server;
    uint64_t id = t->req.id;
    if (!t->hc) { /* gone: http_reply frees it */
        http_reply(s, id, &(struct http_answer){.status = 500});
        return;
    }
    switch (v) {
    case HTTP_VERIFY_OK: start_session(t); return;
    case HTTP_VERIFY_NO:
        http_reply_error(s, id, 401, "unauthorised", "Indirizzo o password non corretti.",
                         "Address or password is wrong.");
        return;
    case HTTP_VERIFY_BUSY:
        http_reply_error(s, id, 503, "busy", "Troppi accessi in questo momento, riprova tra poco.",
                         "Too many log-ins at the moment, try again soon.");
        return;
    case HTTP_VERIFY_DOWN:
        http_reply_error(s, id, 503, "unavailable",
                         "Il servizio non è disponibile al momento. I messaggi sono al sicuro.",
                         "The service is not available at the moment. Messages are safe.");
        return;
    }
}

static void api_logout(struct http_req *r, void *ctx)
{
    (void)ctx;
    http_session_end(r->server->auth, http_cookie(http_field(&r->head, STR("Cookie")), STR("sigillo")));
    struct http_answer a = {.status = 200, .type = "application/json", .view = STR("{}")};
    a.headers = STR("Set-Cookie: sigillo=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\r\nClear-Site-Data: \"cache\", "
                    "\"storage\"\r\n");
    http_reply(r->server, r->id, &a);
}

static void api_me(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct buf b;
    buf_init(&b, API_ANSWER_MAX);
    put_person(&b, r->person);
    http_reply_json(r->server, r->id, 200, &b);
}

static void api_status(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_answer a = {.status = 200,
                            .type = "application/json",
                            .view = STR("{\"ok\":true,\"it\":\"Servizio operativo\",\"en\":\"Service running\"}")};
    http_reply(r->server, r->id, &a);
}

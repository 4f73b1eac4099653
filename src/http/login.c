/* http's own routes. /api: log-in, log-out, who am I, one word about the service. */
#include "http/serve.h"
#include "core/json.h"
#include "core/log.h"
#include <jansson.h>

#define API_ANSWER_MAX 8192u
#define DOWN_IT "Il servizio non è disponibile al momento. I messaggi sono al sicuro."
#define DOWN_EN "The service is not available at the moment. Messages are safe."

static void api_login(struct http_req *r, void *ctx);
static void api_logout(struct http_req *r, void *ctx);
static void api_me(struct http_req *r, void *ctx);
static void api_status(struct http_req *r, void *ctx);
static void session_begin(struct http_txn *t);

const struct http_route http_own_routes[] = {
    {HTTP_POST, STR("/api/login"), HTTP_OPEN | HTTP_JSON, 4096, api_login},
    {HTTP_POST, STR("/api/logout"), HTTP_OPEN | HTTP_JSON, 4096, api_logout},
    {HTTP_GET, STR("/api/me"), 0, 0, api_me},
    {HTTP_GET, STR("/api/status"), HTTP_OPEN | HTTP_NOBODY, 0, api_status},
    {HTTP_GET, STR("/events"), HTTP_STREAM, 0, http_events},
    {HTTP_GET, STR("/metrics"), HTTP_OPEN, 0, http_metrics},
    {HTTP_GET, STR("/"), HTTP_OPEN | HTTP_PREFIX | HTTP_NOBODY, 0, http_panel},
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
    if (!http_auth_ready(r->server->auth)) {
        http_reply_error(r->server, r->id, 503, "unavailable", DOWN_IT, DOWN_EN);
        return;
    }
    t->waits = HTTP_WAITS_LOGIN;
    if (http_credentials(t, address, password) == HTTP_VERIFY_OK)
        session_begin(t);
}

/* The password was right. A new id at every log-in; the old one, if the browser had one, dies. */
static void session_begin(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    char id[HTTP_ID_TEXT + 1];
    struct http_login old;
    bool had = http_session_cookie(t, &old);
    if (had) {
        (void)http_login_forget(s->auth, &old);
        http_push_end_login(s->push, &old);
    }
    t->login = (struct http_login){.cell = t->person.cell,
                                   .org = t->person.org,
                                   .account = t->person.account,
                                   .kind = HTTP_LOGIN_SESSION,
                                   .password_ms = t->person.password_ms};
    http_id_new(s->auth, &t->login, id);
    t->cookie = arena_str(&t->arena, str_n(id, HTTP_ID_TEXT));
    t->waits = HTTP_WAITS_BEGIN;
    if (s->conf.logins)
        s->conf.logins->begin(s->conf.logins->ctx, t->req.id, &t->login, had ? &old : NULL);
    else
        http_login_step(t, HTTP_VERIFY_OK);
}

static struct str cookie_line(struct http_txn *t, struct str value, int64_t age_s)
{
    bool tls = str_istarts(t->req.base, STR("https:"));
    return arena_printf(&t->arena, "Set-Cookie: %.*s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s\r\n",
                        STRF(http_cookie_name(t)), STRF(value), (long long)age_s, tls ? "; Secure" : "");
}

/* The session is durable. */
static void session_reply(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    struct http_answer a = {.status = 200, .type = "application/json", .flags = HTTP_PRIVATE};
    http_login_note(s->auth, &t->login, &t->person);
    buf_init(&a.body, API_ANSWER_MAX);
    put_person(&a.body, &t->person);
    a.headers = cookie_line(t, t->cookie, HTTP_SESSION_LIFE_MS / 1000);
    log_info("http.login", L_S("address", t->person.address), L_I("org", t->person.org));
    http_reply(s, t->req.id, &a);
}

static void logout_reply(struct http_txn *t)
{
    struct http_answer a = {.status = 200, .type = "application/json", .view = STR("{}")};
    a.headers =
        arena_printf(&t->arena, "%.*sClear-Site-Data: \"cache\", \"storage\"\r\n", STRF(cookie_line(t, STR(""), 0)));
    http_reply(t->req.server, t->req.id, &a);
}

void http_login_step(struct http_txn *t, enum http_verdict v)
{
    struct http_server *s = t->req.server;
    uint64_t id = t->req.id;
    uint8_t waits = t->waits;
    t->waits = HTTP_WAITS_NOTHING;
    if (!t->hc && waits == HTTP_WAITS_LOGIN) { /* gone: http_reply frees it, and no session begins */
        http_reply(s, id, &(struct http_answer){.status = 500});
        return;
    }
    switch (v) {
    case HTTP_VERIFY_OK:
        if (waits == HTTP_WAITS_LOGIN)
            session_begin(t);
        else if (waits == HTTP_WAITS_BEGIN)
            session_reply(t);
        else
            logout_reply(t);
        return;
    case HTTP_VERIFY_NO:
        http_reply_error(s, id, 401, "unauthorised", "Indirizzo o password non corretti.",
                         "Address or password is wrong.");
        return;
    case HTTP_VERIFY_BUSY:
        http_reply_error(s, id, 503, "busy", "Troppi accessi in questo momento, riprova tra poco.",
                         "Too many log-ins at the moment, try again soon.");
        return;
    case HTTP_VERIFY_DOWN: http_reply_error(s, id, 503, "unavailable", DOWN_IT, DOWN_EN); return;
    }
}

static void api_logout(struct http_req *r, void *ctx)
{
    (void)ctx;
    struct http_server *s = r->server;
    struct http_txn *t = imap_get(&s->pending, r->id);
    struct http_login l;
    if (!http_session_cookie(t, &l)) {
        logout_reply(t);
        return;
    }
    (void)http_login_forget(s->auth, &l);
    http_push_end_login(s->push, &l);
    t->waits = HTTP_WAITS_END;
    if (s->conf.logins)
        s->conf.logins->end(s->conf.logins->ctx, r->id, &l);
    else
        http_login_step(t, HTTP_VERIFY_OK);
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

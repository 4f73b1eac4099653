/* Who asks: the session's cookie, an app token, or HTTP Basic. What we did not make is refused here; the rest is asked of the cache, the store, the pool. */
#include "http/serve.h"
#include "core/hash.h"
#include "core/log.h"

#define BASIC_MAX 1024u /* base64 of address and password */

static const struct http_why why_wrong = {"unauthorised", "Indirizzo o password non corretti.",
                                          "Address or password is wrong."};
static const struct http_why why_over = {"unauthorised", "La sessione o il token non è più valido: accedi di nuovo.",
                                         "The session or token is not valid any more: log in again."};
static const struct http_why why_busy = {"busy", "Troppi accessi in questo momento, riprova tra poco.",
                                         "Too many log-ins at the moment, try again soon."};
static const struct http_why why_down = {"unavailable",
                                         "Il servizio non è disponibile al momento. I messaggi sono al sicuro.",
                                         "The service is not available at the moment. Messages are safe."};
static const struct http_why why_tries = {"tooManyTries", "Troppi tentativi. Attendi e riprova.",
                                          "Too many tries. Wait, then try again."};

static bool basic_of(struct http_txn *t, struct str *address, struct str *password);
static bool bearer_of(const struct http_txn *t, struct str *token);
static void settle_login(struct http_txn *t);
static void session_verdict(struct http_txn *t, enum http_verdict v, const struct http_person *p);
static void to_pool(struct http_txn *t, struct str password);
static void basic_verified(struct http_txn *t, enum http_verdict v);
static void cred_verdict(struct http_txn *t, enum http_verdict v);

/* Authorization: Basic (RFC 7617). False when the field is not one. */
static bool basic_of(struct http_txn *t, struct str *address, struct str *password)
{
    struct str v = http_field(&t->req.head, STR("Authorization")), plain;
    if (!str_istarts(v, STR("Basic ")) || v.n > BASIC_MAX)
        return false;
    return base64_get(&t->arena, str_trim(str_from(v, 6)), &plain) && str_cut(plain, ':', address, password);
}

/* Authorization: Bearer (RFC 6750 2.1). */
static bool bearer_of(const struct http_txn *t, struct str *token)
{
    struct str v = http_field(&t->req.head, STR("Authorization"));
    if (!str_istarts(v, STR("Bearer ")))
        return false;
    *token = str_trim(str_from(v, 7));
    return true;
}

/* The name is tied to https where that is what people use: no other server of the domain, and nobody on a plain connection, can plant such a cookie. */
struct str http_cookie_name(const struct http_txn *t)
{
    return str_istarts(t->req.base, STR("https:")) ? STR("__Host-sigillo") : STR("sigillo");
}

bool http_session_cookie(const struct http_txn *t, struct http_login *l)
{
    struct str text = http_cookie(http_field(&t->req.head, STR("Cookie")), http_cookie_name(t));
    return http_id_parse(t->req.server->auth, HTTP_LOGIN_SESSION, text, l);
}

static void person_set(struct http_txn *t, const struct http_person *p, unsigned may)
{
    http_person_copy(&t->arena, &t->person, p);
    t->person.may = may;
    t->req.person = &t->person;
}

/* A page of somebody else may not use the session, not even to read (Fetch Metadata). Following a link to our pages is no reading. */
static bool foreign_page(const struct http_head *h)
{
    struct str site = http_field(h, STR("Sec-Fetch-Site"));
    return str_ieq(site, STR("cross-site")) || str_ieq(site, STR("same-site"));
}

void http_settle_person(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    struct str address, password, token = STR_NULL;
    bool lasting = s->conf.logins != NULL;
    bool has_cookie = http_cookie(http_field(&t->req.head, STR("Cookie")), http_cookie_name(t)).n > 0;
    if (t->route->flags & HTTP_NOBODY) {
        http_after_person(t);
        return;
    }
    bool bearer = t->req.secure && bearer_of(t, &token);
    if (lasting && !http_auth_ready(s->auth) && (bearer || has_cookie) && !(t->route->flags & HTTP_OPEN)) {
        http_refuse(t, 503, &why_down);
        return;
    }
    if (bearer) {
        bool whole = str_starts(token, STR(HTTP_TOKEN_PREFIX)) &&
                     http_id_parse(s->auth, HTTP_LOGIN_TOKEN, str_from(token, sizeof HTTP_TOKEN_PREFIX - 1), &t->login);
        if (whole)
            settle_login(t);
        else
            http_refuse(t, 401, &why_over);
        return;
    }
    if (!foreign_page(&t->req.head) && http_session_cookie(t, &t->login)) {
        settle_login(t);
        return;
    }
    t->login = (struct http_login){0};
    /* Browsers send remembered Basic credentials along with foreign pages' requests: those do not count. */
    if (t->req.secure && !foreign_page(&t->req.head) && !(t->route->flags & HTTP_OPEN) &&
        basic_of(t, &address, &password)) {
        conn_pause(t->hc->conn);
        http_set_state(t->hc, HTTP_VERIFYING);
        t->waits = HTTP_WAITS_BASIC;
        if (http_credentials(t, address, password) != HTTP_VERIFY_OK)
            return;
    }
    http_after_person(t);
}

/* t->login is one that we made: is it still good? */
static void settle_login(struct http_txn *t)
{
    struct http_server *s = t->req.server;
    bool fresh = false;
    const struct http_person *p = http_login_known(s->auth, &t->login, &fresh);
    if (p && fresh) {
        session_verdict(t, HTTP_VERIFY_OK, p);
        return;
    }
    if (!s->conf.logins) {
        session_verdict(t, HTTP_VERIFY_NO, NULL);
        return;
    }
    conn_pause(t->hc->conn);
    http_set_state(t->hc, HTTP_VERIFYING);
    t->waits = HTTP_WAITS_SESSION;
    s->conf.logins->find(s->conf.logins->ctx, t->req.id, &t->login);
}

static void session_verdict(struct http_txn *t, enum http_verdict v, const struct http_person *p)
{
    bool open = t->route->flags & HTTP_OPEN, token = t->login.kind == HTTP_LOGIN_TOKEN;
    t->waits = HTTP_WAITS_NOTHING;
    if (v == HTTP_VERIFY_OK) {
        person_set(t, p, token ? p->may : HTTP_MAY_ALL);
        t->req.by_cookie = !token;
        t->req.by_token = token;
    } else {
        t->login = (struct http_login){0};
    }
    if (v == HTTP_VERIFY_OK || open)
        http_after_person(t);
    else if (v == HTTP_VERIFY_NO)
        http_refuse(t, 401, &why_over);
    else
        http_refuse(t, 503, &why_down);
}

/* The transaction that waits for an answer from outside; NULL when it is over. One whose connection died ends here, unless a handler waits: its reply ends
 * it. */
static struct http_txn *waiting(struct http_server *s, uint64_t id)
{
    struct http_txn *t = imap_get(&s->pending, id);
    if (!t || t->hc || t->waits >= HTTP_WAITS_LOGIN)
        return t;
    imap_del(&s->pending, id);
    http_txn_free(t);
    if (s->stopping)
        net_later(s->loop, &s->stop_later);
    return NULL;
}

void http_login_done(struct http_server *s, uint64_t ticket, enum http_verdict v, const struct http_person *p)
{
    struct http_txn *t = imap_get(&s->pending, ticket);
    if (t && t->waits == HTTP_WAITS_SESSION) {
        if (v == HTTP_VERIFY_OK)
            http_login_note(s->auth, &t->login, p);
        else if (v == HTTP_VERIFY_NO && http_login_forget(s->auth, &t->login)) /* it just ended, elsewhere */
            http_push_end_login(s->push, &t->login);
    }
    if (!t)
        http_stream_checked(s->push, ticket, v);
    t = waiting(s, ticket);
    if (!t)
        return;
    if (t->waits == HTTP_WAITS_SESSION)
        session_verdict(t, v, p);
    else if (t->password.n)
        cred_verdict(t, v);
    else if (t->waits >= HTTP_WAITS_BEGIN)
        http_login_step(t, v);
}

/* --- passwords --- */

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    p[s.n] = 0;
    return str_n(p, s.n);
}

static void by_password(struct http_txn *t, const struct http_person *p)
{
    person_set(t, p, HTTP_MAY_ALL);
    t->login = (struct http_login){.cell = p->cell,
                                   .org = p->org,
                                   .account = p->account,
                                   .kind = HTTP_LOGIN_PASSWORD,
                                   .password_ms = p->password_ms};
}

/* Sends the credentials to the pool unless limits or the cache answer at once: HTTP_VERIFY_OK (person set), or -1: an
 * answer will come. */
int http_credentials(struct http_txn *t, struct str address, struct str password)
{
    struct http_server *s = t->req.server;
    bool fresh;
    t->login_key = lower(&t->arena, str_trim(address));
    http_cred_key(s->auth, t->login_key, password, t->cred);
    const struct http_person *p = http_cred_find(s->auth, t->cred, &fresh);
    if (p)
        by_password(t, p);
    if (p && fresh) {
        t->waits = HTTP_WAITS_NOTHING;
        return HTTP_VERIFY_OK;
    }
    if (p) { /* another process may have changed it */
        t->password = password;
        s->conf.logins->find(s->conf.logins->ctx, t->req.id, &t->login);
        return -1;
    }
    to_pool(t, password);
    return -1;
}

static void to_pool(struct http_txn *t, struct str password)
{
    struct http_server *s = t->req.server;
    int64_t wait = http_fail_wait(s->auth, t->login_key, &t->req.peer);
    if (wait > 0) {
        s->counts.logins_limited++;
        t->close = true;
        http_answer_wait(t, 429, wait, &why_tries);
    } else if (!s->conf.verify) {
        http_verified(s, t->req.id, HTTP_VERIFY_DOWN, NULL);
    } else {
        struct http_try tries[HTTP_TRIES];
        bool shared = http_fail_tries(s->auth, t->login_key, &t->req.peer, tries);
        s->conf.verify(s->conf.verify_ctx, t->req.id, t->login_key, password, shared ? tries : NULL);
    }
}

/* What the store says of a password that the cache knew. One that holds no more is tried anew: it may be the new one too. */
static void cred_verdict(struct http_txn *t, enum http_verdict v)
{
    struct str password = t->password;
    t->password = STR_NULL;
    if (v == HTTP_VERIFY_OK || v == HTTP_VERIFY_NO)
        http_cred_checked(t->req.server->auth, t->cred, v == HTTP_VERIFY_OK);
    if (v == HTTP_VERIFY_NO) {
        t->login = (struct http_login){0};
        t->req.person = NULL;
        to_pool(t, password);
    } else if (t->waits == HTTP_WAITS_LOGIN) {
        http_login_step(t, v);
    } else {
        basic_verified(t, v);
    }
}

static void basic_verified(struct http_txn *t, enum http_verdict v)
{
    t->waits = HTTP_WAITS_NOTHING;
    switch (v) {
    case HTTP_VERIFY_OK: http_after_person(t); return;
    case HTTP_VERIFY_NO: http_refuse(t, 401, &why_wrong); return;
    case HTTP_VERIFY_BUSY: http_refuse(t, 503, &why_busy); return;
    case HTTP_VERIFY_DOWN: http_refuse(t, 503, &why_down); return;
    }
}

void http_verify_limited(struct http_server *s, uint64_t id, int64_t seconds)
{
    struct http_txn *t = waiting(s, id);
    if (!t)
        return;
    t->waits = HTTP_WAITS_NOTHING;
    s->counts.logins_limited++;
    t->close = true;
    http_answer_wait(t, 429, seconds, &why_tries);
}

void http_verified(struct http_server *s, uint64_t id, enum http_verdict v, const struct http_person *person)
{
    struct http_txn *t = imap_get(&s->pending, id);
    if (!t)
        return;
    if (v == HTTP_VERIFY_OK && person) {
        by_password(t, person);
        http_cred_keep(s->auth, t->cred, &t->person);
        http_fail_clear(s->auth, t->login_key, &t->req.peer);
        s->counts.logins++;
    } else if (v == HTTP_VERIFY_NO) {
        char ip[NET_PEER_TEXT];
        s->counts.logins_refused++;
        http_fail_note(s->auth, t->login_key, &t->req.peer);
        log_info("http.login_refused", L_S("address", t->login_key), L_S("peer", net_peer_text(&t->req.peer, ip)));
    }
    t = waiting(s, id);
    if (!t)
        return;
    if (t->waits == HTTP_WAITS_LOGIN)
        http_login_step(t, v);
    else
        basic_verified(t, v);
}

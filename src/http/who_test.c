/* Who asks: sessions and tokens that last, what the store says of them, limits on trying, foreign pages, hosts. */
#include "http/http_fixture.h"
#include "http/serve.h"

struct stub { /* the store's part */
    struct fixture f;
    struct http_login kept[8];
    size_t n;
    int finds;
    bool down, hold;
    uint64_t ticket;
    unsigned may;
    int64_t password_ms; /* when the password in force was set; 0: the store does not say */
    struct http_logins logins;
};

static struct http_login *kept(struct stub *s, const struct http_login *l)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->kept[i].kind == l->kind && memcmp(s->kept[i].hash, l->hash, NET_MAC_LEN) == 0)
            return &s->kept[i];
    return NULL;
}
static void on_find(void *ctx, uint64_t ticket, const struct http_login *l)
{
    struct stub *s = ctx;
    struct http_person p = fixture_anna;
    p.may = s->may;
    s->finds++;
    s->ticket = ticket;
    if (l->kind == HTTP_LOGIN_PASSWORD) {
        http_login_done(s->f.s, ticket,
                        s->down                            ? HTTP_VERIFY_DOWN
                        : l->password_ms == s->password_ms ? HTTP_VERIFY_OK
                                                           : HTTP_VERIFY_NO,
                        &p);
        return;
    }
    if (!s->hold)
        http_login_done(s->f.s, ticket, s->down ? HTTP_VERIFY_DOWN : kept(s, l) ? HTTP_VERIFY_OK : HTTP_VERIFY_NO, &p);
}
static void on_end(void *ctx, uint64_t ticket, const struct http_login *l)
{
    struct stub *s = ctx;
    struct http_login *k = kept(s, l);
    if (k && !s->down)
        *k = s->kept[--s->n];
    if (ticket)
        http_login_done(s->f.s, ticket, s->down ? HTTP_VERIFY_DOWN : HTTP_VERIFY_OK, NULL);
}
static void on_begin(void *ctx, uint64_t ticket, const struct http_login *l, const struct http_login *old)
{
    struct stub *s = ctx;
    if (old)
        on_end(s, 0, old);
    if (!s->down)
        s->kept[s->n++] = *l;
    if (!s->hold)
        http_login_done(s->f.s, ticket, s->down ? HTTP_VERIFY_DOWN : HTTP_VERIFY_OK, NULL);
    s->ticket = ticket;
}

/* The pool, with the password that is in force. */
static void on_verify(void *ctx, uint64_t id, struct str address, struct str password,
                      const struct http_try *tries UNUSED)
{
    struct stub *s = ctx;
    struct http_person p = fixture_anna;
    p.password_ms = s->password_ms;
    s->f.verified++;
    bool right = str_eq(address, p.address) && str_eq(password, s->password_ms == 7 ? STR("nuova") : STR("giusta"));
    http_verified(s->f.s, id, right ? HTTP_VERIFY_OK : HTTP_VERIFY_NO, &p);
}

static void h_mine(struct http_req *r, void *ctx)
{
    *(unsigned *)ctx = r->person->may;
    http_reply(r->server, r->id,
               &(struct http_answer){.status = 200, .type = "text/plain", .view = r->person->address});
}
static const struct http_route routes[] = {{HTTP_GET | HTTP_POST, {"/mine", 5}, HTTP_JSON, 100, h_mine}};
static unsigned may_seen;
static const uint8_t key[NET_MAC_KEY] = {1, 2, 3};

static void begin_as(struct stub *s, const char *origin, const char *hosts)
{
    memset(s, 0, sizeof *s);
    s->logins = (struct http_logins){on_find, on_begin, on_end, s};
    s->may = HTTP_MAY_READ;
    fixture_open(&s->f, &(struct http_conf){.logins = &s->logins,
                                            .origin = str_c(origin),
                                            .hosts = str_c(hosts),
                                            .verify = on_verify,
                                            .verify_ctx = s});
    http_server_routes(s->f.s, routes, N_ELEMENTS(routes), &may_seen);
    http_server_key(s->f.s, key);
}
static void begin(struct stub *s) { begin_as(s, "", ""); }

static int post_login(struct stub *s, const char *body, const char *fields)
{
    char req[1500];
    snprintf(
        req, sizeof req,
        "POST /api/login HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        "localhost:8080", fields, strlen(body), body);
    return fixture_askz(&s->f, req);
}

/* The cookie as a line of a request. */
static void cookie_of(struct stub *s, char line[200])
{
    ptrdiff_t at = str_find(fixture_out(&s->f), STR("Set-Cookie: "), 0);
    assert_true(at > 0);
    struct str rest = str_from(fixture_out(&s->f), (size_t)at + 12), pair, tail;
    assert_true(str_cut(rest, ';', &pair, &tail));
    snprintf(line, 200, "Cookie: %.*s\r\n", STRF(pair));
}

static int get_mine(struct stub *s, const char *fields)
{
    char req[1000];
    snprintf(req, sizeof req, "GET /mine HTTP/1.1\r\n" HOST "%s\r\n", fields);
    return fixture_askz(&s->f, req);
}

/* Another process changed the password: the cache of verified ones is not believed for longer than a session. */
static void a_password_changes_elsewhere(void **state)
{
    (void)state;
    struct stub s;
    begin(&s);
    s.password_ms = 5;
    assert_int_equal(get_mine(&s, BASIC), 200);
    assert_int_equal(get_mine(&s, BASIC), 200);
    assert_int_equal(s.f.verified, 1);
    assert_int_equal(s.finds, 0);
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, BASIC), 200);
    assert_int_equal(s.f.verified, 1); /* no argon2 for that */
    assert_int_equal(s.finds, 1);
    s.password_ms = 6; /* set again to the same one: tried anew, and still right */
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, BASIC), 200);
    assert_int_equal(s.f.verified, 2);
    s.password_ms = 7;
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, BASIC), 401);
    assert_int_equal(s.f.verified, 3);
    assert_int_equal(get_mine(&s, BASIC), 401);
    assert_int_equal(s.f.verified, 4); /* it is not in the cache any more */
    s.password_ms = 5;
    assert_int_equal(get_mine(&s, BASIC), 200);
    s.down = true;
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, BASIC), 503);
    s.down = false;
    assert_int_equal(get_mine(&s, BASIC), 200);
    /* Log-in takes the same way. */
    fixture_wait(&s.f, 3000);
    int finds = s.finds;
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 200);
    assert_int_equal(s.finds, finds + 1);
    assert_true(s.n == 1 && s.kept[0].password_ms == 5);
    s.password_ms = 7;
    fixture_wait(&s.f, 3000);
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 401);
    fixture_close(&s.f);
}

static void a_session_lasts(void **state)
{
    (void)state;
    struct stub s;
    char cookie[200], other[200];
    begin(&s);
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 200);
    assert_false(fixture_has(&s.f, "Content-Encoding"));
    cookie_of(&s, cookie);
    assert_int_equal(s.n, 1);
    assert_int_equal(get_mine(&s, cookie), 200);
    assert_int_equal(may_seen, HTTP_MAY_ALL);
    assert_int_equal(s.finds, 0); /* just seen */
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, cookie), 200);
    assert_int_equal(s.finds, 1);
    /* Another process with the same key: knows it by the store alone. */
    struct stub t;
    begin(&t);
    t.kept[t.n++] = s.kept[0];
    assert_int_equal(get_mine(&t, cookie), 200);
    assert_int_equal(t.finds, 1);
    /* Another key: it was not made here, the store is not even asked. */
    http_server_key(t.f.s, (const uint8_t[NET_MAC_KEY]){9});
    assert_int_equal(get_mine(&t, cookie), 401);
    assert_int_equal(t.finds, 1);
    fixture_close(&t.f);
    /* Ended elsewhere: dead here when the store is asked next. */
    s.n = 0;
    fixture_wait(&s.f, 3000);
    assert_int_equal(get_mine(&s, cookie), 401);
    /* A new id at every log-in, and the one that was shown ends. */
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 200);
    cookie_of(&s, cookie);
    char fields[300];
    snprintf(fields, sizeof fields, "%sX-Sigillo: 1\r\nOrigin: http://localhost:8080\r\n", cookie);
    assert_int_equal(post_login(&s, LOGIN_BODY, fields), 200);
    cookie_of(&s, other);
    assert_string_not_equal(cookie, other);
    assert_int_equal(s.n, 1);
    assert_int_equal(get_mine(&s, cookie), 401);
    assert_int_equal(get_mine(&s, other), 200);
    fixture_close(&s.f);
}

static void the_store_is_away(void **state)
{
    (void)state;
    struct stub s;
    char cookie[200], req[600];
    begin(&s);
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 200);
    cookie_of(&s, cookie);
    fixture_wait(&s.f, 3000);
    s.down = true;
    assert_int_equal(get_mine(&s, cookie), 503); /* never 401: nobody is logged out by it */
    assert_true(fixture_has(&s.f, "\"type\":\"unavailable\""));
    assert_true(fixture_has(&s.f, "Retry-After"));
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 503);
    assert_false(fixture_has(&s.f, "Set-Cookie"));
    snprintf(req, sizeof req,
             "POST /api/logout HTTP/1.1\r\n" HOST JSON2 "%sX-Sigillo: 1\r\nOrigin: http://localhost:8080\r\n\r\n{}",
             cookie);
    assert_int_equal(fixture_askz(&s.f, req), 503); /* the session is still there: said so */
    s.down = false;
    assert_int_equal(fixture_askz(&s.f, req), 200);
    assert_int_equal(s.n, 0);
    assert_int_equal(get_mine(&s, cookie), 401);
    /* The client leaves while the store thinks. */
    s.hold = true;
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 0);
    conn_drop(s.f.c);
    conn_settle(s.f.c);
    http_login_done(s.f.s, s.ticket, HTTP_VERIFY_OK, NULL);
    http_login_done(s.f.s, s.ticket, HTTP_VERIFY_OK, NULL);
    s.f.c = http_conn_new(s.f.s, -1, &s.f.peer);
    fixture_close(&s.f);
}

static void before_the_key(void **state)
{
    (void)state;
    struct stub s;
    struct http_logins logins = {on_find, on_begin, on_end, &s};
    memset(&s, 0, sizeof s);
    fixture_open(&s.f, &(struct http_conf){.logins = &logins});
    http_server_routes(s.f.s, routes, N_ELEMENTS(routes), &may_seen);
    assert_int_equal(get_mine(&s, "Cookie: sigillo=00\r\n"), 503);
    assert_int_equal(get_mine(&s, "Authorization: Bearer sgl_00\r\n"), 503);
    assert_int_equal(post_login(&s, LOGIN_BODY, ""), 503);
    assert_int_equal(get_mine(&s, BASIC), 200);
    struct http_login l = {.cell = 1, .org = 1, .account = 7};
    char text[HTTP_TOKEN_TEXT];
    assert_false(http_token_new(s.f.s, &l, text));
    fixture_close(&s.f);
}

static void tokens(void **state)
{
    (void)state;
    struct stub s;
    char text[HTTP_TOKEN_TEXT], fields[300];
    struct http_login l = {.cell = 1, .org = 1, .account = 7};
    begin(&s);
    assert_true(http_token_new(s.f.s, &l, text));
    assert_memory_equal(text, "sgl_", 4);
    s.kept[s.n++] = l;
    snprintf(fields, sizeof fields, "Authorization: Bearer %s\r\n", text);
    assert_int_equal(get_mine(&s, fields), 200);
    assert_int_equal(may_seen, HTTP_MAY_READ); /* not more than its row says */
    assert_int_equal(get_mine(&s, fields), 200);
    assert_int_equal(s.finds, 1);
    snprintf(fields, sizeof fields, "Cookie: sigillo=%s\r\n", text + 4); /* a token is no cookie */
    assert_int_equal(get_mine(&s, fields), 401);
    snprintf(fields, sizeof fields, "Authorization: Bearer %s\r\n", text + 4);
    assert_int_equal(get_mine(&s, fields), 401);
    assert_true(fixture_has(&s.f, "WWW-Authenticate: Bearer"));
    text[20] = text[20] == 'a' ? 'b' : 'a'; /* another account: the tag does not fit, the store is not asked */
    snprintf(fields, sizeof fields, "Authorization: Bearer %s\r\n", text);
    assert_int_equal(get_mine(&s, fields), 401);
    assert_int_equal(s.finds, 1);
    /* Needs no Origin, no header of ours; JSON still. */
    text[20] = 0;
    assert_true(http_token_new(s.f.s, &l, text));
    s.kept[s.n++] = l;
    char req[600];
    snprintf(req, sizeof req, "POST /mine HTTP/1.1\r\n" HOST JSON2 "Authorization: Bearer %s\r\n\r\n{}", text);
    assert_int_equal(fixture_askz(&s.f, req), 200);
    snprintf(req, sizeof req,
             "POST /mine HTTP/1.1\r\n" HOST JSON2 "Authorization: Bearer %s\r\nOrigin: https://evil.example\r\n\r\n{}",
             text);
    assert_int_equal(fixture_askz(&s.f, req), 403);
    s.may = HTTP_MAY_METRICS; /* for figures alone */
    fixture_wait(&s.f, 3000);
    snprintf(fields, sizeof fields, "Authorization: Bearer %s\r\n", text);
    assert_int_equal(get_mine(&s, fields), 403);
    assert_true(fixture_has(&s.f, "insufficientScope"));
    /* /metrics through something that forwards: by a token that may. */
    snprintf(req, sizeof req, "GET /metrics HTTP/1.1\r\n" HOST "Authorization: Bearer %s\r\n\r\n", text);
    assert_int_equal(fixture_askz(&s.f, req), 200);
    assert_true(fixture_has(&s.f, "# TYPE sigillo_http_requests_total counter\n"));
    assert_int_equal(fixture_askz(&s.f, "GET /metrics HTTP/1.1\r\n" HOST "Via: 1.1 x\r\n\r\n"), 404);
    fixture_close(&s.f);
    begin(&s);
    s.f.peer.addr[0] = 192;
    fixture_close(&s.f);
}

static void foreign_pages(void **state)
{
    (void)state;
    struct stub s;
    char cookie[200], fields[400];
    begin(&s);
    assert_int_equal(post_login(&s, LOGIN_BODY, "Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_int_equal(post_login(&s, LOGIN_BODY, "Sec-Fetch-Site: same-origin\r\n"), 200);
    cookie_of(&s, cookie);
    static const char *const sites[] = {"cross-site", "same-site"};
    for (size_t i = 0; i < N_ELEMENTS(sites); i++) { /* not even reading */
        snprintf(fields, sizeof fields, "%sSec-Fetch-Site: %s\r\n", cookie, sites[i]);
        assert_int_equal(get_mine(&s, fields), 401);
        snprintf(fields, sizeof fields, BASIC "Sec-Fetch-Site: %s\r\n", sites[i]);
        assert_int_equal(get_mine(&s, fields), 401);
    }
    snprintf(fields, sizeof fields, "%sSec-Fetch-Site: same-origin\r\n", cookie);
    assert_int_equal(get_mine(&s, fields), 200);
    fixture_close(&s.f);
}

static void cookies_of_https(void **state)
{
    (void)state;
    struct stub s;
    char cookie[200], req[700];
    begin_as(&s, "https://mail.azienda.example", "posta.azienda.example, x.example");
    snprintf(
        req, sizeof req,
        "POST /api/login HTTP/1.1\r\nHost: mail.azienda.example\r\nContent-Type: application/json\r\nContent-Length: "
        "%zu\r\n\r\n" LOGIN_BODY,
        sizeof LOGIN_BODY - 1);
    assert_int_equal(fixture_askz(&s.f, req), 200);
    assert_true(fixture_has(&s.f, "Set-Cookie: __Host-sigillo="));
    assert_true(fixture_has(&s.f, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure\r\n"));
    assert_true(fixture_has(&s.f, "Strict-Transport-Security: max-age="));
    cookie_of(&s, cookie);
    snprintf(req, sizeof req, "GET /mine HTTP/1.1\r\nHost: mail.azienda.example\r\n%s\r\n", cookie);
    assert_int_equal(fixture_askz(&s.f, req), 200);
    char plain[200]; /* the same value under the name that a plain connection could plant */
    snprintf(plain, sizeof plain, "Cookie: %s", strstr(cookie, "sigillo="));
    snprintf(req, sizeof req, "GET /mine HTTP/1.1\r\nHost: mail.azienda.example\r\n%s\r\n", plain);
    assert_int_equal(fixture_askz(&s.f, req), 401);
    assert_int_equal(fixture_askz(&s.f, "GET /api/status HTTP/1.1\r\nHost: posta.azienda.example:8443\r\n\r\n"), 200);
    assert_int_equal(fixture_askz(&s.f, "GET /api/status HTTP/1.1\r\nHost: X.example\r\n\r\n"), 200);
    assert_int_equal(fixture_askz(&s.f, "GET /api/status HTTP/1.1\r\nHost: y.x.example\r\n\r\n"), 421);
    assert_int_equal(fixture_askz(&s.f, "GET /api/status HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200);
    fixture_close(&s.f);
}

/* Behind a proxy on this machine it is the proxy's word that counts, the last one; without http.origin nobody's. */
static void a_proxy_says_who(void **state)
{
    (void)state;
    struct stub s;
    char req[700];
    static const struct {
        const char *from;
        int tries, status;
    } rows[] = {{"203.0.113.1", 10, 401},
                {"203.0.113.1", 1, 429},
                {"198.51.100.7, 203.0.113.1", 1, 429},               /* what the client wrote itself */
                {"203.0.113.1, 198.51.100.7", 1, 401},               /* another client */
                {"1.2.3.4\r\nX-Forwarded-For: 203.0.113.1", 1, 429}, /* a second field is behind the first */
                {"2001:db8::1", 1, 401},
                {"127.0.0.1", 1, 401},
                {"unknown", 1, 401}};
    begin_as(&s, "https://mail.azienda.example", "");
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        for (int k = 0; k < rows[i].tries; k++) {
            snprintf(req, sizeof req,
                     "GET /mine HTTP/1.1\r\nHost: mail.azienda.example\r\nX-Forwarded-For: %s\r\n" WRONG "\r\n",
                     rows[i].from);
            assert_int_equal(fixture_askz(&s.f, req), rows[i].status);
        }
    fixture_close(&s.f);
}

static int wrong_from(struct stub *s, const char *address, uint8_t a, uint8_t b)
{
    char body[200], req[700];
    s->f.peer.addr[0] = a;
    s->f.peer.addr[1] = b;
    conn_drop(s->f.c);
    conn_settle(s->f.c);
    s->f.c = http_conn_new(s->f.s, -1, &s->f.peer);
    snprintf(body, sizeof body, "{\"address\":\"%s\",\"password\":\"x\"}", address);
    snprintf(
        req, sizeof req,
        "POST /api/login HTTP/1.1\r\nHost: mail.azienda.example\r\nContent-Type: application/json\r\nContent-Length: "
        "%zu\r\n\r\n%s",
        strlen(body), body);
    return fixture_askz(&s->f, req);
}

static void tries(void **state)
{
    (void)state;
    struct stub s;
    begin_as(&s, "https://mail.azienda.example", "");
    /* Ten for one address from one place, known or not. */
    for (int known = 0; known < 2; known++) {
        const char *who = known ? "anna@azienda.example" : "nobody@azienda.example";
        for (int i = 0; i < HTTP_FAILS_PAIR; i++)
            assert_int_equal(wrong_from(&s, who, 127, 0), 401);
        assert_int_equal(wrong_from(&s, who, 127, 0), 429);
        assert_true(fixture_has(&s.f, "Retry-After: "));
    }
    fixture_close(&s.f);
    /* From many places: after a hundred, and a stranger does not lock somebody out before. */
    begin_as(&s, "", "");
    s.f.s->conf.origin = STR("https://mail.azienda.example");
    int n = 0;
    for (uint8_t i = 1; i < 60; i++)
        for (int k = 0; k < 5; k++) {
            http_fail_note(s.f.s->auth, STR("anna@azienda.example"),
                           &(struct net_peer){.addr = {192, 0, 2, i}, .family = AF_INET});
            struct net_peer me = {.addr = {198, 51, 100, 1}, .family = AF_INET};
            if (http_fail_wait(s.f.s->auth, STR("anna@azienda.example"), &me) == 0)
                n++;
        }
    assert_int_equal(n, HTTP_FAILS_ADDRESS - 1);
    /* One place, many addresses. */
    struct net_peer p = {.addr = {203, 0, 113, 9}, .family = AF_INET};
    for (int i = 0; i < HTTP_FAILS_PEER; i++) {
        char who[40];
        snprintf(who, sizeof who, "p%d@azienda.example", i);
        assert_int_equal(http_fail_wait(s.f.s->auth, str_c(who), &p), 0);
        http_fail_note(s.f.s->auth, str_c(who), &p);
    }
    assert_true(http_fail_wait(s.f.s->auth, STR("new@azienda.example"), &p) > 0);
    fixture_wait(&s.f, 500);
    s.f.mono_ms += HTTP_FAIL_WINDOW_MS;
    assert_int_equal(http_fail_wait(s.f.s->auth, STR("new@azienda.example"), &p), 0);
    fixture_close(&s.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_changes_elsewhere),
        cmocka_unit_test(a_proxy_says_who),
        cmocka_unit_test(a_session_lasts),
        cmocka_unit_test(the_store_is_away),
        cmocka_unit_test(before_the_key),
        cmocka_unit_test(tokens),
        cmocka_unit_test(foreign_pages),
        cmocka_unit_test(cookies_of_https),
        cmocka_unit_test(tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

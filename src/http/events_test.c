/* Event clients: what they are told, when, and how they end. */
#include "http/http_fixture.h"
#include "http/push.h"
#include <sys/socket.h>
#include <unistd.h>

struct states {
    struct fixture f;
    int asked;
    bool hold; /* the answer comes later */
    uint64_t ticket;
    struct str email, mailbox;
};

static void answer(struct states *s)
{
    struct http_push_state v[] = {{STR("Email"), s->email}, {STR("Mailbox"), s->mailbox}};
    http_push_states(s->f.s, s->ticket, v, 2);
}

static void ask(void *ctx, uint64_t ticket, int64_t cell, int64_t org, int64_t account)
{
    struct states *s = ctx;
    assert_int_equal(cell, 1);
    assert_int_equal(org, 1);
    assert_int_equal(account, 7);
    s->asked++;
    s->ticket = ticket;
    if (!s->hold)
        answer(s);
}

static void begin(struct states *s)
{
    memset(s, 0, sizeof *s);
    fixture_open(&s->f, NULL);
    s->email = STR("e1");
    s->mailbox = STR("m1");
    http_push_conf(s->f.s, ask, s);
}

static void change(struct states *s, const char *email)
{
    s->email = str_c(email);
    buf_clear(conn_out(s->f.c));
    http_push_wake(s->f.s, 1, 1, 7);
    fixture_wait(&s->f, 500);
}

#define EVENTS(query) "GET /events" query " HTTP/1.1\r\n" HOST BASIC

static void told(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    assert_int_equal(fixture_askz(&s.f, "GET /events HTTP/1.1\r\n" HOST "\r\n"), 401);
    assert_int_equal(fixture_askz(&s.f, EVENTS("?closeafter=never") "\r\n"), 400);
    assert_int_equal(fixture_askz(&s.f, EVENTS("?ping=x") "\r\n"), 400);
    assert_int_equal(fixture_askz(&s.f, EVENTS("?types=*&closeafter=no&ping=30") "\r\n"), 200);
    assert_true(fixture_has(&s.f, "Content-Type: text/event-stream"));
    assert_true(fixture_has(&s.f, "X-Content-Type-Options: nosniff"));
    assert_false(fixture_has(&s.f, "Content-Length"));
    assert_true(fixture_has(&s.f, "event: state\nid: "));
    assert_true(
        fixture_has(
            &s.f,
            "data: {\"@type\":\"StateChange\",\"changed\":{\"aah\":{\"Email\":\"e1\",\"Mailbox\":\"m1\"}}}\n\n") ||
        fixture_has(&s.f, "\"Email\":\"e1\",\"Mailbox\":\"m1\""));
    change(&s, "e2"); /* only what changed */
    assert_true(fixture_has(&s.f, "{\"Email\":\"e2\"}"));
    assert_false(fixture_has(&s.f, "Mailbox"));
    change(&s, "e2"); /* a wake-up without a change */
    assert_int_equal(fixture_out(&s.f).n, 0);
    int asked = s.asked; /* a burst is one question */
    for (int i = 0; i < 100; i++)
        http_push_wake(s.f.s, 1, 1, 7);
    fixture_wait(&s.f, 500);
    assert_int_equal(s.asked, asked + 1);
    http_push_wake(s.f.s, 1, 2, 7); /* of nobody here */
    /* Without a wake-up: found at the next look. */
    s.email = STR("e3");
    buf_clear(conn_out(s.f.c));
    fixture_wait(&s.f, HTTP_PUSH_LOOK_MS + 3000);
    assert_true(fixture_has(&s.f, "{\"Email\":\"e3\"}"));
    fixture_wait(&s.f, 31000);
    assert_true(fixture_has(&s.f, "event: ping\ndata: {\"interval\":30}\n\n"));
    fixture_close(&s.f);
}

static void filtered_and_closed(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    assert_int_equal(fixture_askz(&s.f, EVENTS("?types=Mailbox%2CThread&closeafter=state&ping=0") "\r\n"), 200);
    assert_false(fixture_has(&s.f, "event: state")); /* else it would come again and again */
    change(&s, "e2");
    assert_int_equal(fixture_out(&s.f).n, 0);
    s.mailbox = STR("m2");
    change(&s, "e3");
    assert_true(fixture_has(&s.f, "{\"Mailbox\":\"m2\"}"));
    assert_false(fixture_has(&s.f, "Email"));
    assert_true(conn_closing(s.f.c));
    /* It comes again with the id it saw: nothing new; with another one: told at once. */
    ptrdiff_t at = str_find(fixture_out(&s.f), STR("id: "), 0);
    char id[17] = {0}, req[400];
    memcpy(id, fixture_out(&s.f).p + at + 4, 16);
    snprintf(req, sizeof req, EVENTS("?types=*&closeafter=state&ping=0") "Last-Event-ID: %s\r\n\r\n", id);
    assert_int_equal(fixture_askz(&s.f, req), 200);
    assert_false(fixture_has(&s.f, "event: state"));
    assert_false(conn_closing(s.f.c));
    conn_drop(s.f.c);
    conn_settle(s.f.c);
    s.f.c = http_conn_new(s.f.s, -1, &s.f.peer);
    snprintf(req, sizeof req, EVENTS("?types=*&closeafter=state&ping=0") "Last-Event-ID: %s\r\n\r\n",
             "0123456789abcdef");
    assert_int_equal(fixture_askz(&s.f, req), 200);
    assert_true(fixture_has(&s.f, "\"Email\":\"e3\""));
    assert_true(conn_closing(s.f.c));
    fixture_close(&s.f);
}

static void late_answers(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    s.hold = true;
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    assert_false(fixture_has(&s.f, "event: state"));
    http_push_wake(s.f.s, 1, 1, 7); /* while asked: asked once more afterwards */
    fixture_wait(&s.f, 500);
    assert_int_equal(s.asked, 1);
    answer(&s);
    fixture_wait(&s.f, 500);
    assert_true(fixture_has(&s.f, "\"Email\":\"e1\""));
    assert_int_equal(s.asked, 2);
    conn_drop(s.f.c);
    conn_settle(s.f.c);
    answer(&s); /* nobody listens any more */
    http_push_states(s.f.s, s.ticket, NULL, 0);
    assert_int_equal(http_push_clients(s.f.s->push), 0);
    s.f.c = http_conn_new(s.f.s, -1, &s.f.peer);
    /* The store is away: no states, no event, no end. */
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    http_push_states(s.f.s, s.ticket, NULL, 0);
    fixture_wait(&s.f, 500);
    assert_false(fixture_has(&s.f, "event: state"));
    assert_false(conn_closing(s.f.c));
    fixture_close(&s.f);
}

static void ends(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    http_sessions_end_address(s.f.s, STR("else@azienda.example"));
    assert_false(conn_closing(s.f.c));
    http_sessions_end_address(s.f.s, fixture_anna.address);
    assert_true(conn_closing(s.f.c));
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    http_sessions_end(s.f.s, 1, 7);
    assert_true(conn_closing(s.f.c));
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    fixture_wait(&s.f, PUSH_BASIC_MS + 2 * PUSH_QUIET_MS); /* by password: not for ever */
    assert_int_equal(http_push_clients(s.f.s->push), 0);
    s.f.c = http_conn_new(s.f.s, -1, &s.f.peer);
    assert_int_equal(fixture_askz(&s.f, EVENTS("") "\r\n"), 200);
    conn_feed(s.f.c, STR("GET /api/status HTTP/1.1\r\n" HOST "\r\n")); /* is not read any more */
    assert_false(fixture_has(&s.f, "operativo"));
    http_server_stop(s.f.s, NULL, NULL);
    assert_true(conn_closing(s.f.c));
    fixture_close(&s.f);
}

static void only_so_many(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    int good = 0, status = 0;
    for (int i = 0; i < 40 && status != 429; i++) {
        s.f.c = http_conn_new(s.f.s, -1, &s.f.peer);
        status = fixture_askz(&s.f, EVENTS("") "\r\n");
        good += status == 200;
    }
    assert_int_equal(good, 20);
    assert_int_equal(status, 429);
    assert_true(fixture_has(&s.f, "Retry-After: "));
    fixture_close(&s.f);
}

/* closeafter=state where the states come later than the client: the first ones are where it begins, not news. */
static void late_baseline(void **state)
{
    (void)state;
    struct states s;
    begin(&s);
    s.hold = true;
    assert_int_equal(fixture_askz(&s.f, EVENTS("?types=*&closeafter=state&ping=0") "\r\n"), 200);
    answer(&s);
    fixture_turn(&s.f);
    assert_false(fixture_has(&s.f, "event: state"));
    assert_false(conn_closing(s.f.c));
    s.hold = false;
    change(&s, "e2");
    assert_true(fixture_has(&s.f, "{\"Email\":\"e2\"}"));
    assert_true(conn_closing(s.f.c));
    fixture_close(&s.f);
}

/* Somebody who does not read: at most one event waits for him, then he is gone. */
static void slow_client(void **state)
{
    (void)state;
    static char many[64][8];
    struct states s;
    int pair[2];
    begin(&s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct conn *c = http_conn_new(s.f.s, pair[0], &s.f.peer);
    static const char req[] = EVENTS("?ping=30") "\r\n";
    assert_int_equal(write(pair[1], req, sizeof req - 1), sizeof req - 1);
    fixture_turn(&s.f);
    assert_int_equal(http_push_clients(s.f.s->push), 1);
    size_t most = 0;
    for (int i = 0; i < 4000 && http_push_clients(s.f.s->push); i++) {
        snprintf(many[i % 64], sizeof many[0], "x%d", i);
        s.email = str_c(many[i % 64]);
        http_push_wake(s.f.s, 1, 1, 7);
        s.f.mono_ms += 300;
        net_loop_tick(s.f.loop);
        fixture_turn(&s.f);
        if (http_push_clients(s.f.s->push) && conn_out_pending(c) > most)
            most = conn_out_pending(c);
    }
    assert_int_equal(http_push_clients(s.f.s->push), 0);
    assert_in_range(most, 1, 400);
    assert_int_equal(s.f.s->counts.streams_dropped, 1);
    close(pair[1]);
    fixture_close(&s.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told),          cmocka_unit_test(filtered_and_closed), cmocka_unit_test(late_answers),
        cmocka_unit_test(ends),          cmocka_unit_test(only_so_many),        cmocka_unit_test(slow_client),
        cmocka_unit_test(late_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

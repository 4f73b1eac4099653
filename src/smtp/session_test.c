/* Whole sessions in memory against a pretended main road: each row is what is sent and what must come back, fed whole,
 * byte by byte and line by line. */
#include "smtp/session.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smtp/testing_fake.h"

/* Sends line by line (each with the reply read before the next), as a client that does not pipeline. */
static void talk(struct fake_road *f, struct conn *c, const char *z)
{
    (void)f;
    struct str rest = str_c(z);
    while (rest.n > 0) {
        ptrdiff_t lf = str_chr(rest, '\n', 0);
        size_t n = lf < 0 ? rest.n : (size_t)lf + 1;
        conn_feed(c, str_upto(rest, n));
        net_loop_turn(f->loop, false);
        rest = str_from(rest, n);
    }
}

static struct str codes(struct conn *c, char *out, size_t cap)
{
    size_t n = 0;
    struct str rest = buf_str(conn_out(c)), line;
    while (rest.n > 0 && str_cut(rest, '\n', &line, &rest))
        if (line.n > 3 && line.p[3] == ' ' && n + 4 < cap) {
            memcpy(out + n, line.p, 3);
            out[n + 3] = ' ';
            n += 4;
        }
    return str_n(out, n ? n - 1 : 0);
}

struct row {
    const char *say, *want;
};
static const struct row rows[] = {
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
     "220 250 250 250 354 250 221"},
    {"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n.\r\n", "220 250 250 250 354 250"},
    {"MAIL FROM:<a@b.example>\r\n", "220 503"},
    {"RCPT TO:<a@b.example>\r\nDATA\r\nSTARTTLS\r\n", "220 503 503 503"},
    {"EHLO\r\nEHLO a b\r\nHELO \x01\r\n", "220 501 501 501"},
    {"EHLO a\r\nDATA\r\nRCPT TO:<x@y.example>\r\n", "220 250 503 503"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n", "220 250 250 503 503"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<unknown@d.example>\r\nDATA\r\n", "220 250 250 550 503"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<broken@d.example>\r\nRCPT TO:<full@d.example>\r\nRCPT "
     "TO:<off@d.example>\r\n",
     "220 250 250 451 452 550"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<a@other.example>\r\nRCPT "
     "TO:<A@D.example>\r\n",
     "220 250 250 250 452 250"},
    {"EHLO a\r\nMAIL FROM:a@b.example\r\nMAIL FROM:<@r.example:a@b.example>\r\nMAIL\r\nMAIL "
     "FROM:<a@b.example>SIZE=1\r\n",
     "220 250 501 501 501 501"},
    {"EHLO a\r\nMAIL FROM:<a@b.example> SIZE=99999999\r\nMAIL FROM:<a@b.example> SIZE=x\r\nMAIL FROM:<a@b.example> "
     "AUTH=<>\r\n",
     "220 250 552 501 555"},
    {"EHLO a\r\nMAIL FROM:<a@b.example> RET=HDRS\r\nMAIL FROM:<a@b.example> SIZE=1 size=1\r\nMAIL FROM:<a@b.example> "
     "SIZE=12 BODY=8BITMIME SMTPUTF8\r\n",
     "220 250 555 501 250"},
    {"HELO a\r\nMAIL FROM:<a@b.example> SIZE=12\r\n", "220 250 501"},
    {"EHLO a\r\nMAIL FROM:<\xc3\xa8@b.example>\r\nMAIL FROM:<\xc3\xa8@b.example> SMTPUTF8\r\nRCPT "
     "TO:<\xc3\xa8@b.example>\r\n",
     "220 250 550 250 250"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<\xc3\xa8@b.example>\r\nRCPT TO:<Postmaster>\r\nRCPT "
     "TO:<a@b.example> NOTIFY=NEVER\r\nRCPT TO:<>\r\n",
     "220 250 250 553 250 555 501"},
    {"NOOP\r\nNOOP x\r\nHELP\r\nVRFY x\r\nEXPN x\r\nAUTH PLAIN\r\nBDAT 1\r\nFROB\r\n\r\n",
     "220 250 250 214 252 502 502 503 500 500"},
    {"NOOP\nRSET\r\nRS\rET\r\n", "220 500 250 500"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRSET\r\nRCPT TO:<a@b.example>\r\n", "220 250 250 250 503"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nEHLO b\r\nRCPT TO:<a@b.example>\r\n", "220 250 250 250 503"},
    {"GET / HTTP/1.1\r\nMAIL FROM:<a@b.example>\r\n", "220 554"},
    {"EHLO a\r\nSTARTTLS\r\nSTARTTLS x\r\nRSET x\r\n", "220 250 502 501 501"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\na\n.\nb\r\n.\r\nRSET\r\n",
     "220 250 250 250 354 550 250"},
    {"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\na\rb\r\n.\r\nRSET\r\n",
     "220 250 250 250 354 550 250"},
};

static void check_row(const struct row *r, int mode)
{
    struct fake_road f;
    fake_road_open(&f, env_system(), 1000000);
    struct conn *c = smtp_session_new(f.server, -1, NULL);
    conn_settle(c);
    if (mode == 0)
        talk(&f, c, r->say);
    for (size_t i = 0; mode == 1 && r->say[i]; i++) {
        conn_feed(c, str_n(r->say + i, 1));
        net_loop_turn(f.loop, false);
    }
    char got[512];
    struct str g = codes(c, got, sizeof got);
    if (!str_eq(g, str_c(r->want)))
        fail_msg("said %s\nwanted %s\ngot    %.*s", r->say, r->want, STRF(g));
    assert_int_equal(conn_out(c)->err, 0);
    fake_road_close(&f);
}

static void dialogues(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        check_row(&rows[i], 0);
        check_row(&rows[i], 1);
    }
}

static void begin(struct fake_road *f, struct conn **c)
{
    fake_road_open(f, env_system(), 200000);
    *c = smtp_session_new(f->server, -1, NULL);
    conn_settle(*c);
}

#define SAY_ENVELOPE "EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"

static bool last_is(struct conn *c, const char *want)
{
    char got[2048];
    struct str g = codes(c, got, sizeof got);
    return str_ends(g, str_c(want));
}

static void pipelining_is_allowed_where_promised(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    talk(&f, c, "EHLO a\r\n");
    conn_feed(c, STR("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@d.example>\r\nDATA\r\n"));
    assert_true(last_is(c, "250 250 250 354"));
    conn_feed(c, STR("x: y\r\n\r\n..\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nQUIT\r\n")); /* a group after the
                                                                                                   final dot is fine */
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    assert_true(last_is(c, "354 250 250 250 221"));
    assert_true(str_eq(buf_str(&f.last), STR("x: y\r\n\r\n.\r\n")));
    assert_int_equal(f.n_rcpt, 2);
    assert_int_equal(f.replied, 1);
    fake_road_close(&f);
}

static void speaking_out_of_turn_is_refused(void **state)
{
    (void)state;
    static const char *const early[] = {"EHLO a\r\nMAIL FROM:<a@b.example>\r\n", "HELO a\r\nNOOP\r\n"};
    struct fake_road f;
    struct conn *c;
    for (size_t i = 0; i < N_ELEMENTS(early); i++) {
        begin(&f, &c);
        conn_feed(c, str_c(early[i]));
        assert_true(last_is(c, "220 554"));
        fake_road_close(&f);
    }
    begin(&f, &c);
    talk(&f, c, SAY_ENVELOPE);
    conn_feed(c, STR("DATA\r\nSubject: smuggled\r\n\r\n.\r\n"));
    assert_true(last_is(c, "250 250 250 554"));
    assert_int_equal(f.begun, 0);
    fake_road_close(&f);
}

static void answer_waits_for_the_commit(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    f.hold = true;
    talk(&f, c, SAY_ENVELOPE "DATA\r\nx\r\n.\r\n");
    assert_true(last_is(c, "354"));
    assert_true(conn_paused(c));
    fake_road_answer(&f);
    net_loop_turn(f.loop, false);
    assert_true(last_is(c, "354 250"));
    assert_non_null(strstr(conn_out(c)->p, "kept"));
    assert_int_equal(f.replied, 1);
    fake_road_close(&f);
}

static void late_answers_find_nothing(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    f.hold = true;
    talk(&f, c, SAY_ENVELOPE "DATA\r\nx\r\n.\r\n");
    conn_drop(c);
    conn_settle(c);
    fake_road_answer(&f); /* the transaction is still readable by intake until here */
    net_loop_turn(f.loop, false);
    assert_int_equal(f.replied, 0);
    fake_road_close(&f);
}

static void limits_hold(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    char block[3000];
    memset(block, 'A', sizeof block);
    conn_feed(c, str_n(block, sizeof block));
    conn_feed(c, STR("\r\nNOOP\r\n"));
    assert_true(last_is(c, "220 500 250"));
    for (int i = 0; i < 20 + 1; i++)
        conn_feed(c, STR("FROB\r\n"));
    assert_true(last_is(c, "500 421"));
    fake_road_close(&f);

    begin(&f, &c);
    for (int i = 0; i < SMTP_IDLE_COMMANDS_MAX + 1; i++)
        conn_feed(c, STR("NOOP\r\n"));
    assert_true(last_is(c, "250 421"));
    fake_road_close(&f);

    begin(&f, &c);
    talk(&f, c, "EHLO a\r\nMAIL FROM:<a@b.example>\r\n");
    for (int i = 0; i < 20 + 1; i++)
        conn_feed(c, STR("RCPT TO:<unknown@d.example>\r\n"));
    assert_true(last_is(c, "550 421"));
    fake_road_close(&f);

    begin(&f, &c);
    talk(&f, c, "EHLO a\r\nMAIL FROM:<a@b.example>\r\n");
    char rcpt[64];
    for (int i = 0; i < 12; i++) {
        snprintf(rcpt, sizeof rcpt, "RCPT TO:<r%d@d.example>\r\n", i);
        conn_feed(c, str_c(rcpt));
    }
    assert_true(last_is(c, "250 250 452 452"));
    fake_road_close(&f);
}

static void large_messages(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    talk(&f, c, SAY_ENVELOPE "DATA\r\n");
    for (int i = 0; i < 1500; i++) /* over the 64 KB of memory: goes on in a file */
        conn_feed(c, STR("0123456789012345678901234567890123456789012345678901234567890123456789\r\n"));
    conn_feed(c, STR(".\r\n"));
    net_loop_turn(f.loop, false);
    assert_true(last_is(c, "354 250"));
    assert_int_equal(f.last.n, 1500 * 72);
    talk(&f, c, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
    for (int i = 0; i < 3000; i++)
        conn_feed(c, STR("0123456789012345678901234567890123456789012345678901234567890123456789\r\n"));
    conn_feed(c, STR(".\r\nNOOP\r\n"));
    assert_true(last_is(c, "354 552 250"));
    assert_int_equal(f.begun, 1);
    fake_road_close(&f);
}

static void bad_answers_are_passed_on(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    f.answer_code = 451;
    talk(&f, c, SAY_ENVELOPE "DATA\r\nx\r\n.\r\n");
    assert_true(last_is(c, "354 451"));
    assert_int_equal(f.replied, 0);
    fake_road_close(&f);
}

static void stopped(void *arg) { ++*(int *)arg; }

static void stop_lets_data_finish(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    begin(&f, &c);
    struct conn *idle = smtp_session_new(f.server, -1, NULL);
    conn_settle(idle);
    talk(&f, c, SAY_ENVELOPE "DATA\r\n");
    int done = 0;
    smtp_server_stop(f.server, stopped, &done);
    assert_true(last_is(idle, "220 421"));
    net_loop_turn(f.loop, false);
    assert_int_equal(done, 0);
    conn_feed(c, STR("x\r\n.\r\n"));
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    assert_int_equal(f.begun, 1);
    assert_int_equal(f.replied, 1);
    assert_true(last_is(c, "354 250 421"));
    assert_int_equal(done, 0);
    conn_drop(c);
    conn_drop(idle);
    net_loop_turn(f.loop, false);
    net_loop_turn(f.loop, false);
    assert_int_equal(done, 1);
    fake_road_close(&f);
}

static void stop_lets_a_chunk_finish(void **state)
{
    (void)state;
    struct fake_road f;
    struct conn *c;
    for (int last = 0; last < 2; last++) {
        begin(&f, &c);
        talk(&f, c, SAY_ENVELOPE);
        talk(&f, c, last ? "BDAT 3 LAST\r\n" : "BDAT 3\r\n");
        int done = 0;
        smtp_server_stop(f.server, stopped, &done);
        conn_feed(c, STR("x\r\n"));
        net_loop_turn(f.loop, false);
        net_loop_turn(f.loop, false);
        assert_true(last_is(c, last ? "250 250 421" : "250 421"));
        assert_int_equal(f.begun, last);
        fake_road_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues),
        cmocka_unit_test(pipelining_is_allowed_where_promised),
        cmocka_unit_test(speaking_out_of_turn_is_refused),
        cmocka_unit_test(answer_waits_for_the_commit),
        cmocka_unit_test(late_answers_find_nothing),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(large_messages),
        cmocka_unit_test(bad_answers_are_passed_on),
        cmocka_unit_test(stop_lets_data_finish),
        cmocka_unit_test(stop_lets_a_chunk_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

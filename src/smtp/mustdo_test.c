/* What a careful SMTP server must do, one test for each line of the list in docs/operator/smtp.md ("The list"), under the line's number. What needs TLS,
 * a disk or a kernel stands in tests/e2e under the same numbers. */
#include "smtp/session.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "smtp/testing_fake.h"

static int64_t mono_ms = 1000, wall_ms = 1700000000000;
static int64_t test_wall(void *ctx)
{
    (void)ctx;
    return wall_ms;
}
static int64_t test_mono(void *ctx)
{
    (void)ctx;
    return mono_ms * 1000000;
}
static void test_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    env_random(env_system(), p, n);
}
static const struct env test_env = {test_wall, test_mono, test_random, NULL};

struct dialogue {
    struct fake_road f;
    struct conn *c;
};
static const struct net_peer stranger = {.addr = {192, 0, 2, 9}, .family = AF_INET};

static void open_conf(struct dialogue *d, const struct smtp_conf *conf)
{
    fake_road_open_conf(&d->f, &test_env, 100000, conf);
    d->c = smtp_session_new(d->f.server, -1, &stranger);
    conn_settle(d->c);
}
static void open_plain(struct dialogue *d) { open_conf(d, NULL); }
static void end(struct dialogue *d) { fake_road_close(&d->f); }

static void turn(struct dialogue *d)
{
    for (int i = 0; i < 3; i++)
        net_loop_turn(d->f.loop, false);
}

/* Time passes: what is due runs. */
static void wait_ms(struct dialogue *d, int64_t ms)
{
    mono_ms += ms;
    net_loop_tick(d->f.loop);
    turn(d);
}

static void say(struct dialogue *d, const char *z)
{
    struct str rest = str_c(z);
    while (rest.n > 0) {
        ptrdiff_t lf = str_chr(rest, '\n', 0);
        size_t n = lf < 0 ? rest.n : (size_t)lf + 1;
        conn_feed(d->c, str_upto(rest, n));
        turn(d);
        rest = str_from(rest, n);
    }
}

/* The codes said since the last call, as "250 354". */
static const char *heard(struct dialogue *d)
{
    static char out[4096];
    size_t n = 0;
    struct str rest = buf_str(conn_out(d->c)), line;
    out[0] = 0;
    while (rest.n > 0 && str_cut(rest, '\n', &line, &rest) && n + 5 < sizeof out)
        if (line.n > 3 && line.p[3] == ' ')
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%.3s", n ? " " : "", line.p);
    buf_clear(conn_out(d->c));
    return out;
}
#define HEARS(d, text, want)                                             \
    do {                                                                 \
        say(d, text);                                                    \
        const char *got_ = heard(d);                                     \
        if (strcmp(got_, want))                                          \
            fail_msg("said %s\nwanted %s\ngot    %s", text, want, got_); \
    } while (0)
#define BEGIN "EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"

static void line_1_only_crlf_dot_crlf_ends_data(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\n.\r\r\n"};
    for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
        struct dialogue d;
        char text[200];
        open_plain(&d);
        HEARS(&d, BEGIN "DATA\r\n", "220 250 250 250 354");
        snprintf(text, sizeof text, "x%sMAIL FROM:<e@b.example>\r\nDATA\r\nsmuggled\r\n.\r\n", ends[i]);
        HEARS(&d, text, "550");
        assert_int_equal(d.f.begun, 0);
        snprintf(text, sizeof text, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT %zu LAST\r\nx%sy",
                 2 + strlen(ends[i]), ends[i]);
        HEARS(&d, text, "250 250 550"); /* the same bytes in a chunk */
        assert_int_equal(d.f.begun, 0);
        end(&d);
    }
}

static void line_2_no_command_before_its_time(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    (void)heard(&d);
    conn_feed(d.c, STR("EHLO a\r\nMAIL FROM:<a@b.example>\r\n"));
    assert_string_equal(heard(&d), "554");
    end(&d);

    open_plain(&d); /* nobody told a HELO client of PIPELINING */
    HEARS(&d, "HELO a\r\n", "220 250");
    conn_feed(d.c, STR("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"));
    assert_string_equal(heard(&d), "554");
    end(&d);

    open_plain(&d);
    HEARS(&d, BEGIN, "220 250 250 250");
    conn_feed(d.c, STR("DATA\r\nearly\r\n"));
    assert_string_equal(heard(&d), "554");
    end(&d);
}

static void line_2_early_talker(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.greeting_ms = 3000;
    open_conf(&d, &conf);
    assert_string_equal(heard(&d), "");
    conn_feed(d.c, STR("EHLO a\r\n"));
    assert_string_equal(heard(&d), "554");
    assert_true(conn_closing(d.c));
    end(&d);
    open_conf(&d, &conf);
    wait_ms(&d, 2000);
    assert_string_equal(heard(&d), "");
    wait_ms(&d, 1500);
    HEARS(&d, "EHLO a\r\n", "220 250");
    end(&d);
}

static void line_2_bdat_counts_octets(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d, BEGIN, "220 250 250 250");
    /* Commands inside a chunk are content; a chunk may end in the middle of a line; BDAT 0 LAST ends. */
    conn_feed(d.c, STR("BDAT 6\r\nQUIT\r\nBDAT 4\r\nRSETBDAT 0 LAST\r\nNOOP\r\n"));
    turn(&d);
    assert_string_equal(heard(&d), "250 250 250 250");
    assert_true(str_eq(buf_str(&d.f.last), STR("QUIT\r\nRSET\r\n")));
    /* Refused chunks are drained: nothing of them is a command. */
    HEARS(&d, "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "503 250");
    HEARS(&d,
          "MAIL FROM:<a@b.example>\r\nRCPT TO:<unknown@d.example>\r\nBDAT 6 LAST\r\nQUIT\r\nRCPT TO:<c@d.example>\r\n",
          "250 550 503 250");
    HEARS(&d, "BDAT 6\r\nabcd\r\nDATA\r\nRCPT TO:<e@d.example>\r\nMAIL FROM:<>\r\n", "250 503 503 503");
    HEARS(&d, "BDAT 150000 LAST\r\n", ""); /* over SIZE: drained, then refused */
    for (int i = 0; i < 1500; i++)
        conn_feed(d.c, STR("RSET\r\nQUIT\r\nRSET\r\nQUIT\r\nRSET\r\nQUIT\r\nRSET\r\nQUIT\r\nRSET\r\nQUIT\r\nRSET\r\nQUI"
                           "T\r\nRSET\r\nQUIT\r\nRSET\r\nQUIT\r\n1234"));
    assert_string_equal(heard(&d), "552");
    HEARS(&d, "NOOP\r\nBDAT 1\r\nx", "250 503");
    HEARS(&d, "BDAT\r\n", "501"); /* nobody knows where this chunk ends */
    assert_true(conn_closing(d.c));
    assert_int_equal(d.f.begun, 1);
    end(&d);
    static const char *const closing[] = {"BDAT x\r\n", "BDAT 99999999999999999999\r\n", "BDAT 1 LOST\r\n",
                                          "BDAT 18446744073709551615 LAST\r\n"};
    for (size_t i = 0; i < N_ELEMENTS(closing); i++) {
        open_plain(&d);
        HEARS(&d, BEGIN, "220 250 250 250");
        say(&d, closing[i]);
        const char *got = heard(&d);
        assert_true(!strcmp(got, "501") || !strcmp(got, "552"));
        assert_true(conn_closing(d.c));
        end(&d);
    }
}

static void line_4_caps(void **state)
{
    (void)state;
    struct dialogue d;
    char text[3000];
    open_plain(&d);
    memset(text, 'x', sizeof text);
    memcpy(text, "NOOP ", 5);
    strcpy(text + 510, "\r\n");
    HEARS(&d, text, "220 250"); /* 512 with its end */
    memset(text + 510, 'x', 10);
    strcpy(text + 511, "\r\n");
    HEARS(&d, text, "500");
    memset(text + 511, 'x', 1000);
    strcpy(text + 1500, "\r\n");
    HEARS(&d, text, "500");
    /* MAIL may be longer: a path of 256 and parameters. */
    char part[64];
    memset(part, 'x', sizeof part);
    int n = snprintf(text, sizeof text, "EHLO a\r\nMAIL FROM:<%.64s@%.59s.%.59s.%.59s.example>%300s SIZE=10\r\n", part,
                     part, part, part, "");
    assert_true(n > 520);
    HEARS(&d, text, "250 250");
    end(&d);

    struct smtp_conf conf;
    fake_conf(&conf, 3000000);
    conf.max_header = 65536;
    conf.max_header_fields = 100;
    open_conf(&d, &conf);
    HEARS(&d, BEGIN "DATA\r\n", "220 250 250 250 354");
    for (int i = 0; i < 101; i++)
        conn_feed(d.c, STR("X-A: b\r\n"));
    HEARS(&d, "\r\n.\r\n", "552");
    HEARS(&d, BEGIN "DATA\r\nX: ", "250 250 250 354");
    for (int i = 0; i < 1000; i++)
        conn_feed(d.c, STR("0123456789012345678901234567890123456789012345678901234567890123456789\r\n "));
    HEARS(&d, "\r\n\r\nx\r\n.\r\n", "552");
    HEARS(&d, BEGIN "DATA\r\nX: y\r\n\r\n", "250 250 250 354");
    for (int i = 0; i < 1000; i++) /* the same in the body is nobody's business */
        conn_feed(d.c, STR("X: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"));
    HEARS(&d, ".\r\n", "250");
    assert_int_equal(d.f.begun, 1);
    end(&d);
}

static void line_5_addresses(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d, "EHLO a\r\nMAIL FROM:<a@b.example\r>\r\nMAIL FROM:<a@b.example>\r\n", "220 250 500 250");
    conn_feed(d.c, STR("RCPT TO:<c\0@d.example>\r\n"));
    assert_string_equal(heard(&d), "500");
    HEARS(&d,
          "RCPT TO:<@x.example:c@d.example>\r\nRCPT TO:<c@d.example>junk\r\nRCPT TO:c@d.example\r\nRCPT TO:<c "
          "d@d.example>\r\n",
          "501 501 501 501");
    /* A-label and U-label are one address; UTF-8 needs SMTPUTF8, asked for in MAIL. */
    HEARS(&d,
          "RCPT TO:<c@xn--bcher-kva.example>\r\nRCPT TO:<c@b\xc3\xbc"
          "cher.example>\r\n",
          "250 553");
    HEARS(&d, "RSET\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\nRCPT TO:<c@xn--bcher-kva.example>\r\n", "250 250 250");
    HEARS(&d,
          "RCPT TO:<c@b\xc3\xbc"
          "cher.example>\r\nRCPT TO:<c@B\xc3\x9c"
          "CHER.example>\r\nDATA\r\nx\r\n.\r\n",
          "250 250 354 250");
    assert_int_equal(d.f.n_rcpt, 1);
    HEARS(&d, "MAIL FROM:<a@b.example> SMTPUTF8=x\r\nMAIL FROM:<\xff@b.example> SMTPUTF8\r\n", "501 550");
    /* Quotes for a database, a shell, a header: an address like any other, or none. */
    HEARS(&d, "MAIL FROM:<\"a' OR 1=1; --\"@b.example>\r\nRCPT TO:<unknown'or'1'='1@d.example>\r\n", "250 550");
    assert_non_null(strstr(d.f.refusal.p, "<unknown'or'1'='1@d.example>"));
    end(&d);
}

static void line_6_nul_and_8_bit(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d, BEGIN "DATA\r\n", "220 250 250 250 354");
    struct str text = STR("Subject: \xe8\xff\r\nX-Nul: a\0b\r\n\r\nbody\0\xff\r\n.\r\n");
    conn_feed(d.c, text);
    turn(&d);
    assert_string_equal(heard(&d), "250"); /* kept byte for byte; the guard sees the flags of mime/ */
    assert_true(str_eq(buf_str(&d.f.last), str_upto(text, text.n - 3)));
    HEARS(&d, "EHLO \xc3\xa8.example\r\nEHLO a(b\r\nHELO a;b\r\n", "501 501 501"); /* would speak in Received */
    end(&d);
}

static void line_7_recipients_are_answered_in_the_session(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d,
          "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<unknown@d.example>\r\nRCPT TO:<off@d.example>\r\nRCPT "
          "TO:<a@foreign.example>\r\n",
          "220 250 250 550 550 550");
    assert_int_equal(d.f.refused, 3);
    assert_true(str_starts(buf_str(&d.f.refusal), STR("550 5.7.1 0 192.0.2.9 <> <a@foreign.example>")));
    HEARS(&d, "RCPT TO:<heavy@d.example>\r\n", "452");
    assert_true(str_starts(buf_str(&d.f.refusal), STR("452 4.2.2 1 ")));
    HEARS(&d, "RCPT TO:<broken@d.example>\r\nRCPT TO:<full@d.example>\r\nDATA\r\n", "451 452 503");
    HEARS(&d, "RSET\r\nMAIL FROM:<> SIZE=100\r\nRCPT TO:<tight@d.example>\r\n", "250 250 250");
    HEARS(&d, "RSET\r\nMAIL FROM:<> SIZE=101\r\nRCPT TO:<tight@d.example>\r\n", "250 250 452");
    HEARS(&d, "RCPT TO:<Postmaster>\r\nRCPT TO:<c@other.example>\r\n", "250 452");
    assert_int_equal(d.f.begun, 0);
    end(&d);
}

static void line_8_loops(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d, BEGIN "DATA\r\nDelivered-To: C@D.example\r\n\r\nx\r\n.\r\n", "220 250 250 250 354 554");
    assert_true(str_starts(buf_str(&d.f.refusal), STR("554 5.4.6 1 ")));
    HEARS(&d, BEGIN "DATA\r\nDelivered-To: other@d.example\r\n\r\nDelivered-To: c@d.example\r\n.\r\n",
          "250 250 250 354 250");
    assert_int_equal(d.f.begun, 1); /* the count of Received is intake's: tests/e2e/smtp.py */
    end(&d);
}

static void line_30_clock_jumps(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    HEARS(&d, BEGIN, "220 250 250 250");
    wall_ms -= 10LL * 365 * 86400 * 1000;
    wait_ms(&d, 1000);
    HEARS(&d, "NOOP\r\n", "250");
    wall_ms += 20LL * 365 * 86400 * 1000;
    wait_ms(&d, 1000);
    HEARS(&d, "DATA\r\nx\r\n.\r\n", "354 250");
    wall_ms = 1700000000000;
    wait_ms(&d, 301000); /* timers follow the monotonic clock */
    assert_string_equal(heard(&d), "421");
    end(&d);
}

/* ---- limits of a connection, a network, a firm ---- */

static void slow_data_ends(void **state)
{
    (void)state;
    struct dialogue d;
    for (int chunked = 0; chunked < 2; chunked++) {
        open_plain(&d);
        HEARS(&d, BEGIN, "220 250 250 250");
        say(&d, chunked ? "BDAT 90000\r\n" : "DATA\r\n");
        (void)heard(&d);
        for (int i = 0; i < 5 && !conn_closing(d.c); i++) { /* a byte every 20 s keeps no session alive */
            wait_ms(&d, 20000);
            conn_feed(d.c, STR("x"));
        }
        assert_string_equal(heard(&d), "421");
        assert_true(str_starts(buf_str(&d.f.refusal), STR("421 4.4.2 1 ")));
        assert_int_equal(smtp_server_counts(d.f.server).in_data, 0);
        end(&d);
    }
    open_plain(&d); /* fast enough, but for ever */
    HEARS(&d, BEGIN "DATA\r\n", "220 250 250 250 354");
    char block[4000];
    memset(block, 'x', sizeof block);
    memcpy(block + sizeof block - 2, "\r\n", 2);
    const char *got = "";
    for (int i = 0; i < 100 && !got[0]; i++) {
        wait_ms(&d, 30000);
        conn_feed(d.c, str_n(block, 3100));
        got = heard(&d);
    }
    assert_string_equal(got, "421");
    end(&d);
    open_plain(&d); /* who does not mind SIZE is not read for ever */
    HEARS(&d, BEGIN "DATA\r\n", "220 250 250 250 354");
    for (int i = 0; i < 400 && !conn_closing(d.c); i++)
        conn_feed(d.c, str_n(block, sizeof block));
    assert_string_equal(heard(&d), "552");
    assert_true(conn_closing(d.c));
    end(&d);
}

static void a_session_has_an_end(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.max_commands = 100;
    open_conf(&d, &conf);
    (void)heard(&d);
    for (int i = 0; i < 100; i++)
        HEARS(&d, "NOOP\r\n", "250");
    HEARS(&d, "NOOP\r\n", "421");
    end(&d);

    fake_conf(&conf, 100000);
    conf.max_transactions = 2;
    open_conf(&d, &conf);
    HEARS(&d, "EHLO a\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n",
          "220 250 250 250 250 250 421");
    end(&d);

    open_plain(&d);
    (void)heard(&d);
    for (int i = 0; i < 30; i++) {
        wait_ms(&d, 240000);
        HEARS(&d, "NOOP\r\n", "250");
    }
    wait_ms(&d, 240000);
    HEARS(&d, "NOOP\r\n", "421"); /* after two hours */
    end(&d);

    open_plain(&d); /* a command that comes letter by letter */
    (void)heard(&d);
    for (int i = 0; i < 4 && !conn_closing(d.c); i++) {
        conn_feed(d.c, STR("N"));
        wait_ms(&d, 100000);
    }
    assert_string_equal(heard(&d), "421");
    end(&d);
}

/* Neither the same recipient again and again, nor refused ones, nor tiny chunks may grow a transaction without end. */
static void a_transaction_stays_small(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.max_commands = 10000000;
    conf.max_errors = 1000000;
    open_conf(&d, &conf);
    HEARS(&d, BEGIN, "220 250 250 250");
    struct smtp_session *s = conn_user(d.c);
    size_t before = s->txn->arena.used;
    for (int i = 0; i < 50000; i++) {
        conn_feed(d.c, STR("RCPT TO:<C@xn--bcher-kva.D.example>\r\nRCPT TO:<c@d.example>\r\n"));
        conn_feed(d.c, STR("RCPT TO:<full@d.example>\r\nRCPT TO:<@x:y@z>\r\n"));
        buf_clear(conn_out(d.c));
    }
    assert_true(s->txn->arena.used < before + 10000);
    for (int i = 0; i < 50000; i++) {
        conn_feed(d.c, STR("BDAT 1\r\nx"));
        buf_clear(conn_out(d.c));
    }
    assert_int_equal(smtp_server_counts(d.f.server).in_data, 1); /* also while it waits for the next chunk */
    assert_true(s->txn->arena.used < before + 10000);
    HEARS(&d, "RSET\r\n", "250");
    assert_int_equal(smtp_server_counts(d.f.server).in_data, 0);
    end(&d);
}

static void networks_have_their_measure(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.network_messages = 2;
    conf.network_unknown = 3;
    open_conf(&d, &conf);
    HEARS(&d, "EHLO a\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n",
          "220 250 250 250 250 250 451");
    wait_ms(&d, 31000);
    HEARS(&d, "MAIL FROM:<>\r\n", "250");
    HEARS(&d, "RCPT TO:<unknown1@d.example>\r\nRCPT TO:<a@foreign.example>\r\nRCPT TO:<unknown3@d.example>\r\n",
          "550 550 550");
    HEARS(&d, "RCPT TO:<c@d.example>\r\nRCPT TO:<unknown4@d.example>\r\n", "250 421");
    end(&d);

    fake_conf(&conf, 100000);
    conf.firm_messages = 1;
    open_conf(&d, &conf);
    HEARS(&d, BEGIN "DATA\r\nx\r\n.\r\n", "220 250 250 250 354 250");
    HEARS(&d, BEGIN "DATA\r\n", "250 250 250 451");
    HEARS(&d, BEGIN "BDAT 6 LAST\r\nQUIT\r\n", "250 250 250 451");
    HEARS(&d, "MAIL FROM:<>\r\nRCPT TO:<c@other.example>\r\nDATA\r\nx\r\n.\r\n",
          "250 250 354 250"); /* each firm its own */
    end(&d);
}

static void connections_of_a_network(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    char got[200];
    int pair[4][2];
    fake_conf(&conf, 100000);
    conf.network_connections = 2;
    open_conf(&d, &conf);
    struct net_peer p = stranger;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair[i]), 0);
        p.addr[3] = (uint8_t)i;
        if (i == 3)
            p.addr[2] = 77; /* another /24 */
        smtp_accept(d.f.server, pair[i][0], &p);
        turn(&d);
        ssize_t n = recv(pair[i][1], got, sizeof got, 0);
        assert_true(n > 4);
        assert_memory_equal(got, i == 2 ? "421" : "220", 3);
    }
    for (int i = 0; i < 4; i++)
        close(pair[i][1]);
    end(&d);
}

static void tarpit_holds_up_its_own_connection_only(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.tarpit_ms = 5000;
    open_conf(&d, &conf);
    HEARS(&d, "EHLO a\r\nMAIL FROM:<>\r\n", "220 250 250");
    HEARS(&d, "RCPT TO:<unknown@d.example>\r\nRCPT TO:<c@d.example>\r\n", "");
    struct conn *other = smtp_session_new(d.f.server, -1, &stranger);
    conn_settle(other);
    conn_feed(other, STR("EHLO b\r\n"));
    assert_true(str_find(buf_str(conn_out(other)), STR("250 "), 0) > 0);
    wait_ms(&d, 4000);
    assert_string_equal(heard(&d), "");
    wait_ms(&d, 1500);
    assert_string_equal(heard(&d), "550 250"); /* then in order */
    HEARS(&d, "FROB\r\nNOOP\r\n", "");
    wait_ms(&d, 5500);
    assert_string_equal(heard(&d), "500 250");
    HEARS(&d, "FROB\r\n", "");
    end(&d); /* leaving with a reply held */
}

static void greylisting_defers_the_first_mail(void **state)
{
    (void)state;
    struct smtp_conf conf;
    struct dialogue d;
    fake_conf(&conf, 100000);
    conf.greylist = true;
    conf.grey_ms = 60000;
    open_conf(&d, &conf);
    HEARS(&d, BEGIN, "220 250 250 250"); /* the firm's rows are asked for: nobody waits because we were restarted */
    assert_int_equal(d.f.grey_loads, 1);
    HEARS(&d, "RCPT TO:<e@d.example>\r\n", "451");
    wall_ms += 61000;
    HEARS(&d, "RCPT TO:<e@d.example>\r\n", "250");
    assert_int_equal(d.f.grey_loads, 1);
    assert_int_equal(d.f.grey_kept, 2); /* what passed, and its network */
    end(&d);
}

static void every_refusal_has_an_id_and_is_ascii(void **state)
{
    (void)state;
    struct dialogue d;
    open_plain(&d);
    say(&d, "EHLO a\r\nMAIL FROM:<a@b.example> SMTPUTF8\r\nRCPT TO:<unknown\xc3\xa8@d.example>\r\n");
    struct str out = buf_str(conn_out(d.c));
    assert_true(str_find(out, STR("550 5.1.1 No such mailbox here (f.1)\r\n"), 0) > 0);
    for (size_t i = 0; i < out.n; i++)
        assert_true((unsigned char)out.p[i] < 127);
    assert_true(
        str_starts(buf_str(&d.f.refusal), STR("550 5.1.1 1 192.0.2.9 <a@b.example> <unknown\xc3\xa8@d.example>")));
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_1_only_crlf_dot_crlf_ends_data),
        cmocka_unit_test(line_2_no_command_before_its_time),
        cmocka_unit_test(line_2_early_talker),
        cmocka_unit_test(line_2_bdat_counts_octets),
        cmocka_unit_test(line_4_caps),
        cmocka_unit_test(line_5_addresses),
        cmocka_unit_test(line_6_nul_and_8_bit),
        cmocka_unit_test(line_7_recipients_are_answered_in_the_session),
        cmocka_unit_test(line_8_loops),
        cmocka_unit_test(line_30_clock_jumps),
        cmocka_unit_test(slow_data_ends),
        cmocka_unit_test(a_session_has_an_end),
        cmocka_unit_test(a_transaction_stays_small),
        cmocka_unit_test(networks_have_their_measure),
        cmocka_unit_test(connections_of_a_network),
        cmocka_unit_test(tarpit_holds_up_its_own_connection_only),
        cmocka_unit_test(greylisting_defers_the_first_mail),
        cmocka_unit_test(every_refusal_has_an_id_and_is_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

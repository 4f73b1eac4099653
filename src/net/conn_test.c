/* Connections over a socket pair and in memory: framing, pause, back-pressure, linger, STARTTLS discarding what came
 * before. */
#include "net/conn.h"
#include "net/mac.h"
#include "net/tls.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct probe {
    struct buf seen;
    int closed, drained, timeouts, secured;
    enum conn_end why;
    bool pause_on_line, finish_on_q;
    struct net_tls *tls;
    size_t pull_left;
};

static size_t on_data(struct conn *c, struct str in)
{
    struct probe *p = conn_user(c);
    ptrdiff_t nl = str_chr(in, '\n', 0);
    if (nl < 0)
        return 0;
    struct str line = str_upto(in, (size_t)nl + 1);
    buf_adds(&p->seen, line);
    if (p->pause_on_line)
        conn_pause(c);
    if (line.p[0] == 'Q') {
        conn_write(c, STR("bye\n"));
        conn_finish(c);
    }
    if (line.p[0] == 'S' && p->tls) {
        conn_write(c, STR("go\n"));
        conn_start_tls(c, p->tls);
    }
    if (line.p[0] == 'E')
        conn_write(c, line);
    return line.n;
}

static void on_drained(struct conn *c)
{
    struct probe *p = conn_user(c);
    static const char block[16384];
    p->drained++;
    if (!p->pull_left)
        return;
    size_t n = p->pull_left < sizeof block ? p->pull_left : sizeof block;
    p->pull_left -= n;
    conn_write(c, str_n(block, n));
}

static void on_closed(struct conn *c, enum conn_end why)
{
    struct probe *p = conn_user(c);
    p->closed++;
    p->why = why;
}

static void on_timeout(struct conn *c)
{
    struct probe *p = conn_user(c);
    p->timeouts++;
    conn_write(c, STR("late\n"));
    conn_finish(c);
}

static void on_secured(struct conn *c) { ((struct probe *)conn_user(c))->secured++; }

static const struct conn_ops ops = {on_data, on_drained, on_timeout, on_secured, on_closed};

struct fix {
    struct net_loop *loop;
    struct conn *c;
    struct probe p;
    int peer;
};

static void fix_open(struct fix *f)
{
    memset(f, 0, sizeof *f);
    buf_init(&f->p.seen, 1 << 20);
    assert_int_equal(net_loop_new(&f->loop, env_system(), NULL), 0);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    f->c = conn_new(f->loop, fds[0], NULL, NULL, &ops, &f->p);
    f->peer = fds[1];
}

static void fix_close(struct fix *f)
{
    close(f->peer);
    for (int i = 0; i < 5 && !f->p.closed; i++)
        net_loop_turn(f->loop, false);
    assert_int_equal(f->p.closed, 1);
    net_loop_free(&f->loop);
    buf_free(&f->p.seen);
}

static void say(struct fix *f, const char *z)
{
    assert_int_equal(write(f->peer, z, strlen(z)), (ssize_t)strlen(z));
    for (int i = 0; i < 3; i++)
        net_loop_turn(f->loop, false);
}

static void lines_across_reads(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    say(&f, "ab");
    assert_int_equal(f.p.seen.n, 0);
    say(&f, "c\nde\nf");
    assert_true(str_eq(buf_str(&f.p.seen), STR("abc\nde\n")));
    say(&f, "g\n");
    assert_true(str_eq(buf_str(&f.p.seen), STR("abc\nde\nfg\n")));
    fix_close(&f);
    assert_int_equal(f.p.why, CONN_PEER_CLOSED);
}

static void pause_keeps_the_rest(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    f.p.pause_on_line = true;
    say(&f, "one\ntwo\nthree\n");
    assert_true(str_eq(buf_str(&f.p.seen), STR("one\n")));
    say(&f, "four\n");
    conn_resume(f.c);
    for (int i = 0; i < 3; i++)
        net_loop_turn(f.loop, false);
    assert_true(str_eq(buf_str(&f.p.seen), STR("one\ntwo\n")));
    f.p.pause_on_line = false;
    conn_resume(f.c);
    for (int i = 0; i < 4; i++)
        net_loop_turn(f.loop, false);
    assert_true(str_eq(buf_str(&f.p.seen), STR("one\ntwo\nthree\nfour\n")));
    fix_close(&f);
}

static void finish_sends_last_words(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    say(&f, "Quit\nignored\n");
    char got[16];
    assert_int_equal(read(f.peer, got, sizeof got), 4);
    assert_int_equal(read(f.peer, got, sizeof got), 0);
    say(&f, "still talking\n"); /* lingers: no reset */
    assert_int_equal(f.p.closed, 0);
    fix_close(&f);
    assert_int_equal(f.p.why, CONN_FINISHED);
    assert_true(f.p.drained >= 1);
}

static void half_closed_peer_gets_its_answer(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    assert_int_equal(write(f.peer, "Echo\n", 5), 5);
    shutdown(f.peer, SHUT_WR);
    for (int i = 0; i < 5 && !f.p.closed; i++)
        net_loop_turn(f.loop, false);
    char got[16];
    assert_int_equal(read(f.peer, got, sizeof got), 5);
    fix_close(&f);
}

static void pulled_output_is_bounded(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    f.p.pull_left = 64 << 20;
    say(&f, "E\n");
    assert_true(conn_out_pending(f.c) <= CONN_OUT_HIGH);
    assert_true(f.p.pull_left > 32u << 20);
    size_t total = 0;
    char block[65536];
    for (int i = 0; i < 200000 && total < (64u << 20) + 2; i++) {
        ssize_t n = read(f.peer, block, sizeof block);
        if (n > 0)
            total += (size_t)n;
        net_loop_turn(f.loop, false);
    }
    assert_int_equal(total, (64 << 20) + 2);
    fix_close(&f);
}

static void deadline_speaks_and_closes(void **state)
{
    (void)state;
    struct fix f;
    fix_open(&f);
    conn_deadline(f.c, 10);
    for (int i = 0; i < 20 && !f.p.timeouts; i++)
        net_loop_turn(f.loop, true);
    assert_int_equal(f.p.timeouts, 1);
    char got[16];
    assert_int_equal(read(f.peer, got, sizeof got), 5);
    fix_close(&f);
}

/* --- TLS with a key that lives outside the context --- */
struct local_key {
    EVP_PKEY *key;
    int signs, blocks;
    bool refuse;
};

static int local_sign(void *ctx, struct str digest, uint8_t *sig, size_t *n)
{
    struct local_key *k = ctx;
    k->signs++;
    if (k->refuse)
        return ERR_GONE;
    EVP_PKEY_CTX *pc = EVP_PKEY_CTX_new(k->key, NULL);
    size_t len = NET_TLS_SIG_MAX;
    int ok = EVP_PKEY_sign_init(pc) == 1;
    if (EVP_PKEY_get_base_id(k->key) == EVP_PKEY_RSA) { /* as the keys role does */
        bool block = digest.p[0] == NET_TLS_RSA_BLOCK;
        k->blocks += block;
        ok = ok && EVP_PKEY_CTX_set_rsa_padding(pc, block ? RSA_NO_PADDING : RSA_PKCS1_PADDING) == 1;
        digest = str_from(digest, 1);
        if (!block)
            ok = ok && EVP_PKEY_CTX_set_signature_md(pc, digest.n == 32   ? EVP_sha256()
                                                         : digest.n == 48 ? EVP_sha384()
                                                                          : EVP_sha512()) == 1;
    }
    ok = ok && EVP_PKEY_sign(pc, sig, &len, (const uint8_t *)digest.p, digest.n) == 1;
    EVP_PKEY_CTX_free(pc);
    *n = len;
    return ok ? 0 : ERR_SYS;
}

static void make_cert(struct local_key *k, char *pem, size_t cap)
{
    if (!k->key)
        k->key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, k->key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    assert_true(X509_sign(x, k->key, EVP_sha256()) > 0);
    BIO *b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(b, x);
    int n = BIO_read(b, pem, (int)cap - 1);
    assert_true(n > 0);
    pem[n] = 0;
    BIO_free(b);
    X509_free(x);
}

static SSL *client_handshake(struct fix *f, SSL_CTX *cc, int *result)
{
    SSL *s = SSL_new(cc);
    SSL_set_fd(s, f->peer);
    SSL_set_connect_state(s);
    for (int i = 0; i < 50; i++) {
        *result = SSL_do_handshake(s);
        if (*result == 1 || (SSL_get_error(s, *result) != SSL_ERROR_WANT_READ))
            break;
        net_loop_turn(f->loop, false);
    }
    net_loop_turn(f->loop, false);
    net_loop_turn(f->loop, false);
    return s;
}

static void starttls_discards_what_came_before(void **state)
{
    (void)state;
    struct local_key k = {0};
    char pem[4096];
    make_cert(&k, pem, sizeof pem);
    struct fix f;
    fix_open(&f);
    assert_int_equal(net_tls_new(&f.p.tls, str_c(pem), local_sign, &k, NULL), 0);
    say(&f, "Start\ninjected\n");
    char got[64];
    assert_int_equal(read(f.peer, got, sizeof got), 3);
    SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
    int r = 0;
    SSL *s = client_handshake(&f, cc, &r);
    assert_int_equal(r, 1);
    assert_int_equal(f.p.secured, 1);
    assert_int_equal(k.signs, 1);
    assert_true(conn_is_tls(f.c));
    assert_true(str_starts(conn_tls_text(f.c, got, sizeof got), STR("TLSv1.3 ")));
    assert_int_equal(SSL_write(s, "Echo\n", 5), 5);
    for (int i = 0; i < 3; i++)
        net_loop_turn(f.loop, false);
    assert_true(str_eq(buf_str(&f.p.seen), STR("Start\nEcho\n")));
    assert_int_equal(SSL_read(s, got, sizeof got), 5);
    /* What some other use of OpenSSL left in the thread's error queue is none of this connection's business. */
    ERR_raise(ERR_LIB_RSA, RSA_R_BAD_SIGNATURE);
    assert_int_equal(SSL_write(s, "Two\n", 4), 4);
    for (int i = 0; i < 3; i++)
        net_loop_turn(f.loop, false);
    assert_true(str_ends(buf_str(&f.p.seen), STR("Two\n")));
    assert_false(f.p.closed);
    /* A record larger than what one round reads, and pause with bytes inside TLS. */
    f.p.pause_on_line = true;
    assert_int_equal(SSL_write(s, "a\nb\n", 4), 4);
    for (int i = 0; i < 3; i++)
        net_loop_turn(f.loop, false);
    conn_resume(f.c);
    for (int i = 0; i < 3; i++)
        net_loop_turn(f.loop, false);
    assert_true(str_ends(buf_str(&f.p.seen), STR("a\nb\n")));
    conn_resume(f.c); /* a paused connection does not look at its socket, so it would not see the close */
    SSL_free(s);
    SSL_CTX_free(cc);
    fix_close(&f);
    net_tls_free(&f.p.tls);
    EVP_PKEY_free(k.key);
}

/* RSA of several lengths by TLS 1.2 and 1.3, taken up by a reload. */
static void rsa_certificates(void **state)
{
    (void)state;
    static const int bits[] = {2048, 4096}, versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct local_key ec = {0};
    char pem[8192];
    for (size_t i = 0; i < 4; i++) {
        struct local_key k = {.key = EVP_RSA_gen((unsigned)bits[i / 2])};
        struct fix f;
        char got[8];
        int r = 0;
        make_cert(&ec, pem, sizeof pem);
        fix_open(&f);
        assert_int_equal(net_tls_new(&f.p.tls, str_c(pem), local_sign, &k, NULL), 0);
        make_cert(&k, pem, sizeof pem);
        assert_int_equal(net_tls_reload(f.p.tls, STR("rubbish"), NULL), ERR_INVALID);
        assert_int_equal(net_tls_reload(f.p.tls, str_c(pem), NULL), 0);
        say(&f, "Start\n");
        assert_int_equal(read(f.peer, got, sizeof got), 3);
        SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(cc, versions[i % 2]);
        SSL *s = client_handshake(&f, cc, &r);
        assert_int_equal(r, 1);
        assert_int_equal(k.signs, 1);
        if (versions[i % 2] == TLS1_3_VERSION)
            assert_int_equal(k.blocks, 1);
        SSL_free(s);
        SSL_CTX_free(cc);
        fix_close(&f);
        net_tls_free(&f.p.tls);
        EVP_PKEY_free(k.key);
    }
    EVP_PKEY_free(ec.key);
}

static void tls_without_signer_fails_cleanly(void **state)
{
    (void)state;
    struct local_key k = {0};
    char pem[4096];
    make_cert(&k, pem, sizeof pem);
    k.refuse = true;
    struct fix f;
    fix_open(&f);
    assert_int_equal(net_tls_new(&f.p.tls, str_c(pem), local_sign, &k, NULL), 0);
    say(&f, "Start\n");
    char got[8];
    assert_int_equal(read(f.peer, got, sizeof got), 3);
    SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
    int r = 0;
    SSL *s = client_handshake(&f, cc, &r);
    assert_int_not_equal(r, 1);
    SSL_free(s);
    SSL_CTX_free(cc);
    fix_close(&f);
    net_tls_free(&f.p.tls);
    EVP_PKEY_free(k.key);
}

static void bad_certificates_are_refused(void **state)
{
    (void)state;
    struct net_tls *t = NULL;
    struct err e;
    assert_int_equal(net_tls_new(&t, STR("not a certificate"), local_sign, NULL, &e), ERR_INVALID);
    assert_null(t);
}

static int64_t fake_mono;
static int64_t fake_mono_ns(void *ctx)
{
    (void)ctx;
    return fake_mono * 1000000;
}
struct tick {
    struct net_timer t;
    int fired;
};
static void on_tick(struct net_timer *t) { ((struct tick *)(void *)t)->fired++; }

static void timers_fire_in_their_turn(void **state)
{
    (void)state;
    struct env env = *env_system();
    env.mono_ns = fake_mono_ns;
    fake_mono = 1000000;
    struct net_loop *l = NULL;
    assert_int_equal(net_loop_new(&l, &env, NULL), 0);
    struct tick a, b, c;
    net_timer_init(&a.t, l, on_tick);
    net_timer_init(&b.t, l, on_tick);
    net_timer_init(&c.t, l, on_tick);
    a.fired = b.fired = c.fired = 0;
    net_timer_set(&a.t, 1000);
    net_timer_set(&b.t, 300000); /* several turns of the wheel */
    net_timer_set(&c.t, 1000);
    net_timer_set(&c.t, 200000); /* moved later */
    fake_mono += 900;
    net_loop_tick(l);
    assert_int_equal(a.fired, 0);
    fake_mono += 400;
    net_loop_tick(l);
    assert_int_equal(a.fired, 1);
    assert_int_equal(c.fired, 0);
    fake_mono += 200000;
    net_loop_tick(l);
    assert_int_equal(c.fired, 1);
    assert_int_equal(b.fired, 0);
    net_timer_set(&b.t, 50); /* moved earlier */
    fake_mono += 400;
    net_loop_tick(l);
    assert_int_equal(b.fired, 1);
    net_loop_free(&l);
}

static void posted(void *arg) { ++*(int *)arg; }

static void posts_run_on_the_loop(void **state)
{
    (void)state;
    struct net_loop *l = NULL;
    assert_int_equal(net_loop_new(&l, env_system(), NULL), 0);
    int n = 0;
    for (int i = 0; i < 1000; i++)
        net_post(l, posted, &n);
    assert_int_equal(n, 0);
    net_loop_turn(l, false);
    assert_int_equal(n, 1000);
    net_post(l, posted, &n);
    net_loop_free(&l);
    assert_int_equal(n, 1001);
}

static void mac_separates_parts(void **state)
{
    (void)state;
    uint8_t key[NET_MAC_KEY] = {1}, a[NET_MAC_LEN], b[NET_MAC_LEN];
    struct net_mac *m = net_mac_new(key);
    net_mac_of(m, (struct str[]){STR("ab"), STR("c")}, 2, a);
    net_mac_of(m, (struct str[]){STR("a"), STR("bc")}, 2, b);
    assert_memory_not_equal(a, b, NET_MAC_LEN);
    net_mac_of(m, (struct str[]){STR("ab"), STR("c")}, 2, b);
    assert_memory_equal(a, b, NET_MAC_LEN);
    net_mac_free(&m);
}

static void peer_forms(void **state)
{
    (void)state;
    struct net_peer p = {.addr = {127, 0, 0, 9}, .family = AF_INET};
    char text[NET_PEER_TEXT];
    assert_true(net_peer_loopback(&p));
    assert_true(str_eq(net_peer_text(&p, text), STR("127.0.0.9")));
    p.addr[0] = 192;
    assert_false(net_peer_loopback(&p));
    assert_int_equal(net_peer_key(&p).n, 4);
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
    memcpy((uint8_t *)&mapped.sin6_addr + 10, (const uint8_t[]){0xff, 0xff, 192, 0, 2, 1}, 6);
    net_peer_from(&p, (struct sockaddr *)&mapped, sizeof mapped);
    assert_true(str_eq(net_peer_text(&p, text), STR("192.0.2.1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_across_reads),
        cmocka_unit_test(pause_keeps_the_rest),
        cmocka_unit_test(finish_sends_last_words),
        cmocka_unit_test(half_closed_peer_gets_its_answer),
        cmocka_unit_test(pulled_output_is_bounded),
        cmocka_unit_test(deadline_speaks_and_closes),
        cmocka_unit_test(starttls_discards_what_came_before),
        cmocka_unit_test(rsa_certificates),
        cmocka_unit_test(tls_without_signer_fails_cleanly),
        cmocka_unit_test(bad_certificates_are_refused),
        cmocka_unit_test(timers_fire_in_their_turn),
        cmocka_unit_test(posts_run_on_the_loop),
        cmocka_unit_test(mac_separates_parts),
        cmocka_unit_test(peer_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

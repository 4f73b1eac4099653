#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct auth_kit kit;
static struct zone zone;
static struct sign_key ed;

static const char letter[] = "From: Anna <anna@rossimarmi.example>\r\nSubject: Fattura\r\n\r\nBuongiorno\r\n";

static struct auth_input input(struct arena *a)
{
    struct mime_identity *who = arena_new(a, struct mime_identity);
    struct str m = sign_message(a, &kit, &ed, "DKIM-Signature",
                                "v=1; a=ed25519-sha256; d=rossimarmi.example; s=sel; h=from:subject", str_c(letter));
    mime_identity_read(a, NULL, m, who);
    struct auth_input in = {.message = m,
                            .who = who,
                            .helo = STR("mail.rossimarmi.example"),
                            .mail_from = STR("anna@rossimarmi.example"),
                            .now_s = 1700000000};
    in.has_ip = auth_ip_parse(STR("192.0.2.1"), &in.ip);
    return in;
}

static void a_normal_message_takes_two_rounds(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct auth_job job;
    arena_init(&a, AUTH_ARENA_MAX);
    struct auth_input in = input(&a);
    auth_begin(&job, &a, &kit, &in);
    const struct auth_results *r = zone_run(&zone, &job);
    assert_int_equal(r->spf.result, AUTHRES_PASS);
    assert_true(r->spf.aligned);
    assert_int_equal(r->dkim_best, AUTHRES_PASS);
    assert_true(r->dkim[0].aligned);
    assert_int_equal(r->dmarc.result, AUTHRES_PASS);
    assert_true(str_eq(r->dmarc.dkim_domain, STR("rossimarmi.example")));
    assert_int_equal(r->arc.result, AUTHRES_NONE);
    assert_int_equal(zone.rounds, 2);
    assert_int_equal(zone.asked, 4); /* SPF, key, _dmarc; then MX's A or the a mechanism */
    assert_int_equal(auth_step(&job), AUTH_DONE);
}

static bool same(const struct auth_results *x, const struct auth_results *y)
{
    return x->spf.result == y->spf.result && x->dkim_best == y->dkim_best && x->dmarc.result == y->dmarc.result &&
           x->dmarc.policy == y->dmarc.policy && x->spf.lookups == y->spf.lookups;
}

/* One answer at a time, forwards and backwards, with foreign and repeated answers between. */
static void any_order_of_answers(void **state UNUSED)
{
    struct auth_results first = {0};
    for (int backwards = 0; backwards <= 1; backwards++) {
        AUTO(arena) struct arena a;
        struct auth_job job;
        struct auth_question q[AUTH_QUESTIONS_MAX];
        size_t n = 0, done = 0;
        arena_init(&a, AUTH_ARENA_MAX);
        struct auth_input in = input(&a);
        auth_begin(&job, &a, &kit, &in);
        while (auth_step(&job) == AUTH_ASK) {
            while (auth_question(&job, &q[n]))
                n++;
            assert_true(n > done);
            if (backwards) {
                struct auth_question last = q[n - 1];
                memmove(&q[done + 1], &q[done], (n - 1 - done) * sizeof q[0]);
                q[done] = last;
            }
            zone_answer(&zone, &job, &q[done]);
            auth_answer(&job, q[done].id, AUTH_RR_SERVFAIL, NULL, 0);
            auth_answer(&job, 12345, AUTH_RR_OK, NULL, 0);
            done++;
        }
        if (!backwards)
            first = job.results;
        assert_true(same(&first, &job.results));
    }
}

static void gives_up_at_any_time(void **state UNUSED)
{
    for (unsigned answers = 0; answers <= 4; answers++) {
        AUTO(arena) struct arena a;
        struct auth_job job;
        struct auth_question q;
        unsigned given = 0;
        arena_init(&a, AUTH_ARENA_MAX);
        struct auth_input in = input(&a);
        auth_begin(&job, &a, &kit, &in);
        while (given < answers && auth_step(&job) == AUTH_ASK)
            while (given < answers && auth_question(&job, &q)) {
                zone_answer(&zone, &job, &q);
                given++;
            }
        auth_give_up(&job);
        assert_int_equal(auth_step(&job), AUTH_DONE);
        assert_false(auth_question(&job, &q));
        if (answers == 0) {
            assert_int_equal(job.results.spf.result, AUTHRES_TEMPERROR);
            assert_int_equal(job.results.dkim_best, AUTHRES_TEMPERROR);
            assert_int_equal(job.results.dmarc.result, AUTHRES_TEMPERROR);
        }
        if (answers == 4)
            assert_int_equal(job.results.dmarc.result, AUTHRES_PASS);
    }
}

/* Answers that are no answers: wrong lengths, cut names, odd bytes. */
static void bad_rdata(void **state UNUSED)
{
    static const char junk[] = "\x05"
                               "v=s\0\xff\xc0\x0c\x3f"
                               "abcdefghijklmnopqrstuvwxyz";
    for (size_t n = 0; n < sizeof junk; n++) {
        AUTO(arena) struct arena a;
        struct auth_job job;
        struct auth_question q;
        struct str rdata[3] = {str_n(junk, n), str_n(junk + n / 2, n - n / 2), STR("")};
        arena_init(&a, AUTH_ARENA_MAX);
        struct auth_input in = input(&a);
        auth_begin(&job, &a, &kit, &in);
        while (auth_step(&job) == AUTH_ASK)
            while (auth_question(&job, &q))
                auth_answer(&job, q.id, AUTH_RR_OK, rdata, 3);
        assert_int_not_equal(job.results.dmarc.result, AUTHRES_PASS);
    }
}

/* A zone that leads on without end: questions are bounded, and the job ends. */
static void endless_zone(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct auth_job job;
    struct auth_question q;
    unsigned asked = 0;
    arena_init(&a, AUTH_ARENA_MAX);
    struct auth_input in = input(&a);
    auth_begin(&job, &a, &kit, &in);
    while (auth_step(&job) == AUTH_ASK)
        while (auth_question(&job, &q)) {
            AUTO(buf) struct buf b;
            buf_init(&b, 4096);
            buf_addc(&b, '\0');
            buf_printf(&b, "v=spf1");
            for (unsigned i = 0; i < 10; i++)
                buf_printf(&b, " include:x%u-%u.example", asked, i);
            b.p[0] = (char)(b.n - 1);
            struct str rdata = str_n(b.p, b.n);
            auth_answer(&job, q.id, AUTH_RR_OK, &rdata, 1);
            assert_true(++asked <= AUTH_QUESTIONS_MAX);
        }
    assert_true(job.results.spf.result == AUTHRES_PERMERROR || job.results.spf.result == AUTHRES_TEMPERROR);
}

static void many_fields_and_huge_headers(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct auth_job job;
    struct mime_identity who;
    arena_init(&a, AUTH_ARENA_MAX);
    buf_init(&b, 1 << 22);
    for (unsigned i = 0; i < 9000; i++)
        buf_addz(&b,
                 i % 8 ? "From: a@rossimarmi.example\r\n"
                       : "DKIM-Signature: v=1; a=ed25519-sha256; d=rossimarmi.example; s=sel; h=from:from:x:y; b=AAAA; "
                         "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n");
    mime_identity_read(&a, NULL, buf_str(&b), &who);
    struct auth_input in = {.message = buf_str(&b), .who = &who};
    auth_begin(&job, &a, &kit, &in);
    (void)!zone_run(&zone, &job)->n_dkim;
    assert_int_equal(job.results.n_dkim, AUTH_SIGNATURES_MAX);
    assert_int_equal(job.results.dkim_seen, 1125);
    assert_int_equal(job.results.dmarc.result, AUTHRES_PERMERROR);
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    sign_key_new(&ed, 0);
    zone_txt(&zone, "rossimarmi.example", "v=spf1 a:mail.rossimarmi.example -all");
    zone_ip(&zone, "mail.rossimarmi.example", "192.0.2.1");
    zone_txt(&zone, "sel._domainkey.rossimarmi.example", ed.record);
    zone_txt(&zone, "_dmarc.rossimarmi.example", "v=DMARC1; p=reject");
    return auth_kit_open(&kit, NULL, NULL);
}
static int closed(void **state UNUSED)
{
    zone_free(&zone);
    EVP_PKEY_free(ed.pkey);
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_message_takes_two_rounds),
        cmocka_unit_test(any_order_of_answers),
        cmocka_unit_test(gives_up_at_any_time),
        cmocka_unit_test(bad_rdata),
        cmocka_unit_test(endless_zone),
        cmocka_unit_test(many_fields_and_huge_headers),
    };
    return cmocka_run_group_tests(tests, opened, closed);
}

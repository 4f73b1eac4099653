/* What a careful receiving server must do with who says he wrote: one test for each line of the list in
 * docs/operator/smtp.md ("The list"), under the line's number. The details have their own tests beside each part. */
#include "auth/authres.h"
#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW 1700000000
#define BASE "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=s; h=from:to:subject:date"
#define LETTER "To: b@b.example\r\nSubject: Fattura\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n\r\nin allegato\r\n"

static struct zone zone;
static struct auth_kit kit;
static struct sign_key rsa, weak;

static const struct auth_results *judge(struct arena *a, struct str message, const char *mail_from, const char *ip)
{
    struct auth_job *job = arena_new(a, struct auth_job);
    struct mime_identity *who = arena_new(a, struct mime_identity);
    mime_identity_read(a, NULL, message, who);
    struct auth_input in = {.message = message,
                            .who = who,
                            .helo = STR("mx.a.example"),
                            .mail_from = str_c(mail_from),
                            .receiver = STR("mx.azienda.example"),
                            .now_s = NOW};
    in.has_ip = auth_ip_parse(str_c(ip), &in.ip);
    auth_begin(job, a, &kit, &in);
    return zone_run(&zone, job);
}

static void zone_of_a(const char *spf, const char *dmarc)
{
    zone.n = 0;
    zone_txt(&zone, "a.example", spf);
    zone_txt(&zone, "_dmarc.a.example", dmarc);
    zone_txt(&zone, "s._domainkey.a.example", rsa.record);
    zone_txt(&zone, "w._domainkey.a.example", weak.record);
}

/* Exactly one From with one address; a second of what is allowed once, put above what was signed, takes the pass. */
static void line_9_one_from_or_nothing_is_aligned(void **state UNUSED)
{
    static const char *const heads[] = {"From: x@a.example\r\nFrom: y@evil.example\r\n",
                                        "From: x@a.example\r\nfrom : y@evil.example\r\n",
                                        "From: x@a.example, y@evil.example\r\n",
                                        "From: g: x@a.example;\r\n",
                                        "From: \"y@evil.example\" <x@a.example> <y@evil.example>\r\n",
                                        "X: y\rFrom: y@evil.example\r\nFrom: x@a.example\r\n",
                                        "From: x\r\n",
                                        ""};
    static const char *const doubled[] = {"Subject: altro\r\n", "To: altri@b.example\r\n", "Date: x\r\n"};
    zone_of_a("v=spf1 +all", "v=DMARC1; p=reject");
    for (size_t i = 0; i <= N_ELEMENTS(heads); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        const char *head = i < N_ELEMENTS(heads) ? heads[i] : "From: X <x@a.example>\r\n";
        struct str m = arena_printf(&a, "%s%s", head, LETTER);
        const struct auth_results *r = judge(&a, m, "x@a.example", "192.0.2.1");
        if ((r->dmarc.result == AUTHRES_PASS) != (i == N_ELEMENTS(heads)))
            fail_msg("%s: %s", head, auth_result_name(r->dmarc.result));
    }
    for (size_t i = 0; i < N_ELEMENTS(doubled); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str m = sign_message(&a, &kit, &rsa, "DKIM-Signature", BASE, STR("From: x@a.example\r\n" LETTER));
        assert_int_equal(judge(&a, m, "", "")->dkim_best, AUTHRES_PASS);
        m = arena_printf(&a, "%s%.*s", doubled[i], STRF(m));
        assert_int_equal(judge(&a, m, "", "")->dkim_best, AUTHRES_POLICY);
    }
}

/* Our field is folded, within lines, and ASCII or whole UTF-8 whatever strangers are called; theirs in our name go. */
static void line_14_our_field_and_nobody_elses(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    char local[900], out[4096];
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    for (size_t i = 0; i + 1 < sizeof local; i += 2)
        memcpy(local + i, "\xC3\xA8", 2);
    struct auth_results r = {.n_dkim = 1};
    r.dkim[0] = (struct auth_signature){.result = AUTHRES_FAIL,
                                        .domain = str_n(local, sizeof local),
                                        .selector = STR("a\r\nX-Evil: 1"),
                                        .algorithm = "",
                                        .reason = "broken"};
    struct auth_input in = {.mail_from = str_n(local, sizeof local)};
    auth_results_put(&b, STR("mx.azienda.example"), &in, &r);
    struct str rest = buf_str(&b), line;
    assert_int_equal(str_utf8_valid(rest), rest.n);
    for (unsigned n = 0; rest.n && str_token(&rest, '\n', &line); n++) {
        assert_true(line.n <= 998 && line.n > 0 && line.p[line.n - 1] == '\r');
        assert_true(n == 0 || line.p[0] == '\t');
    }
    struct str m = STR("Authentication-Results: (x mx.azienda.example; dmarc=pass\r\n"
                       "Authentication-Results: MX.azienda.example.; spf=pass\r\nFrom: a@b.example\r\n\r\n"
                       "Authentication-Results: mx.azienda.example; in the body\r\n \r\n");
    struct str want = STR("From: a@b.example\r\n\r\nAuthentication-Results: mx.azienda.example; in the body\r\n \r\n");
    assert_true(str_eq(str_n(out, auth_results_strip(m, STR("mx.azienda.example"), out)), want));
}

/* l= proves nothing about what follows; From must be signed; no SHA-1, no short keys; eight signatures; x= and t=. */
static void line_15_what_a_signature_is_worth(void **state UNUSED)
{
    static const struct {
        const char *tags, *from, *to; /* replaced after signing */
        enum auth_result result;
    } cases[] = {
        {BASE, NULL, NULL, AUTHRES_PASS},
        {BASE "; l=4", NULL, NULL, AUTHRES_POLICY},
        {BASE "; l=0", NULL, NULL, AUTHRES_POLICY},
        {BASE "; l=99", NULL, NULL, AUTHRES_FAIL},
        {BASE "; t=1690000000; x=1690000001", NULL, NULL, AUTHRES_POLICY},
        {BASE "; t=1800000000", NULL, NULL, AUTHRES_POLICY},
        {BASE, "h=from:", "h=", AUTHRES_PERMERROR},
        {BASE, "rsa-sha256", "rsa-sha1", AUTHRES_POLICY},
        {BASE, "in allegato", "in fondo", AUTHRES_FAIL},
    };
    zone_of_a("v=spf1 -all", "v=DMARC1; p=none");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str m =
            sign_message(&a, &kit, &rsa, "DKIM-Signature", cases[i].tags, STR("From: x@a.example\r\n" LETTER));
        ptrdiff_t at = cases[i].from ? str_find(m, str_c(cases[i].from), 0) : -1;
        if (at >= 0)
            m = arena_printf(&a, "%.*s%s%.*s", (int)at, m.p, cases[i].to,
                             STRF(str_from(m, (size_t)at + strlen(cases[i].from))));
        const struct auth_results *r = judge(&a, m, "", "");
        if (r->dkim_best != cases[i].result)
            fail_msg("case %zu: %s", i, auth_result_name(r->dkim_best));
        assert_int_equal(r->dmarc.result == AUTHRES_PASS, cases[i].result == AUTHRES_PASS);
    }
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str m = sign_message(&a, &kit, &weak, "DKIM-Signature", "v=1; a=rsa-sha256; d=a.example; s=w; h=from",
                                STR("From: x@a.example\r\n" LETTER));
    assert_int_equal(judge(&a, m, "", "")->dkim_best, AUTHRES_POLICY);
    m = sign_message(&a, &kit, &rsa, "DKIM-Signature", BASE, STR("From: x@a.example\r\n" LETTER));
    for (unsigned i = 0; i < AUTH_SIGNATURES_MAX; i++) /* those on top are looked at, the good one below is not */
        m = arena_printf(&a, "DKIM-Signature: v=1; x\r\n%.*s", STRF(m));
    const struct auth_results *r = judge(&a, m, "", "");
    assert_int_equal(r->dkim_seen, AUTH_SIGNATURES_MAX + 1);
    assert_int_equal(r->dkim_best, AUTHRES_NEUTRAL);
}

/* 10 look-ups, 2 that find nothing, errors of two kinds; registrable domains, A-labels, one record or none. */
static void line_16_spf_and_dmarc(void **state UNUSED)
{
    static const struct {
        const char *spf;
        enum auth_result result;
    } spf[] = {
        {"v=spf1 a:1.x.example ip4:192.0.2.1 -all", AUTHRES_PASS},
        {"v=spf1 a:1.x.example a:2.x.example ip4:192.0.2.1 -all", AUTHRES_PASS},
        {"v=spf1 a:1.x.example a:2.x.example a:3.x.example ip4:192.0.2.1 -all", AUTHRES_PERMERROR},
        {"v=spf1 a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example "
         "a:h.a.example a:h.a.example a:h.a.example ip4:192.0.2.1 -all",
         AUTHRES_PASS},
        {"v=spf1 a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example a:h.a.example "
         "a:h.a.example a:h.a.example a:h.a.example a:h.a.example ip4:192.0.2.1 -all",
         AUTHRES_PERMERROR},
        {"v=spf1 include:a.example -all", AUTHRES_PERMERROR},
        {"v=spf1 a:broken.example ip4:192.0.2.1 -all", AUTHRES_TEMPERROR},
        {"v=spf1 ip4:192.0.2.1/33 -all", AUTHRES_PERMERROR},
        {"v=spf1 exists:%{l1r+}.%{d4}.a.example ip4:192.0.2.1 -all", AUTHRES_PASS},
    };
    static const struct {
        const char *from, *mail_from;
        enum auth_result result;
    } dmarc[] = {
        {"x@mail.ditta.co.uk", "y@bounce.ditta.co.uk", AUTHRES_PASS},
        {"x@ditta.co.uk", "y@altra.co.uk", AUTHRES_FAIL},
        {"x@b\xC3\xBC"
         "cher.example",
         "y@xn--bcher-kva.example", AUTHRES_PASS},
        {"x@due.ditta.co.uk", "y@ditta.co.uk", AUTHRES_NONE}, /* two records: none, nor that of the domain above */
    };
    for (size_t i = 0; i < N_ELEMENTS(spf); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        zone_of_a(spf[i].spf, "v=DMARC1; p=none");
        zone_ip(&zone, "h.a.example", "198.51.100.1");
        zone_fail(&zone, "broken.example", AUTH_RR_A, AUTH_RR_SERVFAIL);
        const struct auth_results *r = judge(&a, STR("From: x@a.example\r\n\r\n"), "x@a.example", "192.0.2.1");
        if (r->spf.result != spf[i].result)
            fail_msg("%s: %s", spf[i].spf, auth_result_name(r->spf.result));
    }
    zone.n = 0;
    static const char *const senders[] = {"bounce.ditta.co.uk", "altra.co.uk", "xn--bcher-kva.example", "ditta.co.uk"};
    for (size_t i = 0; i < N_ELEMENTS(senders); i++)
        zone_txt(&zone, senders[i], "v=spf1 +all");
    zone_txt(&zone, "_dmarc.ditta.co.uk", "v=DMARC1; p=reject");
    zone_txt(&zone, "_dmarc.xn--bcher-kva.example", "v=DMARC1; p=reject");
    zone_txt(&zone, "_dmarc.due.ditta.co.uk", "v=DMARC1; p=none");
    zone_txt(&zone, "_dmarc.due.ditta.co.uk", "v=DMARC1; p=reject");
    for (size_t i = 0; i < N_ELEMENTS(dmarc); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str m = arena_printf(&a, "From: %s\r\n\r\n", dmarc[i].from);
        const struct auth_results *r = judge(&a, m, dmarc[i].mail_from, "192.0.2.1");
        if (r->dmarc.result != dmarc[i].result)
            fail_msg("%s: %s", dmarc[i].from, auth_result_name(r->dmarc.result));
    }
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    sign_key_new(&rsa, 1024);
    sign_key_new(&weak, 768);
    return auth_kit_open(&kit, NULL, NULL);
}

static int closed(void **state UNUSED)
{
    zone_free(&zone);
    EVP_PKEY_free(rsa.pkey);
    EVP_PKEY_free(weak.pkey);
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_9_one_from_or_nothing_is_aligned),
        cmocka_unit_test(line_14_our_field_and_nobody_elses),
        cmocka_unit_test(line_15_what_a_signature_is_worth),
        cmocka_unit_test(line_16_spf_and_dmarc),
    };
    return cmocka_run_group_tests(tests, opened, closed);
}

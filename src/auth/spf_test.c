#include "auth/zone_testing.h"
#include "auth/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static struct auth_kit kit;
static struct zone zone;

/* RFC 7208 7.4, and what follows from 7.3. */
static const struct {
    const char *text, *out;
} macros[] = {
    {"%{s}", "strong-bad@email.example.com"},
    {"%{o}", "email.example.com"},
    {"%{d}", "email.example.com"},
    {"%{d4}", "email.example.com"},
    {"%{d3}", "email.example.com"},
    {"%{d2}", "example.com"},
    {"%{d1}", "com"},
    {"%{dr}", "com.example.email"},
    {"%{d2r}", "example.email"},
    {"%{l}", "strong-bad"},
    {"%{l-}", "strong.bad"},
    {"%{lr}", "strong-bad"},
    {"%{lr-}", "bad.strong"},
    {"%{l1r-}", "strong"},
    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
    {"%%%_%-", "% %20"},
    {"%{S}", "strong-bad%40email.example.com"},
    {"%{h}/%{c}/%{r}/%{t}/%{p}", "mx.example/192.0.2.3/unknown/5/unknown"},
};

static void macros_as_the_rfc(void **state UNUSED)
{
    struct auth_spf_macros m = {.sender = STR("strong-bad@email.example.com"),
                                .local = STR("strong-bad"),
                                .sender_domain = STR("email.example.com"),
                                .domain = STR("email.example.com"),
                                .helo = STR("mx.example"),
                                .now_s = 5};
    assert_true(auth_ip_parse(STR("192.0.2.3"), &m.ip));
    for (size_t i = 0; i < N_ELEMENTS(macros); i++) {
        AUTO(buf) struct buf b;
        buf_init(&b, 1000);
        assert_true(auth_spf_macro_expand(&b, str_c(macros[i].text), &m));
        if (!str_eq(buf_str(&b), str_c(macros[i].out)))
            fail_msg("%s: %.*s", macros[i].text, STRF(buf_str(&b)));
    }
    AUTO(buf) struct buf b;
    buf_init(&b, 1000);
    assert_true(auth_ip_parse(STR("2001:db8::cb01"), &m.ip));
    assert_true(auth_spf_macro_expand(&b, STR("%{ir}.%{v}"), &m));
    assert_true(str_eq(buf_str(&b), STR("1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6")));
}

static const struct {
    const char *text;
    bool ok;
} records[] = {
    {"v=spf1", true},
    {"v=spf1 -all", true},
    {"V=SPF1  +A  MX/24 mx:x.example//64 a:x.example/24//64 ~all ", true},
    {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::1 ?all", true},
    {"v=spf1 include:x.example exists:%{i}.x.example ptr ptr:x.example", true},
    {"v=spf1 redirect=%{d2} exp=x.%{d}", true},
    {"v=spf1 unknown=x%{i} other=", true},
    {"v=spf1 a:x.example.", true},
    {"v=spf1 a:x.1e", true},
    {"v=spf1 a:x.a-1", true},
    {"v=spf1 all:x", false},
    {"v=spf1 all/8", false},
    {"v=spf1 all=", true}, /* a modifier */
    {"v=spf1 ip4", false},
    {"v=spf1 ip4:192.0.2", false},
    {"v=spf1 ip4:192.0.2.1/33", false},
    {"v=spf1 ip4:192.0.2.1/08", false},
    {"v=spf1 ip4:192.0.2.1/", false},
    {"v=spf1 ip6:192.0.2.1", false},
    {"v=spf1 ip6:::1/129", false},
    {"v=spf1 include", false},
    {"v=spf1 include:", false},
    {"v=spf1 include:x", false},
    {"v=spf1 include:x.example/24", false},
    {"v=spf1 exists", false},
    {"v=spf1 a:", false},
    {"v=spf1 a/33", false},
    {"v=spf1 a//129", false},
    {"v=spf1 a/24/64", false},
    {"v=spf1 a:x.12", false},
    {"v=spf1 a:x.-y", false},
    {"v=spf1 ptr/24", false},
    {"v=spf1 bogus", false},
    {"v=spf1 --all", false},
    {"v=spf1 redirect=x.example redirect=y.example", false},
    {"v=spf1 redirect=", false},
    {"v=spf1 a:%{x}.example", false},
    {"v=spf1 a:%{d0}.example", false},
    {"v=spf1 a:%{d", false},
    {"v=spf1 a:%", false},
    {"v=spf1 a:%{c}.x.example", false},
    {"v=spf1 a:x.example%%", false},
    {"v=spf1 a:\xc3\xa8.example", false},
    {"v=spf1 x=%", false},
};

static void reads_records(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(records); i++) {
        AUTO(arena) struct arena a;
        struct auth_spf_record r;
        const char *why;
        struct str text = str_c(records[i].text);
        arena_init(&a, ARENA_NO_LIMIT);
        if (auth_spf_record_parse(&a, text, &r, &why) != records[i].ok)
            fail_msg("%s", records[i].text);
        for (size_t n = 6; n < text.n; n++)
            (void)!auth_spf_record_parse(&a, str_upto(text, n), &r, &why);
    }
    assert_true(auth_spf_is(STR("v=SPF1")));
    assert_false(auth_spf_is(STR("v=spf10")));
    assert_false(auth_spf_is(STR("v=spf1\tall")));
}

static const struct auth_spf *judge(struct arena *a, const char *ip, const char *helo, const char *from)
{
    struct auth_job *job = arena_new(a, struct auth_job);
    struct mime_identity *who = arena_new(a, struct mime_identity);
    struct str message = STR("Subject: x\r\n\r\n");
    mime_identity_read(a, NULL, message, who);
    struct auth_input in = {.message = message, .who = who, .helo = str_c(helo), .mail_from = str_c(from)};
    in.has_ip = auth_ip_parse(str_c(ip), &in.ip);
    auth_begin(job, a, &kit, &in);
    return &zone_run(&zone, job)->spf;
}

static const struct {
    const char *record; /* of a.example */
    const char *ip;
    enum auth_result result;
    const char *mechanism;
} results[] = {
    {"v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.77", AUTHRES_PASS, "ip4:192.0.2.0/24"},
    {"v=spf1 ip4:192.0.2.0/24 -all", "::ffff:192.0.2.77", AUTHRES_PASS, "ip4:192.0.2.0/24"},
    {"v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.1", AUTHRES_FAIL, "-all"},
    {"v=spf1 ip4:192.0.2.0/24 ~all", "198.51.100.1", AUTHRES_SOFTFAIL, "~all"},
    {"v=spf1 ip4:192.0.2.0/24 ?all", "198.51.100.1", AUTHRES_NEUTRAL, "?all"},
    {"v=spf1 ip4:192.0.2.0/24", "198.51.100.1", AUTHRES_NEUTRAL, ""},
    {"v=spf1 ip6:2001:db8::/33 -all", "2001:db8:7fff::1", AUTHRES_PASS, "ip6:2001:db8::/33"},
    {"v=spf1 ip6:2001:db8::/33 -all", "2001:db8:8000::1", AUTHRES_FAIL, "-all"},
    {"v=spf1 a:mail.a.example -all", "192.0.2.1", AUTHRES_PASS, "a:mail.a.example"},
    {"v=spf1 mx/24 -all", "192.0.2.200", AUTHRES_PASS, "mx/24"},
    {"v=spf1 mx//64 -all", "2001:db8::9", AUTHRES_PASS, "mx//64"},
    {"v=spf1 ptr -all", "192.0.2.1", AUTHRES_PASS, "ptr"},
    {"v=spf1 ptr:b.example -all", "192.0.2.1", AUTHRES_FAIL, "-all"},
    {"v=spf1 exists:%{ir}.list.example -all", "192.0.2.1", AUTHRES_PASS, "exists:%{ir}.list.example"},
    {"v=spf1 include:b.example -all", "203.0.113.5", AUTHRES_PASS, "include:b.example"},
    {"v=spf1 include:b.example ?all", "203.0.113.6", AUTHRES_NEUTRAL, "?all"},
    {"v=spf1 redirect=b.example", "203.0.113.6", AUTHRES_FAIL, "-all"},
    {"v=spf1 include:none.example -all", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"v=spf1 redirect=none.example", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"v=spf1 include:a.example -all", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"v=spf1 include:late.example -all", "192.0.2.1", AUTHRES_TEMPERROR, ""},
    {"v=spf1 a:broken.example -all", "192.0.2.1", AUTHRES_TEMPERROR, ""},
    {"v=spf1 a:n1.example a:n2.example a:mail.a.example -all", "192.0.2.1", AUTHRES_PASS, "a:mail.a.example"},
    {"v=spf1 a:n1.example a:n2.example a:n3.example a:mail.a.example -all", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"v=spf1 mx:many.example -all", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"v=spf1 a:%{l}.a.example -all", "192.0.2.1", AUTHRES_PASS, "a:%{l}.a.example"},
    {"v=spf1 exists:%{p}.seen.example -all", "192.0.2.1", AUTHRES_PASS, "exists:%{p}.seen.example"},
    {"v=spf1 exists:%{p}.seen.example -all", "198.51.100.1", AUTHRES_FAIL, "-all"},
    {"v=spf1 syntax error", "192.0.2.1", AUTHRES_PERMERROR, ""},
    {"something else", "192.0.2.1", AUTHRES_NONE, ""},
};

static void fill_zone(const char *record)
{
    char name[32];
    zone.n = 0;
    zone_txt(&zone, "a.example", record);
    zone_txt(&zone, "a.example", "not spf");
    zone_txt(&zone, "b.example", "v=spf1 ip4:203.0.113.5 -all exp=never.asked.example");
    zone_name(&zone, "a.example", AUTH_RR_MX, "mail.a.example");
    zone_ip(&zone, "mail.a.example", "192.0.2.1");
    zone_ip(&zone, "mail.a.example", "2001:db8::1");
    zone_name(&zone, "1.2.0.192.in-addr.arpa", AUTH_RR_PTR, "mail.a.example");
    zone_ip(&zone, "1.2.0.192.list.example", "127.0.0.2");
    zone_ip(&zone, "mail.a.example.seen.example", "127.0.0.2");
    zone_fail(&zone, "late.example", AUTH_RR_TXT, AUTH_RR_TIMEOUT);
    zone_fail(&zone, "broken.example", AUTH_RR_A, AUTH_RR_SERVFAIL);
    for (unsigned i = 0; i < 11; i++) {
        snprintf(name, sizeof name, "m%u.example", i);
        zone_name(&zone, "many.example", AUTH_RR_MX, name);
    }
}

static void every_result(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(results); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        fill_zone(results[i].record);
        const struct auth_spf *s = judge(&a, results[i].ip, "mx.a.example", "mail@a.example");
        if (s->result != results[i].result || !str_eq(s->mechanism, str_c(results[i].mechanism)))
            fail_msg("%s from %s: %s (%s) by %.*s", results[i].record, results[i].ip, auth_result_name(s->result),
                     s->reason ? s->reason : "", STRF(s->mechanism));
        bool error = s->result == AUTHRES_PERMERROR || s->result == AUTHRES_TEMPERROR;
        assert_int_equal(s->reason != NULL, error);
    }
}

static void whose_identity(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    fill_zone("v=spf1 ip4:192.0.2.1 -all");
    const struct auth_spf *s = judge(&a, "192.0.2.1", "A.Example", "");
    assert_true(s->helo && s->result == AUTHRES_PASS && str_eq(s->domain, STR("a.example")));
    s = judge(&a, "192.0.2.1", "[192.0.2.1]", "");
    assert_true(s->helo && s->result == AUTHRES_NONE);
    s = judge(&a, "192.0.2.1", "a.example", "x@[192.0.2.1]");
    assert_int_equal(s->result, AUTHRES_NONE);
    s = judge(&a, "192.0.2.1", "a.example", "x@localhost");
    assert_int_equal(s->result, AUTHRES_NONE);
    s = judge(&a, "192.0.2.1", "a.example", "\"a@b\"@a.example");
    assert_int_equal(s->result, AUTHRES_PASS);
    s = judge(&a, "", "a.example", "x@a.example");
    assert_int_equal(s->result, AUTHRES_NONE);
    s = judge(&a, "no address", "a.example", "x@a.example");
    assert_int_equal(s->result, AUTHRES_NONE);
}

/* A record as large providers have it takes three rounds, not one for each term; ten look-ups pass, eleven do not. */
static void few_rounds_and_ten_lookups(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    char name[40], text[80];
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, 4096);
    zone.n = 0;
    zone_txt(&zone, "big.example", "v=spf1 include:one.example include:two.example mx a ~all");
    zone_txt(&zone, "one.example", "v=spf1 include:n1.example include:n2.example include:n3.example ~all");
    zone_txt(&zone, "two.example", "v=spf1 ip4:192.0.2.9 ~all");
    for (unsigned i = 1; i <= 3; i++) {
        snprintf(name, sizeof name, "n%u.example", i);
        snprintf(text, sizeof text, "v=spf1 ip4:198.51.100.%u ~all", i);
        zone_txt(&zone, name, text);
    }
    const struct auth_spf *s = judge(&a, "192.0.2.9", "x.example", "x@big.example");
    assert_int_equal(s->result, AUTHRES_PASS);
    assert_int_equal(s->lookups, 5);
    assert_int_equal(zone.rounds, 3);
    for (unsigned n = 10; n <= 11; n++) {
        zone.n = 0;
        buf_clear(&b);
        buf_addz(&b, "v=spf1");
        for (unsigned i = 0; i < n; i++) {
            buf_printf(&b, " a:t%u.example", i);
            snprintf(name, sizeof name, "t%u.example", i);
            zone_ip(&zone, name, "198.51.100.1");
        }
        buf_addz(&b, " ip4:192.0.2.9 -all");
        buf_addc(&b, '\0');
        zone_txt(&zone, "big.example", b.p);
        s = judge(&a, "192.0.2.9", "x.example", "x@big.example");
        assert_int_equal(s->result, n == 10 ? AUTHRES_PASS : AUTHRES_PERMERROR);
    }
}

static void reads_addresses(void **state UNUSED)
{
    struct auth_ip ip;
    assert_true(auth_ip_parse(STR("::ffff:192.0.2.1"), &ip) && !ip.v6 && ip.b[3] == 1 && ip.b[15] == 0);
    assert_true(auth_ip_parse(STR("::1"), &ip) && ip.v6);
    assert_false(auth_ip_parse(STR("192.0.2.1\0"), &ip));
    assert_false(auth_ip_parse(STR("IPv6:::1"), &ip));
    assert_false(auth_ip_parse(STR("1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"), &ip));
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    return auth_kit_open(&kit, NULL, NULL);
}
static int closed(void **state UNUSED)
{
    zone_free(&zone);
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macros_as_the_rfc),
        cmocka_unit_test(reads_records),
        cmocka_unit_test(every_result),
        cmocka_unit_test(whose_identity),
        cmocka_unit_test(few_rounds_and_ten_lookups),
        cmocka_unit_test(reads_addresses),
    };
    return cmocka_run_group_tests(tests, opened, closed);
}

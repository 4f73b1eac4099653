#include "auth/arc.h"
#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct auth_kit kit;
static struct zone zone;
static struct sign_key ed, rsa;

static const char letter[] = "From: a@rossimarmi.example\r\nSubject: Offerta\r\n\r\nBuongiorno\r\n";

static const struct auth_results *judge(struct arena *a, struct str m, const char *sealers)
{
    struct auth_job *job = arena_new(a, struct auth_job);
    struct mime_identity *who = arena_new(a, struct mime_identity);
    struct str *list = arena_array(a, struct str, 10), rest = str_c(sealers), one;
    struct auth_input in = {.message = m, .who = who, .sealers = list};
    while (rest.n && str_token(&rest, ' ', &one))
        list[in.n_sealers++] = one;
    mime_identity_read(a, NULL, m, who);
    auth_begin(job, a, &kit, &in);
    return zone_run(&zone, job);
}

static struct str chain(struct arena *a, unsigned n)
{
    struct str m = str_c(letter);
    for (unsigned i = 1; i <= n; i++)
        m = sign_arc(a, &kit, &ed, i, i % 2 ? "lists.example" : "relay.example", i == 1 ? "none" : "pass",
                     i == 1 ? "lists.example; spf=pass smtp.mailfrom=a@rossimarmi.example; dkim=fail; dkim=pass "
                              "header.d=rossimarmi.example; dmarc=pass"
                            : "relay.example; spf=softfail; dkim=fail",
                     m);
    return m;
}

static void fill_zone(void)
{
    zone.n = 0;
    zone_txt(&zone, "sel._domainkey.lists.example", ed.record);
    zone_txt(&zone, "sel._domainkey.relay.example", ed.record);
}

static void chains_of_any_length(void **state UNUSED)
{
    fill_zone();
    for (unsigned n = 0; n <= 50; n = n < 4 ? n + 1 : n + 23) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        const struct auth_results *r = judge(&a, chain(&a, n), "");
        if (r->arc.result != (n ? AUTHRES_PASS : AUTHRES_NONE))
            fail_msg("%u: %s", n, r->arc.reason);
        assert_int_equal(r->arc.n, n);
        assert_int_equal(r->arc.oldest_pass, n);
        assert_int_equal(r->arc.trusted, 0);
        if (n)
            assert_true(str_eq(r->arc.hop[0].domain, STR("lists.example")));
    }
}

static void original_results_of_trusted_hops(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    fill_zone();
    struct str m = chain(&a, 2);
    const struct auth_arc *arc = &judge(&a, m, "relay.example lists.example")->arc;
    assert_int_equal(arc->trusted, 1);
    assert_int_equal(arc->spf, AUTHRES_PASS);
    assert_int_equal(arc->dkim, AUTHRES_PASS);
    assert_int_equal(arc->dmarc, AUTHRES_PASS);
    arc = &judge(&a, m, "Relay.example")->arc;
    assert_int_equal(arc->trusted, 2);
    assert_int_equal(arc->spf, AUTHRES_SOFTFAIL);
    assert_int_equal(arc->dmarc, AUTHRES_NONE);
    /* The last sealer is a stranger: whatever stands below proves nothing. */
    assert_int_equal(judge(&a, m, "lists.example")->arc.trusted, 0);
}

static struct str replaced(struct arena *a, struct str s, const char *from, const char *to)
{
    ptrdiff_t at = str_find(s, str_c(from), 0);
    assert_true(at >= 0);
    return arena_printf(a, "%.*s%s%.*s", (int)at, s.p, to, STRF(str_from(s, (size_t)at + strlen(from))));
}

static const struct {
    const char *from, *to, *reason;
} broken[] = {
    {"Buongiorno", "Buonasera", "body was changed"},
    {"Offerta", "Offerte", "message signature does not match"},
    {"spf=softfail", "spf=pass", "seal does not match"},
    {"dkim=fail; dkim=pass", "dkim=pass; dkim=pass", "seal does not match"},
    {"cv=none", "cv=pass", "cv= is wrong"},
    {"cv=pass", "cv=none", "cv= is wrong"},
    {"cv=pass", "cv=fail", "sealed as failed"},
    {"cv=pass", "dv=pass", "cv= is missing"},
    {"cv=pass", "h=from; cv=pass", "cv= is missing, or h="},
    {"ARC-Seal: i=2", "ARC-Seal: i=1", "twice"},
    {"ARC-Seal: i=2", "ARC-Seal: i=3", "not complete"},
    {"ARC-Seal: i=2", "ARC-Seal: i=0", "i="},
    {"ARC-Seal: i=2", "ARC-Seal: i=51", "i="},
    {"ARC-Seal: i=2", "X-Seal: i=2", "not complete"},
    {"ARC-Message-Signature: i=2", "ARC-Message-Signature: x=2", "i="},
    {"ARC-Authentication-Results: i=2", "ARC-Authentication-Results: j=2", "instance"},
    {"ARC-Authentication-Results: i=1", "ARC-Authentication-Results: i=2", "twice"},
    {"h=from:subject", "h=from:arc-seal", "signs a seal"},
    {"h=from:subject", "h=subject", "From"},
    {"d=relay.example", "d=none.example", "no key"},
};

static void broken_chains(void **state UNUSED)
{
    fill_zone();
    for (size_t i = 0; i < N_ELEMENTS(broken); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str m = replaced(&a, chain(&a, 2), broken[i].from, broken[i].to);
        const struct auth_arc *arc = &judge(&a, m, "relay.example lists.example")->arc;
        if (arc->result != AUTHRES_FAIL || !arc->reason || !strstr(arc->reason, broken[i].reason))
            fail_msg("%s -> %s: %s (%s)", broken[i].from, broken[i].to, auth_result_name(arc->result),
                     arc->reason ? arc->reason : "");
        assert_int_equal(arc->trusted, 0);
        assert_int_equal(arc->oldest_pass, 0);
    }
}

static void keys_in_trouble(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str m = chain(&a, 2);
    fill_zone();
    zone.n = 1;
    zone_fail(&zone, "sel._domainkey.relay.example", AUTH_RR_TXT, AUTH_RR_SERVFAIL);
    assert_int_equal(judge(&a, m, "")->arc.result, AUTHRES_TEMPERROR);
    zone.n = 1;
    zone_txt(&zone, "sel._domainkey.relay.example", "v=DKIM1; p=");
    assert_int_equal(judge(&a, m, "")->arc.result, AUTHRES_FAIL);
    zone.n = 1;
    zone_txt(&zone, "sel._domainkey.relay.example", rsa.record);
    assert_int_equal(judge(&a, m, "")->arc.result, AUTHRES_FAIL);
    /* RSA as well */
    zone_txt(&zone, "sel._domainkey.rsa.example", rsa.record);
    m = sign_arc(&a, &kit, &rsa, 1, "rsa.example", "none", "rsa.example; none", str_c(letter));
    assert_int_equal(judge(&a, m, "")->arc.result, AUTHRES_PASS);
}

static void cut_short_anywhere(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    fill_zone();
    struct str m = chain(&a, 2);
    for (size_t n = 0; n + sizeof letter < m.n; n += 3) {
        struct arena_mark mark = arena_mark(&a);
        assert_int_not_equal(judge(&a, str_upto(m, n), "")->arc.result, AUTHRES_PASS);
        arena_reset(&a, mark);
    }
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    sign_key_new(&ed, 0);
    sign_key_new(&rsa, 1024);
    return auth_kit_open(&kit, NULL, NULL);
}
static int closed(void **state UNUSED)
{
    zone_free(&zone);
    EVP_PKEY_free(ed.pkey);
    EVP_PKEY_free(rsa.pkey);
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_any_length), cmocka_unit_test(original_results_of_trusted_hops),
        cmocka_unit_test(broken_chains), cmocka_unit_test(keys_in_trouble), cmocka_unit_test(cut_short_anywhere)};
    return cmocka_run_group_tests(tests, opened, closed);
}
